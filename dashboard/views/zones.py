"""The risk zones: what holds now and for whom, when it can come down, what was ordered before, and a new order.

The zone that is picked and what is shown below the list live in the URL. Zones hold by the clock, not by the logs.
"""

from __future__ import annotations

import streamlit as st

from dashboard.address import ZONEWISE, read_address, write_address
from dashboard.answers import open_order_view, order_shelf_of, read_picture
from dashboard.asset import ASSETS_DIR
from dashboard.parts.controls import choose_below
from dashboard.parts.notices import show_as_of, show_band
from dashboard.parts.share import Source, show_sources
from dashboard.parts.zones.box import show_zone_box
from dashboard.parts.zones.form import read_given, show_zone_form
from dashboard.parts.zones.history import show_changes, show_history
from dashboard.parts.zones.list import show_zones_in_force
from dashboard.parts.zones.panel import show_zone_panel
from dashboard.parts.zones.words import say_zone
from dashboard.routes import get_feed

SOURCES = {
    "zones/inside": "column_zone",
    "zones/by_level": "people",
    "zones/release": "release",
    "zones/members": "extent",
    "zones/orders": "show_history",
}
"""The questions behind what the page shows, with the words over them."""
TICK_S = 5.0
"""Seconds between ticks of the list and the panel; an order or a check-in is seen within so long."""
_BELOW = "zone_below"
BELOW = {"history": show_history, "changes": show_changes, "give": show_zone_form}


def show_zones() -> None:
    """The page that the URL describes."""
    read_given()  # before the address is read: an order that was given opens its zone
    address, view = read_address(), open_order_view(get_feed())
    st.html(ASSETS_DIR / "zones.css")
    with st.container(key="zones"):
        left, right = st.columns([880, 406])
        with left:
            show_zone_box(view.shelf, view.reading.moment, address.language)
            show_in_force()
            sources = [Source(question, say_zone(title, address.language)) for question, title in SOURCES.items()]
            show_sources(sources, lambda: open_order_view(get_feed()), address.language, key="zones")
            choose_below(
                address.shows,
                ZONEWISE,
                key=_BELOW,
                label=say_zone("title", address.language),
                name=lambda name: say_zone(f"show_{name}", address.language),
                parameter="show",
            )
            if address.shows == "give":  # an order is given now, whatever moment is looked at
                shelf, moment = order_shelf_of(get_feed()), read_picture(get_feed()).moment
            else:
                shelf, moment = view.shelf, view.reading.moment
            BELOW[address.shows](shelf, address, moment)
        with right:
            show_panel()


@st.fragment(run_every=TICK_S)
def show_in_force() -> None:
    """As-of time, band, and the zones in force with what is inside them."""
    view, address = open_order_view(get_feed()), read_address()
    reading = view.reading
    show_as_of(reading, address.language)
    show_band(reading, address.language)
    show_zones_in_force(view.shelf, address.zone, reading.moment, address.language, pick_zone)


@st.fragment(run_every=TICK_S)
def show_panel() -> None:
    """The zone that the URL names, else the first: when it can come down, and what is missing."""
    view, address = open_order_view(get_feed()), read_address()
    show_zone_panel(view.shelf, address.zone, view.reading.moment, address.language, pick_zone)


def pick_zone(code: str | None) -> None:
    """Opens a zone, or none."""
    write_address(zone=code)
