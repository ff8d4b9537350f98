"""What the system had received by a past moment: a situation file of its own, made of the rows that had come by then.

Everything comes from the situation in force and the Parquet files it names; the lake's catalogue is not opened and its
writer never waits. A child process of low priority makes one file at a time, beside the page that asked for it; a few are kept.
Reference data (grids, households, rosters) is today's: no version of it is kept. Orders, infections and results are those reported by then.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from data.clock import read_clock
from data.errors import SituationError, WanggeError
from data.lake import BUCKET
from data.publication import (
    EARLIEST,
    MIRROR_SCHEMA,
    SCHEMA_FILE,
    SCHEMA_VERSION,
    WRITE_BUCKETS,
    WRITE_ROUND_UNITS,
    WRITE_STATE,
    execute_each,
)
from data.questions import select_rows
from data.settings import PROJECT_ROOT, Settings, read_settings
from data.situation import open_situation

KEPT = 12
"""Files that are kept, those looked at last; one is as large as the situation file."""
PARTS = 8
"""The registrations are added up in so many parts, person by person: it bounds the memory and tells how far it is."""
MEMORY = "600MB"
SETTLE_S = 30.0
"""Real seconds after which everything received by a moment is published for certain."""
FORGET_PROBLEM_S = 60.0
_NICE = 10
_ROWS = (
    "registration_version",
    "staff_event",
    "unit_event",
    "whistle_version",
    "ingest_file",
    "quarantine",
    "quarantine_release",
)
_MADE = frozenset(
    {
        "meta", "feed_state", "feed_bucket", "quarantine_count", "staff_event", "whistle", "unit_event", "site_bucket",
        "round_unit", "grid_bucket", "erasure", "erased_round",
    }
)  # fmt: skip
"""Tables that are made anew from what had been received; the others are copied."""
_REPORTED = {"zone_order": "recorded_at", "infection": "reported_at", "round_result": "reported_at"}
"""Copied tables of which only what was known by then is copied, and the column that tells."""
FILL_MIRRORS = f"""
insert into mirror.staff_event select staff_code, event, event_at, post_kind, post_code, whistle_code from received.staff_event;
insert into mirror.unit_event select site_code, unit_no, event, event_at from received.unit_event;
insert into mirror.whistle_version
select whistle_code, raised_at, due_at, closed_at, place_kind, place_code, place_name, place_name_en, role, needed_count
from received.whistle_version;
insert into mirror.ingest_file
select feed_code, count(distinct (file_sha256, file_name)), sum(row_count), sum(accepted_count), sum(duplicate_count),
    sum(corrected_count), sum(quarantined_count), max(last_event_at), max(received_at)
from received.ingest_file group by feed_code;
insert into mirror.quarantine select feed_code, log_kind, reason, count(*) from received.quarantine group by all;
insert into mirror.quarantine select feed_code, log_kind, reason, -count(*) from received.quarantine_release group by all;
insert into mirror.erasure select * from situation.erasure;
insert into mirror.feed_bucket
select feed_code, {BUCKET.format(moment="event_at")}, count(*)
from (
    select feed_code, coalesce(sampled_at, registered_at) as event_at from received.registration_version
    union all select feed_code, event_at from received.staff_event
    union all select feed_code, event_at from received.unit_event
    union all select feed_code, greatest(raised_at, closed_at) from received.whistle_version
)
group by all
"""
# The roll-ups of one part of the persons, as the lake's views (data/schema) define what their lines say together.
ADD_PART = f"""
create or replace temp table line as
select site_code, person_token, registered_at, sampled_at, unit_no, household_code, grid_code, channel, round_code, is_withdrawn
from received.registration_version where hash(person_token) % {PARTS} = $part;
create or replace temp table gone as select distinct site_code, person_token, registered_at from line where is_withdrawn;
create or replace temp table standing as
select * from line anti join gone using (site_code, person_token, registered_at);
create or replace temp table entry as
select site_code, person_token, registered_at, max(sampled_at) as sampled_at, max(unit_no) as unit_no, max(grid_code) as grid_code,
    coalesce(max(channel), 'self') as channel, max(round_code) as round_code
from standing group by site_code, person_token, registered_at;
insert into mirror.site_bucket
select {BUCKET.format(moment="registered_at")}, site_code, channel, count(*), 0, 0, 0 from entry group by all
union all
select {BUCKET.format(moment="sampled_at")}, site_code, channel, 0, count(*), count(*), sum(epoch(sampled_at) - epoch(registered_at))
from entry where sampled_at is not null group by all;
insert into mirror.round_unit
select round_code, site_code, unit_no, channel, count(*), count(sampled_at) from entry where round_code is not null group by all;
create or replace temp table person as
select e.round_code, arg_min(e.grid_code, (e.registered_at, e.site_code)) as grid_code, min(e.registered_at) as registered_at,
    min(case when s.is_sampling_reported then e.sampled_at else coalesce(e.sampled_at, e.registered_at) end) as covered_at
