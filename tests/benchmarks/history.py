"""What a second's worth of rows costs the worker, beside a short and a long history of rounds that are over.

python -m tests.benchmarks.history [--rows 50000000] [--home DIR]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from data.ingest.reading import find_logs
from data.ingest.take import Taker
from data.lake import Lake, open_lake
from data.reference_import import find_reference_files, import_all
from data.scenario import build_scenario
from data.settings import Settings
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.long_file import FEED, write_long_file
from tests.benchmarks.stopwatch import cost_of

SHORT_ROWS = 1_000_000
COMMIT_ROWS = 500_000
MOST_RATIO = 1.3
BATCHES, FILES, ROWS = 12, 20, 50
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
    costs = {}
    for rows in (SHORT_ROWS, long_rows):
        settings = Settings(home=folder / f"history-{rows}")
        build_scenario(settings.scenario_dir, scale=0.02)
        import_all(settings, find_reference_files(settings.scenario_dir / "reference"))
        with open_lake(settings) as lake:
            taker = Taker(lake, settings)
            taker.load()
            _write_history(lake, rows)
            taker.load()
            costs[rows] = _measure_batches(settings, taker)
            taker.close()
    short_ms, long_ms = costs[SHORT_ROWS], costs[long_rows]
    report(
        Figure(
            f"a batch of {FILES} files, {FILES * ROWS:,} rows, {long_rows:,} behind it",
            f"{long_ms:,.0f} ms of CPU",
            f"with {SHORT_ROWS:,} behind it: {short_ms:,.0f} ms; ratio {long_ms / short_ms:.2f}",
            f"≤ {MOST_RATIO} at 50 million",
            long_ms <= MOST_RATIO * short_ms,
        )
    )


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


def _measure_batches(settings: Settings, taker: Taker) -> float:
    """Median CPU milliseconds of taking and publishing a batch; the first ones warm up."""
    reference = settings.scenario_dir / "reference"
    whole = settings.home / "lines.csv"
    write_long_file(whole, BATCHES * FILES * ROWS, reference)
    header, *lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    spent = []
    for batch in range(BATCHES):
        logs = []
        for number in range(batch * FILES, batch * FILES + FILES):
            path = settings.home / f"{number}.csv"
            path.write_text(header + "".join(lines[number * ROWS : number * ROWS + ROWS]), encoding="utf-8")
            logs += find_logs(path, FEED)

        def work(logs: list = logs) -> None:  # type: ignore[type-arg]
            summary = taker.take(logs)
            if summary.accepted != FILES * ROWS:
                raise AssertionError(f"{summary.accepted} of {FILES * ROWS} rows accepted")
            taker.publish()

        spent.append(cost_of(work).cpu_s * 1000)
    return sorted(spent[2:])[len(spent[2:]) // 2]


if __name__ == "__main__":
    sys.exit(main())
