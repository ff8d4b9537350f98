"""The workers' lists on paper: one page a team, whole buildings, a box to tick for each door. A document that needs nothing
but itself: it prints, and is saved, without a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from dashboard.asset import ASSETS_DIR
from dashboard.parts import wording
from dashboard.parts.markup import Markup, element, join
from dashboard.parts.rounds.words import say_round
from dashboard.parts.wording import Language

Row = Mapping[str, Any]

MEMBERS = 9
"""Of a team of ten: those besides its leader, a blank for each staff number."""
PRINT = "document.querySelector('button').addEventListener('click', () => print());"
"""The document's one script: the policy of the route names its hash."""


def write_sheets(
    doors: Sequence[Row], grid: str, screening: str, deadline: str, at: str, save_as: str, language: Language
) -> str:
    """The whole document for rows of coverage/missing_households; `save_as` is the address that hands it over as a file."""
    teams = [list(own) for _, own in groupby(doors, key=lambda row: row["team_no"])]
    pages = [
        _write_team(own, number, len(teams), grid, screening, deadline, at, language)
        for number, own in enumerate(teams, 1)
    ]
    title = say_round("sheet_title", language, grid=grid)
    if not pages:
        pages = [
            element("header", element("h1", title), element("h2", screening)),
            element("p", say_round("sheet_none", language)),
            element("p", say_round("sheet_at", language, at=at)),
        ]
    buttons = element(
        "nav",
        element("button", say_round("sheet_print", language), type="button"),
        element("a", say_round("sheet_save", language), href=save_as, download="") if save_as else None,
    )
    return _write_document(title, join(buttons, *pages), language)


def write_note(text: str, language: Language) -> str:
    """A document that says why there is no list."""
    return _write_document(
        say_round("doors", language),
        join(
            element("nav", element("button", say_round("sheet_print", language), type="button")),
            element("p", text, classes="note", role="alert"),
        ),
        language,
    )


@cache
def _read_style() -> str:
    return (ASSETS_DIR / "doors.css").read_text(encoding="utf-8")


def _write_document(title: str, body: Markup, language: Language) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{element("title", title)}'
        f"<style>{_read_style()}</style></head><body>{body}<script>{PRINT}</script></body></html>"
    )


def _write_team(
    doors: Sequence[Row], number: int, count: int, grid: str, screening: str, deadline: str, at: str, language: Language
) -> Markup:
    blocks = [list(own) for _, own in groupby(doors, key=lambda row: row["building_code"])]
    facts = say_round(
        "sheet_facts",
        language,
        round=screening,
        deadline=deadline,
        buildings=wording.count(len(blocks)),
        doors=wording.count(len(doors)),
        missing=wording.count(_add_up(row["missing_count"] for row in doors)),
    )
    blank = element("i", "")
    staff = element(
        "p",
        element("span", say_round("sheet_leader", language), " "),
        blank,
        element("span", say_round("sheet_members", language), " "),
        *([blank] * MEMBERS),
        classes="staff",
    )
    return element(
        "section",
        element(
            "header",
            element("h1", say_round("sheet_title", language, grid=grid)),
            element("h2", say_round("sheet_team", language, no=number, count=count)),
        ),
        element("p", facts, " · ", say_round("sheet_at", language, at=at)),
        staff,
        element("p", say_round("sheet_key", language)),
        element("div", *(_write_building(own, language) for own in blocks), classes="doors"),
        element(
            "footer",
            element("span", say_round("sheet_signed", language)),
            element("span", say_round("sheet_privacy", language)),
        ),
    )


def _add_up(counts: Iterable[int | None]) -> int | None:
    """The sum; None while no registration is known."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _write_building(doors: Sequence[Row], language: Language) -> Markup:
    first = doors[0]
    code = str(first["building_code"])
    name = wording.name_in(dict(first), "building_name", language)
    return join(
        element("h3", element("span", code if name == wording.UNKNOWN else name), element("small", code)),
        element("ul", *(_write_door(row, code, language) for row in doors)),
    )


def _write_door(row: Row, building_code: str, language: Language) -> Markup:
    """□ 0102  5 人 已 1 ★; bold where nobody was seen."""
    door = str(row["household_code"]).removeprefix(f"{building_code}-")
    done = row["covered_person_count"]
    marks = [say_round("sheet_done", language, count=done)] if done else []
    if row["vulnerable_count"]:
        marks.append("★")
    return element(
        "li",
        element("b" if row["household_state"] == "unseen" else "span", door),
        element("em", say_round("sheet_door", language, residents=wording.count(row["resident_count"]))),
        element("span", " ".join(marks), classes="on") if marks else None,
    )
