"""Why a query gave no answer: what failed, where in the text, and what to do instead."""

from __future__ import annotations

import re
from functools import cache

import streamlit as st

from dashboard.parts.markup import element
from dashboard.parts.sql.desk import Desk
from dashboard.parts.sql.words import say_sql
from dashboard.parts.wording import Language
from dashboard.text import read_text
from data.errors import WanggeError
from data.sandbox import Sandbox, SandboxError, mark


def show_notice(desk: Desk, language: Language) -> None:
    """What became of the last thing that was done beside running: kept, copied, or why not."""
    if not desk.notice:
        return
    problem = desk.problem
    said = say_error(problem, language) if problem else say_sql(f"notice_{desk.notice}", language)
    watch = " wg-watch" if problem or desk.notice.startswith("no_") else ""
    st.html(element("p", said, classes=f"wg-sql-notice{watch}", role="status"))


def show_mode(sandbox: Sandbox, language: Language) -> None:
    """That no query runs here, or that it runs behind fewer walls than there should be; nothing where all stand."""
    if sandbox.is_on and not sandbox.missing:
        return
    key = "mode_reduced" if sandbox.is_on else "mode_off"
    missing = say_sql("mode_and", language).join(sandbox.missing) or "fork"
    st.html(element("p", say_sql(key, language, missing=missing), classes="wg-sql-notice wg-watch", role="status"))


def show_error(error: WanggeError, text: str, language: Language) -> None:
    """The error below the editor; a query that its reader cancelled is no failure."""
    if isinstance(error, SandboxError) and error.word == "cancelled":
        st.html(element("p", say_sql("cancelled", language), classes="wg-facts", role="status"))
        return
    drawn = mark(text, error.line, error.column) if isinstance(error, SandboxError) else ""
    st.html(
        element(
            "section",
            element("strong", translate(error.message, language)),
            element("pre", drawn) if drawn else None,
            element("p", translate(error.hint, language)) if error.hint else None,
            classes="wg-sql-error",
            role="alert",
        )
    )


def say_error(error: WanggeError, language: Language) -> str:
    """Message and hint in a line."""
    return f"{translate(error.message, language)} {translate(error.hint, language)}".strip()


def translate(said: str, language: Language) -> str:
    """The sandbox's sentence in the page's language; as it is where no translation is known, as of rare errors of the engine."""
    if language == "en":
        return said
    first = said.strip().split("\n")[0]  # the engine's further lines say the same at length
    for key, pattern in _patterns():
        if found := pattern.fullmatch(first):
            values = {name: translate(value, language) for name, value in found.groupdict().items()}
            values |= {
                name: _LISTING.sub(" 或 ", value) for name, value in values.items() if name in ("names", "layers")
            }
            return read_text("sql_errors", language)[key].format(**values)
    return said


_LISTING = re.compile(r" (?:or|and) ")


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """The English sentences with room for their values; those that say most by themselves first."""
    templates = sorted(read_text("sql_errors", "en").items(), key=lambda item: -len(re.sub(r"\{\w+\}", "", item[1])))
    return [
        (key, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(text)), re.DOTALL))
        for key, text in templates
    ]
