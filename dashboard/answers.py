"""What a page shows now: the live payload, and answers to questions, each worked out once per publication for all viewers.

Owns the shelf of answers and its bound. A page that asks what another viewer asked already costs a look-up, not a query.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.live import Feed, Picture, choose_params, find_moment, identify_file
from dashboard.parts.moment import Moment, make_moment
from data.clock import Clock, read_clock
from data.errors import WanggeError
from data.questions import Sitting, ask, sit_down
from data.settings import Settings
from data.situation import Situation, open_situation

Row = dict[str, Any]

SHELF_SIZE = 512
"""Answers kept at most; one is a few rows, the list of all grids some 200 KB."""


@dataclass(frozen=True)
class Reading:
    """One look at the live feed: its state (ok, empty, error), figures, and the moment they are judged at."""

    state: str
    payload: Mapping[str, Any]
    moment: Moment
    problem: str = ""

    @property
    def is_synthetic(self) -> bool:
        return bool((self.payload.get("district") or {}).get("is_synthetic"))


@dataclass(frozen=True)
class View:
    """What a page shows: where to ask, and what the live feed says of the same moment."""

    shelf: Shelf
    reading: Reading


@dataclass
class Shelf:
    """The newest situation of one home, in one sitting for all viewers, and the answers it has given."""

    settings: Settings
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _identity: tuple[int, int, int] | None = None
    _opened: ExitStack | None = None
    _sitting: Sitting | None = None
    _situation: Situation | None = None
    _changes_at: datetime | None = None
    _answers: OrderedDict[tuple[Any, ...], list[Row]] = field(default_factory=OrderedDict)

    def ask(self, name: str, **params: Any) -> list[Row]:
        """The answer's rows. Raises WanggeError when the situation cannot be opened or the question fails."""
        key = (name, *sorted(params.items()))
        with self._lock:
            sitting = self._sit_with_newest()
            if key not in self._answers:
                self._keep(key, sitting.ask(name, **params).to_pylist())
            self._answers.move_to_end(key)
            return self._answers[key]

    def ask_at(self, as_of: datetime, name: str, **params: Any) -> list[Row]:
        """The answer as of another moment than the pages', from the situation that is in force now."""
        key = (name, as_of, *sorted(params.items()))
        with self._lock:
            self._sit_with_newest()
            if key not in self._answers and self._situation is not None:
                self._keep(key, ask(self._situation, name, as_of, **params).to_pylist())
            return self._answers[key]

    def ask_each(self, *names: str, **params: Any) -> dict[str, list[Row] | WanggeError]:
        """The answers by question; a question that fails costs its own block only, and gives its error."""
        answers: dict[str, list[Row] | WanggeError] = {}
        for name in names:
            try:
                answers[name] = self.ask(name, **params)
            except WanggeError as error:
                answers[name] = error
        return answers

    def _keep(self, key: tuple[Any, ...], rows: list[Row]) -> None:
        self._answers[key] = rows
        if len(self._answers) > SHELF_SIZE:
            self._answers.popitem(last=False)

    def _sit_with_newest(self) -> Sitting:
        """The sitting over the situation that is in force now; asked as the live feed asks: page and wall say the same."""
        identity = identify_file(self.settings.situation_path)
        clock = read_clock(self.settings.home)
        is_due = self._changes_at is not None and clock.now() >= self._changes_at
        if self._sitting is None or identity != self._identity or is_due:
            with ExitStack() as stack:
                situation = open_situation(self.settings.situation_path)
                stack.callback(situation.close)
                moment, changes_at = self._find_moment(situation, clock)
                sitting = stack.enter_context(sit_down(situation, moment, **choose_params(self.settings, clock)))
                newest = stack.pop_all()
            if self._opened is not None:
                self._opened.close()
            self._answers.clear()
            self._opened, self._sitting, self._identity, self._changes_at = newest, sitting, identity, changes_at
            self._situation = situation
        return self._sitting

    def _find_moment(self, situation: Situation, clock: Clock) -> tuple[datetime, datetime | None]:
        """The moment to ask about, and the next at which answers change by themselves."""
        return find_moment(situation, clock)


class OrderShelf(Shelf):
    """The shelf of what orders say: they hold by the clock, whether or not the logs keep up with it."""

    def _find_moment(self, situation: Situation, clock: Clock) -> tuple[datetime, datetime | None]:
        """The last of: newest event, change of an order or round, midnight, from which on days count anew."""
        now = clock.now()
        newest = min(situation.as_of or now, now)
        midnight = now.astimezone(ZoneInfo(self.settings.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
        changes = [row["changes_at"] for row in ask(situation, "wall/schedule", newest).to_pylist()]
        changes += [midnight, midnight + timedelta(days=1)]
        return max(newest, *(at for at in changes if at <= now)), min(at for at in changes if at > now)


def read_picture(feed: Feed) -> Reading:
    """The feed's newest picture as a page reads it, judged by the district's clock."""
    picture = feed.picture
    settings, clock = feed.settings, feed.clock
    return Reading(
        state=picture.state if picture else "error",
        payload=_parse(picture) if picture else {},
        moment=make_moment(
            now=clock.now(),
            as_of=picture.as_of if picture else None,
            timezone=settings.timezone,
            stale_after_s=settings.stale_after_s,
            allowance_s=clock.pipeline_allowance_s(),
            is_open=bool(picture and picture.open_unit_count != 0),
            is_readable=bool(picture and picture.state != "error"),
        ),
        problem=picture.problem if picture else "",
    )


_parsed: tuple[str, Mapping[str, Any]] = ("", {})


def _parse(picture: Picture) -> Mapping[str, Any]:
    """The payload as a mapping; parsed once per publication, shared by all viewers, changed by none."""
    global _parsed
    if _parsed[0] != picture.live.etag:
        _parsed = (picture.live.etag, json.loads(picture.live.body))
    return _parsed[1]


_shelves: dict[Path, Shelf] = {}
_order_shelves: dict[Path, Shelf] = {}


def open_view(feed: Feed) -> View:
    """The view of a page at the newest moment."""
    return View(shelf_of(feed.settings), read_picture(feed))


def shelf_of(settings: Settings) -> Shelf:
    """The process's one shelf for this home."""
    return _shelves.setdefault(settings.home, Shelf(settings))


def order_shelf_of(settings: Settings) -> Shelf:
    """The process's one shelf for what orders say in this home."""
    return _order_shelves.setdefault(settings.home, OrderShelf(settings))
