"""Whistles: each with how fast its people came, the curve of the one that is chosen, and who is free to answer it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import plotly.graph_objects as go
import streamlit as st

from dashboard.answers import Reading, Shelf
from dashboard.parts import wording
from dashboard.parts.chart import show_chart, show_title
from dashboard.parts.figures import of_needed, stale_class
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.notices import show_block_error
from dashboard.parts.palette import Palette, read_palette
from dashboard.parts.staffing.words import Row, name_role, say_staff, tell_hours
from dashboard.parts.table import TableColumn, show_table
from dashboard.parts.wording import Language
from data.errors import WanggeError

SHOWN_COUNT = 5
FREE_COUNT = 5
CURVE_PX = 168
HEADS = ("arrived", "half", "ninety", "full", "state")


def choose_whistle(whistles: Sequence[Row], code: str | None) -> Row | None:
    """The whistle that the address names; else the first, which is open if any is."""
    return next((row for row in whistles if row["whistle_code"] == code), whistles[0] if whistles else None)


def show_whistles(
    whistles: Sequence[Row] | WanggeError,
    code: str | None,
    reading: Reading,
    language: Language,
    pick: Callable[[str], None],
) -> None:
    """The whistles, open ones first; a press on one calls `pick` with its code."""
    title = say_staff("whistles", language)
    if isinstance(whistles, WanggeError):
        show_block_error(title, whistles, language)
        return
    with st.container(key="whistles"):
        show_title(
            title,
            key="whistles",
            question="staffing/muster_shares",
            rows=list(map(dict, whistles)),
            reading=reading,
            language=language,
        )
        if not whistles:
            st.html(element("p", say_staff("whistles_none", language), classes="wg-facts"))
            return
        chosen = choose_whistle(whistles, code)
        if code and (chosen is None or chosen["whistle_code"] != code):
            st.html(element("p", say_staff("whistle_gone", language, code=code), classes="wg-facts", role="status"))
        st.html(_head(language))
        for row in whistles[:SHOWN_COUNT]:
            with st.container(key=f"whistle_row_{row['whistle_code']}", horizontal=True):
                st.button(
                    name_whistle(row, language),
                    key=f"whistle_{row['whistle_code']}",
                    type="primary" if row is chosen else "tertiary",
                    on_click=pick,
                    args=(row["whistle_code"],),
                    width="content",
                    help=_when(row, reading.moment, language),
                )
                st.html(_figures(row, reading.moment, language))
        if len(whistles) > SHOWN_COUNT:
            more = say_staff("whistles_more", language, count=len(whistles) - SHOWN_COUNT)
            st.html(element("p", more, classes="wg-facts"))


def show_curve(shelf: Shelf, whistle: Row, reading: Reading, language: Language) -> None:
    """How many had come, minute by minute, against those needed and the time set."""
    title = say_staff("curve", language, place=wording.name_in(dict(whistle), "place_name", language))
    try:
        steps = shelf.ask("staffing/muster_curve", whistle_code=whistle["whistle_code"])
    except WanggeError as error:
        show_block_error(title, error, language)
        return
    show_chart(
        draw_curve(steps, whistle, read_palette(), language),
        key="muster_curve",
        title=title,
        question="staffing/muster_curve",
        rows=steps,
        reading=reading,
        language=language,
        height=CURVE_PX,
    )


def draw_curve(steps: Sequence[Row], whistle: Row, palette: Palette, language: Language) -> go.Figure:
    """Steps of arrivals; a dashed line where all needed are there, a dotted one at the time set."""
    needed, due = whistle["needed_count"], whistle["due_after_min"]
    figure = go.Figure(
        go.Scatter(
            x=[row["elapsed_min"] for row in steps],
            y=[row["arrived_count"] for row in steps],
            mode="lines",
            line={"shape": "hv", "color": palette.text},
            hovertemplate="%{x:.0f} → %{y}<extra></extra>",
        )
    )
    label = {"font_color": palette.text_2, "font_size": 13}
    figure.add_hline(
        y=needed,
        line={"color": palette.text_3, "dash": "dash", "width": 1},
        annotation={"text": say_staff("curve_needed", language, count=wording.count(needed)), **label},
        annotation_position="top left",
    )
    if due is not None:
        line = palette.watch if whistle["is_late"] else palette.text_3
        told = say_staff("curve_due", language, minutes=wording.wait(due, language))
        figure.add_vline(
            x=due,
            line={"color": line, "dash": "dot", "width": 2},
            annotation={"text": told, **label},
            annotation_position="bottom left",
        )
    figure.update_layout(
        showlegend=False,
        xaxis={"title": {"text": say_staff("curve_x", language)}, "tickformat": "d", "rangemode": "tozero"},
        yaxis={"nticks": 4, "range": [0, max(needed or 0, steps[-1]["arrived_count"] if steps else 0) * 1.18 or 1]},
    )
    return figure


def show_free(shelf: Shelf, whistle: Row | None, reading: Reading, language: Language) -> None:
    """Who is free to answer the whistle, nearest first; one line where it needs nobody any more."""
    if whistle is None:
        return
    role = name_role(whistle["role"], language)
    title = say_staff("free", language, role=role)
    if not whistle["is_open"]:
        st.html(_note(title, say_staff("free_closed", language)))
        return
    try:
        free = shelf.ask("staffing/nearest_free", whistle_code=whistle["whistle_code"], limit=FREE_COUNT)
    except WanggeError as error:
        show_block_error(title, error, language)
        return
    if not free:
        st.html(_note(title, say_staff("free_none", language, role=role)))
        return
    home = "home_name_en" if language == "en" else "home_name"
    show_table(
        free,
        (
            TableColumn("staff_code", say_staff("free_staff", language)),
            TableColumn(home, say_staff("free_home", language)),
            TableColumn("distance_m", say_staff("free_distance", language), wording.distance),
            TableColumn("worked_24h_h", say_staff("free_worked", language), lambda hours: tell_hours(hours, language)),
        ),
        key="free",
        title=title,
        question="staffing/nearest_free",
        reading=reading,
        language=language,
    )
    count = wording.count(free[0]["found_count"])
    st.html(element("p", say_staff("free_count", language, count=count), classes="wg-facts"))


def name_whistle(row: Row, language: Language) -> str:
    """港口 · 志愿者."""
    place = wording.name_in(dict(row), "place_name", language)
    return say_staff("whistle_name", language, place=place, role=name_role(row["role"], language))


def _head(language: Language) -> Markup:
    cells = [element("span", say_staff(f"whistle_head_{name}", language)) for name in HEADS]
    return element("div", element("div", *cells, classes="wg-whistle-figures"), classes="wg-whistle-head")


def _figures(row: Row, moment: Moment, language: Language) -> Markup:
    times = [wording.wait(row[f"{share}_after_min"], language) for share in ("half", "ninety", "full")]
    state = say_staff(_state(row), language)
    return element(
        "div",
        element("b", of_needed(row["arrived_count"], row["needed_count"])),
        *(element("span", told) for told in times),
        element("span", state, classes="wg-watch" if row["is_late"] else ""),
        classes=f"wg-whistle-figures{stale_class(moment)}",
    )


def _state(row: Row) -> str:
    if row["full_after_min"] is not None:
        return "whistle_late" if row["is_late"] else "whistle_done"
    if row["is_open"]:
        return "whistle_late" if row["is_late"] else "whistle_open"
    return "whistle_short"


def _when(row: Row, moment: Moment, language: Language) -> str:
    at = moment.local(row["raised_at"])
    day = "" if at is None or at.date() == moment.now.date() else wording.day(at, language, with_weekday=False) + " "
    due = wording.wait(row["due_after_min"], language)
    return say_staff("whistle_when", language, at=day + wording.time_of_day(at), due=due)


def _note(title: str, words: str) -> Markup:
    return element("section", element("h3", title, classes="wg-block-title"), element("p", words, classes="wg-facts"))
