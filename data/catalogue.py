"""The lake's catalogue: an SQLite file of this home, or a PostgreSQL database that several machines reach.

Owns how the setting `catalogue` is read, where the password comes from, how the catalogue is attached, and what is said
when it cannot be. Knows no table of the lake. The password is never part of a statement, a message or a command line: it
goes from the environment or its file into a secret of the engine.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data.engine import load_extension, open_engine, quoted
from data.errors import LakeError, SettingsError
from data.lake_errors import explained, no_lake_error, write_permission_error
from data.settings import Settings

EXTENSIONS = ("ducklake", "sqlite_scanner", "postgres_scanner")
METADATA = "__ducklake_metadata_lake"
"""The database in which DuckLake lets us see the catalogue's own tables."""
SERVER = "lake_server"
"""The PostgreSQL server beside the lake: for locks and upkeep, in transactions of its own."""
PREFIX = "postgres:"
PASSWORD_VARIABLE = "WANGGE_CATALOGUE_PASSWORD"
LEAST_POSTGRES = 12
"""The oldest PostgreSQL that DuckLake is specified for."""
BUSY_TIMEOUT_MS = 5_000
FIRST_WAIT_S = 30.0
"""How long to wait while another machine makes the lake."""
IDLE_IN_TRANSACTION_S = 300
"""The server ends a transaction that stood still for so long: a writer that was frozen (a paused machine) must never
commit on top of what its successor did meanwhile."""
WRITE_LOCK = 0x57616E67
"""The number of the server's lock that writers of all machines hold one after the other; locks belong to a database."""
WRITE_LOCK_IDLE_S = 900
"""The lock outlives a transaction that stands still: the server ends that one first."""
ALLOWED_KEYS = frozenset(
    [
        "host",
        "hostaddr",
        "port",
        "dbname",
        "user",
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "connect_timeout",
        "application_name",
    ]
)
DEFAULT_KEYS = {
    "connect_timeout": "10", "application_name": "wangge",
    # a network that swallows packets is noticed within half a minute and not within two hours
    "keepalives_idle": "15", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "30000",
    "options": f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_S}s",
}  # fmt: skip
_PAIR = re.compile(r"\s*(?P<key>\w+)\s*=\s*(?P<value>'(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)(?=\s|$)")


@dataclass(frozen=True)
class Catalogue:
    """Where the catalogue is: a file, or a server with its keys (never a password)."""

    file: Path | None
    keys: tuple[tuple[str, str], ...] = ()

    @property
    def is_postgres(self) -> bool:
        return self.file is None

    @property
    def server_name(self) -> str:
        """The server as a person names it; "" where the catalogue is a file."""
        return str(self) if self.is_postgres else ""

    @property
    def address(self) -> str:
        """The server as libpq takes it: `host='…' dbname='…'`."""
        return " ".join(f"{key}={_libpq_quoted(value)}" for key, value in self.keys)

    def __str__(self) -> str:
        """As a person names it: the file, or `PostgreSQL host:port/dbname`."""
        if self.file:
            return f"SQLite, {self.file}"
        known = dict(self.keys)
        port = f":{known['port']}" if "port" in known else ""
        return f"PostgreSQL, {known.get('host', known.get('hostaddr', 'local'))}{port}/{known.get('dbname', known.get('user', ''))}"


def find_catalogue(settings: Settings) -> Catalogue:
    """The catalogue that the setting names. Raises SettingsError: not understood, or a password in it."""
    text = settings.catalogue.strip()
    if text in ("", "sqlite"):
        return Catalogue(settings.lake_dir / "catalogue.sqlite")
    example = 'It looks like "postgres:host=db.example port=5432 dbname=wangge user=wangge"; empty: an SQLite file in the home folder.'
    if not text.startswith(PREFIX) or "://" in text or text.startswith("postgresql:"):
        raise SettingsError(
            "The setting catalogue is not understood (it is not repeated here: it may hold a password).", example
        )
    given: dict[str, str] = {}
    rest = text.removeprefix(PREFIX)
    place = 0
    while rest[place:].strip():
        pair = _PAIR.match(rest, place)
        if not pair:
            raise SettingsError(
                "The setting catalogue is not understood (it is not repeated here: it may hold a password).", example
            )
        given[pair["key"]] = re.sub(r"\\(.)", r"\1", pair["value"].removeprefix("'").removesuffix("'"))
        place = pair.end()
    if "password" in given or "passfile" in given:
        raise SettingsError(
            "The setting catalogue holds a password.",
            f"Take it out, change it on the server, and put it into keys/catalogue.password (mode 0600) or the environment"
            f" variable {PASSWORD_VARIABLE}: settings are read by many and copied about.",
        )
    unknown = sorted(given.keys() - ALLOWED_KEYS)
    if unknown:
        raise SettingsError(
            f"The setting catalogue has the unknown key {unknown[0]!r}.",
            f"Known keys: {', '.join(sorted(ALLOWED_KEYS))}.",
        )
    return Catalogue(None, tuple((DEFAULT_KEYS | given).items()))


