"""The leaders' page: what is wrong, where, who answers for it, and what is missing there.

What is picked lives in the URL (`dashboard.address`); the map follows the URL by itself and is never drawn again. The
figures and the panel are fragments that tick; the rest runs when a reader does something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.address import WHOLE, Address, read_address
from dashboard.answers import Reading, Row, Shelf, open_view
from dashboard.parts.alerts.rows import show_alerts
from dashboard.parts.controls import pick_grid, show_controls, show_way_back
from dashboard.parts.figures import round_figures, state_figures, town_shares
from dashboard.parts.grid_list import choose_grids, show_grid_list
from dashboard.parts.leader_map import show_leader_map
from dashboard.parts.markup import element, join
from dashboard.parts.notices import show_as_of, show_band, show_block_error
from dashboard.parts.panel import GRID_QUESTIONS, grid_panel
from dashboard.parts.place_panel import list_inside, place_panel, place_row
from dashboard.parts.search_results import fold_text, list_found
from dashboard.parts.share import Source, show_sources
from dashboard.parts.sites.list import longest_waits
from dashboard.parts.trail import draw_trail, steps_to
from dashboard.parts.wording import name_in, time_of_day
from dashboard.parts.words import say
from dashboard.routes import get_feed
from data.errors import WanggeError

SOURCES = {
    "coverage/list": "panel_list",
    "coverage/places": "towns",
    "wall/rounds": "coverage",
    "wall/rate": "rate",
    "sites/state": "sites_longest",
    "sites/queues": "waiting",
    "staffing/whistles": "muster",
    "staffing/on_duty": "on_duty",
}
"""The questions behind the page's figures, with the words over them."""
GRID_SOURCES = {
    "coverage/grid": "panel_summary",
    "staffing/responsibility_chain": "chain",
    "staffing/grid_on_duty": "measure_on_duty",
    "sites/nearest": "sites",
    "coverage/grid_hour": "hour",
}

TICK_S = 2.0
"""Seconds between ticks of figures and panel; the map polls by itself."""


def show_overview() -> None:
    """The page that the URL describes."""
    address = read_address()
    feed = get_feed()
    view = open_view(feed)
    answers = view.shelf.ask_each("map/towns", "map/communities", "coverage/list")
    towns, communities, grids = (rows if isinstance(rows, list) else [] for rows in answers.values())
    with st.container(key="overview"):
        left, right = st.columns([880, 406])
        with left:
            show_controls(address, towns, find_town(address, communities, grids), view, feed)
            show_situation(towns)
            show_leader_map()
        with right:
            show_sources(list_sources(address), lambda: open_view(feed), address.language, key="overview")
            show_panel()


def list_sources(address: Address) -> list[Source]:
    """The questions behind what the page shows: the figures, the map and the lists, and those of the chosen grid."""
    language = address.language
    sources = [Source(question, say(title, language)) for question, title in SOURCES.items()]
    if address.grid:
        asked = {"grid_code": address.grid}
        sources += [Source(name, say(title, language), asked) for name, title in GRID_SOURCES.items()]
    return sources


def find_town(address: Address, communities: Sequence[Row], grids: Sequence[Row]) -> str | None:
    """The town that the address names, or that the place it names lies in."""
    for rank, rows in (("grid", grids), ("community", communities)):
        code = getattr(address, rank)
        if code:
            return next((row["town_code"] for row in rows if row[f"{rank}_code"] == code), None)
    return address.town


@st.fragment(run_every=TICK_S)
def show_situation(towns: Sequence[Row]) -> None:
    """What ticks over the map: as-of time, band, alerts, figures."""
    view, address = open_view(get_feed()), read_address()
    reading, language = view.reading, address.language
    show_as_of(reading, language)
    show_band(reading, language)
    show_alerts(reading, view.shelf, language)
    with st.container(key="figures", horizontal=True):
        st.html(round_figures(reading.payload, reading.moment, language))
        st.html(state_figures(reading.payload, reading.moment, language))
        st.html(town_shares(towns, reading.payload, reading.moment, address))


@st.fragment(run_every=TICK_S)
def show_panel() -> None:
    """What was searched for; else the grid, community or town that is chosen; else a list of grids."""
    view, address = open_view(get_feed()), read_address()
    reading, shelf = view.reading, view.shelf
    try:
        if address.query:
            show_found(shelf, address)
        elif address.lists_all or not show_place(reading, shelf, address):
            show_list(reading, shelf, address)
    except WanggeError as error:
        show_block_error(say("panel_list", address.language), error, address.language)


def show_found(shelf: Shelf, address: Address) -> None:
    """The places that answer to the search."""
    found = shelf.ask("map/search", text=fold_text(address.query))
    st.html(list_found(found, address.query, address))
    show_way_back({}, address.language)


def show_place(reading: Reading, shelf: Shelf, address: Address) -> bool:
    """The panel of the place in the address; False, with a line that says so, where there is none of that code."""
    language, moment = address.language, reading.moment
    code = address.grid or address.community or address.town
    if code is None:
        return False
    if address.grid:
        answers = shelf.ask_each(*GRID_QUESTIONS, grid_code=address.grid)
        spots = shelf.ask("map/spot", code=address.spot) if address.spot else []
        spot = next((row for row in spots if row["grid_code"] == address.grid), None)
        panel = grid_panel(answers, moment, language, spot, address)
        grids = answers["coverage/grid"]
        row: Mapping[str, Any] = grids[0] if isinstance(grids, list) and grids else {"grid_code": code}
    else:
        kind = "community" if address.community else "town"
        places = shelf.ask("coverage/places")
        place = next((one for one in places if one["kind"] == kind and one["code"] == code), None)
        row = place_row(place) if place else {}
        panel = None
        if place and kind == "town":
            inside = [one for one in places if one["kind"] == "community" and one["town_code"] == code]
            panel = join(place_panel(place, moment, address), list_inside(inside, "community", moment, address))
        elif place:
            inside = [one for one in shelf.ask("coverage/list") if one["community_code"] == code]
            panel = join(place_panel(place, moment, address), list_inside(inside, "grid", moment, address))
    if panel is None:
        st.html(element("p", say("unknown_place", language, code=code)))
        return False
    steps = steps_to(row, name_in(dict(reading.payload.get("district") or {}), "name", language), language)
    with st.container(key="trail"):
        st.html(draw_trail(steps, address))
    st.html(panel)
    show_way_back(steps[-2].where if len(steps) > 1 else {"view": WHOLE}, language)
    return True


def show_list(reading: Reading, shelf: Shelf, address: Address) -> None:
    """All grids or those that need most; under these the sites where people stand longest."""
    language = address.language
    title, rows = choose_grids(shelf.ask("coverage/list"), address)
    since = None
    if reading.moment.is_stale:
        since = element("span", say("figure_as_of", language, at=time_of_day(reading.moment.as_of)))
    st.html(element("h3", title, since, classes="wg-list-title"))
    if rows:
        show_grid_list(rows, address.measure, reading.moment, language, key="grids", pick=pick_grid)
    elif reading.state == "empty":
        st.html(element("p", say("panel_no_data", language), classes="wg-facts"))
    if address.lists_all:
        back = {rank: code for rank in ("town", "community") if (code := getattr(address, rank))}
        show_way_back(back, language)
        return
    states, sites = shelf.ask_each("sites/state", "map/sites").values()
    if isinstance(states, list) and isinstance(sites, list):
        table = longest_waits(states, sites, reading.moment, language, address)
        if table:
            st.html(table)
