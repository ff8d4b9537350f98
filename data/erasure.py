"""Erasure: destroys registrations and what was derived from single persons, keeps the totals, and certifies it.

Personal data whose purpose is fulfilled must be deleted: Personal Information Protection Law (个人信息保护法) art. 47; Data
Security Law (数据安全法). The example followed: Wuxi destroyed a billion such records on 2 March 2023, an auditor and a
notary watching; what they would ask for is in the certificate (`data.certificate`).

Destroyed: registration lines of the lake with the snapshots and Parquet files in which they stand; quarantined lines; the
raw files that brought them. Kept: roll-ups, the ledger's counts, reference data, staff events (they hold staff numbers
and no resident). What is begun is written down first (`unfinished.json`): killed at any moment, the same command ends it.
Owns the order of destruction. Knows no format of logs and no page.
"""

from __future__ import annotations

import difflib
import getpass
import hashlib
import json
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import duckdb

from data.certificate import find_previous, issue_certificate, read_public_key
from data.clock import CLOCK_FILE, read_clock
from data.engine import DUCKDB_VERSION
from data.errors import IngestError, WanggeError
from data.home import only_one
from data.ingest.reading import find_logs
from data.lake import Lake, LeaseLost, open_lake, write_permission_error
from data.settings import INBOX_FOLDERS, Settings
from data.situation import open_situation, publish_situation

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
PERSONAL_TABLES = ("registration_version", "quarantine")
"""Tables of the lake with rows of single persons."""
JOURNAL_FILE = "unfinished.json"
PIECE_BYTES = 4_000_000
TRIES = 5
Result = TypeVar("Result")
LAW = (
    "《中华人民共和国个人信息保护法》第四十七条 Personal Information Protection Law, article 47",
    "《中华人民共和国数据安全法》 Data Security Law",
)
LIMITS = (
    "文件已从文件系统中删除，密钥在删除前已被覆写。固态硬盘、写时复制文件系统和存储快照可能仍留有旧数据块，本程序无法触及，请按介质销毁规定另行处置。",
    "Files were removed from the file system; keys were overwritten first. Old blocks may survive on solid-state disks,"
    " copy-on-write file systems and snapshots of the storage: this program cannot reach them.",
    "备份、导出文件以及其他位置的原始文件不在本程序控制之内，须另行销毁。",
    "Backups, exports and raw files outside the home folder are out of reach: destroy them too.",
    "保留：汇总数、台账计数、基础数据、人员签到（仅工号）。",
    "Kept: totals, the ledger's counts, reference data, staff events (staff numbers only).",
)

SCOPE_SQL = {
    "round": "v.round_code = $round_code",
    "before": "v.registered_at < $until_at",
    "all": "true",
    "key": "false",
}
SIBLINGS = """
create or replace temp table sibling as
select distinct v.site_code, v.person_token, v.registered_at
from lake.registration_version as v
semi join (
    select site_code, person_token, registered_at from lake.registration_version as v where {scope}
) as s on s.site_code = v.site_code and s.person_token = v.person_token and s.registered_at = v.registered_at
where v.round_code is distinct from $round_code and v.registered_at >= $from_at and v.registered_at < $until_at
"""
"""A registration of which one line fell into the round and another did not (its grid was corrected) goes as a whole."""
IS_SIBLING = """exists (
    select 1 from sibling as b
    where b.site_code = v.site_code and b.person_token = v.person_token and b.registered_at = v.registered_at
)"""
MEASURE = """
select count(*), count(distinct (v.site_code, v.person_token, v.registered_at)), count(distinct v.person_token)
from lake.registration_version as v where {scope}
"""
FIND_LOGS = """
create or replace temp table erased_log as
with part as (
    select file_sha256, file_name, ingest_no, row_count, first_event_at, last_event_at, received_at, is_last
    from lake.ingest_file where log_kind = 'registration'
),
line as (
    select v.ingest_no, count(*) filter ({scope}) as erased_count, count(*) filter (not ({scope})) as kept_count
    from lake.registration_version as v group by v.ingest_no
),
log as (
    select
        p.file_sha256, sum(p.row_count) / count(distinct p.file_name) as row_count, min(p.first_event_at) as first_at,
        greatest(max(p.first_event_at), max(p.last_event_at)) as last_at, min(p.received_at) as received_at,
        coalesce(sum(l.erased_count), 0) as erased_count, coalesce(sum(l.kept_count), 0) as kept_count,
        bool_or(p.ingest_no in (select ingest_no from lake.quarantine where reason = 'erased')) as came_late
    from part as p left join line as l on l.ingest_no = p.ingest_no
    group by p.file_sha256
    having bool_or(coalesce(p.is_last, true))  -- a worker is in the middle of any other: it counts among the waiting
)
select
    file_sha256,
    kept_count > 0 or coalesce(first_at < $from_at or last_at >= $until_at, false) as is_mixed
from log
where $is_all or erased_count > 0 or came_late
    -- lines that left no row (sent before, or quarantined) are judged by the file's times
    or (
        coalesce(first_at, received_at) < $until_at and coalesce(last_at, received_at) >= $from_at
        and row_count > kept_count
    )
"""
FIND_QUARANTINE = """
create or replace temp table erased_ingest as
select ingest_no from lake.ingest_file semi join erased_log using (file_sha256) where log_kind = 'registration'
"""
DELETE = """
insert into lake.erased_quarantine
select feed_code, log_kind, reason, count(*) from lake.quarantine
where ingest_no in (select ingest_no from erased_ingest) group by all;
delete from lake.quarantine where ingest_no in (select ingest_no from erased_ingest);
"""


