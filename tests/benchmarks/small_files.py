"""Taking many small files at once: rows and files a second, beside the plain engine on the same files.

python -m tests.benchmarks.small_files [--files 50000] [--home DIR]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import duckdb

from data.ingest import IngestSummary, ingest_paths
from data.reference_import import find_reference_files, import_all
from data.scenario import build_scenario
from data.settings import Settings
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.long_file import FEED, write_long_file
from tests.benchmarks.stopwatch import cost_of

ROWS_OF_A_FILE, FILES = 1_000, 500
LEAST_RATE = 100_000.0
PLAIN = """
copy (select * from read_csv($files, all_varchar = true, header = true, delim = ',', quote = '"')) to '{path}' (format parquet)
"""


def main() -> int:
    """Takes files of one row each, and reports; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.small_files", description=__doc__)
    parser.add_argument("--files", type=int, default=50_000, help="files of one row (50,000)")
    parser.add_argument("--home", type=Path, help="where to build them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.home) as folder:
        measure_small_files(Path(folder), options.files)
    return 0


def measure_small_files(folder: Path, tiny_files: int) -> None:
    """Reports what files of 1,000 rows, and files of a single row, cost."""
    _measure(folder / "small", FILES, ROWS_OF_A_FILE, LEAST_RATE)
    _measure(folder / "tiny", tiny_files, 1, None)


def _measure(folder: Path, file_count: int, row_count: int, least_rate: float | None) -> None:
    settings = Settings(home=folder / "home")
    build_scenario(settings.scenario_dir, scale=0.02)
    reference = settings.scenario_dir / "reference"
    import_all(settings, find_reference_files(reference))
    logs = _write_files(folder / FEED, file_count, row_count, reference)
    summary = IngestSummary()

    def ingest() -> None:
        nonlocal summary
        summary = ingest_paths(settings, [folder / FEED])

    taken = cost_of(ingest)
    plain = cost_of(lambda: _convert_plainly(logs, folder / "plain.parquet"))
    if summary.accepted != file_count * row_count:
        raise AssertionError(f"{summary.accepted} of {file_count * row_count} rows accepted")
    rate = summary.lines / taken.wall_s
    report(
        Figure(
            f"{file_count:,} files of {row_count:,} {'row' if row_count == 1 else 'rows'}",
            f"{rate:,.0f} rows/s, {summary.lines / taken.cpu_s:,.0f} per s of CPU",
            f"read_csv → Parquet: {summary.lines / plain.wall_s:,.0f} rows/s; ratio of CPU {plain.cpu_s / taken.cpu_s:.2f}",
            f"≥ {least_rate:,.0f} rows/s" if least_rate else "",
            rate >= least_rate if least_rate else None,
        )
    )


def _write_files(folder: Path, file_count: int, row_count: int, reference: Path) -> list[str]:
    folder.mkdir(parents=True)
    whole = folder.parent / "whole.csv"
    write_long_file(whole, file_count * row_count, reference)
    header, *lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    paths = []
    for number in range(file_count):
        path = folder / f"{number}.csv"
        path.write_text(header + "".join(lines[number * row_count : (number + 1) * row_count]), encoding="utf-8")
        paths.append(str(path))
    return paths


def _convert_plainly(files: list[str], path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(PLAIN.format(path=path), {"files": files})


if __name__ == "__main__":
    sys.exit(main())
