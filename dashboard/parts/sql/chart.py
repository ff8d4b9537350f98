"""A query's answer as a chart: the kind that suits it, with what to pick beside it. What is drawn is worked out in `marks`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboard.answers import Reading
from dashboard.parts import wording
from dashboard.parts.chart import CONFIG, dress
from dashboard.parts.markup import element
from dashboard.parts.palette import DARK, LINE_HUES, read_palette
from dashboard.parts.share import draw_picture_buttons
from dashboard.parts.sql.answer import NONE, ROWS, Answer, pick
from dashboard.parts.sql.marks import (
    OTHERS,
    TIMES,
    Choice,
    Marks,
    Series,
    choose_chart,
    has_several,
    list_groups,
    list_kinds,
    list_numbers,
    list_times,
    make_marks,
    tell_step,
)
from dashboard.parts.sql.places import TAKINGS
from dashboard.parts.sql.result_words import say_result
from dashboard.parts.sql.sheet import Sheet
from dashboard.parts.wording import Language

_DAYS = [
    {"dtickrange": [None, 60_000], "value": "%H:%M:%S\n%m-%d"},
    {"dtickrange": [60_000, 86_400_000], "value": "%H:%M\n%m-%d"},
    {"dtickrange": [86_400_000, None], "value": "%m-%d\n%Y"},
]
"""How an axis of several days tells time: the day below, where it begins."""


def show_sql_chart(answer: Answer, *, key: str, title: str, reading: Reading, language: Language) -> None:
    """The chart with its picks; one line where there is nothing to draw."""
    sheet = answer.shown
    if not sheet.columns or not sheet.row_count:
        st.html(
            element("p", say_result("none_left" if answer.whole.row_count else "none", language), classes="wg-facts")
        )
        return
    with st.container(key=f"{key}_result_chart"):
        left, right = st.columns([700, 330], gap="medium")
        with right:
            choice = _show_picks(answer, key, language)
            marks = make_marks(sheet, choice)
            notes = [_say_note(word, values, language) for word, values in marks.notes]
            st.html(
                element("div", *(element("p", note, classes="wg-facts") for note in notes)) if notes else element("div")
            )
            if marks.series:
                st.html(draw_picture_buttons(f"{key}_drawn", "sql", title, reading, language))
        with left:
            if not marks.series:
                st.html(element("p", say_result("chart_none", language), classes="wg-facts"))
                return
            figure = _draw(sheet, choice, marks, language)
            with st.container(key=f"{key}_result_plot", height="stretch"):
                st.plotly_chart(figure, key=f"{key}_drawn", height="stretch", theme=None, config=CONFIG, alt=title)


def _show_picks(answer: Answer, key: str, language: Language) -> Choice:
    """What the reader picked to draw; what suits the answer where nothing was picked."""
    sheet = answer.shown
    tell = {ROWS: say_result("map_rows", language), NONE: say_result("chart_one_colour", language)}

    def choose(label: str, options: Sequence[str], default: str, name: str) -> str:
        return pick(
            say_result(label, language),
            options,
            default,
            answer=answer,
            key=key,
            name=name,
            told=lambda one: tell.get(one, one),
        )

    best = choose_chart(sheet)
    kind = pick(
        say_result("chart_kind", language),
        list_kinds(sheet),
        best.kind,
        answer=answer,
        key=key,
        name="kind",
        told=lambda one: say_result(f"chart_{one}", language),
    )
    best = choose_chart(sheet, kind)  # type: ignore[arg-type]
    numbers, times = list_numbers(sheet), list_times(sheet)
    along = {
        "bar": [column.name for column in sheet.columns],
        "line": [*times, *numbers],
        "histogram": numbers,
        "scatter": [*numbers, *times],
    }[best.kind]
    x = choose("chart_x", along, best.x, f"x_{best.kind}")
    if best.kind == "histogram":
        return Choice("histogram", x)
    y = choose("chart_y", numbers if best.kind == "scatter" else [*numbers, ROWS], best.y or ROWS, f"y_{best.kind}")
    group = choose("chart_group", [NONE, *list_groups(sheet)], best.group or NONE, f"group_{best.kind}")
    choice = replace(best, x=x, y=None if y == ROWS else y, group=None if group == NONE else group)
    if has_several(sheet, choice):
        taking = pick(
            say_result("chart_taking", language),
            TAKINGS,
            choose_chart(sheet, best.kind).taking if choice.y == best.y else "sum",
            answer=answer,
            key=key,
            name=f"chart_taking_{choice.y}",
            told=lambda one: say_result(f"taking_{one}", language),
        )
        choice = replace(choice, taking=taking)  # type: ignore[arg-type]
    return choice


def _draw(sheet: Sheet, choice: Choice, marks: Marks, language: Language) -> go.Figure:
    palette = read_palette()
    figure = go.Figure()
    for place, series in enumerate(marks.series):
        is_alone = len(marks.series) == 1
        hue = LINE_HUES[place % len(LINE_HUES)][palette is DARK]
        colour = palette.bar if is_alone else palette.bar_2 if series.name == OTHERS else hue
        name = say_result("map_others", language) if series.name == OTHERS else series.name
        figure.add_trace(_trace(choice, series, marks, colour, name, showlegend=not is_alone))
    rows = say_result("map_rows", language)
    y_title = rows if choice.kind == "histogram" or choice.y is None else choice.y
    if marks.is_together and choice.y is not None:
        y_title = f"{choice.y} · {say_result(f'taking_{choice.taking}', language)}"
    column = sheet.column(choice.x)
    is_time = column.kind in TIMES
    figure.update_xaxes(title_text=choice.x)
    if is_time:
        figure.update_xaxes(hoverformat="%Y-%m-%d %H:%M:%S" if column.kind == "moment" else "%Y-%m-%d")
    if is_time and _spans_days(marks):
        figure.update_xaxes(tickformatstops=_DAYS)
    if choice.kind == "bar" and not is_time and (column.is_code or column.kind not in ("whole", "real")):
        figure.update_xaxes(type="category")
    figure.update_yaxes(title_text=y_title)
    if choice.kind == "scatter":
        figure.update_layout(hovermode="closest", xaxis_rangemode="normal", yaxis_rangemode="normal")
        figure.update_xaxes(showgrid=True, gridcolor=palette.rule)
    if choice.kind == "bar" and len(marks.series) > 1:
        figure.update_layout(barmode="stack" if choice.taking in ("sum", "count") or choice.y is None else "group")
    return dress(figure, palette)


def _spans_days(marks: Marks) -> bool:
    moments = [x for series in marks.series for x in series.x if x is not None]
    return bool(moments) and (max(moments) - min(moments)).days >= 1


def _trace(choice: Choice, series: Series, marks: Marks, colour: str, name: str, **more: Any) -> Any:
    if choice.kind in ("bar", "histogram"):
        return go.Bar(x=series.x, y=series.y, name=name, marker_color=colour, width=marks.width, **more)
    if choice.kind == "line":
        mode = "lines+markers" if len(series.x) <= 60 else "lines"
        return go.Scatter(
            x=series.x, y=series.y, name=name, mode=mode, line={"color": colour, "width": 2}, marker_size=5, **more
        )
    marker = {"color": colour, "size": 7, "opacity": 0.7 if len(series.x) > 200 else 1}
    return go.Scatter(x=series.x, y=series.y, name=name, mode="markers", marker=marker, **more)


def _say_note(word: str, values: Any, language: Language) -> str:
    told = {name: wording.count(value) for name, value in values.items()}
    if word == "chart_widened":
        unit, number = tell_step(values["step"])
        told["step"] = say_result(unit, language, count=number)
    return say_result(word, language, **told)
