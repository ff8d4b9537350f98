"""Figures as a reader reads them, in the language of a page or of the daily brief. Unknown is "—", never 0."""

from __future__ import annotations

from datetime import datetime
from math import floor
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

UNKNOWN = "—"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def count(value: float | None) -> str:
    """47,260: every digit, for what ticks."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def context_count(value: float | None, language: Language) -> str:
    """85.7万 or 857k from 100,000 on; only for what never ticks."""
    if value is None or value < 100_000:
        return count(value)
    return f"{value / 10_000:.1f}万" if language == "zh" else f"{value / 1_000:,.0f}k"


def share(pct: float | None, missing_count: float | None = None) -> str:
    """83.7, without its sign; 100 only when nobody is missing, else at most 99.9."""
    if pct is None:
        return UNKNOWN
    if missing_count == 0:
        return "100"
    return f"{min(floor(pct * 10 + 0.5) / 10, 99.9):.1f}"


def share_with_sign(pct: float | None, missing_count: float | None = None) -> str:
    """83.7%, or — where it is unknown."""
    return UNKNOWN if pct is None else f"{share(pct, missing_count)}%"


def time_of_day(moment: datetime | None, *, seconds: bool = False) -> str:
    """08:40, or 08:40:24; the moment comes in the district's zone."""
    return UNKNOWN if moment is None else moment.strftime("%H:%M:%S" if seconds else "%H:%M")


def day(moment: datetime, language: Language, *, with_weekday: bool = True) -> str:
    """7月14日 周四, or Thu 14 Jul."""
    if language == "zh":
        weekday = f" 周{'一二三四五六日'[moment.weekday()]}" if with_weekday else ""
        return f"{moment.month}月{moment.day}日{weekday}"
    weekday = f"{_WEEKDAYS[moment.weekday()]} " if with_weekday else ""
    return f"{weekday}{moment.day} {_MONTHS[moment.month - 1]}"


def minutes(value: float | None, language: Language) -> str:
    """41 分, 1 小时 5 分; 41 min, 1 h 5 min. Never rounded up: 49.9 minutes are no jam, here as on the map."""
    if value is None:
        return UNKNOWN
    hours, rest = divmod(max(0, floor(value)), 60)
    if language == "zh":
        return f"{hours} 小时 {rest} 分" if hours else f"{rest} 分"
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def wait(value: float | None, language: Language) -> str:
    """62 分: a wait stays in minutes, as on the map and in the classes' bounds; never rounded up."""
    if value is None:
        return UNKNOWN
    return f"{floor(value)} 分" if language == "zh" else f"{floor(value)} min"


def age(seconds: float | None, language: Language) -> str:
    """3 秒 below a minute, then minutes."""
    if seconds is None:
        return UNKNOWN
    if seconds < 60:
        return f"{max(0, int(seconds))} 秒" if language == "zh" else f"{max(0, int(seconds))} s"
    return minutes(floor(seconds / 60), language)


def distance(metres: float | None) -> str:
    """310 m, 1.2 km."""
    if metres is None:
        return UNKNOWN
    return f"{round(metres / 10) * 10:.0f} m" if metres < 995 else f"{metres / 1000:.1f} km"


def name_in(row: dict[str, object], stem: str, language: Language) -> str:
    """The row's `<stem>_en` on an English page if it has one, else its `<stem>`."""
    english = row.get(f"{stem}_en") if language == "en" else None
    return str(english or row.get(stem) or UNKNOWN)
