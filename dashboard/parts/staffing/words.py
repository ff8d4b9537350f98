"""Words of the staff's page: roles, posts, levels and hours as a reader calls them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.parts import wording
from dashboard.parts.wording import Language
from dashboard.parts.words import say
from dashboard.text import read_text

Row = Mapping[str, Any]


def say_staff(key: str, language: Language, **values: object) -> str:
    """The words for `key` in `dashboard/text/staffing.<language>.toml`."""
    return read_text("staffing", language)[key].format(**values)


def name_role(role: str | None, language: Language) -> str:
    """网格长; — for a role that nobody knows."""
    return say(f"role_{role}", language) if role else wording.UNKNOWN


def name_origin(origin: str, language: Language) -> str:
    """银龄: where people come from."""
    return say_staff(f"origin_{origin}", language)


def name_level(level: str, language: Language) -> str:
    """高, 中 or 低."""
    return say_staff(f"level_{level}", language)


def tell_hours(hours: float, language: Language) -> str:
    """11.7 时."""
    return say_staff("hours", language, hours=f"{hours:.1f}")
