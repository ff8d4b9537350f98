"""A query's answer as a grid of any length: what is out of sight stays on the server; a click on a head sorts all of it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboard.parts.markup import element
from dashboard.parts.sql.result_words import say_result
from dashboard.parts.sql.sheet import Sheet, SheetColumn
from dashboard.parts.wording import UNKNOWN, Language

ROW_PX = 31
HEIGHT_PX = 376
"""The grid's height before the stylesheet gives it what the window leaves; fewer rows take less."""
_MOMENT_FORMATS = {"%Y-%m-%d %H:%M:%S": "YYYY-MM-DD HH:mm:ss", "%Y-%m-%d %H:%M:%S.%f": "YYYY-MM-DD HH:mm:ss.SSS"}


def show_plan(table: pa.Table) -> None:
    """The drawing as the engine made it."""
    for drawing in table.column(1).to_pylist():
        st.html(element("pre", str(drawing), classes="wg-sql-plan", tabindex="0"))


def show_grid(sheet: Sheet, *, key: str, language: Language, is_filtered: bool = False) -> None:
    """The rows; their columns and one line where there are none."""
    if not sheet.columns or not sheet.row_count:
        _show_empty(sheet, say_result("none_left" if is_filtered else "none", language))
        return
    natural = ROW_PX * (sheet.row_count + 1) + 2
    with st.container(key=f"{key}_rows_{'few' if natural < HEIGHT_PX else 'many'}"):
        st.dataframe(
            sheet.table,
            key=f"{key}_grid",
            height=min(natural, HEIGHT_PX),
            row_height=ROW_PX,
            hide_index=True,
            column_config={f"c{place}": _configure(column) for place, column in enumerate(sheet.columns)},
            placeholder=UNKNOWN,
            lazy=True,
            alt=say_result("grid", language),
        )


def _configure(column: SheetColumn) -> Any:
    """How Streamlit's grid tells the column."""
    config, label, about = st.column_config, column.name, column.sql_type
    if column.kind == "whole":
        return config.NumberColumn(label, help=about, format="%d" if column.is_code else "%,d")
    if column.kind == "real":
        return config.NumberColumn(
            label, help=about, format="plain" if column.decimals is None else f"%,.{column.decimals}f"
        )
    if column.kind == "long":
        return config.TextColumn(label, help=about, alignment="right")
    if column.kind == "moment":
        return config.DatetimeColumn(label, help=about, format=_MOMENT_FORMATS[column.pattern])
    if column.kind == "day":
        return config.DateColumn(label, help=about, format="YYYY-MM-DD")
    if column.kind == "flag":
        return config.CheckboxColumn(label, help=about)
    return config.TextColumn(label, help=about)


def _show_empty(sheet: Sheet, said: str) -> None:
    """What the grid would say in English only."""
    heads = (element("th", column.name, scope="col", title=column.sql_type) for column in sheet.columns)
    table = element("table", element("thead", element("tr", *heads)), classes="wg-rows") if sheet.columns else None
    st.html(element("div", table, element("p", said, classes="wg-facts"), classes="wg-scroll"))