class ErasureError(WanggeError):
    """An erasure cannot be begun, or could not be ended."""


@dataclass(frozen=True)
class Scope:
    """What is to be destroyed: a round, all before a moment, all, or only the key of the tokens."""

    kind: str
    round_code: str | None = None
    from_at: datetime = EARLIEST
    until_at: datetime = LATEST

    def describe(self, timezone: str) -> str:
        """As it is typed to confirm: `round D1`, `before 2022-07-12 00:00`, `all`, `key`."""
        if self.kind == "round":
            return f"round {self.round_code}"
        if self.kind == "before":
            return f"before {self.until_at.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"
        return self.kind

    @property
    def destroys_key(self) -> bool:
        return self.kind in ("all", "key")


@dataclass(frozen=True)
class Preview:
    """What an erasure would destroy, and what a person should know before confirming it."""

    scope: Scope
    counts: dict[str, int]
    notes: tuple[str, ...]


@dataclass
class _Work:
    """An erasure under way, as the journal holds it."""

    scope: Scope
    name: str
    number: int
    started_at: str
    previous: dict[str, Any] | None
    hashes: dict[str, bool] = field(default_factory=dict)
    """SHA-256 of the logs that held erased lines; whether they held others too."""
    kept_hashes: list[str] = field(default_factory=list)
    """SHA-256 of logs that hold no registrations: of use with `all`, which takes what the ledger does not know."""
    files: list[dict[str, Any]] = field(default_factory=list)
    """Files destroyed, or about to be: kind, place, sha256, byte_count, and the path."""


def find_scope(settings: Settings, kind: str, round_code: str | None = None, before: datetime | None = None) -> Scope:
    """The scope, checked against the lake. Raises ErasureError: no such round, a round still open, a time to come."""
    now = read_clock(settings.home).now()
    with open_lake(settings, is_read_only=True) as lake:
        if kind == "round":
            return _find_round(lake.connection, str(round_code), now, settings.timezone)
        if kind == "before":
            assert before is not None
            _check_moment(lake.connection, before, now, settings.timezone)
            return Scope("before", until_at=before)
        row = lake.connection.execute("select max(registered_at) from lake.registration_version").fetchone()
        newest = row[0] + timedelta(microseconds=1) if row and row[0] else now
        return Scope(kind, until_at=max(now, newest))


