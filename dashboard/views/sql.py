"""Ad-hoc SQL for analysts: an editor over the tables of the situation, in the sandbox; examples, answer, or what went wrong."""

from __future__ import annotations

import streamlit as st

from dashboard.address import Address, link_to, read_address
from dashboard.answers import View, open_view
from dashboard.asset import ASSETS_DIR
from dashboard.parts import wording
from dashboard.parts.markup import element
from dashboard.parts.notices import show_as_of, show_band
from dashboard.parts.sql.desk import Desk, read_desk
from dashboard.parts.sql.editor import hear_editor, show_editor
from dashboard.parts.sql.error import show_error, show_mode, show_notice
from dashboard.parts.sql.link import open_linked
from dashboard.parts.sql.result import show_result
from dashboard.parts.sql.run import run_text, show_progress
from dashboard.parts.sql.saved import open_text, show_history, show_link, show_saving
from dashboard.parts.sql.shelf import show_shelf, tell_tables, write_example
from dashboard.parts.sql.values import choose_values, show_values
from dashboard.parts.sql.words import say_sql
from dashboard.parts.wording import Language
from dashboard.routes import get_feed, get_sandbox
from data.errors import WanggeError
from data.situation_tables import Table, list_tables

TICK_S = 5.0
AUDIT_PATH = "/audit"


def show_sql() -> None:
    """The page: shelf, toolbar, editor, and what became of the query."""
    address, view, settings = read_address(), open_view(get_feed()), get_feed().settings
    language = address.language
    desk = read_desk(language)
    desk.outcome.settle()  # before the address's text is opened: what the reader opened or kept is named there from now on
    get_sandbox().make_ready()
    desk.collect()
    open_linked(desk, st.query_params.to_dict(), settings)
    st.html(ASSETS_DIR / "sql.css")
    show_moment()

    def values() -> dict[str, str | None]:
        return choose_values(desk, open_view(get_feed()))

    def run() -> None:
        hear_editor(desk)
        run_text(desk, values())

    def open_question(name: str) -> None:
        open_text(desk, write_example(name, read_address().language))

    with st.container(key="sql"):
        shelf, work = st.columns([264, 1102])
        with shelf, st.container(key="sql_shelf"):
            show_shelf(tell_tables(_tables(), language), language, open_question)
        with work:
            with st.container(key="sql_toolbar", horizontal=True):
                st.button(say_sql("run", language), key="sql_run", type="primary", on_click=run)
                show_values(desk, view, language)
                show_history(desk, settings, language)
                show_saving(desk, values, settings, language)
                show_link(desk, values, address, settings)
                show_limits(view, address)
            show_mode(get_sandbox(), language)
            show_editor(desk, language, lambda: run_text(desk, values()))
            show_answer(desk, view, language)


@st.fragment(run_every=TICK_S)
def show_moment() -> None:
    """As-of time and band; ticks by itself, so that nothing else does."""
    reading, language = open_view(get_feed()).reading, read_address().language
    show_as_of(reading, language)
    show_band(reading, language)


def show_limits(view: View, address: Address) -> None:
    """What a query may take, until when it sees, and the way to what was asked."""
    settings, language = get_feed().settings, address.language
    most = wording.count(settings.sandbox_rows)
    if language == "zh" and settings.sandbox_rows % 10_000 == 0:
        most = f"{settings.sandbox_rows // 10_000} 万"
    limits = say_sql("limits", language, seconds=f"{settings.sandbox_seconds:g}", rows=most)
    at = element("b", wording.time_of_day(view.reading.moment.as_of, seconds=view.reading.past is None))
    audit = element(
        "a", say_sql("audit", language), href=AUDIT_PATH + link_to(address), target="_self", classes="wg-to"
    )
    past = view.reading.past
    known = say_sql("known_now", language) if past is not None and past.is_known_then else None
    st.html(element("div", limits, at, known, " · ", audit, classes="wg-sql-limits"), width="content")


def show_answer(desk: Desk, view: View, language: Language) -> None:
    """Progress, the answer, or why there is none."""
    show_notice(desk, language)
    show_progress(desk, language)
    if desk.query is not None:
        return
    if desk.error is not None:
        show_error(desk.error, desk.asked, language)
    elif desk.result is not None:
        show_result(desk.result, key="sql", text=desk.handed, reading=view.reading, language=language)
    else:
        st.html(element("p", say_sql("idle", language), classes="wg-sql-idle"))


def _tables() -> tuple[Table, ...]:
    """Those of the situation in force; none where it cannot be read, which the band says."""
    try:
        return list_tables(get_feed().settings)
    except WanggeError:
        return ()
