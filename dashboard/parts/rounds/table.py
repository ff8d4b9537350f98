"""What lies in a place, those with most people missing first; a pick goes down to it. In a grid: its buildings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from dashboard.answers import Reading
from dashboard.aside import AsideAnswer
from dashboard.parts import wording
from dashboard.parts.markup import element
from dashboard.parts.rounds.choice import BELOW, Place
from dashboard.parts.rounds.words import say_round, tell_share
from dashboard.parts.table import TableColumn, show_table
from dashboard.parts.wording import Language

Row = Mapping[str, Any]
HEIGHT_PX = 460


def show_places(
    place: Place, homes: AsideAnswer, reading: Reading, language: Language, pick: Callable[[Row], None]
) -> None:
    """The towns, communities or grids of a place; households that are whole join once they are counted."""
    below = BELOW[place.kind]
    counted = {(row["kind"], row["code"]): row for row in homes.rows or ()}
    rows = [
        {
            **row,
            "partly_household_count": _homes_of(counted, row, "partly"),
            "whole_household_count": _homes_of(counted, row, "whole"),
        }
        for row in place.inside
    ]
    show_table(
        rows,
        place_columns(language, has_homes=bool(counted)),
        key=f"places_{below}",
        title=say_round(f"places_{below}", language),
        question="coverage/round_places",
        reading=reading,
        language=language,
        height=HEIGHT_PX,
        on_pick=pick,
    )


def place_columns(language: Language, *, has_homes: bool) -> list[TableColumn]:
    """The columns of the table of places."""

    def column(name: str, title: str, width: int, **more: Any) -> TableColumn:
        return TableColumn(name, say_round(f"column_{title}", language), width=width, **more)

    columns = [
        column("name_en" if language == "en" else "name", "name", 112),
        column("coverage_pct", "coverage", 72, format=tell_share),
        column("missing_count", "missing", 76, format=wording.count),
        column("expected_pct", "expected", 80, format=tell_share),
        column("low_pct", "low", 64, format=tell_share),
        column("registered_person_count", "registered", 76, format=wording.count),
        column("covered_person_count", "covered", 76, format=wording.count),
        column("household_count", "households", 72, format=wording.count),
        column("unseen_household_count", "unseen", 66, format=wording.count),
    ]
    if has_homes:
        columns.append(column("partly_household_count", "partly", 66, format=wording.count))
        columns.append(column("whole_household_count", "whole", 76, format=wording.count))
    return columns


def show_buildings(place: Row, buildings: AsideAnswer, reading: Reading, language: Language) -> None:
    """The buildings of a grid, those with most doors to knock at first; and why their sum may differ from the grid's."""
    title = say_round("places_building", language)
    if buildings.rows is None:
        message = buildings.error.message if buildings.error else ""
        why = "then" if buildings.is_absent else "working"
        text = say_round("broken", language, message=message) if message else say_round(f"doors_{why}", language)
        st.html(element("h3", title, classes="wg-block-title"))
        st.html(element("p", text, classes="wg-facts", role="status"))
        return

    def column(name: str, title: str, width: int, **more: Any) -> TableColumn:
        return TableColumn(name, say_round(f"column_{title}", language), width=width, **more)

    name = "building_name_en" if language == "en" else "building_name"
    show_table(
        buildings.rows,
        [
            column(name, "building", 170),
            column("coverage_pct", "coverage", 78, format=tell_share),
            column("missing_count", "missing", 78),
            column("registered_person_count", "registered", 84),
            column("covered_person_count", "covered", 78),
            column("household_count", "households", 78),
            column("unseen_household_count", "unseen", 72),
            column("partly_household_count", "partly", 72),
            column("whole_household_count", "whole", 78),
            column("vulnerable_count", "vulnerable", 72),
        ],
        key="buildings",
        title=title,
        question="coverage/building_sums",
        reading=reading,
        language=language,
        height=HEIGHT_PX,
    )
    missing = wording.count(place["missing_count"])
    st.html(element("p", say_round("buildings_note", language, missing=missing), classes="wg-facts"))


def _homes_of(counted: Mapping[tuple[str, str], Row], row: Row, state: str) -> int | None:
    found = counted.get((row["kind"], row["code"]))
    return found[f"{state}_household_count"] if found else None
