"""One sitting over one publication at one moment, held open for all who look at that moment: the feed, the pages, the map.

Owns when a situation file is opened and given back, and the answers of an open sitting. What one viewer asked another
finds: an answer is worked out once a publication and moment. Knows nothing of what is shown.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import cached_property
from pathlib import Path
from time import thread_time
from typing import Any, Self

from data.clock import Clock
from data.questions import ask, sit_down
from data.settings import Settings
from data.situation import SituationEngine, identify_file, mark_orders

Row = dict[str, Any]

ANSWERS_MAX = 512
"""Answers kept at most; one is a few rows, the list of all grids some 200 KB."""

ENGINE = SituationEngine()
"""The process's one engine for what the pages and the wall show."""


class Held:
    """Something open that several hold: the last who lets it go closes it. Whoever makes it holds it."""

    def __init__(self) -> None:
        self._holder_count = 1
        self._holding = threading.Lock()

    def hold(self) -> Self:
        """Keeps it open for one holder more."""
        with self._holding:
            self._holder_count += 1
        return self

    def release(self) -> None:
        """Lets go of it."""
        with self._holding:
            self._holder_count -= 1
            is_last = self._holder_count == 0
        if is_last:
            self._close()

    def _close(self) -> None:
        raise NotImplementedError


class Publication(Held):
    """One publication's situation file, opened once for all."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.identity = identify_file(path)
        """Of the file at this path before it was opened: one that replaced it meanwhile is opened once more."""
        self.situation = ENGINE.open(path)
        # the pages' questions are many and small: a second thread costs a third more CPU and saves no time
        self.situation.connection.execute("set threads = 1")

    @property
    def as_of(self) -> datetime | None:
        """The newest event known."""
        return self.situation.as_of

    @cached_property
    def changes(self) -> tuple[datetime, ...]:
        """The moments at which something begins or ceases to hold without any event: orders and rounds."""
        rows = ask(self.situation, "wall/schedule", self.as_of).to_pylist()
        return tuple(row["changes_at"] for row in rows)

    @cached_property
    def orders_mark(self) -> int:
        """By it two publications with the same orders are known."""
        return mark_orders(self.situation)

    def is_anywhere_open(self) -> bool:
        """Whether a site had a unit open at the newest event, or may have had."""
        counts: list[int | None] = ask(self.situation, "sites/queues", self.as_of).column("open_unit_count").to_pylist()
        return counts != [0]

    def _close(self) -> None:
        self.situation.close()


class OpenSitting(Held):
    """A publication at one moment: several threads may ask, each question is worked out by the first."""

    def __init__(
        self,
        publication: Publication,
        moment: datetime,
        params: Mapping[str, Any],
        expected: Iterable[str] = (),
        changes_at: datetime | None = None,
    ) -> None:
        super().__init__()
        self.publication, self.moment, self.changes_at = publication.hold(), moment, changes_at
        self.spent_s = 0.0
        """CPU time that the answers took so far."""
        self._open = ExitStack()
        self._open.callback(publication.release)
        self._sitting = self._open.enter_context(sit_down(publication.situation, moment, expected=expected, **params))
        self._answers: OrderedDict[tuple[Any, ...], list[Row]] = OrderedDict()
        self._working: dict[tuple[Any, ...], threading.Lock] = {}
        self._keeping = threading.Lock()

    def ask(self, name: str, **params: Any) -> list[Row]:
        """The answer's rows. Raises WanggeError where the question fails; it is then asked again by the next."""
        return self._answer((name, *sorted(params.items())), lambda: self._sitting.ask(name, **params).to_pylist())

    def ask_at(self, as_of: datetime, name: str, **params: Any) -> list[Row]:
        """The answer as of another moment, from the same publication."""
        situation = self.publication.situation
        key = (name, as_of, *sorted(params.items()))
        return self._answer(key, lambda: ask(situation, name, as_of, **params).to_pylist())

    def _answer(self, key: tuple[Any, ...], work_out: Callable[[], list[Row]]) -> list[Row]:
        with self._keeping:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
            working = self._working.setdefault(key, threading.Lock())
        with working:
            with self._keeping:
                if key in self._answers:
                    return self._answers[key]
            begin_s = thread_time()
            try:
                rows = work_out()
            finally:
                with self._keeping:
                    self.spent_s += thread_time() - begin_s
            with self._keeping:
                self._answers[key] = rows
                self._working.pop(key, None)
                if len(self._answers) > ANSWERS_MAX:
                    self._answers.popitem(last=False)
            return rows

    def _close(self) -> None:
        self._open.close()


def open_newest(
    publication: Publication, settings: Settings, clock: Clock, expected: Iterable[str] = ()
) -> OpenSitting:
    """A sitting at the moment that the pages and the wall show of a publication."""
    moment, changes_at = find_moment(publication, clock)
    return OpenSitting(publication, moment, choose_params(settings, clock), expected, changes_at)


def find_moment(publication: Publication, clock: Clock) -> tuple[datetime, datetime | None]:
    """The moment to ask about, and the next one after it at which the picture changes by itself (None: none is known).

    It is the newest event's. Where every site rested then, silence is no fault, and it is that of the last order that has
    taken effect, or round that has begun or closed, since: a zone lifted at midnight is gone at midnight, though nothing
    happens until morning. Where a site was open, silence makes the picture stale, and a stale picture stays as it is.
    """
    now = clock.now()
    newest = publication.as_of or now
    upcoming = min((moment for moment in publication.changes if moment > max(now, newest)), default=None)
    due = max((moment for moment in publication.changes if newest < moment <= now), default=newest)
    if due > newest and publication.is_anywhere_open():
        return newest, upcoming
    return due, upcoming


def choose_params(settings: Settings, clock: Clock) -> dict[str, Any]:
    """What the district has set for its questions; each question takes those that it has."""
    return settings.for_questions(clock.pipeline_allowance_s())
