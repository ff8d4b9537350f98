"""The report as one HTML file: figures, map, legend, and every problem with a close-up. Opens without a network, prints."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

import numpy as np
import shapely

from geo.fault import LEVELS, Fault
from geo.report.drawing import FONT, INK, NUMBERED_COUNT, SURFACE, draw_close_up, draw_map
from geo.report.report import MapReport
from geo.report.text import count_levels, describe_size, list_repair
from geo.report.words import describe_fault, length_text, read_words, say

CLOSE_UP_COUNT = 80
"""Problems that get a close-up; each is some 5 KB."""
LISTED_COUNT = 2000
"""Rows of the table; a layer of ten thousand wrong points is not read row by row."""

_STYLE = """
body { font: 15px/1.6 FONT; color: #12202B; background: #fff; margin: 24px auto; max-width: 1200px; padding: 0 16px; }
h1 { font-size: 24px; line-height: 1.5; margin: 0; }
h2 { font-size: 18px; margin: 28px 0 8px; }
h3 { font-size: 15px; margin: 20px 0 4px; }
p { margin: 4px 0; }
.quiet { color: #3E4F5C; }
.sum { font-weight: 600; }
svg { max-width: 100%; height: auto; display: block; }
.map svg { border: 1px solid #C9D2DA; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
td { border-top: 1px solid #C9D2DA; padding: 8px 12px 8px 0; vertical-align: top; }
td.no { width: 48px; }
td.near { width: 300px; padding-right: 0; }
.chip { display: inline-block; min-width: 18px; padding: 0 5px; text-align: center; font-weight: 600; line-height: 20px;
  border-radius: 3px; border: 2px solid; }
.refuse { background: REFUSE; border-color: REFUSE; color: #fff; }
.repair { color: #6B4200; border-color: REPAIR; }
.warn { color: WARN; border-color: transparent; }
.legend span { margin-right: 24px; white-space: nowrap; }
.swatch { display: inline-block; width: 22px; height: 14px; border: 1px solid #8798A5; vertical-align: -2px; margin-right: 6px; }
@media (max-width: 700px) {
  td { display: block; border: 0; padding: 2px 0; }
  td.no { border-top: 1px solid #C9D2DA; padding-top: 8px; }
  td.near, td.no { width: auto; }
}
@media print {
  body { margin: 0; max-width: none; }
  tr, .map { break-inside: avoid; }
  h3 { break-after: avoid; }
}
"""


def write_page(report: MapReport, language: str) -> str:
    """The whole document."""
    judgement, size = report.judgement, report.judgement.size
    body = [
        f"<h1>{_e(say('title', language))}</h1>",
        f'<p class="quiet">{_e(say("source", language))}: {_e(report.source)} · '
        f"{_e(say('made_at', language))}: {report.made_at:%Y-%m-%d %H:%M}</p>",
        f"<p>{_e(describe_size(report, language))}</p>",
    ]
    if size.point_count:
        body.append(f"<p>{_e(say('points', language, points=f'{size.point_count:,}'))}</p>")
    verdict = count_levels(report, language) if judgement.faults else say("sound", language)
    body.append(f'<p class="sum">{_e(verdict)}</p>')
    body += [f"<p>{_e(line)}</p>" for line in list_repair(report, language, shown=200)]
    drawn = draw_map(report)
    if drawn:
        body += [f"<h2>{_e(say('map', language))}</h2>", f'<div class="map">{drawn}</div>', _legend(report, language)]
    body += _tables(report, language)
    note = say("width_note", language, width=length_text(judgement.snap_width_m))
    body.append(f'<p class="quiet">{_e(note)}</p>')
    style = _STYLE.replace("FONT", FONT)
    for level in LEVELS:
        style = style.replace(level.upper(), INK[level])
    html_language = "zh-CN" if language == "zh" else "en"
    return (
        f'<!DOCTYPE html>\n<html lang="{html_language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_e(say('title', language))} · {_e(report.source)}</title><style>{style}</style></head>\n"
        f"<body>{chr(10).join(body)}</body></html>\n"
    )


def _legend(report: MapReport, language: str) -> str:
    words = read_words(language)["level"]
    found = {fault.level for fault in report.judgement.faults}
    marks = [
        f'<span><b class="swatch" style="background:{SURFACE}"></b>{_e(say("legend_grid", language))}</span>',
        *(
            f'<span><b class="chip {level}">{number}</b> {_e(words[level])}</span>'
            for number, level in enumerate(LEVELS, start=1)
            if level in found
        ),
    ]
    placed = sum(fault.place is not None for fault in report.judgement.faults)
    hidden = max(0, placed - NUMBERED_COUNT)
    more = f'<p class="quiet">{_e(say("not_drawn", language, count=f"{hidden:,}"))}</p>' if hidden else ""
    return f'<p class="legend">{"".join(marks)}</p>{more}'


def _tables(report: MapReport, language: str) -> list[str]:
    shapes = np.array([None if one is None or one.is_empty else one for one in report.grids.shapes], dtype=object)
    tree = shapely.STRtree(shapes)
    words = read_words(language)["level"]
    out: list[str] = []
    numbered: Sequence[tuple[int, Fault]] = list(enumerate(report.judgement.faults, start=1))
    for level, of_level in groupby(numbered, key=lambda one: one[1].level):
        out.append(f"<h2>{_e(words[level])}</h2>")
        for _, of_kind in groupby(of_level, key=lambda one: one[1].kind):
            faults = list(of_kind)
            told = describe_fault(faults[0][1], language)
            out.append(f"<h3>{_e(told.title)} ({len(faults):,})</h3><p>{_e(told.advice)}</p><table>")
            out += [_row(report, number, fault, language, tree) for number, fault in faults if number <= LISTED_COUNT]
            out.append("</table>")
    hidden = len(numbered) - LISTED_COUNT
    if hidden > 0:
        out.append(f"<p>… {_e(say('more', language, count=f'{hidden:,}'))}</p>")
    return out


def _row(report: MapReport, number: int, fault: Fault, language: str, tree: shapely.STRtree) -> str:
    told = describe_fault(fault, language)
    close_up = draw_close_up(report, fault, tree) if number <= CLOSE_UP_COUNT else ""
    place = f'<p class="quiet">{_e(told.place)}</p>' if told.place else ""
    return (
        f'<tr id="n{number}"><td class="no"><b class="chip {fault.level}">{number}</b></td>'
        f'<td>{_e(told.sentence)}{place}</td><td class="near">{close_up}</td></tr>'
    )


def _e(text: str) -> str:
    return escape(text)