def preview_erasure(settings: Settings, scope: Scope) -> Preview:
    """Counts what would be destroyed; touches nothing."""
    with open_lake(settings, is_read_only=True) as lake:
        counts = _measure(lake.connection, scope)
        hashes = _read_hashes(lake.connection)
        kept = _list_kept_hashes(lake.connection)
        open_rounds = _list_open_rounds(lake.connection, read_clock(settings.home).now())
    work = _Work(scope, "", 0, "", None, hashes, kept)
    for item in _find_raw(settings, work):
        counts[f"{item['kind']}_file_count"] = counts.get(f"{item['kind']}_file_count", 0) + 1
    counts["key_count"] = sum(path.exists() for path in _list_keys(settings, scope))
    mixed = sum(hashes.values())
    notes = []
    if mixed:
        notes.append(f"{mixed:,} raw files also hold rows that are kept: the files go, these rows stay in the lake.")
    if counts["quarantined_count"]:
        notes.append("Quarantined lines go with the file that brought them: nobody can take them again afterwards.")
    if waiting := _count_waiting(settings):
        notes.append(
            f"{waiting:,} files wait in the inbox and are not touched; their lines of this scope are set aside."
        )
    if unknown := _count_unknown_refused(settings, scope):
        notes.append(f"{unknown:,} refused files came later and stay: look through {settings.refused_dir} yourself.")
    if scope.destroys_key:
        notes.append("The key of the tokens goes too: people seen before and after count as different people.")
        if open_rounds:
            notes.append(
                f"Still open: {', '.join(open_rounds)}. What comes later about those registered so far is set aside."
            )
    return Preview(scope, counts, tuple(notes))


def find_unfinished(settings: Settings) -> Scope | None:
    """The scope of an erasure that was begun and not ended; None when there is none."""
    work = _read_journal(settings)
    return work.scope if work else None


def erase(settings: Settings, scope: Scope, tell: Callable[[str], None] = lambda step: None) -> Path:
    """Destroys what the scope holds; gives the path of the certificate. Ends an erasure of the same scope that broke off.

    Raises ErasureError where another one is unfinished or something could not be destroyed; LakeError where the lake
    cannot be written. Ingest may go on meanwhile: it waits while files of the lake are written anew.
    """
    with only_one(settings.lake_dir / "erase.lock", _tell_second):
        work = _read_journal(settings)
        if work and not _is_same(work.scope, scope):
            begun = work.scope.describe(settings.timezone)
            raise ErasureError(
                f"An erasure was begun and is not finished: {begun}.",
                f"Finish it first: {suggest_command(work.scope, settings.timezone)}",
            )
        read_public_key(settings)  # a key that cannot be read is told before anything is destroyed
        work = work or _begin(settings, scope)
        scope = work.scope
        tell("keys")
        for path in _list_keys(settings, scope):
            _destroy_key(settings, work, path)
        with open_lake(settings) as lake:
            tell("rows")
            row = _delete_rows(settings, lake, work)
            tell("files of the lake")
            snapshot_count = _purge(settings, lake, work)
            tell("raw files")
            _destroy_raw(settings, work)
            tell("situation")
            _publish(settings, lake)
            _check_gone(lake.connection, scope)
            kept = _sum_kept(lake.connection, scope)
        tell("certificate")
        body = _write_body(settings, work, row, snapshot_count, kept)
        path = issue_certificate(settings, work.name, body)
        _journal_path(settings).unlink(missing_ok=True)
    return path


def suggest_command(scope: Scope, timezone: str) -> str:
    """The command line that erases this scope."""
    word = scope.describe(timezone)
    if scope.kind == "before":
        return f'wangge erase --before "{word.removeprefix("before ")}"'
    return f"wangge erase --{word}"


# scope ---------------------------------------------------------------------------------------------------------------


def _find_round(connection: duckdb.DuckDBPyConnection, code: str, now: datetime, timezone: str) -> Scope:
    row = connection.execute("select starts_at, closes_at from lake.round where round_code = ?", [code]).fetchone()
    if not row:  # the round may have left the reference; its rows still bear its code
        row = connection.execute(
            "select min(registered_at), max(registered_at) + interval 1 microsecond from lake.registration_version where round_code = ?",
            [code],
        ).fetchone()
    if not row or row[0] is None:
        known = [str(one) for (one,) in connection.execute("select round_code from lake.round order by 1").fetchall()]
        close = difflib.get_close_matches(code, known, n=3, cutoff=0.3) or known[:12]
        raise ErasureError(f"There is no round {code!r}.", f"Rounds: {', '.join(close) or 'none'}.")
    if row[1] > now:
        raise ErasureError(
            f"Round {code} is open until {_local(row[1], timezone)}.",
            "Erase it when it is closed, or import rounds with an earlier closes_at: nobody could be registered in it any more.",
        )
    return Scope("round", code, row[0], row[1])


