"""Writes the tables of a bundle, in one order of rows, without ever holding more of them than a group of sites has."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from pyarrow import parquet

from data.bundle.content import GEOMETRY_COLUMN, ROWS
from data.bundle.source import Column, Source
from data.engine import quoted

BATCH_ROWS = 122_880
"""A row group, as DuckDB itself makes them."""
OnRows = Callable[[int], None]


class Writer(ABC):
    """Writes tables one after the other; closed, its files are whole."""

    @abstractmethod
    def write(self, name: str, columns: Sequence[Column], statements: Sequence[str], on_rows: OnRows) -> None:
        """Writes a table that several statements give the rows of, one after the other."""

    @abstractmethod
    def close(self) -> None:
        """Nothing follows."""


class DuckdbWriter(Writer):
    """One DuckDB file."""

    def __init__(self, source: Source, path: Path) -> None:
        self._connection = source.connection
        self._connection.execute(f"attach {quoted(path)} as bundle")

    def write(self, name: str, columns: Sequence[Column], statements: Sequence[str], on_rows: OnRows) -> None:
        del columns
        first, *others = statements
        self._connection.execute(f'create table bundle.main."{name}" as {first}')
        on_rows(self._count(name))
        for statement in others:
            before = self._count(name)
            self._connection.execute(f'insert into bundle.main."{name}" {statement}')
            on_rows(self._count(name) - before)

    def close(self) -> None:
        self._connection.execute("checkpoint bundle; detach bundle")

    def _count(self, name: str) -> int:
        row = self._connection.execute(f'select count(*) from bundle.main."{name}"').fetchone()
        return int(row[0]) if row else 0


class ParquetWriter(Writer):
    """A folder with a Parquet file for each table; those with outlines are GeoParquet."""

    def __init__(self, source: Source, folder: Path) -> None:
        self._connection = source.connection
        self._folder = folder

    def write(self, name: str, columns: Sequence[Column], statements: Sequence[str], on_rows: OnRows) -> None:
        told = {column.name: column.description for column in columns}
        writer: parquet.ParquetWriter | None = None
        try:
            for statement in statements:
                reader = self._connection.execute(statement).to_arrow_reader(BATCH_ROWS)
                if writer is None:
                    schema = _describe_schema(reader.schema, told)
                    writer = parquet.ParquetWriter(self._folder / f"{name}.parquet", schema, compression="zstd")
                for batch in reader:
                    writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=writer.schema))
                    on_rows(batch.num_rows)
        finally:
            if writer is not None:
                writer.close()

    def close(self) -> None:
        """Every file is closed already."""


def write_tables(source: Source, writer: Writer, names: Sequence[str], on_rows: OnRows) -> dict[str, list[Column]]:
    """Writes these tables; gives the columns of each."""
    written = {}
    for name in names:
        columns = source.columns(name)
        chunks = source.cut_in_chunks() if name == ROWS else []
        statements = [source.select(name, sites) for sites in chunks] or [source.select(name)]
        writer.write(name, columns, statements, on_rows)
        written[name] = columns
    writer.close()
    return written


def open_tables(path: Path, names: Sequence[str], scratch: Path) -> duckdb.DuckDBPyConnection:
    """A plain engine in which the written tables have their names, whatever they are written as."""
    connection = duckdb.connect(
        str(path) if path.is_file() else ":memory:",
        config={
            "autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "memory_limit": "1GB",
            "temp_directory": str(scratch),
        },
    )  # fmt: skip
    connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
    if path.is_dir():
        for name in names:
            connection.execute(f'create view "{name}" as from read_parquet({quoted(path / f"{name}.parquet")})')
    return connection


def _describe_schema(schema: pa.Schema, told: dict[str, str]) -> pa.Schema:
    fields = [
        field.with_metadata({"description": told[field.name]}) if told.get(field.name) else field for field in schema
    ]
    shape = {
        "version": "1.1.0",
        "primary_column": GEOMETRY_COLUMN,
        "columns": {GEOMETRY_COLUMN: {"encoding": "WKB", "geometry_types": []}},
    }
    has_shape = GEOMETRY_COLUMN in schema.names
    return pa.schema(fields, metadata={"geo": json.dumps(shape)} if has_shape else None)
