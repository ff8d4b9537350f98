"""Words of the SQL page."""

from __future__ import annotations

from dashboard.parts.wording import Language
from dashboard.text import read_text


def say_sql(key: str, language: Language, **values: object) -> str:
    """The words for `key` in `dashboard/text/sql.<language>.toml`."""
    return read_text("sql", language)[key].format(**values)
