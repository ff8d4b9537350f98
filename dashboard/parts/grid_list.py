"""The list of grids beside the map: the same figures as the map, sortable, a pick opens the grid.

Also finds grids by code or name. Rows of `coverage/list` in; knows nothing of the URL or the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard.address import Address, Measure
from dashboard.parts import wording
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


@dataclass(frozen=True)
class Found:
    """What a search found: the grids, and their community where they share one."""

    grids: Sequence[Row]
    community_code: str | None

    @property
    def grid_code(self) -> str | None:
        """The grid, where it is the only one."""
        return str(self.grids[0]["grid_code"]) if len(self.grids) == 1 else None


def find_grids(grids: Sequence[Row], text: str) -> Found:
    """The grids whose code, name or community answers to the text; exact matches win over partial ones.

    A code may be given from its start (a community's twelve digits find its grids) or by its end. Names are matched
    in Chinese and English, without regard to case and spaces.
    """
    wanted = _plain(text)
    if not wanted:
        return Found([], None)
    for matches in (_is_named, _is_community, _has_code, _has_name):
        grids_found = [row for row in grids if matches(row, wanted)]
        if grids_found:
            communities = {row["community_code"] for row in grids_found}
            return Found(grids_found, communities.pop() if len(communities) == 1 else None)
    return Found([], None)


def choose_grids(grids: Sequence[Row], address: Address, text: str) -> tuple[str, Sequence[Row]]:
    """The list's title and rows: all grids, a community's, those searched for, else the ten that need most.

    A search without a hit gives no rows, and a title that says what can be entered.
    """
    language, measure = address.language, address.measure
    here = _rank([row for row in grids if address.town in (None, row["town_code"])], measure)
    if address.lists_all:
        return say("panel_list", language), here
    if address.community:
        own = [row for row in grids if row["community_code"] == address.community]
        if not own:
            return say("unknown_place", language, code=address.community), []
        return wording.name_in(dict(own[0]), "community_name", language), own
    if text:
        found = find_grids(grids, text).grids
        if found or not grids:
            return say("search_many", language, text=text, count=len(found)), found
        example = {"code": grids[0]["grid_code"], "name": wording.name_in(dict(grids[0]), "community_name", language)}
        return say("search_none", language, text=text, **example), []
    figure, is_least = WORST[measure]
    worst = [row for row in here if row[figure] is not None and (is_least or row[figure] > 0)]
    return say(f"panel_top_{measure}", language), worst[:TOP_COUNT]


def show_grid_list(
    grids: Sequence[Row], measure: Measure, language: Language, *, key: str, pick: Callable[[str], None]
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
    shown = (
        st.column_config.ProgressColumn(label, format="%.1f%%", min_value=0, max_value=100, width=104)
        if measure == "coverage"
        else st.column_config.NumberColumn(label, format="localized", width=104)
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
            "missing": st.column_config.NumberColumn(say("missing", language), format="localized", width=66),
            "town": st.column_config.TextColumn(say("column_town", language), width=84),
            "code": st.column_config.TextColumn(say("column_code", language), width=130),
        },
    )


def _rank(grids: Sequence[Row], measure: Measure) -> list[Row]:
    """Those that need most first, the unknown last."""
    figure, is_least = WORST[measure]

    def need(row: Row) -> tuple[bool, float, str]:
        value = row[figure]
        return value is None, (value or 0) if is_least else -(value or 0), str(row["grid_code"])

    return sorted(grids, key=need)


def _is_named(row: Row, wanted: str) -> bool:
    return wanted in (_plain(row["grid_code"]), _plain(row["grid_name"]), _plain(row.get("grid_name_en")))


def _is_community(row: Row, wanted: str) -> bool:
    names = (_plain(row["community_name"]), _plain(row.get("community_name_en")))
    return wanted == _plain(row["community_code"]) or any(wanted in (name, _short(name)) for name in names)


def _has_code(row: Row, wanted: str) -> bool:
    code = _plain(row["grid_code"])
    return len(wanted) >= 3 and wanted.isdigit() and (code.startswith(wanted) or code.endswith(wanted))


def _has_name(row: Row, wanted: str) -> bool:
    names = ("grid_name", "grid_name_en", "community_name", "community_name_en", "town_name", "town_name_en")
    return any(wanted in _plain(row.get(name)) for name in names)


def _plain(text: object) -> str:
    return "".join(str(text or "").split()).casefold()


def _short(name: str) -> str:
    """A community's name without its kind: 侧贤 for 侧贤社区."""
    return name.removesuffix("社区").removesuffix("村")
