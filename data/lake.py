"""The lake: where every accepted row is kept, and the one door to it.

A DuckLake over an SQLite catalogue, `home/lake/catalogue.sqlite`, with Parquet files in `home/lake/data/`. This module
owns opening, migrations, the writer's lease and the transaction. It knows no log, no reference file and no page.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

import duckdb

from data.errors import LakeError
from data.settings import Settings

DUCKDB_VERSION = "1.5.5"
"""The engine and its packaged extensions move together; `requirements.txt` pins the same version."""
SCHEMA_DIR = Path(__file__).parent / "schema"
EXTENSIONS = ("ducklake", "sqlite_scanner")
LEASE_FRESH_S = 60
"""A worker on another machine that renewed its lease within so many seconds is taken to be alive."""
KEEP_S = 600.0
"""Files that were joined into larger ones stay this long at least: a question over single rows may be reading them."""
BUSY_TIMEOUT_MS = 5_000
WRITE_WAIT_S = 60.0
"""How long a writer waits for another's transaction: an import of 300,000 households takes some 10 s."""


def open_engine() -> duckdb.DuckDBPyConnection:
    """A DuckDB connection that fetches nothing from outside and writes nothing beside its database."""
    if duckdb.__version__ != DUCKDB_VERSION:
        raise LakeError(
            f"DuckDB is {duckdb.__version__}; this release of Wangge needs {DUCKDB_VERSION}.",
            "Install the pinned packages: pip install -r requirements.txt",
        )
    connection = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "temp_directory": ""}
    )
    connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
    return connection


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Loads a DuckDB extension from its installed package; LakeError when the package is missing."""
    spec = find_spec(f"duckdb_extension_{name}")
    files = sorted(Path(spec.origin).parent.rglob(f"{name}.duckdb_extension")) if spec and spec.origin else []
    if not files:
        raise LakeError(
            f"The DuckDB extension {name!r} is not installed.",
            "Install the pinned packages: pip install -r requirements.txt",
        )
    connection.execute(f"load '{_quoted(files[0])}'")


class Lake:
    """An open lake: one DuckDB connection on which the catalogue `lake` is attached. Use as a context manager."""

    def __init__(self, settings: Settings, *, is_read_only: bool = False) -> None:
        self.settings = settings
        self.is_read_only = is_read_only
        self.connection = _attach(settings, is_read_only)
        self._holder = ""
        self._epoch = 0
        if not is_read_only:
            try:
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
        row = self.connection.execute("select max(snapshot_id) from lake.snapshots()").fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    def take_lease(self, purpose: str) -> None:
        """Makes this process the writer: every transaction of the one before it fails from now on.

        `purpose` is "worker" or "import". A worker does not take the lease from a living worker on another machine.
        """
        with self._writing(), _explained(self.settings):
            row = self.connection.execute(
                "select holder, epoch, date_diff('second', renewed_at, now()) from lake.writer_lease order by epoch desc"
            ).fetchone()
            host = socket.gethostname()
            if row and purpose == "worker" and _is_foreign_worker(str(row[0]), host) and row[2] < LEASE_FRESH_S:
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
        row = self.connection.execute("select holder from lake.writer_lease order by epoch desc").fetchone()
        return str(row[0]) if row else ""

    @property
    def has_lease(self) -> bool:
        """Whether this process is still the writer."""
        row = self.connection.execute(
            "select count(*) from lake.writer_lease where holder = ? and epoch = ?", [self._holder, self._epoch]
        ).fetchone()
        return bool(row and row[0])

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All or nothing: commits at the end, rolls back on any error. Needs the lease, and renews it.

        Raises LeaseLost, with nothing written, when another process became the writer.
        """
        with self._writing(), _explained(self.settings):
            self.connection.execute("begin")
            try:
                renewed = self.connection.execute(
                    "update lake.writer_lease set renewed_at = now() where holder = ? and epoch = ?",
                    [self._holder, self._epoch],
                ).fetchone()
                if not renewed or renewed[0] != 1:
                    raise LeaseLost(
                        f"{self.settings.lake_dir}: another process became the writer of this lake.",
                        "Only one worker may run; an import takes over for a moment and gives back.",
                    )
                yield self.connection
                self.connection.execute("commit")
            except BaseException:
                _roll_back(self.connection)
                raise

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Holds the machine's lock on writing, so that a worker and an import wait for each other.

        SQLite would give up at once instead of waiting: a transaction that has read before another one committed can
        never become a writing one.
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
            yield

    def tidy(self, keep_s: float = KEEP_S) -> None:
        """Joins the small Parquet files of many commits into large ones, and removes those it joined the last time.

        A published situation may still name files that were joined just now, so nothing is removed before everything
        that waits for removal has waited `keep_s`. (The functions' own `older_than` compares times as text over SQLite
        in DuckLake 1.5.5, and takes all for old.) Takes about a second after 300 commits.
        """
        with self._writing(), _explained(self.settings):
            waiting = self.connection.execute(
                """
                select date_diff('second', max(try_cast(schedule_start as timestamptz)), now())
                from __ducklake_metadata_lake.ducklake_files_scheduled_for_deletion
                """
            ).fetchone()
            if waiting and waiting[0] is not None and waiting[0] < keep_s:
                return
            self.connection.execute("call ducklake_cleanup_old_files('lake', cleanup_all => true)")
            self.connection.execute("call ducklake_merge_adjacent_files('lake')")
            self.connection.execute("call ducklake_expire_snapshots('lake', older_than => now())")

    def list_files(self, tables: Sequence[str]) -> list[tuple[str, str]]:
        """The Parquet files that hold these tables now: (table, absolute path).

        One look into the catalogue (3 ms), as its tables are specified by DuckLake 1.0; asking for each table takes 10 ms.
        """
        rows = self.connection.execute(
            """
            select t.table_name, case when f.path_is_relative then s.path || t.path || f.path else f.path end
            from __ducklake_metadata_lake.ducklake_data_file as f
            inner join __ducklake_metadata_lake.ducklake_table as t on t.table_id = f.table_id and t.end_snapshot is null
            inner join __ducklake_metadata_lake.ducklake_schema as s on s.schema_id = t.schema_id and s.end_snapshot is null
            where f.end_snapshot is null and list_contains(?, t.table_name)
            order by f.data_file_id
            """,
            [list(tables)],
        ).fetchall()
        data_dir = self.settings.lake_dir / "data"
        return [(str(table), str(data_dir / path)) for table, path in rows]

    def _apply_migrations(self) -> None:
        """Brings the catalogue to the newest schema: every `NNN_*.sql` that is not in the table `migration` yet."""
        files = {int(file.name[:3]): file for file in sorted(SCHEMA_DIR.glob("[0-9][0-9][0-9]_*.sql"))}
        if self._read_migrations() == set(files):
            return
        with self._writing(), _explained(self.settings):
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

    def _read_migrations(self) -> set[int]:
        """The numbers of the migrations applied; empty in a lake that is just being made."""
        with _explained(self.settings):
            found = self.connection.execute(
                "select count(*) from duckdb_tables() where database_name = 'lake' and table_name = 'migration'"
            ).fetchone()
            if not found or not found[0]:
                return set()
            return {int(row[0]) for row in self.connection.execute("select number from lake.migration").fetchall()}


