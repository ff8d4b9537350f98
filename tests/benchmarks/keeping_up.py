"""`make soak`: a file a second for hours, in minutes; latencies at the beginning and at the end, and what grew.

python -m tests.benchmarks.keeping_up [--commits N] [--postgres]

The machine's clock is played: each commit is a second for upkeep, so that retention passes in so many commits.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import data.upkeep
from data.catalogue import METADATA
from data.ingest.reading import find_logs
from data.ingest.take import Taker
from data.lake import Lake, open_lake
from data.lake_files import catalogue_bytes, list_present_files
from data.settings import Settings
from data.upkeep import Upkeep
from tests.benchmarks.figures import Figure, report
from tests.data.postgres import running_postgres
from tests.data.small_district import HEADER, NAME, PHONE, make_district

LINES = 30
MOST_RATIO = 1.3
TABLES = (
    "ducklake_snapshot",
    "ducklake_data_file",
    "ducklake_file_column_stats",
    "ducklake_files_scheduled_for_deletion",
)


def main() -> int:
    """Measures and prints; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.keeping_up", description=__doc__)
    parser.add_argument("--commits", type=int, default=3_000, help="commits, a second each (3000)")
    parser.add_argument("--postgres", action="store_true", help="with the catalogue in PostgreSQL")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as temporary,
        running_postgres() if options.postgres else nullcontext() as server,
    ):
        settings = make_district(
            Settings(home=Path(temporary) / "home", catalogue=server.make_catalogue() if server else "")
        )
        _measure(settings, options.commits)
    return 0


def _measure(settings: Settings, commits: int) -> None:
    chance = random.Random(3)
    played_s = 0.0
    data.upkeep.read_uptime_s = lambda: played_s
    window = max(1, commits // 6)
    costs: list[tuple[float, float]] = []
    upkeep_costs: list[float] = []
    middle: dict[str, int] = {}
    with open_lake(settings) as lake:
        taker = Taker(lake, settings)
        taker.load()
        upkeep = Upkeep(lake, settings)
        for number in range(commits):
            played_s += 1.0
            path = settings.home / f"{number}.csv"
            path.write_text(f"{HEADER}\n" + "".join(_line(chance) for _ in range(LINES)), encoding="utf-8")
            batch = taker.read(find_logs(path, "baisha"))
            begin = time.process_time()
            taker.take(batch)
            taken = time.process_time()
            taker.publish()
            costs.append((taken - begin, time.process_time() - taken))
            path.unlink()
            upkeep.note_commit()
            if upkeep.is_due:
                begin = time.process_time()
                tidied = upkeep.work()
                upkeep_costs.append(time.process_time() - begin)
                sys.stdout.write(f"  after {number + 1:,} commits: {tidied}\n")
                sys.stdout.flush()
            if number == commits // 2:
                middle = _sizes(lake, settings)
        taker.close()
        end = _sizes(lake, settings)
    for place, what in enumerate(("commit", "publish")):
        first, last = (
            sorted(cost[place] for cost in part)[window // 2] * 1000 for part in (costs[:window], costs[-window:])
        )
        ratio = last / first
        report(
            Figure(
                f"{what}, median of the last {window:,}",
                f"{last:.0f} ms of CPU",
                f"of the first: {first:.0f} ms; ratio {ratio:.2f}",
                f"≤ {MOST_RATIO}",
                ratio <= MOST_RATIO,
            )
        )
    if upkeep_costs:
        report(Figure("upkeep, the last", f"{upkeep_costs[-1]:.2f} s of CPU", f"the first: {upkeep_costs[0]:.2f} s"))
    for name, size in end.items():
        report(Figure(name, f"{size:,}", f"half way: {middle[name]:,}"))
    with open_lake(settings) as lake:
        taker = Taker(lake, settings)
        begin = time.process_time()
        taker.load()
        report(
            Figure(
                "start of a worker", f"{time.process_time() - begin:.2f} s of CPU", f"{commits:,} commits of history"
            )
        )
        taker.close()


def _sizes(lake: Lake, settings: Settings) -> dict[str, int]:
    sizes = {
        "files in the folder": len(list_present_files(settings.lake_data_dir)),
        "bytes of the catalogue": catalogue_bytes(lake.connection, lake.catalogue),
        "bytes of upkeep.json": (settings.lake_dir / "upkeep.json").stat().st_size
        if (settings.lake_dir / "upkeep.json").exists()
        else 0,
    }
    for table in TABLES:
        row = lake.connection.execute(f"select count(*) from {METADATA}.{table}").fetchone()
        sizes[f"rows of {table}"] = int(row[0]) if row else 0
    row = lake.connection.execute("select count(*) from lake.grid_bucket_delta").fetchone()
    sizes["rows of grid_bucket_delta"] = int(row[0]) if row else 0
    return sizes


def _line(chance: random.Random) -> str:
    """A registration of one of 10^8 people who cannot exist."""
    body = f"990101{chance.randrange(1950, 2010)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}{chance.randrange(1000):03}"
    check = "10X98765432"[
        sum(
            int(digit) * weight
            for digit, weight in zip(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), strict=True)
        )
        % 11
    ]
    moment = f"2022-07-14 {chance.randrange(7, 21):02}:{chance.randrange(60):02}:{chance.randrange(60):02}"
    return f"{chance.choice(('S1', 'S2'))},,{moment},,{NAME},,{body}{check},{PHONE},{chance.choice(('H1', 'H3', 'H4'))},,,\n"


if __name__ == "__main__":
    sys.exit(main())
