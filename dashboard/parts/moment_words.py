"""The words of looking back: `say_moment` gives them in the page's language with the values filled in."""

from __future__ import annotations

from dashboard.parts.wording import Language
from dashboard.text import read_text


def say_moment(key: str, language: Language, **values: object) -> str:
    """The words for `key` in `dashboard/text/moment.<language>.toml`; KeyError for an unknown one."""
    return read_text("moment", language)[key].format(**values)
