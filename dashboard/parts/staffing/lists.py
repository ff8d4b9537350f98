"""The lists below: grids without a leader, people who work too long, grids by need, person-times by kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.answers import Reading, Shelf
from dashboard.parts import wording
from dashboard.parts.markup import element
from dashboard.parts.notices import show_block_error
from dashboard.parts.staffing.words import name_level, name_origin, name_role, say_staff, tell_hours
from dashboard.parts.table import TableColumn, show_table
from dashboard.parts.wording import Language
from data.errors import WanggeError

LIST_PX = 180
Pick = Callable[[str], None]


def show_gaps(shelf: Shelf, reading: Reading, language: Language, pick: Pick) -> None:
    """Grids without a leader on duty, or with none of the two who stand in for each other; the gravest first."""
    gaps = _ask(shelf, "staffing/leader_gaps", "show_gaps", language)
    if gaps is None:
        return
    if not gaps:
        total = _ask(shelf, "staffing/total", "show_gaps", language) or [{"on_duty_count": None}]
        is_known = total[0]["on_duty_count"] is not None  # without any check-in nobody knows
        st.html(element("p", say_staff("gaps_none", language) if is_known else wording.UNKNOWN, classes="wg-facts"))
        return
    show_table(
        gaps,
        (
            _name("grid_name", "grid", language),
            TableColumn("gap", say_staff("gap", language), lambda gap: say_staff(f"gap_{gap}", language)),
            TableColumn("zone_level", say_staff("zone_level", language), lambda level: name_level(level, language), 60),
            TableColumn("leader_staff_code", say_staff("leader", language)),
            TableColumn("stand_in_staff_code", say_staff("stand_in", language)),
            TableColumn("full_time_on_duty_count", say_staff("full_time", language)),
            _name("community_name", "community", language),
            _name("town_name", "town", language),
        ),
        key="gaps",
        title=say_staff("gaps", language, count=wording.count(len(gaps))),
        question="staffing/leader_gaps",
        reading=reading,
        language=language,
        height=LIST_PX,
        on_pick=lambda row: pick(row["grid_code"]),
    )


def show_overload(shelf: Shelf, reading: Reading, language: Language, pick: Pick) -> None:
    """How many of each role work too long, and who; a press on one leads to the grid of the post."""
    by_role = _ask(shelf, "staffing/overload_by_role", "show_overload", language)
    people = _ask(shelf, "staffing/overload", "show_overload", language)
    if by_role is None or people is None:
        return
    left, right = st.columns([380, 500])
    with left:
        show_table(
            by_role,
            (
                TableColumn("role", say_staff("role", language), lambda role: name_role(role, language)),
                TableColumn("over_shift_count", say_staff("over_shift", language)),
                TableColumn("over_24h_count", say_staff("over_24h", language)),
                TableColumn("longest_24h_h", say_staff("longest", language), lambda hours: tell_hours(hours, language)),
            ),
            key="overload_by_role",
            title=say_staff("overload_by_role", language),
            question="staffing/overload_by_role",
            reading=reading,
            language=language,
        )
    with right:
        if not people:
            is_known = by_role[0]["on_duty_count"] is not None
            words = say_staff("overload_none", language) if is_known else wording.UNKNOWN
            st.html(element("p", words, classes="wg-facts"))
            return
        show_table(
            people,
            (
                TableColumn("staff_code", say_staff("staff", language)),
                TableColumn("role", say_staff("role", language), lambda role: name_role(role, language)),
                TableColumn("on_duty_h", say_staff("on_end", language), lambda hours: tell_hours(hours, language)),
                TableColumn("worked_24h_h", say_staff("in_24h", language), lambda hours: tell_hours(hours, language)),
                TableColumn("post_kind", say_staff("post", language), lambda kind: say_staff(f"post_{kind}", language)),
                _name("post_name", "where", language),
            ),
            key="overload",
            title=say_staff("overload", language, count=wording.count(people[0]["found_count"])),
            question="staffing/overload",
            reading=reading,
            language=language,
            height=LIST_PX,
            on_pick=lambda row: pick(row["grid_code"]) if row["grid_code"] else None,
        )


def show_grids(shelf: Shelf, reading: Reading, language: Language, pick: Pick) -> None:
    """Every grid: on duty, needed, missing, residents a worker; those that miss most first."""
    grids = _ask(shelf, "staffing/by_grid", "show_grids", language)
    if grids is None:
        return
    heavy = {True: say_staff("heavy_yes", language), False: ""}
    rows = [row | {"is_worker_overloaded": heavy.get(row["is_worker_overloaded"])} for row in grids]
    show_table(
        rows,
        (
            _name("grid_name", "grid", language),
            TableColumn("zone_level", say_staff("zone_level", language), lambda level: name_level(level, language), 60),
            TableColumn("on_duty_count", say_staff("on_duty", language)),
            TableColumn("needed_count", say_staff("needed", language)),
            TableColumn("lacking_count", say_staff("lacking", language)),
            TableColumn("worker_count", say_staff("workers", language)),
            TableColumn("residents_per_worker", say_staff("per_worker", language), wording.count),
            TableColumn("is_worker_overloaded", say_staff("heavy", language)),
        ),
        key="grids",
        title=say_staff("grids", language),
        question="staffing/by_grid",
        reading=reading,
        language=language,
        height=LIST_PX,
        on_pick=lambda row: pick(row["grid_code"]),
    )


def show_times(shelf: Shelf, reading: Reading, language: Language, _pick: Pick) -> None:
    """Person-times by kind of people, and of the party organisations of firms by town."""
    kinds = _ask(shelf, "staffing/person_times_by_kind", "show_times", language)
    organisations = _ask(shelf, "staffing/organisations", "organisations", language)
    left, right = st.columns([560, 320])
    with left:
        if kinds is not None:
            show_table(
                kinds,
                (
                    TableColumn("role", say_staff("kind", language), lambda role: name_role(role, language)),
                    TableColumn("origin", say_staff("origin", language), lambda origin: name_origin(origin, language)),
                    TableColumn("person_time_count", say_staff("times", language)),
                    TableColumn("people_count", say_staff("people", language)),
                    TableColumn("in_zone_count", say_staff("in_zone", language)),
                    TableColumn("at_site_count", say_staff("at_site", language)),
                    TableColumn("today_count", say_staff("today", language)),
                ),
                key="times",
                title=say_staff("times_title", language),
                question="staffing/person_times_by_kind",
                reading=reading,
                language=language,
                height=LIST_PX,
            )
    with right:
        if organisations is not None:
            show_table(
                organisations,
                (
                    TableColumn("organisation_name", say_staff("organisation", language)),
                    _name("town_name", "town", language),
                    TableColumn("person_time_count", say_staff("times", language)),
                ),
                key="organisations",
                title=say_staff("organisations", language),
                question="staffing/organisations",
                reading=reading,
                language=language,
                height=LIST_PX,
            )


LISTS: dict[str, Callable[[Shelf, Reading, Language, Pick], None]] = {
    "gaps": show_gaps,
    "overload": show_overload,
    "grids": show_grids,
    "times": show_times,
}


def _ask(shelf: Shelf, question: str, title: str, language: Language) -> list[dict[str, Any]] | None:
    try:
        return shelf.ask(question)
    except WanggeError as error:
        show_block_error(say_staff(title, language), error, language)
        return None


def _name(stem: str, title: str, language: Language) -> TableColumn:
    return TableColumn(f"{stem}_en" if language == "en" else stem, say_staff(title, language))