def _check_moment(connection: duckdb.DuckDBPyConnection, before: datetime, now: datetime, timezone: str) -> None:
    if before > now:
        raise ErasureError(f"{_local(before, timezone)} is still to come.", "Name a moment that has passed.")
    row = connection.execute(
        "select round_code, starts_at from lake.round where starts_at < ? and closes_at > ? order by starts_at",
        [before, now],
    ).fetchone()
    if row:
        raise ErasureError(
            f"Round {row[0]} is still open and began before {_local(before, timezone)}: it would be cut in two.",
            f"Name {_local(row[1], timezone)} or earlier, or wait until it is closed.",
        )


def _list_open_rounds(connection: duckdb.DuckDBPyConnection, now: datetime) -> list[str]:
    rows = connection.execute(
        "select round_code from lake.round where starts_at <= ? and closes_at > ? order by 1", [now, now]
    ).fetchall()
    return [str(code) for (code,) in rows]


def _local(moment: datetime, timezone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"


# rows ----------------------------------------------------------------------------------------------------------------


def _measure(connection: duckdb.DuckDBPyConnection, scope: Scope) -> dict[str, int]:
    """Rows of the scope; leaves `sibling`, `erased_log` and `erased_ingest` behind."""
    values = {"round_code": scope.round_code, "from_at": scope.from_at, "until_at": scope.until_at}
    connection.execute(
        "create or replace temp table sibling (site_code varchar, person_token blob, registered_at timestamptz)"
    )
    if scope.kind == "round":
        _execute(connection, SIBLINGS.format(scope=SCOPE_SQL["round"]), values)
    condition = _condition(scope)
    counted = _execute(connection, MEASURE.format(scope=condition), values).fetchone() or (0, 0, 0)
    if scope.kind == "key":
        connection.execute("create or replace temp table erased_log (file_sha256 varchar, is_mixed boolean)")
    else:
        _execute(connection, FIND_LOGS.format(scope=condition), {**values, "is_all": scope.kind == "all"})
    connection.execute(FIND_QUARANTINE)
    row = connection.execute(
        "select count(*) from lake.quarantine where ingest_no in (select ingest_no from erased_ingest)"
    ).fetchone()
    return {
        "version_count": int(counted[0]), "registration_count": int(counted[1]), "person_count": int(counted[2]),
        "quarantined_count": int(row[0]) if row else 0,
    }  # fmt: skip


def _condition(scope: Scope) -> str:
    own = SCOPE_SQL[scope.kind]
    return f"({own} or {IS_SIBLING})" if scope.kind == "round" else own


def _execute(
    connection: duckdb.DuckDBPyConnection, statement: str, values: dict[str, Any]
) -> duckdb.DuckDBPyConnection:
    return connection.execute(statement, {name: value for name, value in values.items() if f"${name}" in statement})


def _read_hashes(connection: duckdb.DuckDBPyConnection) -> dict[str, bool]:
    return dict(connection.execute("select file_sha256, is_mixed from erased_log order by 1").fetchall())


def _list_kept_hashes(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select distinct file_sha256 from lake.ingest_file where log_kind != 'registration' order by 1"
    ).fetchall()
    return [str(sha256) for (sha256,) in rows]


def _delete_rows(settings: Settings, lake: Lake, work: _Work) -> dict[str, Any]:
    """Deletes the rows and records it, once; gives the record."""
    found = _read_record(lake.connection, work.name)
    if found:
        return found
    _as_writer(lake, lambda: _delete_in_one_transaction(settings, lake, work))
    found = _read_record(lake.connection, work.name)
    assert found is not None
    return found


def _delete_in_one_transaction(settings: Settings, lake: Lake, work: _Work) -> None:
    scope = work.scope
    with lake.transaction() as connection:
        counts = _measure(connection, scope)
        work.hashes |= _read_hashes(connection)
        work.kept_hashes = _list_kept_hashes(connection)
        _write_journal(settings, work)  # before the commit: afterwards the lake no longer knows which files held them
        connection.execute(DELETE)
        _execute(
            connection, f"delete from lake.registration_version as v where {_condition(scope)}",
            {"round_code": scope.round_code, "until_at": scope.until_at},
        )  # fmt: skip
        connection.execute(
            """
            insert into lake.erasure
            select coalesce((select max(erasure_no) from lake.erasure), 0) + 1, $scope, $round_code, $from_at, $until_at, now(),
                $erased_by, $certificate, $version_count, $registration_count, $person_count, $quarantined_count,
                $is_key_destroyed, (select max(ingest_no) from lake.ingest_file)
            """,
            {
                "scope": scope.kind, "round_code": scope.round_code, "from_at": scope.from_at, "until_at": scope.until_at,
                "erased_by": _name_user(), "certificate": work.name, "is_key_destroyed": scope.destroys_key, **counts,
            },
        )  # fmt: skip


def _read_record(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any] | None:
    columns = ("version_count", "registration_count", "person_count", "quarantined_count", "erased_at", "erased_by")
    row = connection.execute(f"select {', '.join(columns)} from lake.erasure where certificate = ?", [name]).fetchone()
    return dict(zip(columns, row, strict=True)) if row else None


def _check_gone(connection: duckdb.DuckDBPyConnection, scope: Scope) -> None:
    values = {"round_code": scope.round_code, "until_at": scope.until_at}
    statement = f"select count(*) from lake.registration_version as v where {SCOPE_SQL[scope.kind]}"
    row = _execute(connection, statement, values).fetchone()
    if scope.kind != "all" and row and row[0]:  # after `all`, people register anew
        raise ErasureError(f"{row[0]:,} rows of the scope are still there.", "Run the same command again.")


def _sum_kept(connection: duckdb.DuckDBPyConnection, scope: Scope) -> dict[str, Any]:
    """The totals that stay: the ledger's, and those of the rounds."""
    names = ("file_count", "row_count", "accepted_count", "duplicate_count", "corrected_count", "quarantined_count")
    ledger = connection.execute(
        """
        select count(distinct (file_sha256, file_name)), sum(row_count), sum(accepted_count), sum(duplicate_count),
            sum(corrected_count), sum(quarantined_count)
        from lake.ingest_file
        """
    ).fetchone()
    rounds = connection.execute(
        """
        select round_code, sum(registered_person_count), sum(covered_person_count) from lake.grid_bucket_delta
        where $round_code is null or round_code = $round_code group by round_code order by round_code
        """,
        {"round_code": scope.round_code},
    ).fetchall()
    return {
        "ledger": {name: int(value or 0) for name, value in zip(names, ledger or [0] * 6, strict=True)},
        "rounds": [f"{code}: {int(seen):,} registered, {int(covered):,} covered" for code, seen, covered in rounds],
    }


# the lake's files ----------------------------------------------------------------------------------------------------


def _purge(settings: Settings, lake: Lake, work: _Work) -> int:
    """Writes anew what erased rows stood in, and destroys every older state with its files; gives the snapshots destroyed."""
    known = {item["path"] for item in work.files}
    for path in _list_lake_files(settings):
        if str(path) not in known:
            work.files.append(_describe(settings, path, "lake", is_named=True))
    _write_journal(settings, work)
    destroyed = _as_writer(lake, lake.destroy_history)
    lake.take_lease("erase")  # a new state: nobody's memory of the old extremes is written back
    return destroyed.snapshot_count


def _as_writer(lake: Lake, act: Callable[[], Result]) -> Result:
    """Does what needs the lease; again when a worker took its lease back at that very moment."""
    for _ in range(TRIES - 1):
        with suppress(LeaseLost):
            lake.take_lease("erase")
            return act()
    lake.take_lease("erase")
    return act()


def _list_lake_files(settings: Settings) -> Iterator[Path]:
    for table in PERSONAL_TABLES:
        yield from sorted((settings.lake_data_dir / "main" / table).glob("*.parquet"))


# raw files -----------------------------------------------------------------------------------------------------------


def _find_raw(settings: Settings, work: _Work) -> Iterator[dict[str, Any]]:
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
                    **_describe(settings, path, "raw"),
                    "is_mixed": any(work.hashes.get(one, False) for one in hashes),
                }
    for path in _list_files(settings.refused_dir):
        if _came_within(path, work.scope) or _hash_logs(path) & work.hashes.keys():
            yield _describe(settings, path, "refused")
    error_log = settings.home / "log" / "error.log"
    if error_log.is_file():  # tracebacks quote what the engine quotes: that may be a cell
        yield _describe(settings, error_log, "log", is_named=True)


