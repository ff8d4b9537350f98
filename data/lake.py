"""The lake: where every accepted row is kept, and the one door to it.

A DuckLake over a catalogue (`data.catalogue`), with Parquet files in `home/lake/data/` or a folder that machines share.
This module owns migrations, the writer's lease and the transaction. It knows no log, no reference file and no page.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from data.catalogue import METADATA, attach_lake, find_catalogue, locked_server
from data.errors import LakeError
from data.lake_errors import LeaseLost as LeaseLost
from data.lake_errors import explained, loss_explained
from data.lake_errors import write_permission_error as write_permission_error
from data.lake_files import (
    forget_scheduled_files,
    list_known_files,
    list_present_files,
    list_scheduled_files,
    note_empty_tables,
    shred_file,
    take_extremes_anew,
    vacuum_catalogue,
)
from data.settings import Settings
from data.uncertain import FOLDER, SecondNames, restore_uncertain

SCHEMA_DIR = Path(__file__).parent / "schema"
LEASE_FRESH_S = 60
"""A worker on another machine that renewed its lease within so many seconds is taken to be alive."""
LEASE_RENEW_S = 20
"""How often a worker with nothing to write renews its lease, where workers of other machines could take it for dead."""
WRITE_WAIT_S = 60.0
"""How long a writer waits for another's transaction: an import of 300,000 households takes some 10 s."""
BUCKET_S = 300
"""Roll-ups count by stretches of so many seconds, aligned to the epoch."""
BUCKET = f"make_timestamptz(epoch_us({{moment}}) // {BUCKET_S}000000 * {BUCKET_S}000000)"
"""SQL: the start of the stretch that a moment lies in: as time_bucket has it, at half its cost."""
IS_OURS = "(holder, epoch) = (?, ?)"
"""SQL: whether a lease is this process's. Comparing each column for itself, DuckLake would first go through what the catalogue
says of every file's columns, of all tables: 8 ms of a transaction behind a million rows, 16 behind fifty."""
LAKE_MARK = "lake.id"
"""The file in the folder of Parquet files that says which lake they belong to."""


@dataclass(frozen=True)
class Destroyed:
    """What `destroy_history` left nothing of."""

    snapshot_count: int
    file_count: int
    byte_count: int


