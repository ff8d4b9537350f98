"""The words around a query's answer: `say_result` gives them in the page's language with the values filled in."""

from __future__ import annotations

from dashboard.parts.wording import Language
from dashboard.text import read_text


def say_result(key: str, language: Language, **values: object) -> str:
    """The words for `key` in `dashboard/text/sql_result.<language>.toml`; KeyError for an unknown one."""
    return read_text("sql_result", language)[key].format(**values)
