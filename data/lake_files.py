"""The lake's Parquet files as they lie in their folder, beside what the catalogue knows of them.

Everything here works on an engine with the lake attached, and expects the caller to hold the lock on writing: then
whatever lies there and is not known belongs to nobody.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import duckdb

from data.catalogue import METADATA, SERVER, Catalogue
from data.errors import LakeError

SHRED_BYTES = 1 << 20
VACUUM = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None) as catalogue:
    catalogue.execute("pragma secure_delete = on")
    catalogue.execute("vacuum")
    if catalogue.execute("pragma wal_checkpoint(truncate)").fetchone()[0]:
        sys.exit("it is in use")
"""
KNOWN_FILES = f"""
with place as (
    select t.table_id, s.path || t.path as folder
    from {METADATA}.ducklake_table as t inner join {METADATA}.ducklake_schema as s on s.schema_id = t.schema_id
    qualify row_number() over (partition by t.table_id order by t.begin_snapshot desc, s.begin_snapshot desc) = 1
)
select case when f.path_is_relative then p.folder || f.path else f.path end
from (
    select table_id, path, path_is_relative from {METADATA}.ducklake_data_file
    union all
    select table_id, path, path_is_relative from {METADATA}.ducklake_delete_file
) as f
inner join place as p on p.table_id = f.table_id
"""


COMPARED_AS = {
    "varchar": "varchar", "blob": "varchar", "boolean": "boolean", "int32": "bigint", "int64": "bigint", "float64": "double",
    "timestamptz": "timestamptz",
}  # fmt: skip
"""Types of the lake's columns, and what the text of their extremes is compared as."""
FIND_EXTREMES = f"""
with bound as (
    select t.table_id, c.column_id, d.record_count, s.null_count,
        -- a file from before the column has its default everywhere
        s.data_file_id is null and d.begin_snapshot < c.begin_snapshot as is_older,
        case when is_older then c.initial_default else s.min_value end as least_value,
        case when is_older then c.initial_default else s.max_value end as greatest_value
    from {METADATA}.ducklake_table as t
    inner join {METADATA}.ducklake_column as c
        on c.table_id = t.table_id and c.end_snapshot is null and c.column_type = ?
    left join {METADATA}.ducklake_data_file as d on d.table_id = t.table_id and d.end_snapshot is null
    left join {METADATA}.ducklake_file_column_stats as s on s.data_file_id = d.data_file_id and s.column_id = c.column_id
    where t.end_snapshot is null
)
select table_id, column_id, arg_min(least_value, least_value::{{kind}}), arg_max(greatest_value, greatest_value::{{kind}})
from bound
group by table_id, column_id
-- a file that has values and does not say which is as wide as can be: what is there stays
having count(*) filter (least_value is null and not is_older and record_count > coalesce(null_count, 0)) = 0
"""
NOTE_EMPTY_TABLES = f"""
begin;
create or replace temp table bare_table as
select table_id from {METADATA}.ducklake_table
where end_snapshot is null and table_id not in (select table_id from {METADATA}.ducklake_table_stats);
insert into {METADATA}.ducklake_table_column_stats (table_id, column_id, contains_null)
select c.table_id, c.column_id, false
from {METADATA}.ducklake_column as c inner join bare_table as b on b.table_id = c.table_id
where c.end_snapshot is null;
insert into {METADATA}.ducklake_table_stats (table_id, record_count, next_row_id, file_size_bytes)
select table_id, 0, 0, 0 from bare_table;
commit;
drop table bare_table
"""


def take_extremes_anew(connection: duckdb.DuckDBPyConnection) -> None:
    """Takes the least and greatest value of every column of every table anew from the files that are left.

    DuckLake 1.5.5 keeps those of before when a file goes without another one being written anew: text of what was destroyed.
    And it forgets them when it writes a file anew while another has no value in that column; the next insert is then taken
    for all there is, and other rows are not found. They must never be narrower than the rows: unknown is right only for a
    table without files.
    """
    kept = connection.execute(
        f"select table_id, column_id, min_value, max_value from {METADATA}.ducklake_table_column_stats"
    ).fetchall()
    known = {(table_id, column_id): extremes for table_id, column_id, *extremes in kept}
    for column_type, kind in COMPARED_AS.items():
        found = connection.execute(FIND_EXTREMES.format(kind=kind), [column_type]).fetchall()
        for table_id, column_id, *extremes in found:
            if known.get((table_id, column_id), extremes) != extremes:
                connection.execute(
                    f"update {METADATA}.ducklake_table_column_stats set min_value = ?, max_value = ?"
                    " where table_id = ? and column_id = ?",
                    [*extremes, table_id, column_id],
                )


