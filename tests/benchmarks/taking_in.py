"""Building the scenario and taking it in, beside what the disk and the plain engine need for the same files."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from data.ingest import ingest_paths
from data.reference_import import find_reference_files, import_all
from data.scenario import build_scenario
from data.settings import Settings
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.stopwatch import Cost, cost_alone, cost_of

MOST_SECONDS = 90.0
LEAST_RATIO = 0.5


def measure_taking_in(settings: Settings, scale: float) -> None:
    """Builds, imports and ingests the scenario into this home, and reports each step."""
    scenario_dir, plain_dir = settings.scenario_dir, settings.home / "plain"
    build = cost_of(lambda: build_scenario(scenario_dir, scale=scale))
    size_mb = sum(path.stat().st_size for path in scenario_dir.rglob("*") if path.is_file()) / 1e6
    copy = cost_of(lambda: shutil.copytree(scenario_dir, plain_dir))
    shutil.rmtree(plain_dir)
    report(Figure("scenario build", f"{build}, {size_mb:,.0f} MB", f"copying the files: {copy}"))

    files = find_reference_files(scenario_dir / "reference")
    tables = _group([path for kind, path in files if kind != "grids"])
    imported = cost_of(lambda: import_all(settings, files))
    plain_import = cost_of(lambda: _convert_plainly(tables, plain_dir))
    report(Figure("import of reference files", str(imported), f"read_csv → Parquet: {plain_import}"))

    logs = _group(sorted((scenario_dir / "logs").rglob("*.csv")))
    # each in a process of its own, as operators do it
    summary, ingested = cost_alone(ingest_paths, settings, [scenario_dir / "logs"])
    _, plain = cost_alone(_convert_plainly, logs, plain_dir)
    rate, plain_rate = summary.lines / ingested.wall_s, summary.lines / plain.wall_s
    ratio, cpu_ratio = rate / plain_rate, plain.cpu_s / ingested.cpu_s
    report(
        Figure(
            "ingest",
            f"{rate:,.0f} rows/s",
            f"read_csv → Parquet: {plain_rate:,.0f} rows/s; ratio {ratio:.2f}, of CPU {cpu_ratio:.2f}",
            f"≥ {LEAST_RATIO}",
            ratio >= LEAST_RATIO,
        )
    )
    total = _add(build, imported, ingested)
    report(
        Figure(
            "scenario built, imported and ingested",
            str(total),
            f"copying and converting: {_add(copy, plain_import, plain)}",
            f"≤ {MOST_SECONDS:g} s at scale 1",
            total.wall_s <= MOST_SECONDS if scale >= 1 else None,
        )
    )


def _add(*costs: Cost) -> Cost:
    return Cost(sum(cost.wall_s for cost in costs), sum(cost.cpu_s for cost in costs))


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
