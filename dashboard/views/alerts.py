"""The alerts' page: what needs a person now and who answers for it, what is over, and who acknowledged what.

Filters live in the URL. Numbers are those of the map and the wall.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard.address import ALERT_LEVELS, ALERT_RULES, Address, read_address, write_address
from dashboard.answers import open_view
from dashboard.asset import ASSETS_DIR
from dashboard.parts.alerts.board import show_board
from dashboard.parts.alerts.history import show_closed, show_log
from dashboard.parts.alerts.words import name_rule, say_alert
from dashboard.parts.notices import show_as_of, show_band
from dashboard.parts.wording import Language, name_in
from dashboard.routes import get_feed

TICK_S, SLOW_TICK_S = 5.0, 15.0
"""Seconds between ticks of what is open, and of what is over."""
EVERY = "all"


def show_alerts_page() -> None:
    """The page that the URL describes."""
    address = read_address()
    st.html(ASSETS_DIR / "alerts.css")
    with st.container(key="alerts_page"):
        show_filters(address, _name_towns(address))
        show_open()
        show_over()


def show_filters(address: Address, towns: Mapping[str, str]) -> None:
    """Level, rule and town; what is chosen goes into the URL."""
    language = address.language
    choices: dict[str, dict[str, str]] = {
        "level": {level: say_alert(f"level_{level}", language) for level in ALERT_LEVELS},
        "rule": {rule: name_rule(rule, language) for rule in ALERT_RULES},
        "town": dict(towns),
    }
    with st.container(key="alert_filters", horizontal=True, vertical_alignment="bottom"):
        for name, words in choices.items():
            _show_filter(name, words, getattr(address, name), language)


def _show_filter(name: str, words: dict[str, str], chosen: str | None, language: Language) -> None:
    every = say_alert(f"every_{name}", language)
    st.session_state[f"filter_{name}"] = chosen if chosen in words else EVERY
    st.selectbox(
        say_alert(f"filter_{name}", language),
        [EVERY, *words],
        format_func=lambda code: words.get(code, every),
        key=f"filter_{name}",
        on_change=_filter_by,
        args=(name,),
    )


@st.fragment(run_every=TICK_S)
def show_open() -> None:
    """As-of time, band, and the open alerts."""
    address, feed = read_address(), get_feed()
    view = open_view(feed)
    show_as_of(view.reading, address.language)
    show_band(view.reading, address.language)
    show_board(view, feed.log, address, _name_towns(address))


@st.fragment(run_every=SLOW_TICK_S)
def show_over() -> None:
    """What is over today, and the log."""
    address, feed = read_address(), get_feed()
    view = open_view(feed)
    show_closed(view, address)
    show_log(view, feed.log, address)


def _name_towns(address: Address) -> dict[str, str]:
    rows = open_view(get_feed()).shelf.ask_each("map/towns")["map/towns"]
    return (
        {row["town_code"]: name_in(row, "town_name", address.language) for row in rows}
        if isinstance(rows, list)
        else {}
    )


def _filter_by(name: str) -> None:
    chosen = st.session_state[f"filter_{name}"]
    write_address(**{name: None if chosen == EVERY else chosen})
