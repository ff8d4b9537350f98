"""Moves the lake's catalogue from one database to another: from the home folder to PostgreSQL, and back.

The Parquet files stay where they are. All tables of the catalogue are copied in one transaction, everything in the lake is
counted and compared, then the setting is written, and the old catalogue is kept aside under another name. Killed at any
moment, it is simply run again: until the setting is written the old catalogue is in force and unchanged.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from data.catalogue import SERVER, Catalogue, attach_lake, attach_server, find_catalogue
from data.engine import load_extension, open_engine, quoted
from data.errors import LakeError, SettingsError
from data.ingest.worker import only_worker
from data.lake import Lake, open_lake
from data.lake_errors import explained, no_lake_error, write_permission_error
from data.settings import SETTINGS_FILE, Settings

_LINE = re.compile(r"^[ \t]*catalogue[ \t]*=.*$", re.MULTILINE)
_FIRST_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


@dataclass(frozen=True)
class Moved:
    """What was moved, and where the old catalogue is kept ("" where there was none left)."""

    catalogue: Catalogue
    table_count: int
    row_count: int
    snapshot: int
    kept: str


@dataclass(frozen=True)
class _Contents:
    """All that a lake holds: of each table the rows and the sum of their hashes, and the newest snapshot."""

    tables: tuple[tuple[str, int, int], ...]
    snapshot: int


def move_lake(settings: Settings, to: str) -> Moved:
    """Moves the catalogue to where `to` says, as the setting `catalogue` would.

    Raises LakeError while a worker runs, where another lake is there already, or where something does not agree
    afterwards: then the old catalogue stays in force. SettingsError when `to` is not understood.
    """
    target_settings = replace(settings, catalogue="" if to.strip() == "sqlite" else to.strip())
    source, target = find_catalogue(settings), find_catalogue(target_settings)
    with only_worker(settings):
        if source == target:
            kept = _put_aside(settings, Catalogue(settings.lake_dir / "catalogue.sqlite")) if source.is_postgres else ""
            if not kept:
                raise LakeError(f"The catalogue is there already: {source}.", "Nothing was changed.")
            with open_lake(settings, is_read_only=True) as lake:
                return _tell(target, _read_contents(lake), kept)
        if source.file and not source.file.is_file():
            raise no_lake_error(settings.lake_dir)
        with open_lake(settings) as lake:
            lake.take_lease("worker")  # refused while a worker of another machine lives
            with lake.alone():
                before = _read_contents(lake)
                _copy(settings, target_settings)
                with open_lake(target_settings, is_read_only=True) as copy:
                    after = _read_contents(copy)
        if after != before:
            differing = sorted({table for table, *_ in set(before.tables) ^ set(after.tables)})
            raise LakeError(
                f"The copy in {target} is not what {source} holds: {', '.join(differing) or 'the newest snapshot'}.",
                "The old catalogue is still in force. Run the command again; if it fails again, tell whoever maintains this"
                " installation.",
            )
        _write_setting(settings, target_settings.catalogue)
        return _tell(target, after, _put_aside(settings, source))


def _tell(catalogue: Catalogue, contents: _Contents, kept: str) -> Moved:
    rows = sum(count for _, count, _ in contents.tables)
    return Moved(catalogue, len(contents.tables), rows, contents.snapshot, kept)


def _read_contents(lake: Lake) -> _Contents:
    names = lake.connection.execute(
        "select table_name from duckdb_tables() where database_name = 'lake' order by table_name"
    ).fetchall()
    tables = []
    for (name,) in names:
        row = lake.connection.execute(
            f'select count(*), coalesce(sum(hash(t)::hugeint), 0) from lake."{name}" as t'
        ).fetchone()
        assert row is not None
        tables.append((str(name), int(row[0]), int(row[1])))
    return _Contents(tuple(tables), lake.snapshot)


def _copy(settings: Settings, target_settings: Settings) -> None:
    """Makes the target's catalogue a copy of the source's, in one transaction."""
    source, target = find_catalogue(settings), find_catalogue(target_settings)
    with (
        _both(settings, target_settings) as connection,
        explained(settings.lake_dir, target.server_name or source.server_name),
    ):
        here, there = _read_identity(connection, "source"), _read_identity(connection, "target")
        if there and there[0] != here[0] and there[2]:
            raise LakeError(
                f"{target} holds another lake already.", "Name an empty database, or remove what is in it first."
            )
        tables = _list_tables(connection, "source")
        strange = [table for table in tables if re.fullmatch(r"ducklake_inlined_data_\d+_\d+", table)]
        if strange:
            raise LakeError(f"{source} holds rows that are in no file ({strange[0]}).", "Run wangge doctor.")
        missing = set(tables) - set(_list_tables(connection, "target"))
        if missing:
            raise LakeError(
                f"{target} lacks {', '.join(sorted(missing))}.",
                "It was made by another release: use an empty database.",
            )
        connection.execute("begin")
        for table in tables:
            columns = connection.execute(
                "select column_name, data_type from duckdb_columns() where database_name = 'target' and table_name = ?"
                " order by column_index",
                [table],
            ).fetchall()
            values = ", ".join(f'cast("{name}" as {type_})' for name, type_ in columns)
            connection.execute(f"delete from target.{table}")
            connection.execute(f"insert into target.{table} select {values} from source.{table}")
        connection.execute("commit")


@contextmanager
def _both(settings: Settings, target_settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine on which both databases are attached as they are, `source` and `target`; the target has all tables."""
    target = find_catalogue(target_settings)
    _make_tables(target_settings)
    with open_engine() as connection, explained(settings.lake_dir, target.server_name):
        for name, place in (("source", settings), ("target", target_settings)):
            catalogue = find_catalogue(place)
            if catalogue.file:
                load_extension(connection, "sqlite_scanner")
                connection.execute(f"attach {quoted(catalogue.file)} as {name} (type sqlite)")
            else:
                attach_server(connection, place, catalogue, name)
        yield connection


