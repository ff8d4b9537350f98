"""The controls over the map, measure, town, search, list, and what a page shows below. Each writes the URL; page and map read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from dashboard.address import MEASURES, TEXT_MAX, WHOLE, Address, Measure, go_to, write_address
from dashboard.answers import Row, Shelf, View
from dashboard.live import Feed
from dashboard.parts import wording
from dashboard.parts.changes import show_changes
from dashboard.parts.markup import element
from dashboard.parts.search_results import choose_only, fold_text
from dashboard.parts.wording import Language
from dashboard.parts.words import say

_MEASURE, _TOWN, _SEARCH = "measure_control", "town_control", "search_control"
_WHOLE = ""


def show_controls(address: Address, towns: Sequence[Row], town: str | None, view: View, feed: Feed) -> None:
    """One row of controls; what they show follows the URL, also when that changed elsewhere.

    `town` is the one that is shown or that the shown place lies in.
    """
    language = address.language
    names = {row["town_code"]: wording.name_in(row, "town_name", language) for row in towns}
    with st.container(key="controls", horizontal=True, vertical_alignment="center"):
        speed = feed.clock.speed
        played = f" {speed:g}×" if speed > 1.0 else ""
        state = f"{say('live', language)}{played}" if speed else say("preparing", language)
        if view.reading.past is None:
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
        st.session_state[_TOWN] = town if town in names else _WHOLE
        st.selectbox(
            say("town", language),
            [_WHOLE, *names],
            format_func=lambda code: names.get(code, say("town_all", language)),
            key=_TOWN,
            on_change=_choose_town,
            label_visibility="collapsed",
            width=132,
        )
        st.session_state[_SEARCH] = address.query
        st.text_input(
            say("search", language),
            key=_SEARCH,
            placeholder=say("search_hint", language),
            on_change=_search,
            args=(view.shelf,),
            label_visibility="collapsed",
            width=200,
        )
        st.button(
            say("panel_list", language),
            key="list_control",
            type="primary" if address.lists_all else "secondary",
            on_click=write_address,
            kwargs={"list": None if address.lists_all else "all"},
            width="content",
        )
        show_changes(feed, address)


def pick_grid(code: str) -> None:
    """Opens a grid's panel."""
    go_to(grid=code)


def choose_below(
    shown: str, choices: Sequence[str], *, key: str, label: str, name: Callable[[str], str], parameter: str
) -> None:
    """Buttons for what a page shows below its figures; the choice goes into the URL under `parameter`."""
    st.session_state[key] = shown
    st.segmented_control(
        label,
        choices,
        format_func=name,
        key=key,
        required=True,
        on_change=lambda: write_address(**{parameter: st.session_state[key]}),
        label_visibility="collapsed",
    )


def show_way_back(where: Mapping[str, str], language: Language) -> None:
    """The button that leads one level up, or out of a search or list."""
    st.button(say("panel_clear", language), key="clear", on_click=go_to, kwargs=dict(where))


def _choose_measure() -> None:
    measure: Measure = st.session_state[_MEASURE]
    write_address(measure=None if measure == "coverage" else measure)


def _choose_town() -> None:
    town: str = st.session_state[_TOWN]
    where: dict[str, str | None] = {"town": town} if town else {"view": WHOLE}
    go_to(**where)


def _search(shelf: Shelf) -> None:
    """The only place that is meant opens; else the panel lists what was found, or says that there is nothing."""
    text = str(st.session_state.get(_SEARCH) or "").strip()[:TEXT_MAX]
    found = shelf.ask_each("map/search", text=fold_text(text))["map/search"] if text else []
    only = choose_only(found, fold_text(text)) if isinstance(found, list) else None
    where: dict[str, str | None] = {"q": text or None}
    go_to(**(only or where))
