"""Why a query gave no answer: what failed, where in the text, and what to do instead."""

from __future__ import annotations

import streamlit as st

from dashboard.parts.markup import element
from dashboard.parts.sql_desk import Desk
from dashboard.parts.sql_words import say_sql
from dashboard.parts.wording import Language
from data.errors import WanggeError
from data.sandbox import SandboxError, mark


def show_notice(desk: Desk, language: Language) -> None:
    """What became of the last thing that was done beside running: kept, copied, or why not."""
    if not desk.notice:
        return
    problem = desk.problem
    said = f"{problem.message} {problem.hint}".strip() if problem else say_sql(f"notice_{desk.notice}", language)
    watch = " wg-watch" if problem or desk.notice.startswith("no_") else ""
    st.html(element("p", said, classes=f"wg-sql-notice{watch}", role="status"))


def show_error(error: WanggeError, text: str, language: Language) -> None:
    """The error below the editor; a query that its reader cancelled is no failure."""
    if isinstance(error, SandboxError) and error.word == "cancelled":
        st.html(element("p", say_sql("cancelled", language), classes="wg-facts", role="status"))
        return
    drawn = mark(text, error.line, error.column) if isinstance(error, SandboxError) else ""
    st.html(
        element(
            "section",
            element("strong", error.message),
            element("pre", drawn) if drawn else None,
            element("p", error.hint) if error.hint else None,
            classes="wg-sql-error",
            role="alert",
        )
    )
