"""Ad-hoc SQL for analysts: an editor over the tables of the situation, in the sandbox; examples, answer, or what went wrong."""

from __future__ import annotations

import streamlit as st

from dashboard.address import read_address
from dashboard.answers import open_view
from dashboard.asset import ASSETS_DIR
from dashboard.parts import wording
from dashboard.parts.markup import element
from dashboard.parts.notices import show_as_of, show_band
from dashboard.parts.sql_desk import Desk, read_desk
from dashboard.parts.sql_editor import show_editor
from dashboard.parts.sql_error import show_error
from dashboard.parts.sql_run import run_text, show_progress
from dashboard.parts.sql_shelf import show_shelf, tell_tables
from dashboard.parts.sql_words import say_sql
from dashboard.parts.wording import Language
from dashboard.routes import get_feed
from data.errors import WanggeError
from data.situation_tables import Table, list_tables

TICK_S = 5.0
STARTER = "-- {title}\nselect grid_code, grid_name, resident_count\nfrom grid\norder by resident_count desc, grid_code\nlimit 50\n"


def show_sql() -> None:
    """The page: shelf, toolbar, editor, and what became of the query."""
    language = read_address().language
    desk = read_desk(STARTER.format(title=say_sql("starter", language)))
    st.html(ASSETS_DIR / "sql.css")
    show_moment()
    tables = _tables()
    shown = tell_tables(tables, language)
    with st.container(key="sql"):
        shelf, work = st.columns([264, 1102])
        with shelf, st.container(key="sql_shelf"):
            show_shelf(tables, shown, language, lambda name: None)
        with work:
            show_toolbar(desk, language)
            show_editor(desk, shown, language, lambda: run_text(desk))
            show_answer(desk, language)


@st.fragment(run_every=TICK_S)
def show_moment() -> None:
    """As-of time and band; ticks by itself, so that nothing else does."""
    reading, language = open_view(get_feed()).reading, read_address().language
    show_as_of(reading, language)
    show_band(reading, language)


def show_toolbar(desk: Desk, language: Language) -> None:
    """Run, and on the right what a query may take."""
    settings, reading = get_feed().settings, open_view(get_feed()).reading
    with st.container(key="sql_toolbar", horizontal=True):
        st.button(say_sql("run", language), key="sql_run", type="primary", on_click=lambda: run_text(desk))
        limits = say_sql(
            "limits",
            language,
            seconds=f"{settings.sandbox_seconds:g}",
            rows=_tell_limit(settings.sandbox_rows, language),
        )
        at = wording.time_of_day(reading.moment.as_of, seconds=True)
        st.html(element("div", limits, element("b", at), classes="wg-sql-limits"), width="content")


def show_answer(desk: Desk, language: Language) -> None:
    """Progress, the answer, or why there is none."""
    show_progress(desk, language)
    if desk.query is not None:
        return
    if desk.error is not None:
        show_error(desk.error, desk.asked, language)
    elif desk.result is not None:
        st.dataframe(desk.result.table)
    else:
        st.html(element("p", say_sql("idle", language), classes="wg-sql-idle"))


def _tables() -> tuple[Table, ...]:
    """Those of the situation in force; none where it cannot be read, which the band says."""
    try:
        return list_tables(get_feed().settings)
    except WanggeError:
        return ()


def _tell_limit(count: int, language: Language) -> str:
    """10 万 where it is that exactly; every digit else."""
    return f"{count // 10_000} 万" if language == "zh" and count % 10_000 == 0 else wording.count(count)