def _make_tables(target_settings: Settings) -> None:
    """Lets DuckLake make its tables: an empty lake."""
    attach_lake(target_settings, is_read_only=False).close()


def _list_tables(connection: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() where database_name = ? and schema_name in ('main', 'public')"
        " and starts_with(table_name, 'ducklake_') order by table_name",
        [database],
    ).fetchall()
    return [str(row[0]) for row in rows]


def _read_identity(connection: duckdb.DuckDBPyConnection, database: str) -> tuple[str, int, int]:
    """Which lake it is, its newest snapshot, and how many tables it has."""
    row = connection.execute(
        f"""
        select (select schema_uuid::varchar from {database}.ducklake_schema order by schema_id limit 1),
            (select coalesce(max(snapshot_id), 0) from {database}.ducklake_snapshot),
            (select count(*) from {database}.ducklake_table)
        """
    ).fetchone()
    assert row is not None
    return str(row[0]), int(row[1]), int(row[2])


def _write_setting(settings: Settings, catalogue: str) -> None:
    """Writes the setting into settings.toml; every other line stays as it is."""
    path = settings.home / SETTINGS_FILE
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        line = f"catalogue = {json.dumps(catalogue, ensure_ascii=False)}"
        first_table = _FIRST_TABLE.search(text)
        head, rest = (text[: first_table.start()], text[first_table.start() :]) if first_table else (text, "")
        if _LINE.search(head):
            head = _LINE.sub(lambda _: line, head, count=1)
        else:
            head = f"{head}{'' if not head or head.endswith(chr(10)) else chr(10)}{line}\n"
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_text(head + rest, encoding="utf-8")
        if path.is_file():
            aside.chmod(path.stat().st_mode & 0o777)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8.", f"Write into it: {line}") from None
    except OSError as error:
        raise write_permission_error(path, error) from None


def _put_aside(settings: Settings, catalogue: Catalogue) -> str:
    """Keeps a catalogue that is not in force any more under another name; gives the name, "" where there is none."""
    stamp = f"{datetime.now(UTC):%Y%m%d_%H%M%S}"
    if catalogue.file:
        if not catalogue.file.is_file():
            return ""
        kept = catalogue.file.with_name(f"catalogue.moved_{stamp}.sqlite")
        try:
            catalogue.file.rename(kept)
            for ending in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    Path(f"{catalogue.file}{ending}").rename(f"{kept}{ending}")
        except OSError as error:
            raise write_permission_error(catalogue.file, error) from None
        return str(kept)
    schema = f"moved_{stamp}"
    with open_engine() as connection, explained(settings.lake_dir, catalogue.server_name):
        attach_server(connection, settings, catalogue)
        tables = _list_tables(connection, SERVER)
        statements = [
            f"create schema {schema}",
            *(f"alter table public.{table} set schema {schema}" for table in tables),
        ]
        connection.execute(f"call postgres_execute('{SERVER}', {quoted('; '.join(statements))})")
    return f"the schema {schema} of {catalogue}"
