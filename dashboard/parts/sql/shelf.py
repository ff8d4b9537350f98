"""The shelf beside the SQL editor: tables with their columns, and the questions of `queries/` as examples.

What is on it comes from the situation and from the headers of the questions. It is searched in the browser.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from dashboard.parts import wording
from dashboard.parts.sql.editor import make_component
from dashboard.parts.sql.words import say_sql
from dashboard.parts.wording import Language
from data.engine import DUCKDB_VERSION
from data.question_text import write_text
from data.questions import Question, accepted_params, read_questions
from data.sandbox.gate import read_allowed
from data.situation_tables import Table, describe_table, tell_columns

KEY = "sql_shelf_list"
KINDS = ("situation", "rows")
_WORDS = ("tables", "questions", "search", "search_tables", "search_questions", "nothing")

_mount = make_component("wangge.sql_shelf", "showShelf")


def show_shelf(shown: list[dict[str, Any]], language: Language, on_open: Callable[[str], None]) -> None:
    """Tables and questions; `on_open` is called with the name of a question that is pressed."""

    def hear() -> None:
        state = st.session_state.get(KEY)
        name = None if state is None else state.get("open")
        if isinstance(name, str) and name in read_questions():
            on_open(name)

    _mount(
        key=KEY,
        data={
            "kinds": [{"name": kind, "label": say_sql(f"kind_{kind}", language)} for kind in KINDS],
            "tables": shown,
            **_tell_questions(language),
            "functions": _list_functions(),
            "words": {word: say_sql(f"shelf_{word}", language) for word in _WORDS},
        },
        on_open_change=hear,
    )


def tell_tables(tables: tuple[Table, ...], language: Language) -> list[dict[str, Any]]:
    """The tables as shelf and completion show them."""
    return [
        {
            "name": table.name,
            "kind": table.kind,
            "about": describe_table(table.name, language),
            "rows": "" if table.row_count is None else wording.count(table.row_count),
            "columns": tell_columns(table, language),
        }
        for table in tables
    ]


def title_of(question: Question, language: Language) -> str:
    """What is asked, in a sentence: of the Chinese text the first, for the others tell what the figures mean."""
    if language == "zh" and question.question_zh:
        return _split(question.question_zh)[0]
    return question.question


def write_example(name: str, language: Language) -> str:
    """A question as a text to open and change."""
    return write_text(name, title_of(read_questions()[name], language))


@cache
def _tell_questions(language: Language) -> dict[str, Any]:
    questions = read_questions()
    folders = sorted({name.split("/")[0] for name in questions})
    params = {param.name: param for one in questions.values() for param in accepted_params(one, questions).values()}
    return {
        "folders": [{"name": folder, "label": say_sql(f"folder_{folder}", language)} for folder in folders],
        "questions": [
            {
                "name": name,
                "folder": name.split("/")[0],
                "title": title_of(question, language),
                "about": "\n".join(filter(None, (_tell_more(question, language), question.grain))),
            }
            for name, question in questions.items()
        ],
        "params": [{"name": one.name, "type": one.type, "about": one.note} for one in params.values()],
    }


def _tell_more(question: Question, language: Language) -> str:
    if language == "zh" and question.question_zh:
        return _split(question.question_zh)[1]
    return question.notes


def _split(text: str) -> tuple[str, str]:
    """The first sentence, and what is left."""
    found = re.match(r"([^。？]+)(？?)。?(.*)", text, re.DOTALL)
    return (found[1] + found[2], found[3]) if found else (text, "")


@cache
def _list_functions() -> list[str]:
    """Functions that a name can be written for; operators and internal ones are nothing to complete."""
    return sorted(name for name in read_allowed(DUCKDB_VERSION).functions if name[:1].isalpha())
