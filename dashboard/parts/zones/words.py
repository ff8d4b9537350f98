"""Words and figures of the zones' page: levels, chips, moments, and places as a reader calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.parts import wording
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.text import read_text

Row = Mapping[str, Any]


def say_zone(key: str, language: Language, **values: object) -> str:
    """The words for `key` in `dashboard/text/zones.<language>.toml`."""
    return read_text("zones", language)[key].format(**values)


def name_level(level: str | None, language: Language) -> str:
    """高风险区, or — for a level that nobody knows."""
    return say_zone(f"level_{level}", language) if level else wording.UNKNOWN


def name_zone(row: Row, language: Language) -> str:
    """The zone's name, or its code where it has none."""
    name = wording.name_in(dict(row), "zone_name", language)
    return str(row["zone_code"]) if name == wording.UNKNOWN else name


def number_zones(zones: Sequence[Row]) -> dict[str, int]:
    """Each zone's number within its level, as on the map: 高1, 高2 …"""
    numbers: dict[str, int] = {}
    counted: dict[str, int] = {}
    for row in zones:
        counted[row["level"]] = counted.get(row["level"], 0) + 1
        numbers[row["zone_code"]] = counted[row["level"]]
    return numbers


def level_chip(level: str, number: int | None, language: Language) -> Markup:
    """The chip of a zone: filled for high, dashed for medium; low and lifted are plain text."""
    words = say_zone(f"chip_{level}", language, number=number or "") if number else name_level(level, language)
    return element("span", words, classes=f"wg-chip wg-chip-{level}", title=name_level(level, language))


def tell_moment(value: Any, moment: Moment, language: Language) -> str:
    """7月9日 18:00, with the year where it is not this one; — for null."""
    at = moment.local(value)
    if at is None:
        return wording.UNKNOWN
    year = f"{at.year} " if at.year != moment.now.year else ""
    return f"{year}{wording.day(at, language, with_weekday=False)} {wording.time_of_day(at)}"
