"""Queries in the sandbox beside the same in plain DuckDB, and the wall's tick while ten analysts ask.

python -m tests.benchmarks.sandboxed [--rows N]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import duckdb

from dashboard.live import Feed
from data.publication import SCHEMA_VERSION
from data.questions import open_rows
from data.sandbox import Limits, Sandbox
from data.settings import PROJECT_ROOT, Settings
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.stopwatch import cost_of, seconds_of

SCANS = {
    "count by site": "select site_code, count(*) as n from registration_version group by all order by all",
    "wait by hour": """
        select date_trunc('hour', registered_at) as hour, avg(epoch(sampled_at) - epoch(registered_at)) as wait_s
        from registration_version where channel = 'self' group by all order by all
    """,
    "distinct people": "select approx_count_distinct(person_token) as n from registration_version",
}
START_MS_MOST, SCAN_RATIO_MOST, TICK_RATIO_MOST = 50.0, 1.1, 1.5
ANALYSTS = 10
TICKS = 15


def measure_scans(folder: Path, row_count: int) -> None:
    """Scans over so many registrations, in and out of the sandbox, on one thread each, in turn.

    Compared by time of the processor, which another's work on the machine does not lengthen; the clock's is said beside it.
    """
    settings = write_registrations(folder, row_count)
    plain = duckdb.connect(config={"threads": "1", "memory_limit": "1400MB", "temp_directory": ""})
    plain.execute(f"attach '{settings.situation_path}' as situation (read_only); use situation")
    open_rows(plain)
    limits = Limits(seconds=600)
    with Sandbox(Settings(home=settings.home, sandbox_seconds=600.0)) as sandbox:
        first_ms = seconds_of(lambda: sandbox.submit("select 1").result()) * 1000
        starts = [seconds_of(lambda: sandbox.submit("select 1").result()) for _ in range(20)]
        start_cpu_s = statistics.median(_ask(sandbox, "select 1", limits)[0] for _ in range(5))
        nothing_ms = min(seconds_of(lambda: plain.execute("select 1").fetchall()) for _ in range(20)) * 1000
        start_ms = statistics.median(starts) * 1000
        report(
            Figure(
                "a query's start in the sandbox", f"{start_ms:.0f} ms, the first {first_ms:,.0f} ms",
                f"select 1 outside: {nothing_ms:.1f} ms", f"≤ {START_MS_MOST:g} ms", start_ms <= START_MS_MOST,
            )
        )  # fmt: skip
        for name, text in SCANS.items():
            inside, outside = [], []
            while len(outside) < 3 or (len(outside) < 9 and outside[0].wall_s < 1):
                outside.append(cost_of(lambda text=text: plain.execute(text).to_arrow_table()))
                inside.append(_ask(sandbox, text, limits))
            inside_s, outside_s = min(cpu for cpu, _ in inside), min(cost.cpu_s for cost in outside)
            ratio = (inside_s - start_cpu_s) / outside_s
            clock = min(clock for _, clock in inside), min(cost.wall_s for cost in outside)
            report(
                Figure(
                    f"{name} over {row_count:,} rows, beside its start", f"{ratio:.2f} × of CPU",
                    f"{inside_s:.2f} s; outside {outside_s:.2f} s; by the clock {clock[0]:.2f} and {clock[1]:.2f} s",
                    f"≤ {SCAN_RATIO_MOST:g} × and {START_MS_MOST:g} ms", inside_s <= outside_s * SCAN_RATIO_MOST + START_MS_MOST / 1000,
                )
            )  # fmt: skip


def _ask(sandbox: Sandbox, text: str, limits: Limits) -> tuple[float, float]:
    """Seconds of the processor, as the query's own process counts them, and of the clock."""
    query = sandbox.submit(text, limits=limits)
    result = query.result()
    return float(query.word["cpu_s"]), result.seconds


def measure_ticks(settings: Settings) -> None:
    """What the wall's picture takes while ten analysts ask without end, beside nobody asking."""
    feed = Feed(settings)
    feed.look()
    alone = _ticks(feed, settings)
    with Sandbox(settings) as sandbox:
        text = "select sum(hash(a.range) % 7) from range(1000000) a, range(1000000) b"
        asked = [sandbox.submit(text, f"analyst {number}") for number in range(ANALYSTS)]
        while not any(query.progress().state == "running" and query.progress().seconds > 0.5 for query in asked):
            time.sleep(0.05)
        beside = _ticks(feed, settings)
        waiting = max(query.progress().place for query in asked)
        for query in asked:
            query.cancel()
    ratio = beside / alone
    report(
        Figure(
            f"the wall's picture beside {ANALYSTS} analysts, {waiting} of them waiting", f"{ratio:.2f} ×",
            f"{beside * 1000:.0f} ms; nobody asking {alone * 1000:.0f} ms", f"≤ {TICK_RATIO_MOST:g} ×", ratio <= TICK_RATIO_MOST,
        )
    )  # fmt: skip


def write_registrations(folder: Path, row_count: int) -> Settings:
    """A home whose situation names Parquet files of made-up registrations, ten million a file at most."""
    home = folder / "sandboxed"
    home.mkdir(parents=True)
    schema = PROJECT_ROOT / "data" / "schema"
    settings = Settings(home=home)
    with duckdb.connect(str(settings.situation_path)) as situation:
        situation.execute((schema / "situation.sql").read_text(encoding="utf-8"))
        situation.execute(
            """
            insert into meta by name
            select ? as schema_version, 1 as sequence, now() as published_at, now() as as_of, 'Asia/Shanghai' as timezone
            """,
            [SCHEMA_VERSION],
        )
        for part, start in enumerate(range(0, row_count, 10_000_000)):
            path = home / f"{part}.parquet"
            situation.execute(
                f"""
                copy (
                    select 'S' || (i % 120) as site_code, sha256((i // 3)::varchar)::blob as person_token,
                        '2022-07-09'::timestamptz + to_seconds(i % 604800) as registered_at,
                        '2022-07-09'::timestamptz + to_seconds(i % 604800 + i % 1800) as sampled_at, (i % 8)::integer as unit_no,
                        'H' || (i // 9) as household_code, 'G' || (i % 410) as grid_code,
                        case i % 5 when 0 then 'assisted' else 'self' end as channel
                    from range({start}, {min(start + 10_000_000, row_count)}) as made(i)
                ) to '{path}' (format parquet)
                """
            )
            situation.execute("insert into lake_file values ('registration_version', ?)", [str(path)])
    return settings


def _ticks(feed: Feed, settings: Settings) -> float:
    taken = []
    for _ in range(TICKS):
        os.utime(settings.situation_path)
        taken.append(seconds_of(feed.look))
        time.sleep(0.2)
    return statistics.median(taken)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sandboxed", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        measure_scans(Path(temporary), options.rows)
