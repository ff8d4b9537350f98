"""Taking one very long file: rows a second and the worker's memory at its highest, beside the plain engine on the same file.

python -m tests.benchmarks.long_file [--rows 10000000] [--home DIR]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from data.reference_import import find_reference_files, import_all
from data.scenario import build_scenario
from data.settings import Settings
from tests.benchmarks.figures import Figure, report

MOST_MB = 1000.0
FEED = "baisha"
WORKER = """
import sys, time
from pathlib import Path
from data.ingest import ingest_paths
from data.settings import Settings
begin = time.perf_counter()
summary = ingest_paths(Settings(home=Path(sys.argv[1])), [sys.argv[2]], feed=sys.argv[3])
assert summary.refused == (), summary.refused
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0]
print(summary.accepted, summary.lines, time.perf_counter() - begin, time.process_time(), int(peak) / 1024)
"""
PLAIN = """
import sys, time
import duckdb
begin = time.perf_counter()
with duckdb.connect() as connection:
    connection.execute("set temp_directory = ''; set enable_progress_bar = false")
    connection.execute(
        f"copy (select * from read_csv('{sys.argv[1]}', all_varchar = true, header = true)) to '{sys.argv[2]}' (format parquet)"
    )
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0]
print(0, 0, time.perf_counter() - begin, time.process_time(), int(peak) / 1024)
"""
# Everyone registers once on 14 July within the district's round, at a site of the feed, for a household that is known.
WRITE_LINES = """
copy (
    with person as (
        select i, 990101000000000 * 100 + cast(strftime(date '1940-01-01' + cast(i // 900 % 25000 as integer), '%Y%m%d') as bigint) * 1000
            + i % 900 as body
        from range($row_count) as t(i)
    ),
    place as (select site_code, unit_count, row_number() over (order by site_code) - 1 as place_no from read_csv($sites, all_varchar = true)
        where feed_code = $feed),
    home as (select household_code, row_number() over (order by household_code) - 1 as home_no
        from read_csv($households, all_varchar = true)),
    numbered as (
        select i, body, ({weighted}) % 11 as remainder, i % (select count(*) from place) as place_no,
            i // 3 % (select count(*) from home) as home_no,
            timestamp '2022-07-14 06:10:00' + to_seconds(cast(i % 43200 as bigint)) as registered_at
        from person
    )
    select p.site_code as 采样点编号, '1' as 采样台, strftime(n.registered_at, '%Y-%m-%d %H:%M:%S') as 登记时间,
        strftime(n.registered_at + to_minutes(20), '%Y-%m-%d %H:%M:%S') as 采样时间, '示例' as 姓名, '居民身份证' as 证件类型,
        cast(n.body as varchar) || substr('10X98765432', 1 + cast(n.remainder as integer), 1) as 证件号码, '19900000001' as 手机号,
        h.household_code as 户编号, null as 居住网格, '自助' as 登记方式, 'T' || lpad(cast(n.i // 10 as varchar), 8, '0') as 试管编号
    from numbered as n
    inner join place as p on p.place_no = n.place_no
    inner join home as h on h.home_no = n.home_no
) to '{path}' (format csv, header true)
"""
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def main() -> int:
    """Builds the file, takes it in a process of its own, and reports; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.long_file", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="lines of the file (10,000,000)")
    parser.add_argument("--home", type=Path, help="where to build it: some 2 GB for 10 million lines")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.home) as folder:
        measure_long_file(Settings(home=Path(folder) / "home"), options.rows)
    return 0


def measure_long_file(settings: Settings, row_count: int) -> None:
    """Takes a file of so many lines into a new home and reports rate and memory."""
    build_scenario(settings.scenario_dir, scale=0.02)
    reference = settings.scenario_dir / "reference"
    import_all(settings, find_reference_files(reference))
    path = settings.home / "long.csv"
    write_long_file(path, row_count, reference)
    accepted, lines, wall_s, cpu_s, peak_mb = _run(WORKER, str(settings.home), str(path), FEED)
    _, _, plain_s, plain_cpu_s, plain_mb = _run(PLAIN, str(path), str(settings.home / "plain.parquet"))
    if (accepted, lines) != (row_count, row_count):
        raise AssertionError(f"{accepted:,.0f} of {lines:,.0f} lines accepted; {row_count:,} were written")
    ratio, cpu_ratio = plain_s / wall_s, plain_cpu_s / cpu_s
    report(
        Figure(
            f"one file of {row_count:,} rows",
            f"{row_count / wall_s:,.0f} rows/s",
            f"read_csv → Parquet: {row_count / plain_s:,.0f} rows/s; ratio {ratio:.2f}, of CPU {cpu_ratio:.2f}",
        )
    )
    report(
        Figure(
            "the worker's memory at its highest",
            f"{peak_mb:,.0f} MB",
            f"read_csv → Parquet: {plain_mb:,.0f} MB",
            f"≤ {MOST_MB:,.0f} MB at 10 million rows",
            peak_mb <= MOST_MB,
        )
    )


def write_long_file(path: Path, row_count: int, reference: Path) -> None:
    """Writes a registration log of people who all differ and are all in order."""
    weighted = " + ".join(f"{weight} * ((body // {10 ** (16 - place)}) % 10)" for place, weight in enumerate(WEIGHTS))
    quoted = str(path).replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute(
            WRITE_LINES.format(weighted=weighted, path=quoted),
            {
                "row_count": row_count, "feed": FEED, "sites": str(reference / "sites.csv"),
                "households": str(reference / "households.csv"),
            },
        )  # fmt: skip


def _run(program: str, *arguments: str) -> list[float]:
    """What a Python process of its own prints: numbers."""
    done = subprocess.run([sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]


if __name__ == "__main__":
    sys.exit(main())
