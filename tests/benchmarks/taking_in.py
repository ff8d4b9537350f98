"""Building the scenario and taking it in, beside what the disk and the plain engine need for the same files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data.ingest import IngestSummary, ingest_paths
from data.reference_import import find_reference_files, import_all
from data.scenario import build_scenario
from data.settings import Settings
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.stopwatch import seconds_of

MOST_SECONDS = 90.0
LEAST_RATIO = 0.4


@dataclass
class _Taken:
    summary: IngestSummary | None = None


def measure_taking_in(settings: Settings, scale: float) -> None:
    """Builds, imports and ingests the scenario into this home, and reports each step."""
    scenario_dir = settings.scenario_dir
    build_s = seconds_of(lambda: build_scenario(scenario_dir, scale=scale))
    size_mb = sum(path.stat().st_size for path in scenario_dir.rglob("*") if path.is_file()) / 1e6
    copy_s = seconds_of(lambda: shutil.copytree(scenario_dir, settings.home / "copy"))
    shutil.rmtree(settings.home / "copy")
    report(Figure("scenario build", f"{build_s:.1f} s, {size_mb:,.0f} MB", f"copying the files: {copy_s:.1f} s"))

    files = find_reference_files(scenario_dir / "reference")
    import_s = seconds_of(lambda: import_all(settings, files))
    plain_import_s = seconds_of(
        lambda: _convert_plainly([path for kind, path in files if kind != "grids"], settings.home / "plain")
    )
    report(Figure("import of reference files", f"{import_s:.1f} s", f"read_csv → Parquet: {plain_import_s:.1f} s"))

    logs = _group(sorted((scenario_dir / "logs").rglob("*.csv")))
    taken = _Taken()

    def ingest() -> None:
        taken.summary = ingest_paths(settings, [scenario_dir / "logs"])

    ingest_s = seconds_of(ingest)
    plain_s = seconds_of(lambda: _convert_plainly(logs, settings.home / "plain"))
    assert taken.summary is not None
    rate, plain_rate = taken.summary.lines / ingest_s, taken.summary.lines / plain_s
    report(
        Figure(
            "ingest",
            f"{rate:,.0f} rows/s",
            f"read_csv → Parquet: {plain_rate:,.0f} rows/s; ratio {rate / plain_rate:.2f}",
            f"≥ {LEAST_RATIO}",
            rate / plain_rate >= LEAST_RATIO,
        )
    )
    total_s = build_s + import_s + ingest_s
    report(
        Figure(
            "scenario built, imported and ingested",
            f"{total_s:.1f} s",
            f"copying and converting: {copy_s + plain_import_s + plain_s:.1f} s",
            f"≤ {MOST_SECONDS:g} s at scale 1",
            total_s <= MOST_SECONDS * max(scale, 0.05),
        )
    )


def _group(paths: list[Path]) -> list[tuple[str, list[str]]]:
    """Files that the engine can read together: the same header and encoding.

    It reads no GB18030, so those are taken as Latin-1: the same bytes, none understood.
    """
    groups: dict[tuple[bytes, str], list[str]] = {}
    for path in paths:
        text = path.read_bytes()
        encoding = "utf-8" if _is_utf8(text) else "latin-1"
        groups.setdefault((text.partition(b"\n")[0], encoding), []).append(str(path))
    return [(encoding, files) for (_, encoding), files in groups.items()]


def _convert_plainly(groups: list[tuple[str, list[str]]], out_dir: Path) -> None:
    """What the engine alone does with the same files: texts in, Parquet out, nothing checked."""
    out_dir.mkdir()
    with duckdb.connect() as connection:
        for number, (encoding, files) in enumerate(groups):
            connection.execute(
                f"""
                copy (
                    select * from read_csv($files, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"',
                        ignore_errors = true, null_padding = true, encoding = '{encoding}', strict_mode = false)
                ) to '{out_dir / f"{number}.parquet"}' (format parquet)
                """,
                {"files": files},
            )
    shutil.rmtree(out_dir)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