def _destroy_raw(settings: Settings, work: _Work) -> None:
    """Destroys the raw files; looks again until none is found, for a worker may be moving some."""
    for _ in range(TRIES):
        found = list(_find_raw(settings, work))
        known = {item["path"] for item in work.files}
        work.files += [item for item in found if item["path"] not in known]
        _write_journal(settings, work)
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


def _came_within(path: Path, scope: Scope) -> bool:
    """Whether a refused file arrived while the scope's registrations were made: nobody could tell what is in it."""
    with suppress(FileNotFoundError):
        return scope.from_at.timestamp() <= path.stat().st_mtime < scope.until_at.timestamp() or scope.kind == "all"
    return False


def _count_unknown_refused(settings: Settings, scope: Scope) -> int:
    if scope.kind in ("all", "key"):
        return 0
    return sum(
        1 for path in _list_files(settings.refused_dir)
        if path.stat().st_mtime >= scope.until_at.timestamp() and not path.name.endswith(".reason.txt")
    )  # fmt: skip


def _count_waiting(settings: Settings) -> int:
    folders = [path for path in settings.inbox_dir.glob("*") if path.is_dir() and path.name not in INBOX_FOLDERS]
    return sum(1 for folder in folders for _ in _list_files(folder))


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


def _describe(settings: Settings, path: Path, kind: str, *, is_named: bool = False) -> dict[str, Any]:
    """A file as the certificate lists it. A delivered file's own name stays out: who knows what sites call their files."""
    sha256, size = _hash_file(path)
    place = path if is_named else path.parent
    if place.is_relative_to(settings.home):
        place = place.relative_to(settings.home)
    return {
        "kind": kind, "place": place.as_posix(), "sha256": sha256, "byte_count": size, "path": str(path),
    }  # fmt: skip


