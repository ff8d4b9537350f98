"""What a reader has made of an answer: how it is shown, its filter, what was picked for map and chart. One for each place of a page.

Kept in the session and typed here; the answer in its showable form is made once, however often the reader looks at it another way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

import pyarrow as pa
import streamlit as st

from dashboard.parts.sql.filter import Condition, NotComparable, apply_filter
from dashboard.parts.sql.places import PlaceColumn, Places, find_place_columns
from dashboard.parts.sql.sheet import Sheet, make_sheet

ROWS, NONE = "\0rows", "\0none"
"""Picks that are no column: the number of rows, and none at all."""


@dataclass
class Answer:
    """An answer before a reader. `shown` is what the filter leaves of `whole`."""

    table: pa.Table
    whole: Sheet
    shown: Sheet
    conditions: tuple[Condition, ...] = ()
    picks: dict[str, str] = field(default_factory=dict)
    trouble: NotComparable | None = None
    _placed: tuple[Places, tuple[PlaceColumn, ...]] | None = None

    def place_columns(self, places: Places) -> tuple[PlaceColumn, ...]:
        """The columns of the whole answer that hold places of the map; found once for each map."""
        if self._placed is None or self._placed[0] is not places:
            self._placed = places, find_place_columns(self.whole, places)
        return self._placed[1]

    def narrow(self, conditions: tuple[Condition, ...]) -> None:
        """Shows the rows that meet these conditions; where one cannot be compared, what was shown before stays."""
        self.conditions = conditions
        try:
            self.shown, self.trouble = apply_filter(self.whole, conditions), None
        except NotComparable as trouble:
            self.trouble = trouble


def open_answer(table: pa.Table, zone: tzinfo, key: str) -> Answer:
    """What the reader made of this answer; of one with the same columns the filter stays, and what was picked that it still has."""
    name = f"{key}_kept"
    held: Answer | None = st.session_state.get(name)
    if held is None or held.table is not table:
        sheet = make_sheet(table, zone)
        answer = Answer(table, sheet, sheet, picks=held.picks if held else {})
        if held and held.conditions and [one.name for one in held.whole.columns] == [one.name for one in sheet.columns]:
            answer.narrow(held.conditions)
        st.session_state[name] = held = answer
    return held


def pick(
    label: str,
    options: Sequence[str],
    default: str,
    *,
    answer: Answer,
    key: str,
    name: str,
    told: Callable[[str], str] = str,
) -> str:
    """The option that the reader picked where there still is such a one, else `default`; a select box with its label above."""
    widget = f"{key}_{name}"
    kept = answer.picks.get(name)
    st.session_state[widget] = kept if kept in options else default

    def keep() -> None:
        answer.picks[name] = st.session_state[widget]

    chosen: str = st.selectbox(label, options, format_func=told, key=widget, on_change=keep)
    return chosen
