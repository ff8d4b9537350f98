"""Where a page asks, and what else it reads of its moment.

Owns how long answers stand. A page that asks what another viewer or the wall asked already costs a look-up, not a query.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.live import Feed
from dashboard.parts.moment import Moment
from dashboard.sittings import OpenSitting, Publication, Row, choose_params
from data.clock import Clock, read_clock
from data.errors import WanggeError
from data.settings import Settings

DEAR_S, REST, LONGEST_S = 0.25, 10.0, 12.0
"""Answers that took more than DEAR_S of CPU in all stand for REST times as long as they took, at most LONGEST_S: with many pages
open, the pages together take a tenth of a core for questions, however often the situation is published."""


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


class Shelf:
    """Where a page asks: one sitting for all viewers, and when it gives way to the next."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._sitting: OpenSitting | None = None

    def ask(self, name: str, **params: Any) -> list[Row]:
        """The answer's rows. Raises WanggeError when the situation cannot be opened or the question fails."""
        with self.seated() as sitting:
            return sitting.ask(name, **params)

    def ask_at(self, as_of: datetime, name: str, **params: Any) -> list[Row]:
        """The answer as of another moment than the pages', from the same situation."""
        with self.seated() as sitting:
            return sitting.ask_at(as_of, name, **params)

    def ask_each(self, *names: str, **params: Any) -> dict[str, list[Row] | WanggeError]:
        """The answers by question; a question that fails costs its own block only, and gives its error."""
        answers: dict[str, list[Row] | WanggeError] = {}
        for name in names:
            try:
                answers[name] = self.ask(name, **params)
            except WanggeError as error:
                answers[name] = error
        return answers

    @contextmanager
    def seated(self) -> Iterator[OpenSitting]:
        """The sitting that is in force now, which stays open for as long as the block runs."""
        with self._lock:
            sitting = self._sit().hold()
        try:
            yield sitting
        finally:
            sitting.release()

    def renew(self) -> None:
        """Whoever has changed something sees it at once: looks for a publication now, not when the feed looks next."""

    def close(self) -> None:
        """Lets the sitting go; who asks again gets another."""
        with self._lock:
            self._take(None)

    def _sit(self) -> OpenSitting:
        raise NotImplementedError

    def _take(self, sitting: OpenSitting | None) -> None:
        """Holds this sitting, which was held for the shelf already, instead of the last one."""
        if self._sitting is not None:
            self._sitting.release()
        self._sitting = sitting


class NewestShelf(Shelf):
    """The shelf of the newest moment: it takes over the feed's own sitting, so page and wall say the same, and what the wall
    needed was worked out already."""

    def __init__(self, feed: Feed) -> None:
        super().__init__(feed.settings)
        self.feed = feed
        self._taken_at_s = 0.0

    def renew(self) -> None:
        self.feed.look()

    def _sit(self) -> OpenSitting:
        if self._sitting is None or not self._is_resting(self._sitting):
            self.feed.look_if_new()
        with self.feed.seated() as newest:
            if self._sitting is None or (newest is not self._sitting and self._is_over(self._sitting, newest)):
                self._take(newest.hold())
                newest.spent_s, self._taken_at_s = 0.0, monotonic()
        assert self._sitting is not None
        return self._sitting

    def _is_over(self, own: OpenSitting, newest: OpenSitting) -> bool:
        """Whether the answers have stood for long enough; what was ordered shows at once."""
        if own.publication.orders_mark != newest.publication.orders_mark:
            return True
        return not self._is_resting(own)

    def _is_resting(self, own: OpenSitting) -> bool:
        return own.spent_s > DEAR_S and monotonic() - self._taken_at_s < min(own.spent_s * REST, LONGEST_S)


class OrderShelf(Shelf):
    """The shelf of what orders say: they hold by the clock, whether or not the logs keep up with it."""

    def __init__(self, newest: NewestShelf) -> None:
        super().__init__(newest.settings)
        self._newest = newest
        self._changes_at = datetime.min.replace(tzinfo=UTC)

    def renew(self) -> None:
        self._newest.renew()

    def _sit(self) -> OpenSitting:
        clock = read_clock(self.settings.home)
        with self._newest.seated() as newest:
            own = self._sitting
            if own is None or own.publication is not newest.publication or clock.now() >= self._changes_at:
                moment, self._changes_at = self._find_moment(newest.publication, clock)
                if moment == newest.moment:
                    self._take(newest.hold())
                else:
                    self._take(OpenSitting(newest.publication, moment, choose_params(self.settings, clock)))
        assert self._sitting is not None
        return self._sitting

    def _find_moment(self, publication: Publication, clock: Clock) -> tuple[datetime, datetime]:
        """The last of: newest event, change of an order or round, midnight, from which on days count anew."""
        now = clock.now()
        newest = min(publication.as_of or now, now)
        midnight = now.astimezone(ZoneInfo(self.settings.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
        changes = [*publication.changes, midnight, midnight + timedelta(days=1)]
        return max(newest, *(at for at in changes if at <= now)), min(at for at in changes if at > now)