# keys ----------------------------------------------------------------------------------------------------------------


def _list_keys(settings: Settings, scope: Scope) -> list[Path]:
    if not scope.destroys_key:
        return []
    keys = [settings.key_path, settings.home / "keys" / "quarantine.key"]
    return keys if scope.kind == "all" else keys[:1]


def _destroy_key(settings: Settings, work: _Work, path: Path) -> None:
    """Overwrites the key, then removes it; once, for a worker may have made a new one since."""
    place = path.relative_to(settings.home).as_posix()
    if not path.exists() or any(item["kind"] == "key" and item["place"] == place for item in work.files):
        return
    described = _describe(settings, path, "key", is_named=True)
    try:
        with path.open("r+b") as file:
            file.write(secrets.token_bytes(described["byte_count"]))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except OSError as error:
        raise write_permission_error(path, error) from None
    work.files.append(described)
    _write_journal(settings, work)


# publication and certificate -----------------------------------------------------------------------------------------


def _publish(settings: Settings, lake: Lake) -> None:
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


def _write_body(
    settings: Settings, work: _Work, row: dict[str, Any], snapshot_count: int, kept: dict[str, Any]
) -> dict[str, Any]:
    files = [item for item in work.files if item["kind"] == "key" or not Path(item["path"]).exists()]
    counts = {
        kind: sum(item["kind"] == kind for item in files) for kind in ("raw", "refused", "lake", "sealed", "log", "key")
    }
    found = {item["sha256"] for item in files}
    scope, zone = work.scope, ZoneInfo(settings.timezone)
    word = scope.describe(settings.timezone)
    return {
        "number": work.number,
        "district": f"{settings.district_name} {settings.district_name_en}",
        "scope": word,
        "scope_zh": _describe_in_chinese(scope, word),
        "from_at": scope.from_at.isoformat() if scope.kind == "round" else None,
        "until_at": scope.until_at.isoformat(),
        "started_at": work.started_at,
        "finished_at": datetime.now(zone).isoformat(timespec="seconds"),
        "clock": f"{settings.timezone}; this machine's clock"
        + ("; the district's clock is a played one" if (settings.home / CLOCK_FILE).exists() else ""),
        "erased_by": row["erased_by"],
        "software": f"Wangge {_read_version()}, DuckDB {DUCKDB_VERSION}",
        "destroyed": {
            "version_count": row["version_count"], "registration_count": row["registration_count"],
            "person_count": row["person_count"], "quarantined_count": row["quarantined_count"],
            "snapshot_count": snapshot_count, "raw_file_count": counts["raw"],
            "mixed_file_count": sum(bool(item.get("is_mixed")) for item in files), "refused_file_count": counts["refused"],
            "lake_file_count": counts["lake"], "sealed_file_count": counts["sealed"], "log_count": counts["log"],
            "key_count": counts["key"],
        },
        "kept": kept,
        "left": {
            "waiting_file_count": _count_waiting(settings),
            "elsewhere_file_count": len(work.hashes.keys() - found),
            "later_refused_file_count": _count_unknown_refused(settings, scope),
        },
        "law": list(LAW),
        "limits": list(LIMITS),
        "previous": work.previous,
        "files": [{key: item[key] for key in ("kind", "place", "byte_count", "sha256")} for item in files],
    }  # fmt: skip


