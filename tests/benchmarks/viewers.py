"""Many viewers on one server while data comes in: `python -m tests.benchmarks.viewers [--count N] [--seconds N]`.

First each asks for news every two seconds, as the wall does; then they sit at different pages, whose parts tick by
themselves. Counts the ticks that were answered within two seconds, and what the server needed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from data.settings import Settings
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.page_viewers import PAGES, watch_pages
from tests.benchmarks.server import fetch, served
from tests.benchmarks.stopwatch import cpu_seconds
from tests.benchmarks.tally import Tally

TICK_S = 2.0
LEAST_SHARE = 0.99
MOST_CORES = 0.5


def watch(address: str, count: int, seconds: float) -> Tally:
    """So many viewers for so long; they start spread over one tick."""
    tally = Tally()
    ends_s = time.monotonic() + seconds
    threads = [threading.Thread(target=_view, args=(address, tally, ends_s, TICK_S * i / count)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def _view(address: str, tally: Tally, ends_s: float, delay_s: float) -> None:
    tag = ""
    next_s = time.monotonic() + delay_s
    while next_s < ends_s:
        time.sleep(max(0.0, next_s - time.monotonic()))
        begin = time.perf_counter()
        try:
            body, tag = fetch(f"{address}/api/live", tag)
            tally.add(time.perf_counter() - begin, len(body))
        except OSError:
            tally.fail()
        next_s += TICK_S


def main() -> int:
    """Plays a small July and lets the viewers watch; exit 1 when too many ticks were late or failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.viewers", description=__doc__)
    parser.add_argument("--count", type=int, default=50, help="viewers (50)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (60)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        demo = ("--demo", "--scale", "0.02", "--speed", "60")
        with served(Settings(home=Path(home)), demo, ready_line="is being played") as (address, pids):
            dashboard = pids["dashboard"]
            return 0 if _watch_wall(address, dashboard, options) and _watch_pages(address, dashboard, options) else 1


def _watch_wall(address: str, dashboard: int, options: argparse.Namespace) -> bool:
    """Viewers that only poll, as the wall does."""
    share = 0.0
    for count, seconds in ((1, options.seconds / 4), (options.count, options.seconds)):
        begin = cpu_seconds(dashboard)
        tally = watch(address, count, seconds)
        cpu_s = cpu_seconds(dashboard) - begin
        share = tally.share_in_time(TICK_S)
        _report(
            f"{count} viewers, {len(tally.latencies_s)} ticks", tally, cpu_s / seconds, count > 1, share >= LEAST_SHARE
        )
    return share >= LEAST_SHARE


def _watch_pages(address: str, dashboard: int, options: argparse.Namespace) -> bool:
    """Viewers spread over all pages, whose parts tick by themselves."""
    is_met = False
    for count, seconds in ((len(PAGES), options.seconds / 4), (options.count, options.seconds)):
        tally, begin = watch_pages(address, count, seconds, read=lambda: cpu_seconds(dashboard))
        cores = (cpu_seconds(dashboard) - begin) / seconds
        is_met = tally.share_in_time(TICK_S) >= LEAST_SHARE and cores <= MOST_CORES
        _report(
            f"{count} viewers of {len(PAGES)} pages, {len(tally.latencies_s)} ticks",
            tally,
            cores,
            count > len(PAGES),
            is_met,
        )
    return is_met


def _report(name: str, tally: Tally, cores: float, has_aim: bool, is_met: bool) -> None:
    ticks = max(1, len(tally.latencies_s))
    typical_ms = statistics.median(tally.latencies_s or [0.0]) * 1000
    aim = f"≥ {LEAST_SHARE:.0%}" + (f", ≤ {MOST_CORES:.0%} of a core" if "pages" in name else "")
    report(
        Figure(
            name,
            f"{tally.share_in_time(TICK_S):.1%} in time",
            f"median {typical_ms:.0f} ms, {tally.byte_count / ticks:,.0f} B a tick, server {cores:.0%} of a core",
            aim if has_aim else "",
            is_met if has_aim else None,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
