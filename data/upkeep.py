"""Upkeep: keeps the lake tidy for years with nobody looking. The worker calls it between two batches.

Joins small files into larger ones, adds roll-up deltas up, expires snapshots, removes files that no snapshot needs and
files that a killed transaction left, and log files in `done/` that have been kept long enough.

A file may be named by a published situation, and a question may be reading it: it goes only when it was found unneeded and
unnamed `retention_s` ago. Time is counted on the clock since the machine started, which nobody can set; what was found is
kept in `lake/upkeep.json`, so that a worker that is often restarted still removes. After a reboot counting begins anew.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from data.catalogue import METADATA
from data.durable import write_durably
from data.errors import LakeError
from data.lake import Lake
from data.lake_errors import write_permission_error
from data.lake_files import (
    forget_scheduled_files,
    list_known_files,
    list_present_files,
    list_scheduled_files,
    remove_file,
)
from data.settings import Settings

COMMITS = 300
"""Upkeep is due after so many commits: five minutes of a file a second. It takes about a second."""
IDLE_S = 600.0
"""Upkeep is due after so many seconds, if there was a commit since or something waits to be removed."""
LEVELS_BYTES = (1_000_000, 8_000_000, 64_000_000)
"""Files below the first size are joined each time; those between two sizes once there are LEVEL_FILES of them. So each row
is written some four times in its life, and not with every upkeep."""
LEVEL_FILES = 8
SUM_ROWS_MIN = 20_000
"""Deltas are added up once there are twice as many rows as after the last time, and so many at least."""
MEMORY_BYTES = 2_000_000_000
"""What the engine may hold while it joins files, beside the mirrors it holds anyway; some 1.5 MB for each small file."""
STEADY_S = 3600.0
"""Log files are removed by the calendar only when the system's clock has kept pace with the machine's for so long."""
JUMP_S = 120.0
"""A difference between the two clocks that is no drift any more."""
STATE_FILE = "upkeep.json"
DELTAS = {
    "site_bucket_delta": (
        ("bucket_start_at", "site_code", "channel"),
        ("registered_count", "sampled_count", "waited_count", "wait_s_sum"),
    ),
    "round_unit_delta": (("round_code", "site_code", "unit_no", "channel"), ("registered_count", "sampled_count")),
    "grid_bucket_delta": (
        ("bucket_start_at", "grid_code", "round_code"),
        ("registered_person_count", "covered_person_count", "seen_household_count"),
    ),
    "feed_bucket_delta": (("feed_code", "bucket_start_at"), ("row_count",)),
}
"""Tables of which only the sums count: their keys, and what is summed."""

_log = logging.getLogger("wangge.upkeep")


def read_uptime_s() -> float:
    """Seconds since the machine started, asleep or not; no clock that is set can change it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def read_lead_s() -> float:
    """By how much the system's clock leads the machine's: the same for years, unless someone sets the clock."""
    return time.time() - read_uptime_s()


@dataclass
class _State:
    """What upkeep must remember between two runs; times are seconds since the machine started."""

    boot: str = ""
    unneeded: dict[str, float] = field(default_factory=dict)
    """Files found unneeded and unnamed: since when."""
    snapshots: list[tuple[float, int]] = field(default_factory=list)
    """Which snapshot was the newest, and when."""
    summed_rows: dict[str, int] = field(default_factory=dict)
    commits: int = 0
    """Transactions since the last upkeep."""
    worked_s: float = 0.0
    """When the last upkeep was."""
    clock_lead_s: float | None = None
    """By how much the system's clock leads the machine's; it changes only when someone sets it."""
    steady_since_s: float = 0.0


@dataclass(frozen=True)
class Tidied:
    """What one upkeep did."""

    joined_files: int = 0
    removed_files: int = 0
    waiting_files: int = 0
    """Files that will go when their time has come."""
    orphan_files: int = 0
    """Of the waiting ones, those that nobody knows: a killed transaction left them."""
    expired_snapshots: int = 0
    removed_logs: int = 0


