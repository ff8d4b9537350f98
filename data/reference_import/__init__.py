"""Reference files into the lake: `import_reference` checks one, refuses it with every reason, or puts it in place.

Formats are described in data/FORMATS.md. Knows nothing of logs and pages.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data.clock import read_clock
from data.errors import ReferenceFileError
from data.home import prepare_home
from data.lake import Lake, open_lake
from data.map_report import gather_surroundings, report_in_force, save_attempt, save_in_force
from data.reference_import.check import Findings, find_problems, stage_records
from data.reference_import.dissolve import dissolve_records
from data.reference_import.hierarchy import find_left_out, find_missing_names, find_unnested, stage_hierarchy
from data.reference_import.kinds import KINDS, Kind
from data.reference_import.options import ImportOptions
from data.reference_import.orders import Recorded, judge_orders, record_orders
from data.reference_import.orphans import describe_orphans, find_orphans
from data.reference_import.places import place_points
from data.reference_import.problems import refusal
from data.reference_import.read import Records, read_records
from data.reference_import.release import place_infections
from data.reference_import.store import prepare_footprints, prepare_shapes, replace_kind
from data.reference_import.tiling import TilingOptions, mend_records, report_records
from data.rounds_in_force import DECIDING_KINDS, follow_rounds, note_rounds
from data.settings import Settings
from data.situation import publish_situation
from geo.report import MapReport

__all__ = [
    "KINDS",
    "ImportOptions",
    "ImportSummary",
    "TilingOptions",
    "check_grids",
    "check_map_in_force",
    "find_reference_files",
    "import_all",
    "import_reference",
]

AS_IT_IS = TilingOptions()
ON_THE_MAP = {"towns", "communities", "grids", "buildings", "sites"}
"""Kinds after which the map in force is judged anew."""


@dataclass(frozen=True)
class ImportSummary:
    """What an import put in place; `notes` say how it was read, what is odd in it, and what should be imported next."""

    kind: str
    path: Path
    row_count: int
    notes: tuple[str, ...]
    report: MapReport | None = None
    """What was found on the map; of grids only."""
    orders: Recorded | None = None
    """What became of the orders; of zones only."""


def import_reference(
    settings: Settings,
    kind: str,
    path: Path | str,
    options: ImportOptions | None = None,
    *,
    tiling: TilingOptions = AS_IT_IS,
) -> ImportSummary:
    """Replaces all reference data of a kind by a file's, then publishes the situation; orders on zones are added.

    `options` say how the file is read, `tiling` whether a map of grids is repaired. Raises ReferenceFileError with
    every reason at once, nothing changed, where the file is not right; LakeError where the lake cannot be written.
    """
    wanted = _find_kind(kind)
    with open_lake(settings) as lake:
        summary = _import_into(lake, settings, wanted, Path(path), options or ImportOptions(), tiling)
        publish_situation(lake, settings)
        if wanted.name in ON_THE_MAP:
            save_in_force(lake.connection, settings)
    return summary


def check_grids(
    settings: Settings, path: Path | str, options: ImportOptions | None = None, *, tiling: TilingOptions = AS_IT_IS
) -> MapReport:
    """Judges a file's map of grids without importing it, against what the lake knows where there is one.

    The report is kept where there is a lake; a check makes none.
    """
    records = _read(Path(path), KINDS["grids"], options or ImportOptions())
    if not settings.lake_dir.is_dir():
        return report_records(Path(path), records, settings.timezone, tiling)
    with open_lake(settings) as lake:
        around = gather_surroundings(lake.connection)
    report = report_records(Path(path), records, settings.timezone, tiling, around)
    save_attempt(settings, report, "checked")
    return report


def check_map_in_force(settings: Settings) -> MapReport:
    """Judges the map that is in force and keeps its report. Raises ReferenceFileError where no map was imported yet."""
    with open_lake(settings) as lake:
        report = report_in_force(lake.connection, settings.timezone)
        if report is None:
            raise ReferenceFileError("No map was imported yet.", "Run wangge import grids FILE.")
        save_in_force(lake.connection, settings)
    return report


def import_all(
    settings: Settings, files: Sequence[tuple[str, Path]], on_progress: Callable[[str], None] | None = None
) -> list[ImportSummary]:
    """Imports files of several kinds in the order given, then publishes the situation once."""
    summaries = []
    with open_lake(settings) as lake:
        for kind, path in files:
            if on_progress:
                on_progress(kind)
            as_it_comes = ImportOptions(is_replacing=kind != "zones")
            summaries.append(_import_into(lake, settings, _find_kind(kind), path, as_it_comes, AS_IT_IS))
        publish_situation(lake, settings)
        if ON_THE_MAP.intersection(kind for kind, _ in files):
            save_in_force(lake.connection, settings)
    return summaries


def find_reference_files(folder: Path) -> list[tuple[str, Path]]:
    """The reference files of a folder, named after their kinds, in the order of import. Raises where one is missing."""
    found = []
    for name, kind in KINDS.items():
        path = folder / (f"{name}.geojson" if kind.shape == "area" else f"{name}.csv")
        if path.is_file():
            found.append((name, path))
        elif not kind.is_optional:
            raise ReferenceFileError(
                f"{path} is not there.", "A district needs a file of each kind: see data/FORMATS.md."
            )
    return found


def _read(path: Path, kind: Kind, options: ImportOptions) -> Records:
    records = read_records(path, kind, options)
    return dissolve_records(records, kind) if options.is_dissolved else records


def _import_into(
    lake: Lake, settings: Settings, kind: Kind, path: Path, options: ImportOptions, tiling: TilingOptions
) -> ImportSummary:
    records = _read(path, kind, options)
    connection = lake.connection
    # A time without an offset is local; the lake's own connection runs in UTC.
    connection.execute(f"set TimeZone = '{settings.timezone}'")
    try:
        stage_records(connection, records, kind)
        findings = find_problems(connection, records, kind)
        notes = [*records.notes]
        report = None
        now = read_clock(settings.home).now()
        if kind.name == "zones":
            notes += judge_orders(connection, findings, records, now, future_tolerance_s=settings.future_tolerance_s)
        else:
            notes += _check_places(connection, findings, records, kind, options)
        if kind.name == "grids":
            report = report_records(path, records, settings.timezone, tiling, gather_surroundings(connection))
            save_attempt(settings, report, "refused" if findings.count else "taken")
        if findings.count:
            raise refusal(path, findings.problems, findings.count)
        if report is not None:
            prepare_shapes(connection, mend_records(records, report))
        if kind.name == "buildings":
            prepare_footprints(connection, records)
        lake.take_lease("import")
        recorded, moved_count = None, 0
        with lake.transaction():
            if kind.name == "zones":
                recorded = record_orders(connection, now, is_replacing=options.is_replacing)
            else:
                moved_count = _replace(connection, kind)
        if moved_count:
            notes.append(f"{moved_count:,} lines of registrations are in another round now; every figure follows.")
        notes += recorded.notes if recorded else describe_orphans(connection, kind)
    finally:
        connection.execute("drop schema if exists staged cascade")
        connection.execute("set TimeZone = 'UTC'")
    if kind.name == "feeds":
        _make_inboxes(settings, [str(code) for code in records.table.column("feed_code").to_pylist()])
    return ImportSummary(kind.name, path, records.table.num_rows, tuple(notes), report, recorded)


def _replace(connection: duckdb.DuckDBPyConnection, kind: Kind) -> int:
    """Replaces a kind; gives how many lines of registrations are in another round for that."""
    if kind.name not in DECIDING_KINDS:
        replace_kind(connection, kind)
        return 0
    note_rounds(connection)
    replace_kind(connection, kind)
    return follow_rounds(connection)


def _check_places(
    connection: duckdb.DuckDBPyConnection, findings: Findings, records: Records, kind: Kind, options: ImportOptions
) -> tuple[str, ...]:
    """Adds what is wrong between a file of places and the lake to the findings; gives notes on what is merely odd."""
    if kind.name == "infections":
        return place_infections(connection, findings)
    if kind.shape == "point":
        return place_points(connection, findings, kind)
    if kind.shape == "none":
        return ()
    stage_hierarchy(connection, records, kind)
    for column, expected, record_no in find_missing_names(connection):
        findings.add(column, "", expected, record_no)
    left_out = find_left_out(connection, kind)
    if kind.shape == "area" and not options.is_replacing:
        left_out += find_orphans(connection)
    for problem in left_out:
        findings.add(problem.column, problem.value, problem.expected)
    # of grids the report on the map tells it
    return () if kind.shape == "area" else find_unnested(connection)


def _make_inboxes(settings: Settings, feed_codes: list[str]) -> None:
    prepare_home(settings)
    for code in feed_codes:
        (settings.inbox_dir / code.strip()).mkdir(parents=True, exist_ok=True)


def _find_kind(kind: str) -> Kind:
    if kind in KINDS:
        return KINDS[kind]
    close = difflib.get_close_matches(kind, KINDS, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"The kinds are: {', '.join(KINDS)}."
    raise ReferenceFileError(f"There is no kind of reference file {kind!r}.", hint)
