"""The risk zones: what holds now and for whom, when it can come down, what was ordered before, and a new order.

The zone that is picked and what is shown below the list live in the URL. What ticks are the figures; the rest runs when
a reader does something.
"""

from __future__ import annotations

import streamlit as st

from dashboard.address import ZONEWISE, Address, read_address, write_address
from dashboard.answers import Reading, Shelf, order_shelf_of, read_picture
from dashboard.asset import ASSETS_DIR
from dashboard.parts.markup import element
from dashboard.parts.notices import show_as_of, show_band
from dashboard.parts.zone_box import show_zone_box
from dashboard.parts.zone_form import show_zone_form
from dashboard.parts.zone_history import show_changes, show_history
from dashboard.parts.zone_list import level_summary, show_zone_list
from dashboard.parts.zone_panel import show_zone_panel
from dashboard.parts.zone_words import say_zone
from dashboard.routes import get_feed
from data.errors import WanggeError

TICK_S = 5.0
"""Seconds between ticks; an order or a check-in is seen within so long."""
_BELOW = "zone_below"


def show_zones() -> None:
    """The page that the URL describes."""
    address = read_address()
    shelf = order_shelf_of(get_feed().settings)
    st.html(ASSETS_DIR / "zones.css")
    with st.container(key="zones"):
        left, right = st.columns([880, 406])
        with left:
            show_zone_box(shelf, read_picture(get_feed()).moment, address.language)
            show_in_force()
            st.session_state[_BELOW] = address.shows
            st.segmented_control(
                say_zone("title", address.language),
                ZONEWISE,
                format_func=lambda name: say_zone(f"show_{name}", address.language),
                key=_BELOW,
                required=True,
                on_change=_choose_below,
                label_visibility="collapsed",
            )
            _show_below(shelf, address, read_picture(get_feed()))
        with right:
            show_panel()


@st.fragment(run_every=TICK_S)
def show_in_force() -> None:
    """As-of time, band, and the zones in force with what is inside them."""
    reading, address = read_picture(get_feed()), read_address()
    language, shelf = address.language, order_shelf_of(get_feed().settings)
    show_as_of(reading, language)
    show_band(reading, language)
    try:
        zones, levels = shelf.ask("zones/inside"), shelf.ask("zones/by_level")
    except WanggeError as error:
        st.html(element("p", say_zone("broken", language, message=error.message), classes="wg-watch"))
        return
    if not zones:
        st.html(element("p", say_zone("empty", language), classes="wg-line"))
        return
    st.html(level_summary(levels, language))
    show_zone_list(zones, address.zone, reading.moment, language, pick=_pick_zone)


@st.fragment(run_every=TICK_S)
def show_panel() -> None:
    """The zone that the URL names, else the first: when it can come down, and what is missing."""
    reading, address = read_picture(get_feed()), read_address()
    show_zone_panel(order_shelf_of(get_feed().settings), address.zone, reading.moment, address.language, _pick_zone)


def _show_below(shelf: Shelf, address: Address, reading: Reading) -> None:
    if address.shows == "changes":
        show_changes(shelf, address, reading.moment)
    elif address.shows == "give":
        show_zone_form(shelf, reading.moment, address.language)
    else:
        show_history(shelf, address, reading.moment)


def _pick_zone(code: str | None) -> None:
    write_address(zone=code)


def _choose_below() -> None:
    shows = st.session_state[_BELOW]
    write_address(show=None if shows == ZONEWISE[0] else shows)
