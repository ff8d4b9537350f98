"""Answers to questions, each worked out once per publication for all viewers, and what else a page reads of its moment.

Owns the shelf of answers and its bound. A page that asks what another viewer asked already costs a look-up, not a query.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, thread_time
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.live import choose_params, find_moment, identify_file
from dashboard.parts.moment import Moment
from data.clock import Clock, read_clock
from data.errors import WanggeError
from data.questions import Sitting, ask, sit_down
from data.settings import Settings
from data.situation import Situation, open_situation

Row = dict[str, Any]

DEAR_S, REST, LONGEST_S = 0.5, 8.0, 10.0
"""Answers that took more than DEAR_S of CPU in all stand for REST times as long as they took, at most LONGEST_S: with many pages
open, the pages together take an eighth of a core for questions, however often the situation is published."""
SHELF_SIZE = 512
"""Answers kept at most; one is a few rows, the list of all grids some 200 KB."""


@dataclass(frozen=True)
class Past:
    """That a page looks back. `is_known_then`: by what had been received by that moment, not by what is known now."""

    at: datetime
    is_known_then: bool = False
    wanted_known_then: bool = False
    """Whether that was asked for; what was received is being gathered, or could not be, where only this is true."""
    gathered_pct: int | None = None
    problem: str = ""


@dataclass(frozen=True)
class Reading:
    """One look at the live feed, or at a past moment: its state (ok, empty, error), figures, and the moment they are judged at."""

    state: str
    payload: Mapping[str, Any]
    moment: Moment
    problem: str = ""
    past: Past | None = None

    @property
    def is_synthetic(self) -> bool:
        return bool((self.payload.get("district") or {}).get("is_synthetic"))

    @property
    def wait_bounds_min(self) -> tuple[float, float]:
        """From how many minutes of waiting on a site is busy, and jammed, as the district has set it."""
        busy, jammed = self.payload["wait_bounds_min"]
        return float(busy), float(jammed)


@dataclass(frozen=True)
class View:
    """What a page shows: where to ask, and what the live feed says of the same moment."""

    shelf: Shelf
    reading: Reading


@dataclass
class Shelf:
    """The newest situation of one home, in one sitting for all viewers, and the answers it has given."""

    settings: Settings
    expected: tuple[str, ...] = ()
    """Questions that will be asked all the same, where that is known: it saves a sixth of their cost."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _identity: tuple[int, int, int] | None = None
    _opened: ExitStack | None = None
    _sitting: Sitting | None = None
    _situation: Situation | None = None
    _changes_at: datetime | None = None
    _spent_s: float = 0.0
    _sat_down_s: float = 0.0
    _answers: OrderedDict[tuple[Any, ...], list[Row]] = field(default_factory=OrderedDict)

    def ask(self, name: str, **params: Any) -> list[Row]:
        """The answer's rows. Raises WanggeError when the situation cannot be opened or the question fails."""
        key = (name, *sorted(params.items()))
        with self._lock:
            sitting = self._sit()
            if key not in self._answers:
                begin_s = thread_time()
                self._keep(key, sitting.ask(name, **params).to_pylist())
                self._spent_s += thread_time() - begin_s
            self._answers.move_to_end(key)
            return self._answers[key]

    def ask_at(self, as_of: datetime, name: str, **params: Any) -> list[Row]:
        """The answer as of another moment than the pages', from the situation that is in force now."""
        key = (name, as_of, *sorted(params.items()))
        with self._lock:
            self._sit()
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

    @property
    def situation_path(self) -> Path:
        """The file that is asked."""
        return self.settings.situation_path

    def _sit(self) -> Sitting:
        """The sitting over the situation that is in force now; asked as the live feed asks: page and wall say the same."""
        clock = read_clock(self.settings.home)
        identity = identify_file(self.situation_path)
        if self._sitting is None or self._is_over(identity, clock):
            with ExitStack() as stack:
                situation = open_situation(self.situation_path)
                stack.callback(situation.close)
                situation.connection.execute("set threads = 1")  # as the live feed: a second one costs a third more CPU
                moment, changes_at = self._find_moment(situation, clock)
                sitting = stack.enter_context(
                    sit_down(situation, moment, expected=self.expected, **self._choose_params(clock))
                )
                newest = stack.pop_all()
            self._drop()
            self._opened, self._sitting, self._identity, self._changes_at = newest, sitting, identity, changes_at
            self._situation, self._spent_s, self._sat_down_s = situation, 0.0, monotonic()
        assert self._sitting is not None
        return self._sitting

    def close(self) -> None:
        """Gives back the file and forgets the answers; who asks again opens it anew."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._opened is not None:
            self._opened.close()
        self._opened = self._sitting = self._situation = None
        self._answers.clear()

    def _is_over(self, identity: tuple[int, int, int] | None, clock: Clock) -> bool:
        """Whether the sitting must give way to one over what is in force now."""
        if self._spent_s > DEAR_S and monotonic() - self._sat_down_s < min(self._spent_s * REST, LONGEST_S):
            return False
        return identity != self._identity or (self._changes_at is not None and clock.now() >= self._changes_at)

    def _choose_params(self, clock: Clock) -> dict[str, Any]:
        """What the district has set for its questions, and how far files may lag."""
        return choose_params(self.settings, clock)

    def _find_moment(self, situation: Situation, clock: Clock) -> tuple[datetime, datetime | None]:
        """The moment to ask about, and the next at which answers change by themselves."""
        return find_moment(situation, clock)


class OrderShelf(Shelf):
    """The shelf of what orders say: they hold by the clock, whether or not the logs keep up with it, and show at once."""

    def _is_over(self, identity: tuple[int, int, int] | None, clock: Clock) -> bool:
        return identity != self._identity or (self._changes_at is not None and clock.now() >= self._changes_at)

    def _find_moment(self, situation: Situation, clock: Clock) -> tuple[datetime, datetime | None]:
        """The last of: newest event, change of an order or round, midnight, from which on days count anew."""
        now = clock.now()
        newest = min(situation.as_of or now, now)
        midnight = now.astimezone(ZoneInfo(self.settings.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
        changes = [row["changes_at"] for row in ask(situation, "wall/schedule", newest).to_pylist()]
        changes += [midnight, midnight + timedelta(days=1)]
        return max(newest, *(at for at in changes if at <= now)), min(at for at in changes if at > now)
