"""The files of an erasure: those of the lake, raw files, keys; and a situation that names none of them."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from data.erasure.journal import Work, write_journal
from data.erasure.rows import TRIES, as_writer
from data.erasure.scope import ErasureError, Scope
from data.errors import IngestError
from data.ingest.reading import find_logs
from data.ingest.sealing import SUFFIX as SEALED_SUFFIX
from data.ingest.sealing import Sealer
from data.lake import Lake, write_permission_error
from data.settings import INBOX_FOLDERS, Settings
from data.situation import open_situation, publish_situation

PERSONAL_TABLES = ("registration_version", "quarantine")
"""Tables of the lake with rows of single persons."""
PIECE_BYTES = 4_000_000


def purge(settings: Settings, lake: Lake, work: Work) -> int:
    """Writes anew what erased rows stood in, and destroys every older state with its files; gives the snapshots destroyed."""
    known = {item["path"] for item in work.files}
    for path in _list_lake_files(settings):
        if str(path) not in known:
            work.files.append(describe_file(settings, path, "lake", is_named=True))
    write_journal(settings, work)
    destroyed = as_writer(lake, lake.destroy_history)
    lake.take_lease("erase")  # a new state: nobody's memory of the old extremes is written back
    return destroyed.snapshot_count


def find_raw(settings: Settings, work: Work) -> Iterator[dict[str, Any]]:
    """Raw files that held lines of the scope, and what lies beside them."""
    if work.scope.kind == "key":
        return
    kept = set(work.kept_hashes)
    for folder in (settings.taking_dir, settings.done_dir, settings.scenario_dir):
        for path in _list_files(folder):
            hashes = _hash_logs(path)
            is_unknown = folder == settings.done_dir and not hashes & (kept | work.hashes.keys())
            if hashes & work.hashes.keys() or (work.scope.kind == "all" and is_unknown):
                yield {
                    **describe_file(settings, path, "raw"),
                    "is_mixed": any(work.hashes.get(one, False) for one in hashes),
                }
    for path in _list_files(settings.refused_dir):
        if _came_within(path, work.scope) or _hash_logs(path) & work.hashes.keys():
            yield describe_file(settings, path, "refused")
    error_log = settings.home / "log" / "error.log"
    if error_log.is_file():  # tracebacks quote what the engine quotes: that may be a cell
        yield describe_file(settings, error_log, "log", is_named=True)


def destroy_raw(settings: Settings, work: Work) -> None:
    """Destroys the raw files; looks again until none is found, for a worker may be moving some."""
    for _ in range(TRIES):
        found = list(find_raw(settings, work))
        known = {item["path"] for item in work.files}
        work.files += [item for item in found if item["path"] not in known]
        write_journal(settings, work)
        for item in found:
            try:
                Path(item["path"]).unlink(missing_ok=True)
            except OSError as error:
                raise write_permission_error(Path(item["path"]), error) from None
        if not found:
            return
    raise ErasureError(
        "Raw files of the scope keep coming back.", "Stop what copies files into the home and run the command again."
    )


def destroy_sealed(settings: Settings, work: Work) -> None:
    """Destroys the sealed lines of the scope; with `all`, everything sealed: its key is gone."""
    folder = settings.quarantine_dir
    if work.scope.kind != "all":
        Sealer(settings).destroy(
            {name: set(places) for name, places in work.sealed.items() if (folder / name).is_file()}
        )
        return
    known = {item["path"] for item in work.files}
    doomed = [path for path in _list_files(folder) if path.suffix == SEALED_SUFFIX]
    work.files += [describe_file(settings, path, "sealed", is_named=True) for path in doomed if str(path) not in known]
    write_journal(settings, work)
    for path in doomed:
        path.unlink(missing_ok=True)


def list_keys(settings: Settings, scope: Scope) -> list[Path]:
    if not scope.destroys_key:
        return []
    keys = [settings.key_path, settings.quarantine_key_path]
    return keys if scope.kind == "all" else keys[:1]


def destroy_key(settings: Settings, work: Work, path: Path) -> None:
    """Overwrites the key, then removes it; once, for a worker may have made a new one since."""
    place = path.relative_to(settings.home).as_posix()
    if not path.exists() or any(item["kind"] == "key" and item["place"] == place for item in work.files):
        return
    described = describe_file(settings, path, "key", is_named=True)
    try:
        with path.open("r+b") as file:
            file.write(secrets.token_bytes(described["byte_count"]))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except OSError as error:
        raise write_permission_error(path, error) from None
    work.files.append(described)
    write_journal(settings, work)


def publish(settings: Settings, lake: Lake) -> None:
    """Publishes until the situation names no file that is gone: a worker may publish what it had begun before."""
    for _ in range(TRIES):
        publish_situation(lake, settings)
        situation = open_situation(settings.situation_path)
        try:
            paths = situation.connection.execute("select path from lake_file").fetchall()
        finally:
            situation.close()
        if all(Path(path).exists() for (path,) in paths):
            return
    raise ErasureError("The situation still names files that were destroyed.", "Run the same command again.")


def count_waiting(settings: Settings) -> int:
    folders = [path for path in settings.inbox_dir.glob("*") if path.is_dir() and path.name not in INBOX_FOLDERS]
    return sum(1 for folder in (*folders, settings.taking_dir) for _ in _list_files(folder))


def count_later_refused(settings: Settings, scope: Scope) -> int:
    if scope.kind in ("all", "key"):
        return 0
    return sum(
        1 for path in _list_files(settings.refused_dir)
        if path.stat().st_mtime >= scope.until_at.timestamp() and not path.name.endswith(".reason.txt")
    )  # fmt: skip


def _list_lake_files(settings: Settings) -> Iterator[Path]:
    for table in PERSONAL_TABLES:
        yield from sorted((settings.lake_data_dir / "main" / table).glob("*.parquet"))


def _came_within(path: Path, scope: Scope) -> bool:
    """Whether a refused file arrived while the scope's registrations were made: nobody could tell what is in it."""
    with suppress(FileNotFoundError):
        return scope.from_at.timestamp() <= path.stat().st_mtime < scope.until_at.timestamp() or scope.kind == "all"
    return False


def _list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def _hash_logs(path: Path) -> set[str]:
    """SHA-256 of what the ledger would call this file; empty when it is gone."""
    try:
        return {log.sha256 for log in find_logs(path, "")}
    except IngestError:  # what cannot be unpacked is known by its bytes, if at all
        with suppress(OSError):
            return {_hash_file(path)[0]}
    return set()


def _hash_file(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def describe_file(settings: Settings, path: Path, kind: str, *, is_named: bool = False) -> dict[str, Any]:
    """A file as the certificate lists it. A delivered file's own name stays out: who knows what sites call their files."""
    sha256, size = _hash_file(path)
    place = path if is_named else path.parent
    if place.is_relative_to(settings.home):
        place = place.relative_to(settings.home)
    return {
        "kind": kind, "place": place.as_posix(), "sha256": sha256, "byte_count": size, "path": str(path),
    }  # fmt: skip
