"""Many viewers on one server while data comes in: `python -m tests.benchmarks.viewers [--count N] [--seconds N]`.

Each asks for news every two seconds, as the wall does. Counts the ticks that were answered within those two seconds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from data.settings import Settings
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.server import fetch, served
from tests.benchmarks.stopwatch import cpu_seconds

TICK_S = 2.0
LEAST_SHARE = 0.99


@dataclass
class Tally:
    """What viewers met together."""

    latencies_s: list[float] = field(default_factory=list)
    byte_count: int = 0
    failed_count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


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
    while (now_s := time.monotonic()) < ends_s:
        if now_s < next_s:
            time.sleep(next_s - now_s)
        begin = time.perf_counter()
        try:
            body, tag = fetch(f"{address}/api/live", tag)
        except OSError:
            body = b""
            with tally.lock:
                tally.failed_count += 1
        with tally.lock:
            tally.latencies_s.append(time.perf_counter() - begin)
            tally.byte_count += len(body)
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
            shares = []
            for count, seconds in ((1, options.seconds / 4), (options.count, options.seconds)):
                begin = cpu_seconds(pids["dashboard"])
                tally = watch(address, count, seconds)
                cpu_s = cpu_seconds(pids["dashboard"]) - begin
                late = sum(latency > TICK_S for latency in tally.latencies_s)
                ticks = len(tally.latencies_s)
                shares.append(1 - (late + tally.failed_count) / ticks)
                typical_ms = statistics.median(tally.latencies_s) * 1000
                report(
                    Figure(
                        f"{count} viewers, {ticks} ticks",
                        f"{shares[-1]:.1%} in time",
                        f"median {typical_ms:.0f} ms, {tally.byte_count / ticks:,.0f} B a tick, server {cpu_s / seconds:.0%} of a core",
                        f"≥ {LEAST_SHARE:.0%}" if count > 1 else "",
                        shares[-1] >= LEAST_SHARE if count > 1 else None,
                    )
                )
    return 0 if shares[-1] >= LEAST_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
