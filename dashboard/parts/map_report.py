"""A saved report on a map as parts of a page: its verdict and its table of problems. Knows no lake and no judging."""

from __future__ import annotations

from itertools import groupby

from dashboard.parts.markup import Markup, element, join
from dashboard.parts.wording import Language, count, day, time_of_day
from dashboard.text import read_text
from data.saved_report import SavedReport

SHOWN_COUNT = 200
"""Rows of the table; the report to download has the rest."""


def say_check(key: str, language: Language, **values: object) -> str:
    """The words for `key` in `dashboard/text/map_check.<language>.toml`."""
    return read_text("map_check", language)[key].format(**values)


def name_report(report: SavedReport, language: Language) -> str:
    """A report in a list: when, of which file, with which outcome."""
    if report.problem or report.made_at is None:
        return report.name
    at = f"{day(report.made_at, language, with_weekday=False)} {time_of_day(report.made_at)}"
    if report.outcome == "in_force":
        return f"{say_check('in_force', language)} · {say_check('made_at', language, at=at)}"
    return f"{report.source} · {at} · {say_check(f'outcome_{report.outcome}', language)}"


def map_verdict(report: SavedReport, language: Language) -> Markup:
    """How large the map is, how many problems of which level, and what a repair changed."""
    counts = report.counts or {}
    levels = (report.levels or {}).get(language) or {}
    total = sum(counts.values())
    chips = [
        element("span", element("b", count(found), classes=f"wg-chip wg-{level}"), levels.get(level, level))
        for level, found in counts.items()
        if found
    ]
    size = say_check("size", language, grids=count(report.grid_count), area=f"{report.area_km2:,.1f}")
    changes = (report.changes or {}).get(language) or []
    return element(
        "section",
        element("h3", say_check("found", language, count=count(total)) if total else say_check("sound", language)),
        element("p", size, classes="wg-facts"),
        element("p", *chips, classes="wg-levels") if chips else None,
        *(element("p", line, classes="wg-facts") for line in changes),
        classes="wg-block wg-check",
        role="status",
    )


def fault_table(report: SavedReport, language: Language) -> Markup:
    """Every problem with the number that it has on the map, what to do beneath each kind."""
    shown = report.faults[:SHOWN_COUNT]
    blocks = []
    for _, found in groupby(shown, key=lambda fault: (fault["level"], fault["kind"])):
        faults = list(found)
        told = faults[0][language]
        rows = [
            element(
                "tr",
                element("td", element("b", str(fault["number"]), classes=f"wg-chip wg-{fault['level']}")),
                element(
                    "td",
                    fault[language]["sentence"],
                    element("small", fault[language]["place"]) if fault[language]["place"] else None,
                ),
            )
            for fault in faults
        ]
        blocks.append(
            element(
                "section",
                element("h3", told["title"]),
                element("p", told["advice"], classes="wg-facts"),
                element("table", element("tbody", *rows)),
                classes="wg-block wg-check",
            )
        )
    hidden = sum((report.counts or {}).values()) - len(shown)
    if hidden > 0:
        blocks.append(element("p", say_check("more", language, count=count(hidden)), classes="wg-facts"))
    return join(*blocks)
