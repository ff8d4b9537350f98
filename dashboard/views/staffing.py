"""The staff: who is on duty against need, how whistles fill and who is free, gaps and overwork, and who answers for a place.

The whistle, the list and the grid that are chosen live in the URL.
"""

from __future__ import annotations

import streamlit as st

from dashboard.address import STAFFWISE, Address, read_address, write_address
from dashboard.answers import open_view
from dashboard.asset import ASSETS_DIR
from dashboard.parts.controls import choose_below
from dashboard.parts.notices import show_as_of, show_band
from dashboard.parts.staffing.bars import QUESTIONS, show_bars, show_total
from dashboard.parts.staffing.chain import show_chain, show_chain_box
from dashboard.parts.staffing.lists import LISTS
from dashboard.parts.staffing.whistles import choose_whistle, show_curve, show_free, show_whistles
from dashboard.parts.staffing.words import say_staff
from dashboard.routes import get_feed

TICK_S = 5.0
"""Seconds between ticks of what is on duty; check-ins come by the minute."""
LIST_TICK_S = 15.0
"""Seconds between ticks of the lists and the panel, which are dearer and slower to change."""
_BELOW = "staffing_below"


def show_staffing() -> None:
    """The page that the URL describes."""
    address = read_address()
    st.html(ASSETS_DIR / "staffing.css")
    with st.container(key="staffing"):
        left, right = st.columns([880, 406])
        with left:
            show_duty(picks_of(address))
            choose_below(
                address.staff,
                STAFFWISE,
                key=_BELOW,
                label=say_staff("title", address.language),
                name=lambda name: say_staff(f"show_{name}", address.language),
                parameter="staff",
            )
            show_list(picks_of(address))
        with right:
            show_chain_box(open_view(get_feed()).shelf, address.language, pick_grid)
            show_panel()


@st.fragment(run_every=TICK_S)
def show_duty(shown: tuple[str | None, ...]) -> None:
    """As-of time, band, who is on duty against need, and the whistles."""
    view, address = open_view(get_feed()), _follow(shown)
    reading, language = view.reading, address.language
    show_as_of(reading, language)
    show_band(reading, language)
    answers = view.shelf.ask_each("staffing/total", *QUESTIONS.values(), "staffing/muster_shares")
    show_total(answers["staffing/total"], reading, language)
    for column, (block, question) in zip(st.columns(3), QUESTIONS.items(), strict=True):
        with column:
            show_bars(block, answers[question], reading, language)
    whistles = answers["staffing/muster_shares"]
    left, right = st.columns([452, 412])
    with left:
        show_whistles(whistles, address.whistle, reading, language, pick_whistle)
    chosen = choose_whistle(whistles, address.whistle) if isinstance(whistles, list) else None
    with right:
        if chosen is not None:
            show_curve(view.shelf, chosen, reading, language)


@st.fragment(run_every=LIST_TICK_S)
def show_list(shown: tuple[str | None, ...]) -> None:
    """The list that the URL names; the others ask nothing."""
    view, address = open_view(get_feed()), _follow(shown)
    LISTS[address.staff](view.shelf, view.reading, address.language, pick_grid)


@st.fragment(run_every=LIST_TICK_S)
def show_panel() -> None:
    """Who answers for the grid of the URL, and who is free for the chosen whistle."""
    view, address = open_view(get_feed()), read_address()
    show_chain(view.shelf, address.grid, view.reading, address.language)
    whistles = view.shelf.ask_each("staffing/muster_shares")["staffing/muster_shares"]
    chosen = choose_whistle(whistles, address.whistle) if isinstance(whistles, list) else None
    show_free(view.shelf, chosen, view.reading, address.language)


def picks_of(address: Address) -> tuple[str | None, ...]:
    """What a press in one part changes in others."""
    return address.grid, address.whistle


def _follow(shown: tuple[str | None, ...]) -> Address:
    """The address; where something else was picked than the page shows, all of it is drawn anew: a fragment draws itself alone."""
    address = read_address()
    if picks_of(address) != shown:
        st.rerun()
    return address


def pick_whistle(code: str) -> None:
    """Opens a whistle's curve."""
    write_address(whistle=code)


def pick_grid(code: str) -> None:
    """Shows who answers for a grid."""
    write_address(grid=code, town=None, community=None, spot=None)
