"""A query's answer on a page: a bar that says how much it is and how it is shown, below it the grid, the map or the chart.

Looking at the answer another way, filtering it or picking other columns runs this part of the page alone, and never the query again.
"""

from __future__ import annotations

from datetime import UTC
from typing import Literal, get_args

import streamlit as st

from dashboard.answers import Reading
from dashboard.asset import ASSETS_DIR
from dashboard.parts import wording
from dashboard.parts.markup import element
from dashboard.parts.sql.answer import Answer, open_answer
from dashboard.parts.sql.chart import show_sql_chart
from dashboard.parts.sql.download import fetch_file, show_downloads
from dashboard.parts.sql.filter import WITHOUT_VALUE, Condition, list_comparisons
from dashboard.parts.sql.grid import show_grid, show_plan
from dashboard.parts.sql.map import show_map
from dashboard.parts.sql.places import read_places
from dashboard.parts.sql.result_words import say_result
from dashboard.parts.wording import Language
from dashboard.routes import get_feed
from data.sandbox import Result
from data.sandbox.plan import is_plan
from data.settings import read_settings

Shown = Literal["table", "map", "chart"]
VIEWS: tuple[Shown, ...] = get_args(Shown)
CONDITIONS_MAX = 5


def show_result(result: Result, *, key: str, text: str, reading: Reading, language: Language) -> None:
    """The answer under its bar. `text` is the query that it answers: a download asks it again, whole; `key` is of the place on the page."""
    st.html(ASSETS_DIR / "sql_result.css")
    _show_answer(result, key, text, reading, language)


@st.fragment
def _show_answer(result: Result, key: str, text: str, reading: Reading, language: Language) -> None:
    answer = open_answer(result.table, reading.moment.now.tzinfo or UTC, key)
    with st.container(key=f"{key}_result"):
        with st.container(key=f"{key}_result_bar", horizontal=True, vertical_alignment="center"):
            shown = _choose_view(key, language)
            st.html(
                element("span", _say_size(answer, result, language), classes="wg-sql-size", role="status"),
                width="content",
            )
            if answer.whole.columns and answer.whole.row_count:
                _show_filter(answer, key, language)
            pressed = show_downloads(key=key, language=language) if answer.whole.columns else ""
        if pressed:
            fetch_file(text, pressed, language)
        _show_limits(answer, result, language)
        if shown == "table" and is_plan(answer.table.column_names):
            show_plan(answer.table)
        elif shown == "table":
            show_grid(answer.shown, key=key, language=language, is_filtered=bool(answer.conditions))
        elif shown == "map":
            picture = get_feed().picture
            show_map(answer, read_places(picture.geometry if picture else None), key=key, language=language)
        else:
            show_sql_chart(answer, key=key, title=_name_chart(text), reading=reading, language=language)


def _name_chart(text: str) -> str:
    """What the query says of itself: its first line where that is a comment."""
    first = text.strip().split("\n", 1)[0]
    return first.removeprefix("--").strip()[:80] if first.startswith("--") else "SQL"


def _choose_view(key: str, language: Language) -> Shown:
    """Grid, map or chart; the choice outlives the answer, so that the next one is shown in the same way."""
    widget, kept = f"{key}_view", f"{key}_shown"
    st.session_state[widget] = st.session_state.get(kept, "table")

    def keep() -> None:
        st.session_state[kept] = st.session_state[widget]

    chosen = st.segmented_control(
        say_result("view", language),
        VIEWS,
        format_func=lambda view: say_result(f"view_{view}", language),
        key=widget,
        on_change=keep,
        required=True,
        label_visibility="collapsed",
        width="content",
    )
    return chosen or "table"


def _say_size(answer: Answer, result: Result, language: Language) -> str:
    """50 行 · 12 ms, or 12 / 50 行 of a filtered answer."""
    count, shown = wording.count(answer.whole.row_count), wording.count(answer.shown.row_count)
    rows = say_result("rows_of" if answer.conditions else "rows", language, count=count, shown=shown)
    if result.seconds < 1:
        return f"{rows} · {say_result('took_ms', language, value=f'{result.seconds * 1000:.0f}')}"
    return f"{rows} · {say_result('took_s', language, value=f'{result.seconds:.1f}')}"


def _show_limits(answer: Answer, result: Result, language: Language) -> None:
    """Says that the answer was cut, and that a filter is none."""
    if result.is_truncated:
        settings = read_settings()
        count, most = wording.count(answer.whole.row_count), wording.count(settings.sandbox_export_rows)
        size = f"{settings.sandbox_bytes / 1e6:.0f}"
        said = say_result(f"cut_{result.cut_by}", language, count=count, most=most, size=size)
        st.html(element("p", said, classes="wg-sql-warning", role="status"))
    if answer.trouble:
        said = say_result(f"wants_{answer.trouble.kind}", language, value=answer.trouble.condition.value)
        st.html(element("p", said, classes="wg-sql-warning", role="alert"))


def _show_filter(answer: Answer, key: str, language: Language) -> None:
    """The button that opens the conditions: those there are, and room for one more."""
    count = sum(condition.is_complete for condition in answer.conditions)
    label = say_result("filter_on", language, count=count) if count else say_result("filter", language)
    with st.popover(label, key=f"{key}_filter"):
        st.html(element("p", say_result("filter_about", language), classes="wg-facts"))
        for place in range(min(len(answer.conditions) + 1, CONDITIONS_MAX)):
            _show_condition(answer, place, key, language)
        if answer.conditions:
            st.button(say_result("filter_clear", language), key=f"{key}_clear", on_click=answer.narrow, args=((),))


def _show_condition(answer: Answer, place: int, key: str, language: Language) -> None:
    condition = answer.conditions[place] if place < len(answer.conditions) else None
    names = {part: f"{key}_filter_{part}_{place}" for part in ("column", "comparison", "value")}

    def change() -> None:
        column = st.session_state.get(names["column"]) or ""
        if not column:
            answer.narrow(answer.conditions[:place] + answer.conditions[place + 1 :])
            return
        choices = list_comparisons(answer.whole.column(column))
        comparison = st.session_state.get(names["comparison"])
        changed = Condition(
            column,
            comparison if comparison in choices and condition and condition.column == column else choices[0],
            str(st.session_state.get(names["value"]) or ""),
        )
        answer.narrow((*answer.conditions[:place], changed, *answer.conditions[place + 1 :]))

    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{key}_filter_row_{place}"):
        st.session_state[names["column"]] = condition.column if condition else ""
        st.selectbox(
            say_result("filter_column", language),
            ["", *answer.whole.places],
            format_func=lambda name: name or say_result("filter_any", language),
            key=names["column"],
            on_change=change,
            label_visibility="collapsed",
            width=190,
        )
        if condition is None:
            return
        st.session_state[names["comparison"]] = condition.comparison
        st.selectbox(
            say_result("filter_comparison", language),
            list_comparisons(answer.whole.column(condition.column)),
            format_func=lambda one: say_result(one, language),
            key=names["comparison"],
            on_change=change,
            label_visibility="collapsed",
            width=110,
        )
        if condition.comparison not in WITHOUT_VALUE:
            st.session_state[names["value"]] = condition.value
            st.text_input(
                say_result("filter_value", language),
                key=names["value"],
                on_change=change,
                label_visibility="collapsed",
                width=190,
            )
