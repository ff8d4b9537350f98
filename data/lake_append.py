"""Many rows added to a table of the lake at once: as a Parquet file written here, that the lake is told of.

An `insert` of 200,000 rows costs 165 ms of processor time, most of it for finding out again which of the codes are the same;
writing columns of which that is known costs 60, and telling the lake 5. The file lies where DuckLake's own lie and is
treated like them from then on: joined with others, rewritten, expired, removed, shredded. It is on the disk before the lake
names it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data.durable import sync_file
from data.lake import Lake
from data.lake_errors import write_permission_error
from data.settings import Settings

COMPRESSION = "snappy"
WRITE_ROWS = 65_536
"""So many values are handed to a column's writer at a time: a tenth cheaper than Arrow's 1,024."""


@dataclass(frozen=True)
class Written:
    """Rows for a table of the lake, on their way: `path` is their file; None where only an insert will do."""

    table: str
    rows: pa.Table
    path: Path | None


def append_rows(lake: Lake, table: str, rows: pa.Table, *, repeating: Iterable[str] = ()) -> None:
    """Adds rows to a table of the lake, with the lake's transaction: call it within one, `rows` having the table's columns.

    Types must be those of the table; cheapest are dictionaries for text of few values, bytes of one length as such. The columns
    `repeating`, of numbers or times, have few values too. No floating-point numbers: their bounds would be lost.
    Raises LakeError where nothing can be written; duckdb.Error, explained by the transaction, where the columns do not fit.
    """
    add_written(lake, write_rows(lake.settings, table, rows, repeating=repeating))


def write_rows(settings: Settings, table: str, rows: pa.Table, *, repeating: Iterable[str] = ()) -> Written:
    """The first half of `append_rows`, which any thread may do before the transaction: the lake knows nothing of it yet.

    Either `add_written` or `discard` must follow.
    """
    path = settings.lake_data_dir / "main" / table / f"ducklake-{uuid.uuid4()}.parquet"
    if rows.num_rows and _write(path, rows, repeating):
        return Written(table, rows, path)
    path.unlink(missing_ok=True)
    return Written(table, rows, None)


def add_written(lake: Lake, written: Written) -> None:
    """The second half of `append_rows`, within the lake's transaction; if that fails, the file goes."""
    if written.path:
        lake.note_appended(written.path)
        lake.connection.execute(
            "call ducklake_add_data_files('lake', ?, ?, hive_partitioning => false)",
            [written.table, str(written.path)],
        )
    elif written.rows.num_rows:
        lake.connection.register("appended", written.rows)
        try:
            lake.connection.execute(f"insert into lake.{written.table} by name select * from appended")
        finally:
            lake.connection.unregister("appended")


def discard(written: Written) -> None:
    """Removes what was written and never added."""
    if written.path:
        written.path.unlink(missing_ok=True)


def _write(path: Path, rows: pa.Table, repeating: Iterable[str]) -> bool:
    """Writes the file; False when it does not say of every column between which values all of its lie.

    A file that does not leaves the lake with bounds that are narrower than its rows after the next one, and rows that are
    there would not be found (DuckLake 1.5.5). Arrow leaves out bounds of more than 4 KB.
    """
    names = set(repeating) | {field.name for field in rows.schema if pa.types.is_dictionary(field.type)}
    incompressible = {field.name for field in rows.schema if _is_bytes(field.type)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(
            rows,
            path,
            # of a column that has no value in one of several groups, the lake would learn no bounds at all
            row_group_size=rows.num_rows,
            write_batch_size=WRITE_ROWS,
            use_dictionary=[name for name in rows.column_names if name in names],
            compression={name: "none" if name in incompressible else COMPRESSION for name in rows.column_names},
            store_schema=False,
        )
        sync_file(path)
        found = pq.read_metadata(path)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise write_permission_error(path.parent, error) from None
    return _has_bounds(found)


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _has_bounds(found: pq.FileMetaData) -> bool:
    if found.num_row_groups != 1:
        return False
    group = found.row_group(0)
    for column_no in range(group.num_columns):
        statistics = group.column(column_no).statistics
        if statistics is None or not statistics.has_null_count:
            return False
        if not statistics.has_min_max and statistics.null_count < group.num_rows:
            return False
    return True
