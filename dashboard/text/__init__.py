"""The words of the pages: one file a part and language, `<part>.<language>.toml`, the same keys in every language."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

TEXT_DIR = Path(__file__).resolve().parent
LANGUAGES = ("zh", "en")
"""The languages of the pages; the first one is spoken where none is asked for."""


def read_language(wanted: str | None) -> str:
    """The language that was asked for, if it is one of ours; else Chinese."""
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


@cache
def read_text(part: str, lang: str) -> dict[str, str]:
    """The words of one part in one language; `{name}` in a text stands for a value put in as text."""
    words: dict[str, str] = tomllib.loads((TEXT_DIR / f"{part}.{lang}.toml").read_text(encoding="utf-8"))
    return words
