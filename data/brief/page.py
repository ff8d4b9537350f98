"""The brief as one HTML file: opens without a network, prints on one A4 page, reads on a phone in one column."""

from __future__ import annotations

from html import escape

from data.brief import ink
from data.brief.map_drawing import draw_mark
from data.brief.telling import Figure, Legend, Table, Told

_STYLE = """
@page { size: A4; margin: 10mm 10mm 8mm; }
* { box-sizing: border-box; }
body { font: 8.6pt/1.35 FONT; color: TEXT; background: #fff; margin: 0 auto; padding: 8mm; max-width: 206mm;
  font-variant-numeric: tabular-nums lining-nums; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
h1 { font-size: 18pt; line-height: 1.2; margin: 0; }
h2 { font-size: 9.2pt; margin: 0 0 1pt; }
p { margin: 0; }
header { border-bottom: 1.2pt solid TEXT; padding-bottom: 3pt; display: flex; flex-wrap: wrap; gap: 2pt 12pt; align-items: baseline; }
.quiet { color: INK2; }
.notice { background: RAISED; padding: 3pt 6pt; margin-top: 4pt; font-weight: 600; }
.figures { display: grid; grid-template-columns: repeat(FIGURES, 1fr); gap: 2pt 10pt; margin: 5pt 0 6pt; }
.value { font-size: 18pt; font-weight: 600; line-height: 1.15; } .value span { font-size: 9pt; font-weight: 400; color: INK2; }
.late { font-weight: 600; color: WATCH; }
.maps { display: grid; grid-template-columns: 1fr 1fr; gap: 10pt; } .maps svg, .chart svg { width: 100%; height: auto; display: block; }
.legend { display: flex; flex-wrap: wrap; gap: 1pt 10pt; align-items: center; margin: 3pt 0 6pt; color: INK2; }
.legend svg { vertical-align: -1.5pt; margin-right: 2pt; }
.columns { display: grid; grid-template-columns: 1fr 1.1fr 1.15fr; gap: 12pt; margin-top: 5pt; }
section { margin-bottom: 6pt; break-inside: avoid; }
table { width: 100%; border-collapse: collapse; }
th { font-weight: 400; color: INK2; text-align: left; vertical-align: bottom; }
th, td { padding: 0.6pt 5pt 0.6pt 0; border-bottom: 0.5pt solid RULE; vertical-align: top; } :is(th, td):last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
footer { border-top: 0.5pt solid RULE; padding-top: 2pt; color: INK2; font-size: 7.4pt; }
@media print { body { padding: 0; max-width: none; } }
@media (max-width: 640px) {
  body { font-size: 15px; padding: 16px; } header { display: block; }
  .figures { grid-template-columns: 1fr 1fr; } .maps, .columns { grid-template-columns: 1fr; } footer { font-size: 13px; }
}
"""


def write_html(told: Told) -> str:
    """The whole document; it names no other file and no other host."""
    style = _STYLE
    for name, value in (
        ("FIGURES", str(len(told.figures))),
        ("FONT", ink.FONT.replace("Source Sans 3,", '"Source Sans 3",')),
        ("TEXT", ink.TEXT),
        ("INK2", ink.TEXT_2),
        ("RAISED", ink.RAISED),
        ("WATCH", ink.WATCH),
        ("RULE", ink.RULE),
    ):
        style = style.replace(name, value)
    body = [
        f"<header><h1>{escape(told.title)}</h1><p class='quiet'>{escape(told.subtitle)}</p></header>",
        *(f'<p class="notice" role="alert">{escape(notice)}</p>' for notice in told.notices),
        f'<div class="figures">{"".join(_figure(figure) for figure in told.figures)}</div>',
        '<div class="maps">',
        f"<section><h2>{escape(told.district_title)}</h2>{told.district_map}</section>",
        f"<section><h2>{escape(told.zones_title)}</h2>{told.zone_map}</section></div>",
        _legend(told.legend),
        f'<section class="chart"><h2>{escape(told.chart_title)}</h2>{told.chart}</section>',
        '<div class="columns">',
        *(f"<div>{''.join(_table(table) for table in column)}</div>" for column in told.columns),
        "</div>",
        f"<footer><b>{escape(told.definitions_title)}</b> {escape(' · '.join(told.definitions))}</footer>",
    ]
    language = "zh-CN" if told.language == "zh" else "en"
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(told.title)} · {escape(told.subtitle)}</title><style>{style}</style></head>\n"
        f"<body>{chr(10).join(body)}</body></html>\n"
    )


def _figure(figure: Figure) -> str:
    unit = f" <span>{escape(figure.unit)}</span>" if figure.unit and figure.value != "—" else ""
    return (
        f'<div><p class="quiet">{escape(figure.label)}</p><p class="value">{escape(figure.value)}{unit}</p>'
        f'<p class="{"late" if figure.is_late else "quiet"}">{escape(figure.note)}</p></div>'
    )


def _table(table: Table) -> str:
    def cells(tag: str, texts: list[str]) -> str:
        return "".join(
            f"<{tag}{' class=number' if at in table.numbers else ''}>{escape(text)}</{tag}>"
            for at, text in enumerate(texts)
        )

    head = f"<thead><tr>{cells('th', table.head)}</tr></thead>" if table.head else ""
    lines = "".join(f"<tr>{cells('td', row)}</tr>" for row in table.rows)
    note = f'<p class="quiet">{escape(table.note)}</p>' if table.note else ""
    return f"<section><h2>{escape(table.title)}</h2><table>{head}<tbody>{lines}</tbody></table>{note}</section>"


def _legend(legend: Legend) -> str:
    items = [f"<span>{drawn}{escape(words)}</span>" for drawn, words in draw_legend(legend)]
    return f'<p class="legend">{"".join(items)}</p>'


def draw_legend(legend: Legend) -> list[tuple[str, str]]:
    """Each mark of the maps as a small SVG, with its words; the ramp as one."""
    ramp = [ink.rectangle(16 * at, 0, 16, 9, fill) for at, fill in enumerate(ink.RAMP)]
    ramp.append(ink.rectangle(0.3, 0.3, 111.4, 8.4, "none", f'stroke="{ink.BAR_2}" stroke-width="0.5"'))
    cross = "M-1,10L9,0M5,10L15,0M11,10L20,1M-1,0L9,10M5,0L15,10M11,0L20,9"
    high = f'<path d="{cross}" stroke="{ink.ZONE}" stroke-width="1"/>'
    edge = f'stroke="{ink.ZONE}" stroke-width="1.2"'
    medium = f'<path d="M-1,10L9,0M9,10L19,0" stroke="{ink.ZONE}" stroke-width="1"/>'
    dashed = ink.rectangle(0.6, 0.6, 16.8, 7.8, "none", f'{edge} stroke-dasharray="4 2"')
    return [
        (ink.sheet(112, 9, ramp, ""), f"{legend.under} → {legend.full}"),
        (ink.sheet(18, 9, [ink.rectangle(0, 0, 18, 9, ink.UNKNOWN)], ""), legend.unknown),
        (ink.sheet(18, 9, [high, ink.rectangle(0.6, 0.6, 16.8, 7.8, "none", edge)], ""), legend.high),
        (ink.sheet(18, 9, [medium, dashed], ""), legend.medium),
        *((ink.sheet(9, 9, [draw_mark(name, 4.5, 4.5, 1.2)], ""), words) for name, words in legend.classes.items()),
    ]
