"""What a second's worth of rows costs the worker, beside a short and a long history of rounds that are over.

Two processes, one behind each history, take the same batches in turn: a machine's pace changes by half from minute to minute.

python -m tests.benchmarks.history [--rows 50000000] [--home DIR]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import mean, median

from data.ingest.reading import find_logs
from data.ingest.take import Taker
from data.lake import Lake, open_lake
from data.reference_import import find_reference_files, import_all
from data.scenario import build_scenario
from data.settings import Settings
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.long_file import FEED, write_long_file
from tests.benchmarks.stopwatch import cost_of

SCALE = 0.02
SHORT_ROWS = 1_000_000
COMMIT_ROWS = 500_000
MOST_RATIO = 1.3
BATCHES, FILES, ROWS = 45, 20, 50
WARM_UP = 5
# Past rounds, a million registrations a day back from 30 June, as a worker would have committed them.
WRITE_VERSIONS = """
insert into lake.registration_version
select s.site_code, (hash(n.i)::uhugeint << 64 | hash(-n.i - 1))::bit::blob, n.registered_at,
    n.registered_at + to_minutes((n.i % 40)::bigint), (n.i % s.unit_count + 1)::integer, h.household_code, h.grid_code, 'self',
    'T' || n.i // 10, null, $feed, $ingest_no, n.registered_at, false
from (
    select i, i % (select count(*) from mirror.ref_site) + 1 as site_no,
        i // 3 % (select count(*) from mirror.ref_household) + 1 as household_no,
        timestamptz '2022-06-30 06:00:00+08' - to_days((i // 1000000)::integer) + to_seconds(i % 1000000 * 0.05) as registered_at
    from range($first, $until) as t(i)
) as n
inner join (select site_no, site_code, unit_count from mirror.ref_site) as s on s.site_no = n.site_no
inner join (
    select h.household_no, h.household_code, g.grid_code
    from mirror.ref_household as h inner join mirror.ref_grid as g on g.grid_no = h.grid_no
) as h on h.household_no = n.household_no
"""
WRITE_ROLL_UPS = """
insert into lake.site_bucket_delta
select make_timestamptz(epoch_us(registered_at) // 300000000 * 300000000), site_code, channel, count(*), count(*), count(*),
    600.0 * count(*)
from lake.registration_version where ingest_no = $ingest_no group by all;
insert into lake.feed_bucket_delta
select $feed, make_timestamptz(epoch_us(registered_at) // 300000000 * 300000000), count(*)
from lake.registration_version where ingest_no = $ingest_no group by all;
insert into lake.ingest_file
select sha256($ingest_no::varchar), $ingest_no || '.csv', $ingest_no, $feed, 'registration', 0, count(*), count(*), 0, 0, 0,
    min(registered_at), max(sampled_at), max(registered_at), 0, 1, true, 0
from lake.registration_version where ingest_no = $ingest_no;
"""


def main() -> int:
    """Builds both histories, measures, and reports; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.history", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000_000, help="rows of the long history (50,000,000)")
    parser.add_argument("--home", type=Path, help="where to build it: some 3 GB for 50 million rows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.home) as folder:
        measure_history(Path(folder), options.rows)
    return 0


def measure_history(folder: Path, long_rows: int) -> None:
    """Reports what a batch costs, checks, commit and publication together, beside each history."""
    batches = _lay_out_batches(folder)
    with _serve(folder / "short", SHORT_ROWS) as short, _serve(folder / "long", long_rows) as long:
        costs = [(_ask(short, files), _ask(long, files)) for files in batches][WARM_UP:]
    short_ms, long_ms = ([cost * 1000 for cost in column] for column in zip(*costs, strict=True))
    ratios = [middle(long_ms) / middle(short_ms) for middle in (median, mean)]
    report(
        Figure(
            f"a batch of {FILES} files, {FILES * ROWS:,} rows, {long_rows:,} behind it",
            f"{median(long_ms):,.0f} ms of CPU, mean {mean(long_ms):,.0f}",
            f"with {SHORT_ROWS:,} behind it: {median(short_ms):,.0f} ms, mean {mean(short_ms):,.0f};"
            f" ratio {ratios[0]:.2f}, of the means {ratios[1]:.2f}",
            f"≤ {MOST_RATIO} at 50 million",
            max(ratios) <= MOST_RATIO,
        )
    )


def _lay_out_batches(folder: Path) -> list[list[Path]]:
    """A day's lines in files, in batches that come in any order: some late, as the files of a whole morning may."""
    build_scenario(folder / "scenario", scale=SCALE)
    whole = folder / "lines.csv"
    write_long_file(whole, BATCHES * FILES * ROWS, folder / "scenario" / "reference")
    header, *lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    lines.sort(key=lambda line: line.split(",")[2])
    paths = [folder / f"{number}.csv" for number in range(BATCHES * FILES)]
    for number, path in enumerate(paths):
        path.write_text(header + "".join(lines[number * ROWS : (number + 1) * ROWS]), encoding="utf-8")
    batches = [paths[first : first + FILES] for first in range(0, len(paths), FILES)]
    random.Random(1).shuffle(batches)
    return batches


@contextmanager
def _serve(home: Path, rows: int) -> Iterator[Connection]:
    """A worker behind so many rows, in a process of its own: it is sent batches, and answers with what each cost."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(home, rows, there), daemon=True)
    process.start()
    there.close()
    try:
        here.recv()  # the history is written
        yield here
    finally:
        here.close()
        process.join()


def _ask(worker: Connection, files: Sequence[Path]) -> float:
    worker.send(files)
    cost: float = worker.recv()
    return cost


def _work(home: Path, rows: int, measurer: Connection) -> None:
    """Writes the history, and then takes and publishes the batches that it is sent."""
    settings = Settings(home=home)
    build_scenario(settings.scenario_dir, scale=SCALE)
    import_all(settings, find_reference_files(settings.scenario_dir / "reference"))
    with open_lake(settings) as lake:
        taker = Taker(lake, settings)
        taker.load()
        _write_history(lake, rows)
        taker.load()
        measurer.send(rows)
        with suppress(EOFError):
            while True:
                measurer.send(_measure_batch(taker, measurer.recv()))
        taker.close()


def _measure_batch(taker: Taker, files: Sequence[Path]) -> float:
    """CPU seconds of taking and publishing these files."""
    logs = [log for path in files for log in find_logs(path, FEED)]

    def work() -> None:
        summary = taker.take(logs)
        if summary.accepted != FILES * ROWS:
            raise AssertionError(f"{summary.accepted} of {FILES * ROWS} rows accepted")
        taker.publish()

    return cost_of(work).cpu_s


def _write_history(lake: Lake, rows: int) -> None:
    """Writes past versions and their roll-ups straight into the lake, commit by commit."""
    for ingest_no, first in enumerate(range(0, rows, COMMIT_ROWS), start=1):
        values = {"ingest_no": ingest_no, "feed": FEED}
        with lake.transaction() as connection:
            connection.execute(WRITE_VERSIONS, {**values, "first": first, "until": min(rows, first + COMMIT_ROWS)})
        with lake.transaction() as connection:
            for statement in WRITE_ROLL_UPS.split(";\n"):
                if statement.strip():
                    named = {name: value for name, value in values.items() if f"${name}" in statement}
                    connection.execute(statement, named)


if __name__ == "__main__":
    sys.exit(main())