def read_password(settings: Settings) -> str | None:
    """The password of the catalogue's user; None where none is kept and the server must know this user otherwise.

    Raises SettingsError when its file is open to others or cannot be read.
    """
    from_environment = os.environ.get(PASSWORD_VARIABLE)
    if from_environment:
        return from_environment
    path = settings.catalogue_password_path
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise SettingsError(f"{path} is open to others (mode {mode:04o}).", f"chmod 600 {path}")
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} cannot be read: {error}.", "Give this user read permission; one line, UTF-8."
        ) from None


def attach_lake(settings: Settings, is_read_only: bool) -> duckdb.DuckDBPyConnection:
    """An engine on which the lake is attached as `lake`; made on first use. Raises LakeError or SettingsError."""
    catalogue = find_catalogue(settings)
    if catalogue.file and is_read_only and not catalogue.file.is_file():
        raise no_lake_error(settings.lake_dir)
    if not is_read_only:
        _make_folders(settings, catalogue)
    connection = open_engine()
    try:
        load_extension(connection, "ducklake")
        options = f"data_path {quoted(settings.lake_data_dir)}, data_inlining_row_limit 0"
        options += ", override_data_path true"  # a home may be moved as a whole
        if is_read_only:
            options += ", read_only"
        with explained(settings.lake_dir, catalogue.server_name):
            if catalogue.file:
                load_extension(connection, "sqlite_scanner")
                # readers never wait for the writer
                options += f", meta_journal_mode 'WAL', meta_busy_timeout {BUSY_TIMEOUT_MS}"
                place = f"ducklake:sqlite:{catalogue.file}"
                connection.execute(f"attach {quoted(place)} as lake ({options})")
            else:
                secret = attach_server(connection, settings, catalogue)
                is_there = _check_server(connection, catalogue)
                if is_read_only and not is_there:
                    raise no_lake_error(catalogue)
                place = f"ducklake:postgres:{catalogue.address}"
                options += f", meta_{secret}" if secret else ""
                # two machines that make the same lake would get into each other's way
                with nullcontext() if is_there else locked_server(connection, FIRST_WAIT_S):
                    connection.execute(f"attach {quoted(place)} as lake ({options})")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def locked_server(connection: duckdb.DuckDBPyConnection, wait_s: float) -> Iterator[None]:
    """Holds the lock of all writers, in a transaction beside ours: it is free when this process or its connection dies.

    Raises LakeError when another process holds it for longer than `wait_s`.
    """
    beside = connection.cursor()
    lock = (
        f"select pg_try_advisory_xact_lock({WRITE_LOCK}) as is_ours,"
        f" set_config('idle_in_transaction_session_timeout', '{WRITE_LOCK_IDLE_S}s', true) as idle"
    )
    try:
        beside.execute("begin")
        until = time.monotonic() + wait_s
        while True:
            row = beside.execute(f"from postgres_query('{SERVER}', {quoted(lock)})").fetchone()
            if row and row[0]:
                break
            if time.monotonic() > until:
                raise LakeError(
                    f"The lake is busy: a process of another machine has been writing for {wait_s:.0f} s.",
                    "Try again when it has ended.",
                )
            time.sleep(0.1)
        yield
    finally:
        with suppress(duckdb.Error):
            beside.execute("rollback")
        beside.close()


def attach_server(
    connection: duckdb.DuckDBPyConnection, settings: Settings, catalogue: Catalogue, name: str = SERVER
) -> str:
    """Attaches the PostgreSQL server under this name; gives the option that names the secret, "" where there is none."""
    load_extension(connection, "postgres_scanner")
    password = read_password(settings)
    secret = ""
    if password is not None:
        # by way of a variable: a statement with a password in it could be quoted by an error
        connection.execute("set variable catalogue_password = ?", [password])
        connection.execute(
            "create or replace secret wangge_catalogue (type postgres, password getvariable('catalogue_password'))"
        )
        connection.execute("reset variable catalogue_password")
        secret = "secret wangge_catalogue"
    options = f"type postgres{', ' + secret if secret else ''}"
    connection.execute(f"attach {quoted(catalogue.address)} as {name} ({options})")
    return secret


def _make_folders(settings: Settings, catalogue: Catalogue) -> None:
    places = [settings.lake_dir, settings.lake_data_dir]
    try:
        for folder in places:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_permission_error(settings.home, error) from None
    for path in [*places, *([catalogue.file] if catalogue.file else [])]:
        if path.exists() and not os.access(path, os.W_OK):
            raise write_permission_error(path, PermissionError(13, "permission denied"))


def _check_server(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> bool:
    """Whether a lake is there; LakeError where the server cannot hold one."""
    row = connection.execute(
        f"""
        from postgres_query('{SERVER}', 'select current_setting(''server_version_num'')::int / 10000 as version,
            current_setting(''server_encoding'') as encoding, to_regclass(''ducklake_metadata'') is not null as is_there')
        """
    ).fetchone()
    assert row is not None
    version, encoding, is_there = row
    if version < LEAST_POSTGRES:
        raise LakeError(
            f"{catalogue} is version {version}; the catalogue needs {LEAST_POSTGRES} or newer.", "Upgrade the server."
        )
    if encoding != "UTF8":
        raise LakeError(
            f"{catalogue} has the encoding {encoding}.",
            "Make the database anew: create database … encoding 'UTF8' template template0.",
        )
    return bool(is_there)


def _libpq_quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
