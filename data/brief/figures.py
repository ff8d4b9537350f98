"""What the brief is made of: answers to the same questions that the pages and the wall ask, as of one moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from data.errors import WanggeError

Row = dict[str, Any]
Ask = Callable[..., list[Row]]
"""Asks a question by name, with its parameters, as of the brief's moment."""

QUESTIONS = (
    "map/district",
    "map/towns",
    "map/communities",
    "map/grids",
    "map/sites",
    "coverage/district",
    "coverage/list",
    "wall/rounds",
    "wall/towns",
    "wall/rate",
    "wall/throughput",
    "sites/state",
    "sites/queues",
    "staffing/on_duty",
    "staffing/whistles",
    "alerts/open",
    "alerts/closed_today",
    "zones/inside",
    "zones/by_level",
    "zones/shapes",
    "zones/changes",
    "quality/feeds",
    "quality/totals",
)
CHANGES_OVER = timedelta(hours=24)
"""How far back the brief looks for zones that changed: it is daily."""


@dataclass(frozen=True)
class Brief:
    """The answers by question as of `at`, in the district's zone; `failed` says which question failed, and how.

    `at` is None while nothing was ingested: then what does not depend on a moment is all there is.
    """

    at: datetime | None
    answers: dict[str, list[Row]]
    failed: dict[str, str]
    is_known_then: bool = False
    """Whether it rests on what had been received by `at`, not on what is known now."""

    def rows(self, question: str) -> list[Row]:
        """The answer's rows; none where it failed."""
        return self.answers.get(question, [])

    def row(self, question: str) -> Row:
        """The one row of an answer that has one; empty where it failed."""
        rows = self.rows(question)
        return rows[0] if rows else {}

    @property
    def last_event_at(self) -> datetime | None:
        """The newest event up to then that any feed told of."""
        return max((row["last_event_at"] for row in self.rows("quality/feeds") if row["last_event_at"]), default=None)


def read_brief(ask: Ask, at: datetime | None, timezone: str) -> Brief:
    """The brief as of the moment that `ask` asks about. A question that fails costs its own block only."""
    moment = at.astimezone(ZoneInfo(timezone)) if at else None
    answers: dict[str, list[Row]] = {}
    failed: dict[str, str] = {}
    for name in QUESTIONS:
        params = {"since": moment - CHANGES_OVER} if name == "zones/changes" and moment else {}
        if name == "zones/changes" and moment is None:
            continue
        try:
            answers[name] = ask(name, **params)
        except WanggeError as error:
            failed[name] = error.message
    return Brief(moment, answers, failed)
