"""Small worlds written as text tables, and answers compared with text tables.

A world is blocks of a `table: columns` line and one line a row; `-` is null, `08:40` is that time on 14 July 2022
in Shanghai, `13T22:05` the same on another day of that month. Columns that are not named are null; staff
events and members of zones get their place as in a publication.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb

from data.questions import ask
from data.settings import PROJECT_ROOT

SHANGHAI = timezone(timedelta(hours=8))
SCHEMA = (PROJECT_ROOT / "data" / "schema" / "situation.sql").read_text(encoding="utf-8")
LAKE_SCHEMA = "\n".join(
    path.read_text(encoding="utf-8") for path in sorted((PROJECT_ROOT / "data" / "schema").glob("[0-9]*_*.sql"))
)
META = "meta: as_of timezone is_synthetic\n{as_of} Asia/Shanghai true"

PLACE_STAFF = """
update staff_event set grid_code = coalesce(
    (select max(grid_code) from site where post_kind = 'site' and site_code = post_code),
    (select max(grid_code) from building where post_kind = 'building' and building_code = post_code),
    (select max(grid_code) from grid where post_kind = 'grid' and grid.grid_code = post_code),
    (select max(staff.grid_code) from staff where staff.staff_code = staff_event.staff_code)
)
"""
"""Staff events have their grid written by the publisher, and members of zones what is there: these are its rules."""
PLACE_ZONES = """
update zone_order set version_no = 1, recorded_at = coalesce(recorded_at, issued_at), is_withdrawn = coalesce(is_withdrawn, false)
where version_no is null;
update zone_order set is_withdrawn = coalesce(is_withdrawn, false);
insert into zone_place
select m.extent_no, 'building', m.member_code, true
from zone_member as m inner join zone_extent as e on e.extent_no = m.extent_no and e.extent_kind = 'building';
insert into zone_place
select distinct p.extent_no, 'grid', b.grid_code, false
from zone_place as p inner join building as b on p.place_kind = 'building' and b.building_code = p.place_code
where not exists (
    select 1 from zone_place as g where g.extent_no = p.extent_no and g.place_kind = 'grid' and g.place_code = b.grid_code
);
create temp table counted as
with place as (
    select 'building' as kind, building_code as code, 1 as buildings, household_count as households, resident_count as residents,
        vulnerable_count as vulnerable from building
    union all select 'grid', grid_code, building_count, household_count, resident_count, vulnerable_count from grid
    union all
    select 'community', community_code, sum(building_count), sum(household_count), sum(resident_count), sum(vulnerable_count)
    from grid group by 2
),
part as (
    select extent_no, 'building' as kind, place_code as code from zone_place where place_kind = 'building'
    union all
    select m.extent_no, e.extent_kind, m.member_code from zone_member as m inner join zone_extent as e on e.extent_no = m.extent_no
    where e.extent_kind != 'building'
)
select part.extent_no, sum(buildings) as buildings, sum(households) as households, sum(residents) as residents,
    sum(vulnerable) as vulnerable
from part inner join place on place.kind = part.kind and place.code = part.code group by part.extent_no;
update zone_extent set building_count = buildings, household_count = households, resident_count = residents,
    vulnerable_count = vulnerable from counted where counted.extent_no = zone_extent.extent_no;
update zone_extent set member_count = case when extent_kind = 'polygon' then 1
    else (select count(*) from zone_member as m where m.extent_no = zone_extent.extent_no) end;
"""
"""What the publisher adds to the zones of a text: first versions, what lies in buildings, and whom each extent holds."""


@dataclass(frozen=True)
class World:
    """A situation in memory, open for questions."""

    connection: duckdb.DuckDBPyConnection
    as_of: datetime | None


def moment(text: str) -> datetime:
    """The time that `08:40`, `08:40:24` or `13T22:05` stands for."""
    day, _, clock = text.rpartition("T")
    return datetime.fromisoformat(f"2022-07-{day or '14':0>2}T{clock}").replace(tzinfo=SHANGHAI)


def build_world(*texts: str, as_of: str | None, is_reversed: bool = False) -> World:
    """A situation that holds the rows of the texts; reversed, with the rows of each table the other way round."""
    connection = duckdb.connect()
    connection.execute(SCHEMA)
    rows: dict[str, list[dict[str, str]]] = {}
    for text in (META.format(as_of=as_of or "-"), *texts):
        for table, row in _rows(text):
            rows.setdefault(table, []).append(row)
    for table, lines in rows.items():
        _insert(connection, table, lines[::-1] if is_reversed else lines)
    connection.execute(PLACE_STAFF)
    connection.execute(PLACE_ZONES)
    return World(connection, moment(as_of) if as_of else None)


def add_lake_rows(world: World, folder: Path, text: str) -> None:
    """Writes the rows of lake tables to Parquet files in the folder and names them in the situation."""
    with duckdb.connect() as lake:
        lake.execute(LAKE_SCHEMA)
        rows = _rows(text)
        for table in dict.fromkeys(table for table, _ in rows):
            _insert(lake, table, [row for owner, row in rows if owner == table])
            path = folder / f"{table}.parquet"
            lake.execute(f"copy {table} to '{path}' (format parquet)")
            world.connection.execute("insert into lake_file values (?, ?)", [table, str(path)])


def answers(world: World, question: str, expected: str, as_of: str | None = None, **params: Any) -> None:
    """Asserts that the columns named in the first line hold exactly the rows below it, in that order."""
    lines = [line.split() for line in expected.strip().splitlines()]
    columns, cells = lines[0], lines[1:]
    table = ask(world, question, as_of=moment(as_of) if as_of else None, **params)
    got = [[_text(row[column]) for column in columns] for row in table.to_pylist()]
    wanted = [[_plain(cell) for cell in row] for row in cells]
    assert got == wanted, "\n".join([question, *(f"got    {row}" for row in got), *(f"wanted {row}" for row in wanted)])


def _rows(text: str) -> list[tuple[str, dict[str, str]]]:
    table, columns, rows = "", [], []
    for line in text.strip().splitlines():
        cells = line.split()
        if not cells:
            continue
        if cells[0].endswith(":"):
            table, columns = cells[0][:-1], cells[1:]
        else:
            assert len(cells) == len(columns), f"{table}: {line!r} does not fill {columns}"
            rows.append((table, dict(zip(columns, cells, strict=True))))
    return rows


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, str]]) -> None:
    found = connection.execute("select column_name, data_type from duckdb_columns() where table_name = ?", [table])
    types = dict(found.fetchall())
    for columns in dict.fromkeys(tuple(row) for row in rows):
        same = [row for row in rows if tuple(row) == columns]
        marks = ", ".join("(" + ", ".join("?" * len(columns)) + ")" for _ in same)
        values = [_value(types[column], row[column]) for row in same for column in columns]
        connection.execute(f"insert into {table} ({', '.join(columns)}) values {marks}", values)


def _value(type_: str, cell: str) -> Any:
    if cell == "-":
        return None
    return moment(cell) if type_.startswith("TIMESTAMP") else cell


def _text(value: Any) -> str:
    """A cell as the tables write it: times as local clock time, numbers to one decimal at most."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        local = value.astimezone(SHANGHAI)
        clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
        return clock if local.day == 14 else f"{local.day}T{clock}"
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value)


def _plain(cell: str) -> str:
    return cell.removesuffix(".0")
