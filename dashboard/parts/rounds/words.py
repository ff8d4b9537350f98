"""Words of the rounds' page and of the workers' lists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.parts import wording
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.text import read_text

Row = Mapping[str, Any]


def say_round(key: str, language: Language, **values: object) -> str:
    """The words for `key` in `dashboard/text/rounds.<language>.toml`."""
    return read_text("rounds", language)[key].format(**values)


def name_round(row: Row, language: Language) -> str:
    """The round's name with whether it still runs."""
    key = "running" if row["is_running"] else "ended"
    return say_round(key, language, name=wording.name_in(dict(row), "round_name", language))


def name_place(row: Row, language: Language) -> str:
    """The place's name; the whole district where it has none."""
    name = wording.name_in(dict(row), "name", language)
    return say_round("district", language) if name == wording.UNKNOWN else name


def tell_share(pct: float) -> str:
    """83.7%; 100% only where it is exactly that: then nobody is missing."""
    return wording.share_with_sign(pct, 0 if pct >= 100 else None)


def tell_time(value: Any, moment: Moment, language: Language) -> str:
    """14:00 of today, else with its day."""
    at: datetime | None = moment.local(value)
    if at is None:
        return wording.UNKNOWN
    clock = wording.time_of_day(at)
    if at.date() == moment.shown_at.date():
        return clock
    return f"{wording.day(at, language, with_weekday=False)} {clock}"
