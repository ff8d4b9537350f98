"""Figures as a reader reads them, in the page's language: the words that pages share with the daily brief."""

from data.wording import (
    LANGUAGES,
    UNKNOWN,
    Language,
    age,
    context_count,
    count,
    day,
    distance,
    minutes,
    name_in,
    share,
    share_with_sign,
    time_of_day,
    wait,
)

__all__ = [
    "LANGUAGES",
    "UNKNOWN",
    "Language",
    "age",
    "context_count",
    "count",
    "day",
    "distance",
    "minutes",
    "name_in",
    "share",
    "share_with_sign",
    "time_of_day",
    "wait",
]