class LeaseLost(LakeError):
    """Another process became the writer; what this one held in memory may be out of date."""


@contextmanager
def open_lake(settings: Settings, *, is_read_only: bool = False) -> Iterator[Lake]:
    """The lake of this home, made on first use. Raises LakeError: not there, not readable, busy, or damaged."""
    lake = Lake(settings, is_read_only=is_read_only)
    try:
        yield lake
    finally:
        lake.close()


def write_permission_error(place: Path, error: OSError) -> LakeError:
    """The error for a folder into which nothing can be written."""
    return LakeError(
        f"{place} cannot be written: {error.strerror or error}.",
        "Give this user write permission there, free some space, or choose another home: --home DIR.",
    )


def _attach(settings: Settings, is_read_only: bool) -> duckdb.DuckDBPyConnection:
    place = settings.lake_dir
    catalogue = place / "catalogue.sqlite"
    if is_read_only and not catalogue.is_file():
        raise LakeError(
            f"There is no lake in {place}.", "Import reference files (wangge import) or start wangge run --demo first."
        )
    if not is_read_only:
        try:
            (place / "data").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_permission_error(settings.home, error) from None
        for path in (place, place / "data", catalogue):
            if path.exists() and not os.access(path, os.W_OK):
                raise write_permission_error(path, PermissionError(13, "permission denied"))
    connection = open_engine()
    try:
        for name in EXTENSIONS:
            load_extension(connection, name)
        options = f"data_path '{_quoted(place / 'data')}', data_inlining_row_limit 0"
        options += ", override_data_path true"  # a home may be moved as a whole
        options += (
            f", meta_journal_mode 'WAL', meta_busy_timeout {BUSY_TIMEOUT_MS}"  # readers never wait for the writer
        )
        if is_read_only:
            options += ", read_only"
        with _explained(settings):
            connection.execute(f"attach 'ducklake:sqlite:{_quoted(catalogue)}' as lake ({options})")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """Turns the engine's error into one that says what to do."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        place = settings.lake_dir
        for is_cause, build in _CAUSES:
            if is_cause(text.lower()):
                raise build(place, text) from None
        raise LakeError(f"{place}: {_mask_values(text)}", "Run wangge doctor.") from None


def _mask_values(text: str) -> str:
    """The first line of an engine's message, with whatever it quotes left out: it may be a cell of a log."""
    return re.sub(r"'[^']*'|\"[^\"]*\"", "'…'", text.splitlines()[0][:300])


def _says(*words: str) -> Callable[[str], bool]:
    return lambda text: any(word in text for word in words)


_CAUSES: tuple[tuple[Callable[[str], bool], Callable[[Path, str], LakeError]], ...] = (
    (
        _says("conflict", "another transaction"),
        lambda place, text: LeaseLost(
            f"{place}: another process wrote at the same moment.", "Only one worker may run; try again."
        ),
    ),
    (
        _says("database is locked", "busy", "could not set lock"),
        lambda place, text: LakeError(
            f"{place} is busy: another process is writing.", "Wait a moment and try again; only one may write."
        ),
    ),
    (
        _says("no space", "disk full", "disk is full"),
        lambda place, text: LakeError(
            f"{place}: the disk is full.", "Free some space; the last batch will be taken again."
        ),
    ),
    (
        _says("permission denied", "readonly database", "read-only", "unable to open database"),
        lambda place, text: write_permission_error(place, PermissionError(13, "permission denied")),
    ),
    (
        _says(
            "not a database",
            "malformed",
            "corrupt",
            "invalid magic",
            "no magic bytes",
            "too small to be a parquet",
            "no files found",
        ),
        lambda place, text: LakeError(
            f"{place} is damaged: {_mask_values(text)}",
            "Restore it from a backup, or move it away and ingest the files in inbox/done/ again.",
        ),
    ),
)


def _is_foreign_worker(holder: str, host: str) -> bool:
    purpose, _, rest = holder.partition("@")
    return purpose == "worker" and rest.split(":")[0] != host


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.Error):  # the failed statement may have ended the transaction already
        connection.execute("rollback")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
