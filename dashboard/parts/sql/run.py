"""A query on its way: handing it in, its place or progress while it waits or runs, and the way to end it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard.parts import wording
from dashboard.parts.markup import element
from dashboard.parts.sql.desk import Desk
from dashboard.parts.sql.words import say_sql
from dashboard.parts.wording import Language
from dashboard.routes import get_sandbox
from data.question_text import add_values

TICK_S = 0.4
AT_ONCE_S = 0.3
"""So long a query is waited for before its progress is shown: most have answered by then, and nothing flickers."""


def run_text(desk: Desk, values: Mapping[str, str | None]) -> None:
    """Hands in the desk's text with these values, in place of the query that may still run."""
    if desk.query is not None:
        desk.query.cancel()
    desk.result = desk.error = None
    desk.notice, desk.problem = "", None
    desk.asked = desk.text
    desk.handed = add_values(desk.text, values) if values else desk.text
    desk.query = get_sandbox().submit(desk.handed)
    desk.query.wait(AT_ONCE_S)


def show_progress(desk: Desk, language: Language) -> None:
    """Where the query stands, twice a second, until it is over; nothing where none runs."""
    if desk.query is None:
        return

    @st.fragment(run_every=TICK_S)
    def tick() -> None:
        query = desk.query
        if query is None or query.is_over:
            st.rerun()
        progress = query.progress()
        with st.container(key="sql_progress", horizontal=True, vertical_alignment="center"):
            st.html(element("div", _tell(progress.state, progress.place, progress.seconds, progress.row_count, language),
                            classes="wg-sql-state", role="status"), width="content")  # fmt: skip
            st.button(say_sql("cancel", language), key="sql_cancel", on_click=query.cancel)

    tick()


def _tell(state: str, place: int, seconds: float, row_count: int, language: Language) -> str:
    if state == "queued":
        return say_sql("state_queued", language, count=place - 1) if place > 1 else say_sql("state_next", language)
    return say_sql("state_running", language, seconds=f"{seconds:.1f}", rows=wording.count(row_count))
