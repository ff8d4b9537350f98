"""What analysts can select from: the tables of the situation and of single rows, with columns, types and sizes.

Worked out once a publication; what a table holds is told by `data/schema/descriptions.<language>.toml`, for it says
the same in every situation. Nothing here is needed to run a query: the sandbox has its own list.
"""

from __future__ import annotations

import threading
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow.parquet as pq

from data.publication import ROW_TABLES
from data.questions import SCHEMA_DIR
from data.sandbox.gate import HIDDEN_COLUMNS, HIDDEN_TABLES
from data.settings import Settings
from data.situation import Identity, identify_file, open_situation

Kind = Literal["situation", "rows"]
LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Column:
    """A column of a table with its type as DuckDB writes it."""

    name: str
    type: str


@dataclass(frozen=True)
class Table:
    """A table that a query may name; `row_count` is None where it is not known without reading it."""

    name: str
    kind: Kind
    columns: tuple[Column, ...]
    row_count: int | None


_lock = threading.Lock()
_listed: dict[Path, tuple[Identity | None, tuple[Table, ...]]] = {}
_file_rows: dict[str, int] = {}


def list_tables(settings: Settings) -> tuple[Table, ...]:
    """The tables of the situation in force, then those of single rows. Raises SituationError where there is none."""
    path = settings.situation_path
    identity = identify_file(path)
    with _lock:
        known = _listed.get(path)
        if known is None or known[0] != identity:
            known = _listed[path] = identity, _list(path)
        return known[1]


def describe_table(name: str, language: str) -> str:
    """What a table holds, in a line; "" where nothing is written of it."""
    return str(_read_descriptions(language)["tables"].get(name, ""))


def describe_column(table: str, column: str, language: str) -> str:
    """What a column says, in a few words; "" where nothing is written of it."""
    told = _read_descriptions(language)
    return str(told.get(table, {}).get(column) or told["columns"].get(column, ""))


def tell_columns(table: Table, language: str) -> list[dict[str, str]]:
    """Name, type and meaning of each column of a table, as the SQL page and other machines are told them."""
    return [
        {"name": one.name, "type": one.type, "about": describe_column(table.name, one.name, language)}
        for one in table.columns
    ]


@cache
def _read_descriptions(language: str) -> dict[str, dict[str, str]]:
    """`tables`, `columns` that mean the same in every table, and by a table's name those that mean something else there."""
    kept = language if language in LANGUAGES else LANGUAGES[0]
    return tomllib.loads((SCHEMA_DIR / f"descriptions.{kept}.toml").read_text(encoding="utf-8"))


def _list(path: Path) -> tuple[Table, ...]:
    situation = open_situation(path)
    try:
        rows = situation.connection.execute(
            """
            select c.table_name, c.column_name, c.data_type, t.estimated_size
            from duckdb_columns() as c inner join duckdb_tables() as t using (database_name, schema_name, table_name)
            where c.database_name = current_database() order by t.table_oid, c.column_index
            """
        ).fetchall()
        files = situation.connection.execute("select table_name, path from lake_file").fetchall()
        registered = situation.connection.execute("select sum(registered_count)::bigint from site_bucket").fetchone()
        erased = situation.connection.execute("select count(*) from erasure").fetchone()
    finally:
        situation.close()
    columns: dict[str, list[Column]] = {}
    sizes: dict[str, int] = {}
    for table, column, type_, size in rows:
        columns.setdefault(table, []).append(Column(column, _short(type_)))
        sizes[table] = size
    tables = [
        Table(name, "situation", tuple(own), sizes[name]) for name, own in columns.items() if name not in HIDDEN_TABLES
    ]
    counts = _count_rows(files)
    if registered and not (erased and erased[0]):
        counts["registration"] = registered[0] or 0
    tables += [Table(name, "rows", own, counts.get(name)) for name, own in _row_tables().items() if name not in columns]
    return tuple(tables)


def _short(type_: str) -> str:
    return type_.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


@cache
def _row_tables() -> dict[str, tuple[Column, ...]]:
    """The lake's tables that a situation gives to queries, and its views, views first: they are what is asked most."""
    with duckdb.connect() as memory:
        for path in sorted(SCHEMA_DIR.glob("[0-9][0-9][0-9]_*.sql")):
            memory.execute(path.read_text(encoding="utf-8"))
        rows = memory.execute(
            """
            select c.table_name, c.column_name, c.data_type from duckdb_columns() as c
            left join duckdb_views() as v on v.view_name = c.table_name and not v.internal
            where not c.internal and (v.view_name is not null or list_contains(?, c.table_name))
            order by v.view_name is null, c.table_oid, c.column_index
            """,
            [list(ROW_TABLES)],
        ).fetchall()
    columns: dict[str, list[Column]] = {}
    for table, column, type_ in rows:
        if column not in HIDDEN_COLUMNS.get(table, ()):
            columns.setdefault(table, []).append(Column(column, _short(type_)))
    return {table: tuple(own) for table, own in columns.items()}


def _count_rows(files: list[tuple[str, str]]) -> dict[str, int]:
    """Rows by table, from the foot of each file; a file never changes, so each is looked at once."""
    counts = dict.fromkeys(ROW_TABLES, 0)
    for table, path in files:
        if path not in _file_rows:
            try:
                _file_rows[path] = pq.read_metadata(path).num_rows
            except OSError:
                counts.pop(table, None)  # merged away meanwhile: the next publication names its successor
                continue
        if table in counts:
            counts[table] += _file_rows[path]
    gone = _file_rows.keys() - {path for _, path in files}
    if len(gone) > len(files):
        for path in gone:
            del _file_rows[path]
    return counts
