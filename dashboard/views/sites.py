"""The sampling sites: all of them by wait with the moves that would help, or one with its figures, charts, staff and history.

The site that is shown and the filters of the list live in the URL. Figures tick; charts are of five minutes and tick slowly; what
rests on single registrations is worked out aside.
"""

from __future__ import annotations

import streamlit as st

from dashboard.address import read_address, write_address
from dashboard.answers import View, open_view
from dashboard.aside import AsideAnswer, aside_of
from dashboard.asset import ASSETS_DIR
from dashboard.parts.markup import element
from dashboard.parts.notices import show_as_of, show_band, show_block_error
from dashboard.parts.sites.charts import SITE_QUESTIONS, show_by_unit, show_days, show_site_charts
from dashboard.parts.sites.head import show_figures, show_site_head
from dashboard.parts.sites.panel import PANEL_QUESTIONS, show_site_panel
from dashboard.parts.sites.table import choose_sites, show_filters, show_moves, show_site_table, show_summary
from dashboard.parts.sites.words import say_site
from dashboard.parts.wording import Language
from dashboard.routes import get_feed
from data.errors import WanggeError

LIST_TICK_S, TICK_S, CHART_TICK_S = 10.0, 5.0, 30.0
"""The list is dear to send: half a percent of a core a viewer at this pace."""
ROWS_AGAIN_S = 60.0
"""What rests on single registrations is worked out anew after so long, while somebody looks at it."""


def show_sites() -> None:
    """The page that the URL describes."""
    st.html(ASSETS_DIR / "sites.css")
    address = read_address()
    if address.site is None:
        with st.container(key="sites"):
            show_list()
        return
    _ask_units(open_view(get_feed()), address.site)
    with st.container(key="site"):
        show_head()
        left, right = st.columns([880, 410])
        with left:
            show_charts()
        with right:
            show_panel()
        with left:  # last: what is worked out aside may be there by then
            show_rows()


@st.fragment(run_every=LIST_TICK_S)
def show_list() -> None:
    """As-of time, band, filters, the table and the moves."""
    address = read_address()
    if address.site is not None:
        st.rerun()
    view, language = _open(address.language), address.language
    try:
        sites = view.shelf.ask("sites/list")
        if not sites:
            st.html(element("p", say_site("empty", language), classes="wg-line", role="status"))
            return
        left, right = st.columns([880, 410])
        with left:
            show_summary(view.shelf.ask("sites/queues"), language)
            show_filters(sites, address)
            show_site_table(choose_sites(sites, address), view.reading, language, pick_site)
        with right:
            show_moves(view.shelf.ask("sites/moves"), sites, view.reading, address)
    except WanggeError as error:
        _tell_broken(error, language)


@st.fragment(run_every=TICK_S)
def show_head() -> None:
    """As-of time, band, name and figures of the site."""
    address = read_address()
    if address.site is None:
        st.rerun()
    view, language = _open(address.language), address.language
    try:
        sites = view.shelf.ask("sites/list")
        site = next((row for row in sites if row["site_code"] == address.site), None)
        show_site_head(site, view.reading.moment, address, pick_site)
        if site:
            show_figures(site, view.reading, language)
    except WanggeError as error:
        _tell_broken(error, language)


@st.fragment(run_every=CHART_TICK_S)
def show_charts() -> None:
    """Throughput, wait, units and channels of the working day; its history."""
    address = read_address()
    view = open_view(get_feed())
    answers = view.shelf.ask_each(*SITE_QUESTIONS, site_code=address.site) | view.shelf.ask_each("sites/blocks")
    show_site_charts(answers, str(address.site), view.reading, address.language)


@st.fragment(run_every=2 * TICK_S)
def show_rows() -> None:
    """What each unit did, worked out aside from single registrations; and the days before."""
    address = read_address()
    view = open_view(get_feed())
    show_by_unit(_ask_units(view, str(address.site)), view.reading, address.language)
    days = view.shelf.ask_each("sites/days", site_code=address.site)["sites/days"]
    show_days(days, view.reading, address.language)


@st.fragment(run_every=3 * TICK_S)
def show_panel() -> None:
    """Staff, responsible people, moves, sites near, data."""
    address = read_address()
    view = open_view(get_feed())
    answers = view.shelf.ask_each(*PANEL_QUESTIONS) | view.shelf.ask_each(
        "sites/staff", "sites/people", site_code=address.site
    )
    show_site_panel(answers, str(address.site), view.reading, address)


def pick_site(code: str | None) -> None:
    """Opens a site, or the list."""
    write_address(site=code)


def _ask_units(view: View, code: str) -> AsideAnswer:
    """What is known of each unit; of what was known at a past moment there are no single registrations."""
    reading = view.reading
    if reading.moment.as_of is None or (reading.past is not None and reading.past.is_known_then):
        return AsideAnswer(is_absent=True)
    desk = aside_of(get_feed().settings)
    return desk.ask("sites/unit_quarters", reading.moment.as_of, ROWS_AGAIN_S, site_code=code)


def _open(language: Language) -> View:
    view = open_view(get_feed())
    show_as_of(view.reading, language)
    show_band(view.reading, language)
    return view


def _tell_broken(error: WanggeError, language: Language) -> None:
    show_block_error(say_site("title", language), error, language)
