"""The zones in force with what is inside each: a row a zone, the highest level first; a pick opens the zone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.answers import Shelf
from dashboard.parts import wording
from dashboard.parts.definition import tell_definition
from dashboard.parts.markup import Markup, element, join
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.parts.zones.words import Row, level_chip, name_level, name_zone, number_zones, say_zone, tell_moment
from data.errors import WanggeError

SHOWN_COUNT = 60
"""Rows of the page; a district has some ten zones, a city far more."""
FIGURES = (
    ("people", "resident_count"),
    ("households", "household_count"),
    ("buildings", "building_count"),
    ("vulnerable", "vulnerable_count"),
    ("staff", "on_duty_count"),
    ("sites", "site_count"),
)


def show_zones_in_force(
    shelf: Shelf, chosen: str | None, moment: Moment, language: Language, pick: Callable[[str], None]
) -> None:
    """How many zones and people there are under each level, then the zones; or why there are none."""
    try:
        zones, levels = shelf.ask("zones/inside"), shelf.ask("zones/by_level")
    except WanggeError as error:
        st.html(
            element(
                "p", say_zone("broken", language, message=error.message), classes="wg-line wg-line-act", role="alert"
            )
        )
        return
    if not zones:
        st.html(element("p", say_zone("empty", language), classes="wg-line", role="status"))
        return
    st.html(level_summary(levels, moment, language))
    show_zone_list(zones, chosen, moment, language, pick)


def level_summary(levels: Sequence[Row], moment: Moment, language: Language) -> Markup:
    """How many zones and people there are under each level, each person once."""
    told = [
        say_zone(
            "by_level",
            language,
            level=name_level(row["level"], language),
            zones=wording.count(row["zone_count"]),
            people=wording.count(row["resident_count"]),
        )
        for row in levels
        if row["zone_count"]
    ]
    meaning = tell_definition("zones/by_level", "resident_count", moment, language)
    return element("p", " · ".join(told), classes="wg-facts wg-zone-levels", title=meaning)


def show_zone_list(
    zones: Sequence[Row], chosen: str | None, moment: Moment, language: Language, pick: Callable[[str], None]
) -> None:
    """Rows of `zones/inside`; a press on a zone's name calls `pick` with its code. Unknown is —."""
    numbers = number_zones(zones)
    with st.container(key="zone_list"):
        st.html(_head(moment, language))
        for row in zones[:SHOWN_COUNT]:
            code = row["zone_code"]
            with st.container(key=f"zone_row_{numbers[code]}_{row['level']}", horizontal=True):
                st.html(level_chip(row["level"], None if row["level"] == "low" else numbers[code], language))
                st.button(
                    name_zone(row, language),
                    key=f"zone_{code}",
                    type="primary" if code == chosen else "tertiary",
                    on_click=pick,
                    args=(code,),
                    width="content",
                )
                st.html(_figures(row, moment, language))
    if len(zones) > SHOWN_COUNT:
        st.html(element("p", say_zone("more_zones", language, count=len(zones) - SHOWN_COUNT), classes="wg-facts"))


def _head(moment: Moment, language: Language) -> Markup:
    labels = (
        element("span", say_zone(name, language), title=tell_definition("zones/inside", column, moment, language))
        for name, column in FIGURES
    )
    return element(
        "div",
        element("b", say_zone("column_zone", language)),
        element("div", *labels, classes="wg-zone-figures"),
        classes="wg-zone-head",
        aria_hidden="true",
    )


def _figures(row: Row, moment: Moment, language: Language) -> Markup:
    """Six figures with their words, which only a phone shows; since when the order holds."""
    figures = [
        element(
            "span",
            element("em", say_zone(name, language)),
            element("b", wording.count(row[column])),
            title=tell_definition("zones/inside", column, moment, language),
        )
        for name, column in FIGURES
    ]
    since = say_zone("since", language, at=tell_moment(row["from_at"], moment, language))
    return join(
        element("div", *figures, classes="wg-zone-figures"),
        element("p", f"{row['order_code']} · {since}", classes="wg-facts"),
    )
