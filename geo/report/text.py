"""The report as lines for a terminal: worst first, a few of each kind, with what to do."""

from __future__ import annotations

from itertools import groupby

from geo.fault import LEVELS
from geo.report.report import MapReport
from geo.report.words import area_text, describe_fault, length_text, read_words, say

SHOWN_EACH = 5
"""Faults of one kind on a terminal; the saved report has all."""
SHOWN_CHANGES = 20
MARKS = {"refuse": "✗", "repair": "~", "warn": "!"}


def write_text(report: MapReport, language: str) -> str:
    """The report in plain text; a fault has the same number as on the page and in the GeoJSON."""
    judgement = report.judgement
    lines = [f"{say('title', language)}: {report.source}"]
    lines.append(f"  {describe_size(report, language)}")
    lines += list_repair(report, language, SHOWN_CHANGES, indent="  ")
    if not judgement.faults:
        return "\n".join([*lines, f"  {say('sound', language)}"])
    lines.append(f"  {count_levels(report, language)}")
    numbered = list(enumerate(judgement.faults, start=1))
    for (level, _), found in groupby(numbered, key=lambda one: (one[1].level, one[1].kind)):
        faults = list(found)
        title = describe_fault(faults[0][1], language)
        lines.append(f"{MARKS[level]} {title.title} ({len(faults):,})")
        for number, fault in faults[:SHOWN_EACH]:
            told = describe_fault(fault, language)
            lines.append(f"  {number:>4}  {told.sentence}" + (f"  [{told.place}]" if told.place else ""))
        if len(faults) > SHOWN_EACH:
            lines.append(f"        … {say('more', language, count=f'{len(faults) - SHOWN_EACH:,}')}")
        lines.append(f"        → {title.advice}")
    return "\n".join(lines)


def count_levels(report: MapReport, language: str) -> str:
    """How many problems, and of which level."""
    judgement = report.judgement
    levels = read_words(language)["level"]
    counts = [f"{levels[level]} {len(found):,}" for level in LEVELS if (found := judgement.of_level(level))]
    joiner = "；" if language == "zh" else "; "
    colon = "：" if language == "zh" else " — "
    return f"{say('found', language, count=f'{len(judgement.faults):,}')}{colon}{joiner.join(counts)}"


def list_repair(report: MapReport, language: str, shown: int, indent: str = "") -> list[str]:
    """What a repair changed: which grids, what each gained and lost; nothing where none was asked for."""
    repair = report.repair
    if repair is None:
        return []
    width = length_text(repair.snap_width_m)
    if not repair.changes:
        return [indent + say("repaired_none", language, width=width)]
    lines = [indent + say("repaired", language, width=width, count=f"{len(repair.changes):,}")]
    for change in sorted(repair.changes, key=lambda one: -(one.gained_m2 + one.lost_m2))[:shown]:
        key = "change_valid" if change.is_made_valid else "change"
        gained, lost = area_text(change.gained_m2), area_text(change.lost_m2)
        lines.append(f"{indent}  " + say(key, language, code=change.code, gained=gained, lost=lost))
    if len(repair.changes) > shown:
        lines.append(f"{indent}  " + say("more_changes", language, count=f"{len(repair.changes) - shown:,}"))
    return lines


def describe_size(report: MapReport, language: str) -> str:
    """How many grids, communities and towns, on how much ground."""
    size = report.judgement.size
    return say(
        "size",
        language,
        grids=f"{size.grid_count:,}",
        communities=f"{size.community_count:,}",
        towns=f"{size.town_count:,}",
        area=area_text(size.area_m2),
    )
