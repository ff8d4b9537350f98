"""Words and figures of the sites' page: names, classes, minutes, moves."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor
from typing import Any

from dashboard.address import Address, link_to
from dashboard.parts import wording
from dashboard.parts.markup import Child, Markup, element
from dashboard.parts.wording import Language
from dashboard.parts.words import say
from dashboard.text import read_text

Row = Mapping[str, Any]

MARKS = {"jammed": "■", "busy": "◆", "smooth": "○", "resting": "–", "unknown": "·"}
"""The shapes of the wait classes as characters, for where only text can stand."""


def say_site(key: str, language: Language, **values: object) -> str:
    """The words for `key` in `dashboard/text/sites.<language>.toml`."""
    return read_text("sites", language)[key].format(**values)


def name_site(row: Row, language: Language) -> str:
    """The site's name, or its code where it has none."""
    name = wording.name_in(dict(row), "site_name", language)
    return str(row["site_code"]) if name == wording.UNKNOWN else name


def link_to_site(address: Address, code: str, words: Child, classes: str = "wg-to") -> Markup:
    """A link to the site's page, of the moment that is shown."""
    return element("a", words, classes=classes, href=f"/sites{link_to(address, site=code)}", target="_self")


def name_class(wait_class: str, language: Language) -> str:
    """忙碌."""
    return say(f"class_{wait_class}", language)


def mark_class(wait_class: str, language: Language) -> str:
    """◆ 忙碌."""
    return f"{MARKS[wait_class]} {name_class(wait_class, language)}"


def draw_mark(wait_class: str, language: Language) -> Markup:
    """The class as its shape, told to a screen reader."""
    return element("i", classes=f"wg-mark wg-{wait_class}", role="img", aria_label=name_class(wait_class, language))


def minutes_alone(value: float | None) -> str:
    """41, never rounded up: 49.9 minutes are no jam."""
    return wording.UNKNOWN if value is None else f"{floor(value)}"


def describe_move(move: Row, names: Mapping[str, str], language: Language) -> str:
    """开 2 个单元, or whom to send where."""
    return say_site(
        f"move_{move['move']}",
        language,
        units=wording.count(move["unit_count"]),
        people=wording.count(move["people_count"]),
        walk=wording.distance(move["walk_m"]),
        site=names.get(str(move["to_site_code"]), str(move["to_site_code"])),
    )


def describe_effect(move: Row, language: Language) -> str:
    """等候 62 分 → 43 分, and what it becomes at the other site."""
    told = say_site(
        "move_effect",
        language,
        before=wording.wait(move["wait_min"], language),
        after=wording.wait(move["wait_after_min"], language),
    )
    if move["to_wait_after_min"] is None:
        return told
    return told + say_site("move_there", language, after=wording.wait(move["to_wait_after_min"], language))
