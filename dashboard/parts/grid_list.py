"""The list of grids beside the map: the same figures as the map, sortable, a pick opens the grid.

Rows of `coverage/list` in; knows nothing of the URL or the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.address import Address, Measure
from dashboard.parts import wording
from dashboard.parts.definition import tell_definition
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.parts.words import say

Row = Mapping[str, Any]

FIGURES: dict[Measure, str] = {
    "coverage": "coverage_pct",
    "waiting": "waiting_count",
    "on_duty": "on_duty_count",
    "vulnerable": "vulnerable_count",
}
"""The column of the answer behind each measure of the map."""

TOP_COUNT = 10
WORST: dict[Measure, tuple[str, bool]] = {
    "coverage": ("missing_count", False),
    "waiting": ("waiting_count", False),
    "on_duty": ("on_duty_count", True),
    "vulnerable": ("vulnerable_count", False),
}
"""By which column the ten are chosen that need most, and whether the least come first."""
ROWS_SHOWN, HEIGHT_PX = 18, 592
"""A longer list scrolls within its height."""


def choose_grids(grids: Sequence[Row], address: Address) -> tuple[str, Sequence[Row]]:
    """The list's title and rows: all grids (of the place, where one is chosen), else the ten that need most."""
    language, measure = address.language, address.measure
    if address.lists_all:
        own = {"town_code": address.town, "community_code": address.community}
        here = [row for row in grids if all(code in (None, row[name]) for name, code in own.items())]
        return say("panel_list", language), rank_by_need(here, measure)
    figure, is_least = WORST[measure]
    worst = [row for row in rank_by_need(grids, measure) if row[figure] is not None and (is_least or row[figure] > 0)]
    return say(f"panel_top_{measure}", language), worst[:TOP_COUNT]


def show_grid_list(
    grids: Sequence[Row],
    measure: Measure,
    moment: Moment,
    language: Language,
    *,
    key: str,
    pick: Callable[[str], None],
) -> None:
    """The table; picking a cell calls `pick` with the grid's code. Unknown stays empty, never 0."""
    figure = FIGURES[measure]
    columns: dict[str, list[Any]] = {
        "grid": [wording.name_in(dict(row), "grid_name", language) for row in grids],
        "figure": [row[figure] for row in grids],
        "missing": [row["missing_count"] for row in grids],
        "town": [wording.name_in(dict(row), "town_name", language) for row in grids],
        "code": [row["grid_code"] for row in grids],
    }
    label = say(f"measure_{measure}", language)
    told = {
        column: tell_definition("coverage/list", column, moment, language).replace("\n", "  \n")
        for column in (figure, "missing_count")
    }
    shown = (
        st.column_config.ProgressColumn(
            label, format="%.1f%%", min_value=0, max_value=100, width=104, help=told[figure]
        )
        if measure == "coverage"
        else st.column_config.NumberColumn(label, format="localized", width=104, help=told[figure])
    )

    def choose() -> None:
        cells = st.session_state[key].selection.cells
        if cells:
            pick(str(columns["code"][cells[0][0]]))

    st.dataframe(
        columns,
        key=key,
        height=HEIGHT_PX if len(grids) > ROWS_SHOWN else "content",
        hide_index=True,
        on_select=choose,
        selection_mode="single-cell",
        column_config={
            "grid": st.column_config.TextColumn(say("column_grid", language), width=148),
            "figure": shown,
            "missing": st.column_config.NumberColumn(
                say("missing", language), format="localized", width=66, help=told["missing_count"]
            ),
            "town": st.column_config.TextColumn(say("column_town", language), width=84),
            "code": st.column_config.TextColumn(say("column_code", language), width=130),
        },
    )


def rank_by_need(rows: Sequence[Row], measure: Measure, code: str = "grid_code") -> list[Row]:
    """Those that need most first, the unknown last; `code` names the column that decides between equals."""
    figure, is_least = WORST[measure]

    def need(row: Row) -> tuple[bool, float, str]:
        value = row[figure]
        return value is None, (value or 0) if is_least else -(value or 0), str(row[code])

    return sorted(rows, key=need)