class Lake:
    """An open lake: one DuckDB connection on which the catalogue `lake` is attached. Use as a context manager."""

    def __init__(self, settings: Settings, *, is_read_only: bool = False) -> None:
        self.settings = settings
        self.is_read_only = is_read_only
        self.catalogue = find_catalogue(settings)
        self.connection = attach_lake(settings, is_read_only)
        self._holder = ""
        self._epoch = 0
        self._renewed_s = 0.0
        # SQLite knows what it committed; a server's word may be lost on its way
        self._second_names = SecondNames(settings.lake_data_dir) if self.catalogue.is_postgres else None
        self._appended: list[Path] = []
        if not is_read_only:
            try:
                self._claim_data_dir()
                if (settings.lake_data_dir / FOLDER).is_dir():
                    with self._writing(), self._explained():
                        self._restore_uncertain()
                self._apply_migrations()
            except BaseException:
                self.connection.close()
                raise

    def __enter__(self) -> Lake:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Releases the connection; calling it twice is harmless."""
        self.connection.close()

    @property
    def snapshot(self) -> int:
        """The number of the newest snapshot; it rises with every commit."""
        with self._explained():
            row = self.connection.execute("select max(snapshot_id) from lake.snapshots()").fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    def take_lease(self, purpose: str) -> None:
        """Makes this process the writer: every transaction of the one before it fails from now on.

        `purpose` is "worker" or "import". A worker does not take the lease from a living worker on another machine.
        """
        with self._writing(), self._explained():
            row = self.connection.execute(
                "select holder, epoch, date_diff('second', renewed_at, now()) from lake.writer_lease order by epoch desc"
            ).fetchone()
            host = socket.gethostname()
            # a moment in the far future was written by a clock that jumped, and says nothing
            if row and purpose == "worker" and _is_foreign_worker(str(row[0]), host) and abs(row[2]) < LEASE_FRESH_S:
                raise LakeError(
                    f"Another worker writes to this lake: {row[0]}, {row[2]} s ago.",
                    f"Stop it, or wait {LEASE_FRESH_S} s after it stopped.",
                )
            self._holder = f"{purpose}@{host}:{os.getpid()}:{threading.get_native_id()}"
            self._epoch = int(row[1]) + 1 if row else 1
            self.connection.execute("begin")
            try:
                self.connection.execute("delete from lake.writer_lease")
                self.connection.execute(
                    "insert into lake.writer_lease values (?, ?, now())", [self._holder, self._epoch]
                )
                self.connection.execute("commit")
            except BaseException:
                _roll_back(self.connection)
                self._epoch = 0
                raise

    def read_lease_holder(self) -> str:
        """Who holds the lease: "purpose@host:process:thread", or "" when nobody ever wrote."""
        with self._explained():
            row = self.connection.execute("select holder from lake.writer_lease order by epoch desc").fetchone()
        return str(row[0]) if row else ""

    def renew_lease(self) -> None:
        """Says that this writer is alive, where it wrote nothing for a while and others could take it for dead."""
        if self.catalogue.is_postgres and time.monotonic() - self._renewed_s > LEASE_RENEW_S:
            # whoever lost it learns so, and why, before the next batch
            with suppress(LeaseLost), self.transaction():
                pass

    @property
    def has_lease(self) -> bool:
        """Whether this process is still the writer."""
        with self._explained():
            row = self.connection.execute(
                f"select count(*) from lake.writer_lease where {IS_OURS}", [self._holder, self._epoch]
            ).fetchone()
        return bool(row and row[0])

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All or nothing: commits at the end, rolls back on any error. Needs the lease, and renews it.

        Raises LeaseLost, with nothing written, when another process became the writer.
        """
        with self._writing(), self._explained():
            self._restore_uncertain()
            if self._second_names:
                self._second_names.look()
            self._appended = []
            self.connection.execute("begin")
            try:
                renewed = self.connection.execute(
                    f"update lake.writer_lease set renewed_at = now() where {IS_OURS}",
                    [self._holder, self._epoch],
                ).fetchone()
                if not renewed or renewed[0] != 1:
                    raise self._lease_error()
                yield self.connection
                kept = self._second_names.keep() if self._second_names else []
                self.connection.execute("commit")
                for path in kept:
                    path.unlink(missing_ok=True)
                self._renewed_s = time.monotonic()
            except BaseException:
                _roll_back(self.connection)
                self._remove_appended()
                raise

    def note_appended(self, path: Path) -> None:
        """Says that a file is about to be written beside the engine: it goes if the transaction does not come about."""
        self._appended.append(path)

    def _remove_appended(self) -> None:
        """Removes the appended files of a transaction that failed. What cannot be told now, upkeep finds as nobody's."""
        with suppress(duckdb.Error, OSError):
            # the commit may have been done after all, and something else have failed right after it
            doomed = set(self._appended)
            if doomed:
                doomed -= list_known_files(self.connection, self.settings.lake_data_dir)
            for path in doomed:
                path.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Holds the lock on writing, so that a worker and an import wait for each other, on this and on other machines.

        SQLite would give up at once instead of waiting: a transaction that has read before another one committed can
        never become a writing one. DuckLake over PostgreSQL looks for conflicts only among snapshots that still exist.
        """
        path = self.settings.lake_dir / "write.lock"
        try:
            file = path.open("a", encoding="ascii")
        except OSError as error:
            raise write_permission_error(path, error) from None
        with file:
            until = time.monotonic() + WRITE_WAIT_S
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise LakeError(
                            f"{self.settings.lake_dir} is busy: another process has been writing for {WRITE_WAIT_S:.0f} s.",
                            "Try again when it has ended.",
                        ) from None
                    time.sleep(0.02)
            with self._explained():
                lock = locked_server(self.connection, WRITE_WAIT_S) if self.catalogue.is_postgres else nullcontext()
                with lock:
                    yield

    @contextmanager
    def alone(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The connection while no other process can write: for work on the lake that is no transaction of ours.

        Raises LeaseLost when another process became the writer.
        """
        with self._writing(), self._explained():
            if not self.has_lease:
                raise self._lease_error()
            yield self.connection

    def execute_alone(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement that writes files and is no part of our transactions; call it within `alone`."""
        if not self._second_names:
            return self.connection.execute(statement).fetchall()
        self._second_names.look()
        self.connection.execute("begin")
        try:
            rows = self.connection.execute(statement).fetchall()
            kept = self._second_names.keep()
            self.connection.execute("commit")
        except BaseException:
            _roll_back(self.connection)
            raise
        for path in kept:
            path.unlink(missing_ok=True)
        return rows

    def destroy_history(self) -> Destroyed:
        """Destroys, now, all that the newest state of the lake does not hold: for erasure. Cannot be undone.

        Rows that were deleted are taken out of the files, every older snapshot is expired, files that are no longer needed
        and files that belong to nobody are overwritten and removed whoever may be reading them, and the catalogue is
        written anew. Needs the lease. Publish the situation afterwards: the one in place names files that are gone.
        """
        data_dir = self.settings.lake_data_dir
        with self.alone() as connection:
            self.execute_alone("call ducklake_rewrite_data_files('lake', delete_threshold => 0)")
            snapshots = self.expire_until(self.snapshot - 1)
            take_extremes_anew(connection)
            scheduled = list_scheduled_files(connection, data_dir)
            doomed = list_present_files(data_dir) - list_known_files(connection, data_dir)
            try:
                # a catalogue that was moved away from and kept knows what the present one forgot
                doomed |= set(self.settings.lake_dir.glob("catalogue.moved_*"))
                sizes = [shred_file(path) for path in sorted(doomed | scheduled.keys())]
            except OSError as error:
                raise write_permission_error(data_dir, error) from None
            forget_scheduled_files(connection, list(scheduled.values()))
        # after the lock is given back: PostgreSQL keeps what the transaction of the lock could still see
        with self._explained():
            vacuum_catalogue(self.connection, self.catalogue)
        return Destroyed(snapshots, sum(1 for size in sizes if size), sum(sizes))

    def expire_until(self, last: int) -> int:
        """Expires the snapshots up to this one; gives how many. The newest always stays."""
        rows = self.connection.execute(
            f"select snapshot_id from {METADATA}.ducklake_snapshot where snapshot_id <= ? order by 1", [last]
        ).fetchall()
        if rows:
            versions = ", ".join(str(row[0]) for row in rows)
            self.connection.execute(f"call ducklake_expire_snapshots('lake', versions => [{versions}])")
        return len(rows)

    def list_files(self, tables: Sequence[str]) -> list[tuple[str, str]]:
        """The Parquet files that hold these tables now: (table, absolute path).

        One look into the catalogue (3 ms), as its tables are specified by DuckLake 1.0; asking for each table takes 10 ms.
        """
        rows = self.connection.execute(
            f"""
            select t.table_name, case when f.path_is_relative then s.path || t.path || f.path else f.path end
            from {METADATA}.ducklake_data_file as f
            inner join {METADATA}.ducklake_table as t on t.table_id = f.table_id and t.end_snapshot is null
            inner join {METADATA}.ducklake_schema as s on s.schema_id = t.schema_id and s.end_snapshot is null
            where f.end_snapshot is null and list_contains(?, t.table_name)
            order by f.data_file_id
            """,
            [list(tables)],
        ).fetchall()
        data_dir = self.settings.lake_data_dir
        return [(str(table), str(data_dir / path)) for table, path in rows]

    def _claim_data_dir(self) -> None:
        """Makes sure that the folder of Parquet files is this lake's: files of another would be taken for orphans.

        A shared folder that is not mounted on this machine would be filled beside the one that the others read.
        """
        with self._explained():
            row = self.connection.execute(
                f"""
                select (select schema_uuid::varchar from {METADATA}.ducklake_schema where end_snapshot is null order by schema_id limit 1),
                    (select count(*) from {METADATA}.ducklake_data_file where end_snapshot is null)
                """
            ).fetchone()
        assert row is not None
        data_dir = self.settings.lake_data_dir
        mark = data_dir / LAKE_MARK
        try:
            found = mark.read_text(encoding="ascii").strip() if mark.is_file() else ""
            if not found and row[1] and not any(data_dir.rglob("*.parquet")):
                raise LakeError(
                    f"{data_dir} holds none of this lake's {row[1]:,} files.",
                    "Mount the folder that the other machines use there, or set lake_data_path to where it is.",
                )
            if not found:
                mark.write_text(f"{row[0]}\n", encoding="ascii")
            elif found != row[0]:
                raise LakeError(
                    f"{data_dir} holds the files of another lake than the one in {self.catalogue}.",
                    "Give each lake a folder of its own: the setting lake_data_path.",
                )
        except OSError as error:
            raise write_permission_error(mark, error) from None

    def _restore_uncertain(self) -> None:
        """After a lost connection: the files of a commit that was done after all come back under their names."""
        if self._second_names:
            restore_uncertain(self.connection, self.settings.lake_data_dir)

    def _lease_error(self) -> LeaseLost:
        return LeaseLost(
            f"{self.settings.lake_dir}: another process became the writer of this lake.",
            "Only one worker may run; an import takes over for a moment and gives back.",
        )

    def _explained(self) -> AbstractContextManager[None]:
        return explained(self.settings.lake_dir, self.catalogue.server_name)

    def loss_explained(self) -> AbstractContextManager[None]:
        """Within it a server that goes away is a CatalogueLost, whatever statement met it first."""
        return loss_explained(self.catalogue.server_name)

    def _apply_migrations(self) -> None:
        """Brings the catalogue to the newest schema: every `NNN_*.sql` that is not in the table `migration` yet."""
        files = {int(file.name[:3]): file for file in sorted(SCHEMA_DIR.glob("[0-9][0-9][0-9]_*.sql"))}
        if self._read_migrations() == set(files):
            return
        with self._writing(), self._explained():
            self.connection.execute(
                "create table if not exists lake.migration (number integer, file_name varchar, applied_at timestamptz)"
            )
            done = self._read_migrations()
            if done - set(files):
                raise LakeError(
                    f"{self.settings.lake_dir} was written by a newer Wangge (schema {max(done)}, this one knows {max(files)}).",
                    "Use that release, or another home (--home).",
                )
            for number, file in files.items():
                if number in done:
                    continue
                self.connection.execute("begin; use lake")
                try:
                    self.connection.execute(file.read_text(encoding="utf-8"))
                    self.connection.execute("insert into lake.migration values (?, ?, now())", [number, file.name])
                    self.connection.execute("commit; use memory")
                except BaseException:
                    _roll_back(self.connection)
                    self.connection.execute("use memory")
                    raise
            note_empty_tables(self.connection)

    def _read_migrations(self) -> set[int]:
        """The numbers of the migrations applied; empty in a lake that is just being made."""
        with self._explained():
            found = self.connection.execute(  # duckdb_tables() would count the rows of every table: 0.1 s
                f"select 1 from {METADATA}.ducklake_table where table_name = 'migration' and end_snapshot is null"
            ).fetchone()
            if not found:
                return set()
            return {int(row[0]) for row in self.connection.execute("select number from lake.migration").fetchall()}


@contextmanager
def open_lake(settings: Settings, *, is_read_only: bool = False) -> Iterator[Lake]:
    """The lake of this home, made on first use. Raises LakeError: not there, not readable, busy, or damaged."""
    lake = Lake(settings, is_read_only=is_read_only)
    try:
        yield lake
    finally:
        lake.close()


def _is_foreign_worker(holder: str, host: str) -> bool:
    purpose, _, rest = holder.partition("@")
    return purpose == "worker" and rest.split(":")[0] != host


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.Error):  # the failed statement may have ended the transaction already
        connection.execute("rollback")
