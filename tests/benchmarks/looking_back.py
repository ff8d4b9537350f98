"""Moving the slider: a past moment that nobody looked at yet, beside the newest one; and gathering what was known then."""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from dashboard.live import Feed
from dashboard.past import choose_past, open_shelf
from data.known_then import write_known
from data.settings import Settings
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.stopwatch import cost_of, own_cpu_ms, seconds_of

MOST_MS = 300.0
MORNING = datetime(2022, 7, 14, 7)
MOVES = 7


def measure_looking_back(settings: Settings) -> None:
    """Moves through the morning of 14 July, a moment that is new to the server each time."""
    feed = Feed(settings)
    feed.look()
    moments = _moments()
    _draw(feed, next(moments))  # what only the first pays for
    new_ms = statistics.median(seconds_of(lambda: _draw(feed, next(moments))) * 1000 for _ in range(MOVES))
    cpu_ms = own_cpu_ms(lambda: _draw(feed, next(moments)), MOVES)
    again = next(moments)
    _draw(feed, again)
    again_ms = seconds_of(lambda: _draw(feed, again)) * 1000
    plain = Feed(settings)
    plain.look()  # draws the geometry, which later ones do not
    newest_ms = own_cpu_ms(lambda: _look_anew(plain), 3)
    report(
        Figure(
            "a past moment, new to the server",
            f"{new_ms:.0f} ms ({cpu_ms:.0f} of CPU)",
            f"the newest one: {newest_ms:.0f} ms of CPU; the same moment again: {again_ms:.1f} ms",
            f"≤ {MOST_MS:g} ms",
            new_ms <= MOST_MS,
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        at = datetime.fromisoformat("2100-01-01T00:00:00+00:00")  # everything had been received
        cost = cost_of(lambda: write_known(settings, at, Path(folder) / "known.duckdb"))
    report(
        Figure("what was known then, gathered aside", str(cost), f"a past moment by what is known now: {new_ms:.0f} ms")
    )


def _moments() -> Iterator[datetime]:
    return (MORNING + number * timedelta(minutes=5) for number in itertools.count())


def _draw(feed: Feed, at: datetime) -> None:
    past = choose_past(feed, at, is_known_then=False)
    assert past is not None
    open_shelf(feed, past)[0].draw(feed)


def _look_anew(feed: Feed) -> None:
    """A picture of the newest moment with all its blocks: alerts stand for some seconds, here they are asked for too."""
    feed._blocks.clear()
    os.utime(feed.settings.situation_path)
    feed.look()
