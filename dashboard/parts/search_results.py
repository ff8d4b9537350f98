"""What a search found: each place with its kind and the way to it, as links. Rows of map/search in, HTML out."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.address import Address, link_to
from dashboard.parts import wording
from dashboard.parts.markup import Markup, element
from dashboard.parts.trail import LINK
from dashboard.parts.wording import Language
from dashboard.parts.words import say

Row = Mapping[str, Any]

WORDS_MAX = 4
"""Words that map/search compares."""


def fold_text(text: str) -> str:
    """The text as map/search wants it: full-width signs made plain, lower case, one space between words."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split()[:WORDS_MAX])


def where_of(found: Row) -> dict[str, str]:
    """Where a result leads: the place itself, a building or site within its grid, or the area that a post answers for."""
    kind, code, area = str(found["kind"]), str(found["code"]), str(found["area_code"])
    if kind in ("building", "site"):
        return {"grid": area, "spot": code}
    if kind == "post":
        rank = "grid" if found["grid_name"] else "community" if found["community_name"] else "town"
        return {rank: area}
    return {kind: code}


def choose_only(found: Sequence[Row], text: str) -> dict[str, str] | None:
    """Where to go at once: to the only result, or to the one whose very code the text is."""
    named = [row for row in found if str(row["code"]).lower() == text]
    chosen = named if len(named) == 1 else found
    return where_of(chosen[0]) if len(chosen) == 1 else None


def list_found(found: Sequence[Row], text: str, address: Address) -> Markup:
    """The results, best first; a title that says how many there are, or what can be entered where there is none."""
    language = address.language
    if not found:
        return element(
            "div",
            element("h3", say("search_none", language, text=text), classes="wg-list-title"),
            element("p", say("search_help", language), classes="wg-facts"),
        )
    count = int(found[0]["found_count"])
    title = say("search_found", language, text=text, count=wording.count(count))
    if count > len(found):
        title += say("search_shown", language, count=len(found))
    lines = [_line(row, address) for row in found]
    return element(
        "div",
        element("h3", title, classes="wg-list-title"),
        element("ul", *lines, classes="wg-found wg-list"),
    )


def _line(row: Row, address: Address) -> Markup:
    language = address.language
    kind = str(row["kind"])
    name = wording.name_in(dict(row), "name", language)
    label = say(f"chain_{row['role']}", language) if kind == "post" else say(f"kind_{kind}", language)
    return element(
        "li",
        element(
            "a",
            element("b", name),
            element("span", label),
            element("small", _path(row, name, language)),
            classes=LINK,
            href=link_to(address, **where_of(row)),
        ),
    )


def _path(row: Row, own_name: str, language: Language) -> str:
    """The names above the result, from the town down, then its code."""
    names = [
        wording.name_in(dict(row), f"{rank}_name", language)
        for rank in ("town", "community", "grid")
        if row.get(f"{rank}_name")
    ]
    if row["kind"] in ("town", "community", "grid"):
        names = names[:-1]
    code = [] if str(row["code"]) == own_name else [str(row["code"])]
    return " › ".join(names) + (" · " if names and code else "") + "".join(code)