def note_empty_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Notes of every table that never held a row that it holds none.

    DuckLake 1.5.5 does so with the first row, and until then asks its catalogue anew for every column and every step of
    planning: 28 instead of 4 ms a query, half of what taking the first file into a new lake costs.
    """
    connection.execute(NOTE_EMPTY_TABLES)


def list_known_files(connection: duckdb.DuckDBPyConnection, data_dir: Path) -> set[Path]:
    """The files that some snapshot still needs."""
    return {data_dir / path for (path,) in connection.execute(KNOWN_FILES).fetchall()}


def list_scheduled_files(connection: duckdb.DuckDBPyConnection, data_dir: Path) -> dict[Path, str]:
    """The files that no snapshot needs any more, each with its path as the catalogue writes it."""
    rows = connection.execute(f"select path from {METADATA}.ducklake_files_scheduled_for_deletion").fetchall()
    return {data_dir / path: path for (path,) in rows}


def list_present_files(data_dir: Path) -> set[Path]:
    """All Parquet files in the lake's folder."""
    return {
        Path(folder) / name for folder, _, names in os.walk(data_dir) for name in names if name.endswith(".parquet")
    }


def forget_scheduled_files(connection: duckdb.DuckDBPyConnection, paths: list[str]) -> None:
    """Takes files that were removed from the catalogue's list of those to remove."""
    if paths:
        connection.execute(
            f"delete from {METADATA}.ducklake_files_scheduled_for_deletion where path in (select unnest(?))", [paths]
        )


def remove_file(path: Path) -> bool:
    """Removes a file; False when it was gone already."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def shred_file(path: Path) -> int:
    """Overwrites a file with zeros and removes it; gives its bytes. A disk may keep older copies of its own."""
    try:
        with path.open("r+b") as file:
            size = os.fstat(file.fileno()).st_size
            for start in range(0, size, SHRED_BYTES):
                file.write(bytes(min(SHRED_BYTES, size - start)))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return 0
    return size


def vacuum_catalogue(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """Writes the catalogue anew, so that nothing of what was deleted stays in its pages.

    PostgreSQL keeps its own write-ahead log for a while; how long, and what backups hold, is its operator's matter.
    """
    if catalogue.file:
        # in a process of its own: two copies of the SQLite library in one process break each other's locks
        done = subprocess.run(
            [sys.executable, "-c", VACUUM, str(catalogue.file)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise LakeError(
                f"{catalogue.file} could not be written anew: {(done.stderr.strip().splitlines() or ['unknown'])[-1]}",
                "Stop every other process of this home, see that the disk has room for a copy of it, and try again.",
            )
        return
    tables = connection.execute(
        "select table_name from duckdb_tables() where database_name = ? and table_name like 'ducklake\\_%' escape '\\'",
        [SERVER],
    ).fetchall()
    # catalogues that were moved away from and kept know what the present one forgot
    moved = connection.execute(
        "select schema_name from duckdb_schemas() where database_name = ? and starts_with(schema_name, 'moved_')",
        [SERVER],
    ).fetchall()
    for (schema,) in moved:
        connection.execute(f"call postgres_execute('{SERVER}', 'drop schema {schema} cascade')")
    # the planner's statistics quote values too
    for table in (*(name for (name,) in tables), "pg_statistic"):
        statement = f"vacuum (full, analyze) {table}"
        connection.execute(f"call postgres_execute('{SERVER}', '{statement}', use_transaction => false)")


def catalogue_bytes(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> int:
    """How large the catalogue is, its write-ahead log included (SQLite)."""
    if catalogue.file:
        sizes = 0
        for name in (catalogue.file, Path(f"{catalogue.file}-wal")):
            with suppress(FileNotFoundError):
                sizes += name.stat().st_size
        return sizes
    row = connection.execute(
        f"from postgres_query('{SERVER}', 'select pg_database_size(current_database()) as size')"
    ).fetchone()
    return int(row[0]) if row else 0