from entry as e inner join situation.site as s on s.site_code = e.site_code
where e.round_code is not null group by e.round_code, e.person_token;
insert into mirror.grid_bucket
select {BUCKET.format(moment="registered_at")}, grid_code, round_code, count(*), 0, 0 from person group by all
union all
select {BUCKET.format(moment="covered_at")}, grid_code, round_code, 0, count(*), 0 from person where covered_at is not null group by all;
insert into household_named
select round_code, household_code, min(registered_at) from standing
where round_code is not null and household_code is not null group by all
"""
ADD_HOUSEHOLDS = f"""
insert into mirror.grid_bucket
select {BUCKET.format(moment="seen_at")}, h.grid_code, n.round_code, 0, 0, count(*)
from (
    select round_code, household_code, min(registered_at) as seen_at from household_named group by all
) as n
inner join received.household as h on h.household_code = n.household_code group by all
"""


@dataclass(frozen=True)
class Known:
    """The file of what was known then, once it is there; until then how much of it is done, or why there can be none."""

    path: Path | None = None
    done_pct: int | None = None
    problem: str = ""


_children: dict[Path, subprocess.Popen[bytes]] = {}
_starting = threading.Lock()
_keys: dict[Path, tuple[object, str]] = {}


def gather_known(settings: Settings, at: datetime) -> Known:
    """What had been received by `at`; the first who asks has it gathered, aside and at low priority. Returns at once."""
    clock = read_clock(settings.home)
    if clock.now() < at + timedelta(seconds=SETTLE_S * max(1.0, clock.speed)) and clock.speed:
        return Known(done_pct=0)
    try:
        path = settings.known_dir / f"{at.astimezone(UTC):%Y%m%dT%H%M}-{_name_reference(settings)}.duckdb"
    except WanggeError as error:
        return Known(problem=error.message)
    problem = path.with_suffix(".problem")
    with _starting:
        child = _children.get(path)
        if child is not None and child.poll() is not None:
            del _children[path]
        if path.is_file():
            with suppress(OSError):
                os.utime(path)
            return Known(path)
        with suppress(OSError):
            if time.time() - problem.stat().st_mtime < FORGET_PROBLEM_S:
                return Known(problem=problem.read_text(encoding="utf-8"))
        if path not in _children and not any(child.poll() is None for child in _children.values()):
            command = [sys.executable, "-m", "data.known_then", str(settings.home), at.isoformat(), str(path)]
            _children[path] = subprocess.Popen(command, cwd=PROJECT_ROOT, stdin=subprocess.DEVNULL)
    try:
        return Known(done_pct=int(path.with_suffix(".progress").read_text(encoding="ascii")))
    except (OSError, ValueError):
        return Known(done_pct=0)


def write_known(
    settings: Settings, at: datetime, path: Path, on_progress: Callable[[int], object] = lambda pct: None
) -> None:
    """Writes the situation file of what had been received by `at`.

    Raises SituationError where that cannot be told: registrations from before it were destroyed, or the situation in force
    cannot be read.
    """
    situation = open_situation(settings.situation_path)
    try:
        connection = situation.connection
        _refuse_erased(connection, at)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f".{os.getpid()}.aside")
        aside.unlink(missing_ok=True)
        quoted = str(path.parent).replace("'", "''")
        connection.execute("set threads = 1; set enable_progress_bar = false")
        connection.execute(f"set memory_limit = '{MEMORY}'; set temp_directory = '{quoted}/.scratch.{os.getpid()}'")
        connection.execute("use memory; " + MIRROR_SCHEMA)
        _open_received(connection, at, str(settings.situation_path))
        connection.execute(FILL_MIRRORS)
        on_progress(10)
        connection.execute(
            "create temp table household_named (round_code varchar, household_code varchar, registered_at timestamptz)"
        )
        for part in range(PARTS):
            execute_each(connection, ADD_PART.replace("$part", str(part)), {})
            on_progress(10 + 80 * (part + 1) // PARTS)
        connection.execute(ADD_HOUSEHOLDS)
        _write(connection, aside, at)
        aside.replace(path)
    except duckdb.Error as error:
        raise SituationError(
            f"What was received by then cannot be read: {str(error).splitlines()[0][:200]}", "Look again in a minute."
        ) from None
    finally:
        situation.close()


def _open_received(connection: duckdb.DuckDBPyConnection, at: datetime, path: str) -> None:
    """Views over the rows that had been received by then."""
    connection.execute(
        "create schema received; create table received_until as select ?::timestamptz as received_until, ? as situation_path",
        [at, path],
    )
    files: dict[str, list[str]] = {}
    for table, place in connection.execute("select table_name, path from situation.lake_file order by all").fetchall():
        files.setdefault(table, []).append(place)
    for table in _ROWS:
        connection.execute(
            f"create view received.{table} as {select_rows(table, files.get(table, ()), is_limited=True)}"
        )
    connection.execute(f"create view received.household as {select_rows('household', files.get('household', ()))}")


def _write(connection: duckdb.DuckDBPyConnection, path: Path, at: datetime) -> None:
    """The file: what is known of the place, orders and reports known by then, and what the mirrors hold."""
    quoted = str(path).replace("'", "''")
    connection.execute(f"attach '{quoted}' as aside; use aside")
    connection.execute(SCHEMA_FILE.read_text(encoding="utf-8"))
    connection.execute("use memory; begin")
    tables = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'aside' order by all"
    ).fetchall()
    for (table,) in tables:
        if table in _REPORTED:
            connection.execute(
                f"insert into aside.{table} by name from situation.{table} where {_REPORTED[table]} <= ?", [at]
            )
        elif table not in _MADE:
            connection.execute(f"insert into aside.{table} by name from situation.{table}")
    row = connection.execute("select max(last_event_at) from mirror.ingest_file").fetchone()
    as_of = row[0] if row else None
    values = {"from_at": EARLIEST, "until_at": datetime.max.replace(tzinfo=UTC), "as_of": as_of}
    execute_each(connection, WRITE_BUCKETS + WRITE_ROUND_UNITS + WRITE_STATE, values)
    connection.execute("create table aside.received_until as from received_until")
    connection.execute("insert into aside.meta by name select * replace (? as as_of) from situation.meta", [as_of])
    connection.execute("commit; checkpoint aside; detach aside")


def _refuse_erased(connection: duckdb.DuckDBPyConnection, at: datetime) -> None:
    row = connection.execute(
        "select count(*) from situation.erasure where scope != 'key' and coalesce(from_at, '-infinity'::timestamptz) < ?",
        [at],
    ).fetchone()
    if row and row[0]:
        raise SituationError(
            "Registrations from before that moment were destroyed: what had come by then cannot be told any more.",
            "Their totals are kept; look at the moment by what is known now.",
        )


def _name_reference(settings: Settings) -> str:
    """Eight digits that change with what a file of the past takes over from the situation in force, and with what it reads."""
    found = settings.situation_path.stat() if settings.situation_path.exists() else None
    identity = (found.st_ino, found.st_mtime_ns) if found else None
    known = _keys.get(settings.home)
    if known and known[0] == identity:
        return known[1]
    situation = open_situation(settings.situation_path)
    try:
        rows = situation.connection.execute(
            """
            select m.geometry_hash, (select count(*) from staff), (select bit_xor(hash(s)) from staff as s),
                (select bit_xor(hash(r)) from round as r), (select bit_xor(hash(g)) from round_grid as g),
                (select bit_xor(hash(b)) from building as b), (select bit_xor(hash(e)) from erasure as e),
                (select count(*) from zone_order), (select bit_xor(hash(i)) from infection as i),
                (select bit_xor(hash(r)) from round_result as r)
            from meta as m
            """
        ).fetchall()
    finally:
        situation.close()
    name = hashlib.sha256(repr((SCHEMA_VERSION, rows)).encode()).hexdigest()[:8]
    _keys[settings.home] = (identity, name)
    return name


def _sweep(folder: Path) -> None:
    """Removes the files looked at longest ago, and what killed processes left."""
    by_use = sorted(folder.glob("*.duckdb"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in by_use[KEPT:]:
        path.unlink(missing_ok=True)
    for path in (*folder.glob("*.aside*"), *folder.glob(".scratch.*")):
        process = next((word for word in path.name.split(".") if word.isdecimal()), "")
        if not Path(f"/proc/{process}").exists() and path.is_file():
            path.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Gathers one moment in a process of its own: HOME AT FILE; what goes wrong is left beside the file."""
    os.nice(_NICE)
    home, at, path = arguments[0], datetime.fromisoformat(arguments[1]), Path(arguments[2])
    progress = path.with_suffix(".progress")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_known(read_settings(home), at, path, lambda pct: progress.write_text(str(pct), encoding="ascii"))
        _sweep(path.parent)
    except (WanggeError, OSError) as error:
        message = error.message if isinstance(error, WanggeError) else f"{path.parent} cannot be written."
        with suppress(OSError):
            path.with_suffix(".problem").write_text(message, encoding="utf-8")
        return 1
    finally:
        with suppress(OSError):
            progress.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