class Upkeep:
    """The upkeep of one lake, for its writer. Make it, tell it of each commit, and `work` when it `is_due`."""

    def __init__(self, lake: Lake, settings: Settings) -> None:
        self._lake = lake
        self._settings = settings
        self._path = settings.lake_dir / STATE_FILE
        self._state = _read_state(self._path)

    def note_commit(self) -> None:
        """Says that a transaction was committed."""
        self._state.commits += 1

    @property
    def is_crowded(self) -> bool:
        """Whether there were many commits since the last upkeep."""
        return self._state.commits >= COMMITS

    @property
    def is_due(self) -> bool:
        """Whether it is time to work: many commits, or some and a while ago."""
        if self.is_crowded:
            return True
        return bool(self._state.commits or self._state.unneeded) and read_uptime_s() - self._state.worked_s > IDLE_S

    def work(self) -> Tidied:
        """Does what is to be done, and tells it. Needs the lease. Publish afterwards: files have been replaced.

        Raises LakeError; then nothing is broken, and the next time does what was left.
        """
        self._state.commits, self._state.worked_s = 0, read_uptime_s()
        for table in DELTAS:
            self._sum_deltas(table)
        with self._lake.alone() as connection:
            connection.execute(f"set memory_limit = '{MEMORY_BYTES} bytes'")
            try:
                joined = self._join_files(connection)
            finally:
                connection.execute(f"set memory_limit = '{self._settings.writer_memory_bytes} bytes'")
            expired = self._expire_snapshots()
            removed, orphans = self._remove_files(connection)
        logs = self._remove_logs()
        self._write_state()
        return Tidied(joined, removed, len(self._state.unneeded), orphans, expired, logs)

    def close(self) -> None:
        """Keeps in mind, for the next process, how many commits there were."""
        with suppress(LakeError):
            self._write_state()

    def _sum_deltas(self, table: str) -> None:
        """Replaces a table of deltas by their sums, once it has doubled: what is read at each start stays bounded by them."""
        connection = self._lake.connection
        row = connection.execute(
            f"""
            select coalesce(sum(f.record_count), 0) from {METADATA}.ducklake_data_file as f
            inner join {METADATA}.ducklake_table as t on t.table_id = f.table_id and t.end_snapshot is null
            where f.end_snapshot is null and t.table_name = ?
            """,
            [table],
        ).fetchone()
        count = int(row[0]) if row else 0
        if count < max(SUM_ROWS_MIN, 2 * self._state.summed_rows.get(table, 0)):
            return
        keys, sums = DELTAS[table]
        with self._lake.transaction():
            connection.execute(
                f"""
                create or replace temp table summed as
                select {", ".join(keys)}, {", ".join(f"sum({name}) as {name}" for name in sums)} from lake.{table} group by all
                having {" or ".join(f"sum({name}) != 0" for name in sums)}
                """
            )
            connection.execute(f"delete from lake.{table}")
            connection.execute(f"insert into lake.{table} by name select * from summed order by {', '.join(keys)}")
        row = connection.execute("select count(*) from summed").fetchone()
        connection.execute("drop table summed")
        self._state.summed_rows[table] = int(row[0]) if row else 0

    def _join_files(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Joins small files of each table; gives how many went into larger ones."""
        joined = 0
        # table by table: the readers of all tables' files at once do not fit into the writer's memory
        for least, most in itertools.pairwise((0, *LEVELS_BYTES)):
            crowded = connection.execute(
                f"""
                select t.table_name from {METADATA}.ducklake_data_file as f
                inner join {METADATA}.ducklake_table as t on t.table_id = f.table_id and t.end_snapshot is null
                where f.end_snapshot is null and f.file_size_bytes >= ? and f.file_size_bytes < ?
                group by t.table_name having count(*) >= ?
                """,
                [least, most, LEVEL_FILES if least else 2],
            ).fetchall()
            for (table,) in crowded:
                joined += sum(int(row[2]) for row in self._lake.execute_alone(_merge(most, str(table))))
        return joined

    def _expire_snapshots(self) -> int:
        """Expires what was over `retention_s` ago: a transaction that began then must still see what others did since."""
        now = read_uptime_s()
        old = [number for since, number in self._state.snapshots if now - since >= self._settings.retention_s]
        self._state.snapshots = [
            (since, number) for since, number in self._state.snapshots if now - since < self._settings.retention_s
        ]
        newest = self._lake.snapshot
        self._state.snapshots.append((now, newest))
        return self._lake.expire_until(min(max(old), newest - 1)) if old else 0

    def _remove_files(self, connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
        """Removes files whose time has come; gives how many, and how many of those left belong to nobody."""
        data_dir = self._settings.lake_data_dir
        scheduled = list_scheduled_files(connection, data_dir)
        orphans = list_present_files(data_dir) - list_known_files(connection, data_dir) - scheduled.keys()
        named = self._list_named_files(connection)
        now = read_uptime_s()
        doomed: list[Path] = []
        waiting: dict[str, float] = {}
        for path in scheduled.keys() | orphans:
            if path in named:
                continue
            name = path.relative_to(data_dir).as_posix() if path.is_relative_to(data_dir) else str(path)
            since = self._state.unneeded.get(name, now)
            if now - since >= self._settings.retention_s:
                doomed.append(path)
            else:
                waiting[name] = since
        try:
            for path in doomed:
                remove_file(path)
        except OSError as error:
            raise write_permission_error(data_dir, error) from None
        forget_scheduled_files(connection, [scheduled[path] for path in doomed if path in scheduled])
        self._state.unneeded = waiting
        return len(doomed), len(orphans - set(doomed))

    def _list_named_files(self, connection: duckdb.DuckDBPyConnection) -> set[Path]:
        """The files that the situation in place names; all of the lake's when it cannot be read."""
        path = self._settings.situation_path
        if not path.is_file():
            return set()
        quoted = str(path).replace("'", "''")
        try:
            connection.execute(f"attach '{quoted}' as published (read_only)")
            try:
                return {Path(row[0]) for row in connection.execute("select path from published.lake_file").fetchall()}
            finally:
                connection.execute("detach published")
        except duckdb.Error:
            return list_present_files(self._settings.lake_data_dir)

    def _remove_logs(self) -> int:
        """Removes the days of `done/` that are over `keep_done_days` old; gives how many folders."""
        state, now = self._state, read_uptime_s()
        lead = read_lead_s()
        if state.clock_lead_s is None or abs(lead - state.clock_lead_s) > JUMP_S:
            state.steady_since_s = now
            state.clock_lead_s = lead
        if not self._settings.keep_done_days or now - state.steady_since_s < STEADY_S:
            return 0
        oldest = datetime.now(UTC).date() - timedelta(days=self._settings.keep_done_days)
        removed = 0
        for folder in self._settings.done_dir.glob("*/*"):
            with suppress(ValueError):
                if folder.is_dir() and date.fromisoformat(folder.name) < oldest:
                    shutil.rmtree(folder, ignore_errors=True)
                    removed += 1
        return removed

    def _write_state(self) -> None:
        write_durably(self._path, json.dumps(vars(self._state)).encode())


def work_if_due(upkeep: Upkeep) -> bool:
    """Works when it is time to; True when something was done. A failure is logged, and the worker goes on."""
    if not upkeep.is_due:
        return False
    try:
        tidied = upkeep.work()
    except (LakeError, duckdb.Error) as error:
        _log.error("upkeep: %s", error)
        return False
    _log.info("upkeep: %s", tidied)
    return True


def _merge(most_bytes: int, table: str) -> str:
    return f"call ducklake_merge_adjacent_files('lake', '{table}', max_file_size => {most_bytes})"


def _read_boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return str(os.getpid())  # not Linux: what was found by another process does not count


def _read_state(path: Path) -> _State:
    """What was remembered; nothing but the sums' sizes when the machine was started since."""
    boot = _read_boot()
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        state = _State(**raw)
        state.snapshots = [(float(since), int(number)) for since, number in state.snapshots]
    except (OSError, ValueError, TypeError):
        return _State(boot)
    return state if state.boot == boot else _State(boot, summed_rows=state.summed_rows)
