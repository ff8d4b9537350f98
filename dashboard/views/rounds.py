"""The rounds: how far one is in the district, a town, a community, a grid, whether it ends in time, and who is still missing.

Round and place live in the URL. What rests on single registrations is worked out aside and joins when it is there.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.address import Address, go_to, read_address
from dashboard.answers import Row, View, open_view
from dashboard.aside import aside_of
from dashboard.asset import ASSETS_DIR
from dashboard.parts.definition import define
from dashboard.parts.markup import element
from dashboard.parts.notices import show_as_of, show_band
from dashboard.parts.rounds.chart import show_curve
from dashboard.parts.rounds.choice import asked_place, choose_round, find_place, round_of
from dashboard.parts.rounds.desk import RoundDesk
from dashboard.parts.rounds.doors import check_block, show_door_list, show_doors
from dashboard.parts.rounds.figures import figures_of
from dashboard.parts.rounds.picker import show_picker, show_trail, show_worst
from dashboard.parts.rounds.table import show_buildings, show_places
from dashboard.parts.rounds.words import say_round
from dashboard.routes import get_feed
from data.errors import WanggeError

TICK_S = 5.0
"""Seconds between ticks: a round moves by the minute."""


def show_rounds() -> None:
    """The page that the URL describes."""
    st.html(ASSETS_DIR / "rounds.css")
    with st.container(key="rounds"):
        show_round()


@st.fragment(run_every=TICK_S)
def show_round() -> None:
    """What ticks: all of it, for a pick changes every part."""
    view, address = open_view(get_feed()), read_address()
    language = address.language
    show_as_of(view.reading, language)
    show_band(view.reading, language)
    try:
        rounds = view.shelf.ask("coverage/rounds")
        screening = choose_round(rounds, round_of(view.shelf.ask("coverage/list"), address))
        if screening is None:
            st.html(element("p", say_round("none", language), classes="wg-line", role="status"))
        else:
            show_place(view, address, rounds, screening)
    except WanggeError as error:
        text = say_round("broken", language, message=error.message)
        st.html(element("p", text, classes="wg-line wg-line-act", role="alert"))


def show_place(view: View, address: Address, rounds: Sequence[Row], screening: Row) -> None:
    """A round in a place: figures, chart and what lies in it; beside them the check, and the list for the workers."""
    language, reading = address.language, view.reading
    places = view.shelf.ask("coverage/round_places", round_code=screening["round_code"])
    kind, code = asked_place(address)
    place = find_place(places, kind, code) or find_place(places, "district", "")
    if place is None:
        st.html(element("p", say_round("no_grids", language), classes="wg-line", role="status"))
        return
    past = reading.past
    given = (past is not None, past is not None and past.is_known_then)
    desk = RoundDesk(aside_of(get_feed().settings), reading.moment.as_of, screening["round_code"], place, *given)
    is_grid = place.kind == "grid"
    doors = desk.doors() if is_grid else None
    left, right = st.columns([880, 406])
    with left:
        show_picker(rounds, screening, address)
        show_trail(place, reading, language)
        if place.code != code:
            text = say_round("unknown_place", language, name=screening["round_name"], code=code)
            st.html(element("p", text, classes="wg-line", role="status"))
        homes = desk.homes()
        told = define("coverage/round_places", None, reading, language)
        st.html(figures_of(screening, place, homes, reading.moment, language, told))
        if address.lists_all and doors and doors.rows:
            show_door_list(doors.rows, reading, language)
        else:
            show_curve(view, screening, place, language)
            if is_grid:
                show_buildings(place.row, desk.buildings(), reading, language)
            else:
                show_places(place, homes, reading, language, lambda row: go_to(**{row["kind"]: row["code"]}))
    with right:
        st.html(check_block(desk.check(), screening, place.row, places, reading.moment, language))
        if doors is None:
            show_worst(places, place, language)
        elif not screening["is_erased"] and reading.state != "empty":
            show_doors(doors, desk, reading.moment, address)
