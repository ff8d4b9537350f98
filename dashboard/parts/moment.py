"""The moment a page is drawn for: the district's clock, the situation's time, and what follows from the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Moment:
    """`now` and `as_of` are in the district's zone; `as_of` is None while nothing was ingested.

    `allowance_s` widens every tolerance of silence on a played clock (see `data.clock`).
    """

    now: datetime
    as_of: datetime | None
    stale_after_s: float
    allowance_s: float
    is_open: bool
    """Whether a site is open: without one, silence is no news."""
    is_readable: bool = True
    """Whether the situation can be read; if not, what is shown is the last that could."""

    @property
    def age_s(self) -> float | None:
        """Seconds since the newest event."""
        return None if self.as_of is None else max(0.0, (self.now - self.as_of).total_seconds())

    @property
    def is_stale(self) -> bool:
        """Whether what is shown is out of date: unreadable since, or no feed has had news for longer than tolerated."""
        if not self.is_readable:
            return self.as_of is not None
        return self.is_open and self.age_s is not None and self.age_s > self.stale_after_s + self.allowance_s

    @property
    def shown_at(self) -> datetime:
        """The moment that the figures show: now, or where they stopped."""
        return self.as_of if self.is_stale and self.as_of else self.now

    def is_silent(self, feed: Mapping[str, Any]) -> bool:
        """Whether this feed has said nothing for longer than it may, while one of its sites is open."""
        if feed.get("silent_after_min") is None or not feed.get("has_open_site", True):
            return False
        last = self.local(feed.get("last_event_at"))
        if last is None:
            return self.as_of is not None
        tolerated = timedelta(minutes=feed["silent_after_min"], seconds=self.allowance_s)
        return self.now - last > tolerated

    def local(self, value: datetime | str | None) -> datetime | None:
        """A moment of a payload or an answer, in the district's zone."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(self.now.tzinfo)

    def time_used_pct(self, starts_at: datetime | str | None, deadline_at: datetime | str | None) -> float | None:
        """The share of a round's time that is over, 0–100."""
        starts, deadline = self.local(starts_at), self.local(deadline_at)
        if starts is None or deadline is None or deadline <= starts:
            return None
        return min(max((self.shown_at - starts) / (deadline - starts) * 100, 0.0), 100.0)


def make_moment(
    now: datetime,
    as_of: datetime | str | None,
    timezone: str,
    stale_after_s: float,
    allowance_s: float,
    is_open: bool,
    is_readable: bool = True,
) -> Moment:
    """The moment in the district's zone."""
    zone = ZoneInfo(timezone)
    known = datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    return Moment(
        now=now.astimezone(zone),
        as_of=known.astimezone(zone) if known else None,
        stale_after_s=stale_after_s,
        allowance_s=allowance_s,
        is_open=is_open,
        is_readable=is_readable,
    )
