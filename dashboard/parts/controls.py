"""The controls over the map: measure, town, search, list. Each writes the URL; the page and the map read it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.address import MEASURES, Address, Measure, write_address
from dashboard.answers import Row
from dashboard.parts import wording
from dashboard.parts.grid_list import find_grids
from dashboard.parts.markup import element
from dashboard.parts.wording import Language
from dashboard.parts.words import say

_MEASURE, _TOWN, _SEARCH = "measure_control", "town_control", "search_control"
_WHOLE = ""


def show_controls(address: Address, towns: Sequence[Row], grids: Sequence[Row], speed: float) -> None:
    """One row of controls; what they show follows the URL, also when that changed elsewhere."""
    language = address.language
    names = {row["town_code"]: wording.name_in(row, "town_name", language) for row in towns}
    with st.container(key="controls", horizontal=True, vertical_alignment="center"):
        played = f" {speed:g}×" if speed > 1.0 else ""
        state = f"{say('live', language)}{played}" if speed else say("preparing", language)
        st.html(element("span", state, classes="wg-live"), width="content")
        st.session_state[_MEASURE] = address.measure
        st.segmented_control(
            say("measure", language),
            MEASURES,
            format_func=lambda measure: say(f"measure_{measure}", language),
            key=_MEASURE,
            required=True,
            on_change=_choose_measure,
            label_visibility="collapsed",
            width="content",
        )
        st.session_state[_TOWN] = address.town if address.town in names else _WHOLE
        st.selectbox(
            say("town", language),
            [_WHOLE, *names],
            format_func=lambda code: names.get(code, say("town_all", language)),
            key=_TOWN,
            on_change=_choose_town,
            label_visibility="collapsed",
            width=132,
        )
        st.text_input(
            say("search", language),
            key=_SEARCH,
            placeholder=say("search_hint", language),
            on_change=_search,
            args=(grids,),
            label_visibility="collapsed",
            width=190,
        )
        st.button(
            say("panel_list", language),
            key="list_control",
            type="primary" if address.lists_all else "secondary",
            on_click=write_address,
            kwargs={"list": None if address.lists_all else "all"},
            width="content",
        )


def searched_text() -> str:
    """What was last searched for and is still in the box."""
    return str(st.session_state.get(_SEARCH) or "").strip()[:60]


def pick_grid(code: str) -> None:
    """Opens a grid's panel; the search that led there is done."""
    st.session_state[_SEARCH] = ""
    write_address(grid=code, community=None, list=None)


def has_picked(address: Address) -> bool:
    """Whether the reader has narrowed the page down to something."""
    return bool(address.grid or address.community or address.town or address.lists_all or searched_text())


def show_way_back(language: Language) -> None:
    """The button that clears what was picked."""
    st.button(say("panel_clear", language), key="clear", on_click=clear_place)


def clear_place() -> None:
    """Back to the whole district."""
    st.session_state[_SEARCH] = ""
    write_address(grid=None, community=None, town=None, list=None)


def _choose_measure() -> None:
    measure: Measure = st.session_state[_MEASURE]
    write_address(measure=None if measure == "coverage" else measure)


def _choose_town() -> None:
    write_address(town=st.session_state[_TOWN] or None, grid=None, community=None)


def _search(grids: Sequence[Row]) -> None:
    """One hit opens it; hits of one community open that; else the panel lists them or says that there are none."""
    found = find_grids(grids, searched_text())
    if found.grid_code:
        pick_grid(found.grid_code)
    else:
        write_address(grid=None, community=found.community_code, list=None)
