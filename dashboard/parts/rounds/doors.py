"""Beside the round: whether list, map and total agree, and the list of a grid for those who knock at doors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from dashboard.address import Address, write_address
from dashboard.answers import Reading
from dashboard.aside import AsideAnswer
from dashboard.parts import wording
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.rounds.desk import TEAMS_KEY, RoundDesk
from dashboard.parts.rounds.words import name_place, say_round
from dashboard.parts.table import TableColumn, show_table
from dashboard.parts.wording import Language

Row = Mapping[str, Any]

DIFFERENCES_SHOWN = 3
TEAMS_MAX = 40
LIST_HEIGHT_PX = 560


def check_block(
    answer: AsideAnswer, screening: Row, place: Row, places: Sequence[Row], moment: Moment, language: Language
) -> Markup:
    """Not one household missed: the list agrees with map and total, or differs by so many and where."""
    level = ""
    is_erased = screening["is_erased"]
    names = {row["code"]: name_place(row, language) for row in places if row["kind"] == "grid"}
    if is_erased:
        text = say_round("check_erased", language)
    elif place["unseen_household_count"] is None:
        text = say_round("check_none", language)
    elif answer.error:
        level, text = " wg-line-watch", say_round("broken", language, message=answer.error.message)
    elif answer.rows is None:
        text = say_round(f"check_{_why_not(answer)}", language)
    elif not answer.rows:
        level = " wg-agreed"
        text = say_round(
            "check_ok",
            language,
            count=wording.count(place["household_count"]),
            unseen=wording.count(place["unseen_household_count"]),
        )
    else:
        level = " wg-line-act"
        where = "；" if language == "zh" else "; "
        told = [tell_difference(row, names, language) for row in answer.rows[:DIFFERENCES_SHOWN]]
        more = " …" if len(answer.rows) > DIFFERENCES_SHOWN else ""
        text = say_round("check_differs", language, count=len(answer.rows), where=where.join(told) + more)
    at = None
    if answer.as_of and answer.rows is not None and not is_erased:
        at = element(
            "small", say_round("check_at", language, at=wording.time_of_day(moment.local(answer.as_of), seconds=True))
        )
    return element(
        "section",
        element("h3", say_round("check", language)),
        element("p", text, " ", at, classes=f"wg-line{level}", role="status"),
        classes="wg-block",
    )


def _why_not(answer: AsideAnswer) -> str:
    """Why there is no answer, as part of a key among the words."""
    return "refused" if answer.is_refused else "then" if answer.is_absent else "working"


def tell_difference(row: Row, names: Mapping[str, str], language: Language) -> str:
    """侧贤社区第1网格 未见户 名册 12、地图 13"""
    code = row["grid_code"]
    return say_round(
        "differ_one",
        language,
        place=names.get(code, code) if code else say_round("district", language),
        figure=say_round(f"figure_{row['figure']}", language),
        list=wording.count(row["by_list"]),
        map=wording.count(row["by_map"]),
    )


def show_doors(answer: AsideAnswer, desk: RoundDesk, moment: Moment, address: Address) -> None:
    """How many doors there are and of what kind, by team, and the ways to the list: on the page and on paper."""
    language = address.language
    st.html(element("h3", say_round("doors", language), classes="wg-list-title"))
    # drawn whether or not the list is there yet: Streamlit forgets what was typed into a field that it did not draw
    st.number_input(
        say_round("doors_teams", language),
        min_value=1,
        max_value=TEAMS_MAX,
        value=None,
        step=1,
        key=TEAMS_KEY,
        help=say_round("doors_teams_help", language),
        placeholder=str(len({row["team_no"] for row in answer.rows})) if answer.rows else "",
    )
    if not answer.rows:
        text = say_round("doors_none" if answer.rows == [] else f"doors_{_why_not(answer)}", language)
        if answer.error:
            text = say_round("broken", language, message=answer.error.message)
        st.html(element("p", text, classes="wg-facts", role="status"))
        return
    at = wording.time_of_day(moment.local(answer.as_of), seconds=True)
    st.html(
        element(
            "p", door_summary(answer.rows, language), " · ", say_round("doors_at", language, at=at), classes="wg-facts"
        )
    )
    st.html(element("ul", *(element("li", text) for text in tell_teams(answer.rows, language)), classes="wg-teams"))
    st.html(
        element(
            "p",
            element(
                "a",
                say_round("doors_print", language),
                href=f"/doors?{urlencode(desk.sheet_query(language))}",
                target="_blank",
                classes="wg-act-link",
            ),
        )
    )
    label = say_round("doors_close" if address.lists_all else "doors_open", language)
    st.button(label, key="door_list", on_click=write_address, kwargs={"list": None if address.lists_all else "all"})
    st.html(element("p", say_round("doors_definition", language), classes="wg-facts"))


def door_summary(rows: Sequence[Row], language: Language) -> str:
    """1,011 户要敲门：……"""
    return say_round(
        "doors_summary",
        language,
        count=wording.count(len(rows)),
        unseen=wording.count(sum(1 for row in rows if row["household_state"] == "unseen")),
        partly=wording.count(sum(1 for row in rows if row["household_state"] == "partly")),
        missing=wording.count(sum(row["missing_count"] or 0 for row in rows)),
        vulnerable=wording.count(sum(1 for row in rows if row["vulnerable_count"])),
    )


def tell_teams(rows: Sequence[Row], language: Language) -> list[str]:
    """Each team's part: buildings and doors."""
    teams: dict[int, list[Row]] = {}
    for row in rows:
        teams.setdefault(row["team_no"], []).append(row)
    return [
        say_round(
            "doors_team",
            language,
            no=number,
            buildings=wording.count(len({row["building_code"] for row in own})),
            count=wording.count(len(own)),
        )
        for number, own in teams.items()
    ]


def show_door_list(rows: Sequence[dict[str, Any]], reading: Reading, language: Language) -> None:
    """The list itself: household codes and addresses, by team and building."""

    def column(name: str, title: str, width: int, **more: Any) -> TableColumn:
        return TableColumn(name, say_round(f"column_{title}", language), width=width, **more)

    show_table(
        rows,
        [
            column("team_no", "team", 48),
            column("building_name_en" if language == "en" else "building_name", "building", 160),
            column("household_code", "household", 220),
            column("household_state", "state", 72, format=lambda state: say_round(f"state_{state}", language)),
            column("resident_count", "residents", 64),
            column("covered_person_count", "covered", 64),
            column("missing_count", "missing", 64),
            column("vulnerable_count", "vulnerable", 64),
        ],
        key="doors",
        title=say_round("doors", language),
        question="coverage/missing_households",
        reading=reading,
        language=language,
        height=LIST_HEIGHT_PX,
    )
