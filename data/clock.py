"""What time it is for the district: the wall clock, or the clock of a scenario that is being played.

A played scenario writes `clock.json` in the home folder; every process reads it, so that ingest, pages and
questions agree. Without that file the clock is the real one.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

CLOCK_FILE = "clock.json"


@dataclass(frozen=True)
class Clock:
    """A moment that moves `speed` seconds for each real second, from `starts_at` on, and stops at `ends_at`.

    `started_at` is the real moment at which the clock showed `starts_at`. The real clock has speed 1 and no end.
    """

    starts_at: datetime | None = None
    started_at: datetime | None = None
    ends_at: datetime | None = None
    speed: float = 1.0

    def now(self) -> datetime:
        """The district's present moment, timezone-aware."""
        real = datetime.now(UTC)
        if self.starts_at is None or self.started_at is None:
            return real
        moment = self.starts_at + self.speed * max(real - self.started_at, timedelta(0))
        return min(moment, self.ends_at) if self.ends_at else moment

    def pipeline_allowance_s(self) -> float:
        """District seconds by which silence may be longer before it is called silence.

        A file needs a few real seconds from the inbox to the page (settle, batch, commit, poll); at speed N they
        are N times as long on the district's clock. Zero for the real clock.
        """
        return max(0.0, self.speed - 1.0) * 5.0


def read_clock(home: Path) -> Clock:
    """The clock in force for this home: the played one if `clock.json` is there, else the real one."""
    try:
        raw = json.loads((home / CLOCK_FILE).read_text(encoding="utf-8"))
        return Clock(
            starts_at=datetime.fromisoformat(raw["starts_at"]),
            started_at=datetime.fromisoformat(raw["started_at"]),
            ends_at=datetime.fromisoformat(raw["ends_at"]) if raw.get("ends_at") else None,
            speed=float(raw["speed"]),
        )
    except (FileNotFoundError, KeyError, ValueError, TypeError):
        return Clock()


def write_clock(home: Path, starts_at: datetime, speed: float, ends_at: datetime | None) -> Clock:
    """Starts a played clock at `starts_at` now, for every process of this home."""
    clock = Clock(starts_at, datetime.now(UTC), ends_at, speed)
    body = {
        "starts_at": starts_at.isoformat(),
        "started_at": clock.started_at.isoformat() if clock.started_at else None,
        "ends_at": ends_at.isoformat() if ends_at else None,
        "speed": speed,
    }
    aside = home / f".{CLOCK_FILE}.{os.getpid()}"
    aside.write_text(json.dumps(body), encoding="utf-8")
    aside.replace(home / CLOCK_FILE)
    return clock
