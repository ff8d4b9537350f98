"""The rows of an erasure: which they are, which files brought them, deleting them, and the totals that stay."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import duckdb

from data.erasure.journal import Work, write_journal
from data.erasure.quarantine import DELETE_LINES, find_lines, judge_lines
from data.erasure.scope import ErasureError, Scope
from data.lake import Lake, LeaseLost
from data.settings import Settings

TRIES = 5
Result = TypeVar("Result")
SCOPE_SQL = {
    "round": "v.round_code is not distinct from $round_code",
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
        bool_or(p.ingest_no in (
            select ingest_no from lake.quarantine where reason = 'erased'
            union all select ingest_no from judged_line where is_erased
        )) as was_set_aside
    from part as p left join line as l on l.ingest_no = p.ingest_no
    group by p.file_sha256
    having bool_or(coalesce(p.is_last, true))  -- a worker is in the middle of any other: it counts among the waiting
)
select
    file_sha256,
    kept_count > 0 or coalesce(first_at < $from_at or last_at >= $until_at, false) as is_mixed
from log
where $is_all or erased_count > 0 or was_set_aside
    -- lines that left no row (sent before, or quarantined) are judged by the file's times
    or (
        coalesce(first_at, received_at) < $until_at and coalesce(last_at, received_at) >= $from_at
        and row_count > kept_count
    )
"""


def measure(settings: Settings, connection: duckdb.DuckDBPyConnection, scope: Scope) -> tuple[dict[str, int], Work]:
    """Rows of the scope, and which files and sealed lines they came from; leaves `sibling` and `erased_line` behind."""
    values = {"round_code": scope.round_code, "from_at": scope.from_at, "until_at": scope.until_at}
    connection.execute(
        "create or replace temp table sibling (site_code varchar, person_token blob, registered_at timestamptz)"
    )
    if scope.kind == "round":
        _execute(connection, SIBLINGS.format(scope=SCOPE_SQL["round"]), values)
    condition = _condition(scope)
    counted = _execute(connection, MEASURE.format(scope=condition), values).fetchone() or (0, 0, 0)
    judge_lines(settings, connection, scope)
    if scope.kind == "key":
        connection.execute("create or replace temp table erased_log (file_sha256 varchar, is_mixed boolean)")
    else:
        _execute(connection, FIND_LOGS.format(scope=condition), {**values, "is_all": scope.kind == "all"})
    found = Work(
        scope, "", 0, "", None, dict(connection.execute("select * from erased_log order by 1").fetchall()),
        _list_kept_hashes(connection), find_lines(connection, scope),
    )  # fmt: skip
    row = connection.execute("select count(*), count(sealed_file) from erased_line").fetchone() or (0, 0)
    counts = {
        "version_count": int(counted[0]), "registration_count": int(counted[1]), "person_count": int(counted[2]),
        "quarantined_count": int(row[0]), "sealed_line_count": int(row[1]),
    }  # fmt: skip
    return counts, found


def _list_kept_hashes(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select distinct file_sha256 from lake.ingest_file where log_kind != 'registration' order by 1"
    ).fetchall()
    return [str(sha256) for (sha256,) in rows]


def delete_rows(settings: Settings, lake: Lake, work: Work) -> dict[str, Any]:
    """Deletes the rows and records it, once; gives the record."""
    found = _read_record(lake.connection, work.name)
    if found:
        return found
    as_writer(lake, lambda: _delete_in_one_transaction(settings, lake, work))
    found = _read_record(lake.connection, work.name)
    assert found is not None
    return found


def as_writer(lake: Lake, act: Callable[[], Result]) -> Result:
    """Does what needs the lease; again when a worker took its lease back at that very moment."""
    for _ in range(TRIES - 1):
        with suppress(LeaseLost):
            lake.take_lease("erase")
            return act()
    lake.take_lease("erase")
    return act()


def check_gone(connection: duckdb.DuckDBPyConnection, scope: Scope) -> None:
    values = {"round_code": scope.round_code, "until_at": scope.until_at}
    statement = f"select count(*) from lake.registration_version as v where {SCOPE_SQL[scope.kind]}"
    row = _execute(connection, statement, values).fetchone()
    if scope.kind != "all" and row and row[0]:  # after `all`, people register anew
        raise ErasureError(f"{row[0]:,} rows of the scope are still there.", "Run the same command again.")


def sum_kept(connection: duckdb.DuckDBPyConnection, scope: Scope) -> dict[str, Any]:
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


def _delete_in_one_transaction(settings: Settings, lake: Lake, work: Work) -> None:
    scope = work.scope
    with lake.transaction() as connection:
        counts, found = measure(settings, connection, scope)
        work.hashes, work.kept_hashes, work.sealed = found.hashes, found.kept_hashes, found.sealed
        write_journal(settings, work)  # before the commit: afterwards the lake no longer knows which files held them
        connection.execute(DELETE_LINES)
        if scope.kind == "all":  # the key of what is sealed goes too: no line of any kind can be checked again
            connection.execute(
                "update lake.quarantine set sealed_file = null, sealed_no = null where sealed_file is not null"
            )
        _execute(
            connection, f"delete from lake.registration_version as v where {_condition(scope)}",
            {"round_code": scope.round_code, "until_at": scope.until_at},
        )  # fmt: skip
        connection.execute(
            """
            insert into lake.erasure
            select coalesce((select max(erasure_no) from lake.erasure), 0) + 1, $scope, $round_code, $from_at, $until_at, now(),
                $erased_by, $certificate, $version_count, $registration_count, $person_count, $quarantined_count,
                $sealed_line_count, $is_key_destroyed, (select max(ingest_no) from lake.ingest_file)
            """,
            {
                "scope": scope.kind, "round_code": scope.round_code, "from_at": scope.from_at, "until_at": scope.until_at,
                "erased_by": name_user(), "certificate": work.name, "is_key_destroyed": scope.destroys_key, **counts,
            },
        )  # fmt: skip


def _read_record(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any] | None:
    columns = (
        "version_count", "registration_count", "person_count", "quarantined_count", "sealed_line_count", "erased_at", "erased_by",
    )  # fmt: skip
    row = connection.execute(f"select {', '.join(columns)} from lake.erasure where certificate = ?", [name]).fetchone()
    return dict(zip(columns, row, strict=True)) if row else None


def _condition(scope: Scope) -> str:
    own = SCOPE_SQL[scope.kind]
    return f"({own} or {IS_SIBLING})" if scope.kind == "round" else own


def _execute(
    connection: duckdb.DuckDBPyConnection, statement: str, values: dict[str, Any]
) -> duckdb.DuckDBPyConnection:
    return connection.execute(statement, {name: value for name, value in values.items() if f"${name}" in statement})


def name_user() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
