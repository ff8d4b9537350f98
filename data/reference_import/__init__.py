"""Reference files into the lake: `import_reference` checks one, refuses it with every reason, or puts it in place.

Formats are described in data/FORMATS.md. Knows nothing of logs and pages.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import ReferenceFileError
from data.home import prepare_home
from data.lake import Lake, open_lake
from data.reference_import.check import find_problems, stage_records
from data.reference_import.kinds import KINDS, Kind
from data.reference_import.problems import refusal
from data.reference_import.read import read_csv_records, read_map_records
from data.reference_import.store import describe_orphans, prepare_shapes, replace_kind
from data.settings import Settings
from data.situation import publish_situation

__all__ = ["KINDS", "ImportSummary", "find_reference_files", "import_all", "import_reference"]


@dataclass(frozen=True)
class ImportSummary:
    """What an import put in place; `notes` name what should be imported next."""

    kind: str
    path: Path
    row_count: int
    notes: tuple[str, ...]


def import_reference(settings: Settings, kind: str, path: Path | str) -> ImportSummary:
    """Replaces all reference data of a kind by a file's, then publishes the situation.

    Raises ReferenceFileError with every reason at once, nothing changed, where the file is not right; LakeError where
    the lake cannot be written.
    """
    wanted = _find_kind(kind)
    with open_lake(settings) as lake:
        summary = _import_into(lake, settings, wanted, Path(path))
        publish_situation(lake, settings)
    return summary


def import_all(
    settings: Settings, files: Sequence[tuple[str, Path]], on_progress: Callable[[str], None] | None = None
) -> list[ImportSummary]:
    """Imports files of several kinds in the order given, then publishes the situation once."""
    summaries = []
    with open_lake(settings) as lake:
        for kind, path in files:
            if on_progress:
                on_progress(kind)
            summaries.append(_import_into(lake, settings, _find_kind(kind), path))
        publish_situation(lake, settings)
    return summaries


def find_reference_files(folder: Path) -> list[tuple[str, Path]]:
    """The reference files of a folder, named after their kinds, in the order of import. Raises where one is missing."""
    found = []
    for kind in KINDS:
        path = folder / (f"{kind}.geojson" if kind == "grids" else f"{kind}.csv")
        if not path.is_file():
            raise ReferenceFileError(
                f"{path} is not there.", "A district needs a file of each kind: see data/FORMATS.md."
            )
        found.append((kind, path))
    return found


def _import_into(lake: Lake, settings: Settings, kind: Kind, path: Path) -> ImportSummary:
    records = read_map_records(path, kind) if kind.name == "grids" else read_csv_records(path, kind)
    connection = lake.connection
    # A time without an offset is local; the lake's own connection runs in UTC.
    connection.execute(f"set TimeZone = '{settings.timezone}'")
    try:
        stage_records(connection, records, kind)
        findings = find_problems(connection, records, kind)
        if findings.count:
            raise refusal(path, findings.problems, findings.count)
        if kind.name == "grids":
            prepare_shapes(connection, records)
        lake.take_lease("import")
        with lake.transaction():
            replace_kind(connection, kind)
        notes = describe_orphans(connection, kind)
    finally:
        connection.execute("drop schema if exists staged cascade")
        connection.execute("set TimeZone = 'UTC'")
    if kind.name == "feeds":
        _make_inboxes(settings, [str(code) for code in records.table.column("feed_code").to_pylist()])
    return ImportSummary(kind.name, path, records.table.num_rows, notes)


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