def _describe_in_chinese(scope: Scope, word: str) -> str:
    return {
        "round": f"轮次 {scope.round_code} 的全部登记",
        "before": f"{word.removeprefix('before ')} 之前的全部登记",
        "all": "全部登记，以及假名化密钥",
        "key": "假名化密钥（登记保留，令牌从此无法对应到人）",
    }[scope.kind]


def _name_user() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _read_version() -> str:
    try:
        return version("wangge")
    except PackageNotFoundError:
        return "unknown"


# the journal ---------------------------------------------------------------------------------------------------------


def _begin(settings: Settings, scope: Scope) -> _Work:
    previous = find_previous(settings)
    number = previous["number"] + 1 if previous else 1
    slug = "".join(char if char.isalnum() or char in "-_" else "-" for char in scope.describe(settings.timezone))
    started_at = datetime.now(ZoneInfo(settings.timezone)).isoformat(timespec="seconds")
    work = _Work(scope, f"{number:04d}-{slug}.json", number, started_at, previous)
    _write_journal(settings, work)
    return work


def _journal_path(settings: Settings) -> Path:
    return settings.certificates_dir / JOURNAL_FILE


def _write_journal(settings: Settings, work: _Work) -> None:
    scope = work.scope
    body = {
        "scope": [scope.kind, scope.round_code, scope.from_at.isoformat(), scope.until_at.isoformat()],
        "name": work.name, "number": work.number, "started_at": work.started_at, "previous": work.previous,
        "hashes": work.hashes, "kept_hashes": work.kept_hashes, "files": work.files,
    }  # fmt: skip
    path = _journal_path(settings)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("w", encoding="utf-8") as file:
            json.dump(body, file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise write_permission_error(path.parent, error) from None


def _read_journal(settings: Settings) -> _Work | None:
    try:
        body = json.loads(_journal_path(settings).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    kind, round_code, from_at, until_at = body.pop("scope")
    scope = Scope(kind, round_code, datetime.fromisoformat(from_at), datetime.fromisoformat(until_at))
    return _Work(scope, **body)


def _is_same(one: Scope, other: Scope) -> bool:
    """Whether both name the same; `all` and `key` reach to the moment at which each was asked for."""
    return one == other or (one.kind == other.kind and one.destroys_key)


def _tell_second(process: str) -> WanggeError:
    return ErasureError(f"Another erasure is under way (process {process}).", "Wait until it has ended.")
