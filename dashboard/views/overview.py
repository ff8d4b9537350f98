"""The leaders' page: what is wrong, where, who answers for it, and what is missing there.

What is picked lives in the URL (`dashboard.address`); the map follows the URL by itself and is never drawn again. The
figures and the panel are fragments that tick; the rest runs when a reader does something.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.address import read_address
from dashboard.answers import Row, read_picture, shelf_of
from dashboard.parts.alert_rows import show_alerts
from dashboard.parts.controls import has_picked, pick_grid, searched_text, show_controls, show_way_back
from dashboard.parts.figures import round_figures, state_figures, town_shares
from dashboard.parts.grid_list import choose_grids, show_grid_list
from dashboard.parts.leader_map import show_leader_map
from dashboard.parts.markup import element
from dashboard.parts.notices import show_as_of, show_band, show_block_error
from dashboard.parts.panel import GRID_QUESTIONS, grid_panel
from dashboard.parts.site_list import longest_waits
from dashboard.parts.wording import time_of_day
from dashboard.parts.words import say
from dashboard.routes import get_feed
from data.errors import WanggeError

TICK_S = 2.0
"""Seconds between ticks of figures and panel; the map polls by itself."""


def show_overview() -> None:
    """The page that the URL describes."""
    address = read_address()
    feed = get_feed()
    answers = shelf_of(feed.settings).ask_each("map/towns", "coverage/list")
    towns, grids = (rows if isinstance(rows, list) else [] for rows in answers.values())
    with st.container(key="overview"):
        left, right = st.columns([880, 406])
        with left:
            show_controls(address, towns, grids, feed.clock.speed)
            show_situation(towns)
            show_leader_map(pick_grid)
        with right:
            show_panel()


@st.fragment(run_every=TICK_S)
def show_situation(towns: Sequence[Row]) -> None:
    """What ticks over the map: as-of time, band, alerts, figures."""
    reading, language = read_picture(get_feed()), read_address().language
    show_as_of(reading, language)
    show_band(reading, language)
    show_alerts(reading, shelf_of(get_feed().settings), language)
    with st.container(key="figures", horizontal=True):
        st.html(round_figures(reading.payload.get("rounds") or [], reading.moment, language))
        st.html(state_figures(reading.payload, reading.moment, language))
        st.html(town_shares(towns, reading.payload, language))


@st.fragment(run_every=TICK_S)
def show_panel() -> None:
    """The grid that is picked; else a list: all grids, those that were searched for, or those with most missing."""
    reading, address = read_picture(get_feed()), read_address()
    language, shelf = address.language, shelf_of(get_feed().settings)
    if address.grid and not address.lists_all:
        answers = shelf.ask_each(*GRID_QUESTIONS, grid_code=address.grid)
        panel = grid_panel(answers, reading.moment, language)
        st.html(panel or element("p", say("unknown_place", language, code=address.grid)))
        if panel:
            show_way_back(language)
            return
    try:
        title, rows = choose_grids(shelf.ask("coverage/list"), address, searched_text())
    except WanggeError as error:
        show_block_error(say("panel_list", language), error, language)
        return
    since = None
    if reading.moment.is_stale:
        since = element("span", say("figure_as_of", language, at=time_of_day(reading.moment.as_of)))
    st.html(element("h3", title, since, classes="wg-list-title"))
    if rows:
        show_grid_list(rows, address.measure, language, key="grids", pick=pick_grid)
    elif reading.state == "empty":
        st.html(element("p", say("panel_no_data", language), classes="wg-facts"))
    if has_picked(address):
        show_way_back(language)
        return
    states, sites = shelf.ask_each("sites/state", "map/sites").values()
    if isinstance(states, list) and isinstance(sites, list):
        table = longest_waits(states, sites, reading.moment, language)
        if table:
            st.html(table)
