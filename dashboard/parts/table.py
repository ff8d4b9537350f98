"""A table under a title, with what it means on hover and its downloads; unknown is "—", never 0.

A table that is only read is plain HTML: it wraps on a phone and a screen reader reads it. One that scrolls or where a row can be picked is
Streamlit's, which sorts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Literal

import pandas as pd
import streamlit as st

from dashboard.answers import Reading, Row
from dashboard.parts import wording
from dashboard.parts.chart import show_title
from dashboard.parts.definition import define, say_share
from dashboard.parts.markup import Markup, element
from dashboard.parts.wording import Language

Width = Literal["small", "medium", "large"] | int
ROW_PX, HEAD_PX = 35, 37


@dataclass(frozen=True)
class TableColumn:
    """A column of the rows: its name in them, its title on the page, and how a value is told; by itself where None.

    `format` is never given null. `width` is in pixels, or "small", "medium", "large".
    """

    name: str
    title: str
    format: Callable[[Any], str] | None = None
    width: Width | None = None


def show_table(
    rows: Sequence[Row],
    columns: Sequence[TableColumn],
    *,
    key: str,
    title: str,
    question: str,
    reading: Reading,
    language: Language,
    height: int | None = None,
    on_pick: Callable[[Row], None] | None = None,
) -> None:
    """The rows in their order; a line in their place where there are none. A higher table scrolls within `height` pixels.

    `rows` are the answer to `question`, or a part of it: all their columns are downloaded, not only those that are shown. With `on_pick`
    a press on a cell hands over its row.
    """
    with st.container(key=f"table_of_{key}"):
        show_title(title, key=key, question=question, rows=rows, reading=reading, language=language)
        if not rows:
            st.html(element("p", say_share("none", language), classes="wg-facts"))
        elif height is None and on_pick is None:
            st.html(draw_table(rows, columns, question, reading, language))
        else:
            _show_sortable(rows, columns, key, question, reading, language, height, on_pick)


def draw_table(
    rows: Sequence[Row], columns: Sequence[TableColumn], question: str, reading: Reading, language: Language
) -> Markup:
    """The table as HTML: numbers to the right; each column's head says on hover what it means."""
    numeric = {column.name for column in columns if _is_numeric(rows, column.name)}

    def side(column: TableColumn) -> str:
        return "wg-number" if column.name in numeric else ""

    heads = (
        element(
            "th",
            column.title,
            scope="col",
            classes=side(column),
            title=define(question, column.name, reading, language),
            **({"style": f"width:{column.width}px"} if isinstance(column.width, int) else {}),
        )
        for column in columns
    )
    lines = (
        element(
            "tr",
            *(element("td", tell(row.get(column.name), column, reading), classes=side(column)) for column in columns),
        )
        for row in rows
    )
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *lines), classes="wg-rows")
    return element("div", table, classes=f"wg-scroll{' wg-is-stale' if reading.moment.is_stale else ''}", tabindex="0")


def tell(value: Any, column: TableColumn, reading: Reading) -> str:
    """A value as a reader reads it."""
    if value is None:
        return wording.UNKNOWN
    if column.format:
        return column.format(value)
    if isinstance(value, bool):
        return "✓" if value else ""
    if isinstance(value, int):
        return wording.count(value)
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, datetime):
        return wording.time_of_day(reading.moment.local(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def _show_sortable(
    rows: Sequence[Row],
    columns: Sequence[TableColumn],
    key: str,
    question: str,
    reading: Reading,
    language: Language,
    height: int | None,
    on_pick: Callable[[Row], None] | None,
) -> None:
    """Streamlit's table: sorted by value, shown as told."""
    frame = pd.DataFrame({column.name: [row.get(column.name) for row in rows] for column in columns}, dtype=object)
    tellers = {column.name: partial(tell, column=column, reading=reading) for column in columns}
    styled = frame.style.format(tellers, na_rep=wording.UNKNOWN)

    def choose() -> None:
        cells = st.session_state[f"rows_{key}"].selection.cells
        if cells and on_pick:
            on_pick(rows[cells[0][0]])

    config = {
        column.name: st.column_config.Column(
            column.title,
            width=column.width,
            help=define(question, column.name, reading, language).replace("\n", "  \n"),
        )
        for column in columns
    }
    natural = HEAD_PX + ROW_PX * len(rows)
    more: dict[str, Any] = {"on_select": choose, "selection_mode": "single-cell"} if on_pick else {}
    # a list that is cut has a place of its own: the stylesheet gives it what a high window leaves
    with st.container(key=f"long_{key}") if height and natural > height else nullcontext():
        st.dataframe(
            styled,
            key=f"rows_{key}",
            height=min(height, natural) if height else "content",
            hide_index=True,
            column_config=config,
            placeholder=wording.UNKNOWN,
            **more,
        )


def _is_numeric(rows: Sequence[Row], name: str) -> bool:
    known = [value for row in rows if (value := row.get(name)) is not None]
    return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)
