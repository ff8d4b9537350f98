"""Towns and communities: their names and parents come with files of their own or with the grids' file, and are kept once.

A grids' file brings what it holds and leaves the rest as imported before; after it, exactly the communities and towns
of its grids are there. A file of communities or towns brings all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import shapely

from data.reference_import.kinds import Kind
from data.reference_import.problems import Problem
from data.reference_import.read import Records
from geo.layer import Shapes
from geo.location import measure_outside

OUTSIDE_SHARE = 0.01
"""A grid of which more than this lies beyond its community's own outline does not nest."""
_SHOWN = 5

_COMMUNITIES_OF_GRIDS = """
create or replace table staged.community as
select
    v.community_code, coalesce(v.community_name, c.community_name) as community_name,
    coalesce(v.community_name_en, c.community_name_en) as community_name_en, coalesce(v.town_code, c.town_code) as town_code,
    c.outline_wkb, v.record_no
from (
    select
        community_code, arg_min(community_name, record_no) as community_name,
        arg_min(community_name_en, record_no) as community_name_en, arg_min(town_code, record_no) as town_code,
        min(record_no) as record_no
    from staged.typed where community_code is not null group by community_code
) as v
left join lake.community as c on c.community_code = v.community_code
"""
_COMMUNITIES = """
create or replace table staged.community as
select v.community_code, v.community_name, v.community_name_en, v.town_code, o.outline_wkb, v.record_no
from staged.typed as v left join staged.outline as o on o.record_no = v.record_no
where v.community_code is not null
"""
_TOWNS_OF_COMMUNITIES = """
create or replace table staged.town as
select
    c.town_code, coalesce(v.town_name, t.town_name) as town_name, coalesce(v.town_name_en, t.town_name_en) as town_name_en,
    t.outline_wkb, c.record_no
from (
    select town_code, min(record_no) as record_no from staged.community where town_code is not null group by town_code
) as c
left join (
    select town_code, arg_min(town_name, record_no) as town_name, arg_min(town_name_en, record_no) as town_name_en
    from staged.typed where town_code is not null group by town_code
) as v on v.town_code = c.town_code
left join lake.town as t on t.town_code = c.town_code
"""
_TOWNS = """
create or replace table staged.town as
select v.town_code, v.town_name, v.town_name_en, o.outline_wkb, v.record_no
from staged.typed as v left join staged.outline as o on o.record_no = v.record_no
where v.town_code is not null
"""
_MISSING = """
select record_no, 'community_name 社区名称' as field, community_code as code
from staged.community where community_name is null
union all
select record_no, 'town_code 镇街编号', community_code from staged.community where town_code is null
union all
select record_no, 'town_name 镇街名称', town_code from staged.town where town_name is null
order by record_no, field
"""


def stage_hierarchy(connection: duckdb.DuckDBPyConnection, records: Records, kind: Kind) -> None:
    """Puts the towns and communities that there will be into `staged.town` and `staged.community`."""
    _stage_outlines(connection, records, kind)
    if kind.name == "towns":
        connection.execute(_TOWNS)
        connection.execute(
            "create or replace table staged.community as select *, null::bigint as record_no from lake.community"
        )
        return
    connection.execute(_COMMUNITIES if kind.name == "communities" else _COMMUNITIES_OF_GRIDS)
    connection.execute(_TOWNS_OF_COMMUNITIES)


def find_missing_names(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, int]]:
    """Communities without name or town, and towns without name, that neither this file nor one before gives."""
    for record_no, name, code in connection.execute(_MISSING).fetchall():
        yield name, f"{code} has none: expected here, or in a file of communities or towns imported before", record_no


def find_unnested(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """A sentence where grids of the lake lie beyond the outlines that communities and towns now claim, the worst first."""
    found = connection.execute(
        "select grid_code, community_code, geometry_wkb from lake.grid where geometry_wkb is not null"
    ).fetchall()
    rows = [(code, community) for code, community, _ in found]
    shapes: Shapes = np.asarray(shapely.from_wkb([bytes(wkb) for _, _, wkb in found]), dtype=object)
    if not rows:
        return ()
    town_of = dict(connection.execute("select community_code, town_code from staged.community").fetchall())
    notes = []
    for table, parents in (
        ("community", [community for _, community in rows]),
        ("town", [town_of.get(community) for _, community in rows]),
    ):
        outlines = {
            code: shapely.from_wkb(bytes(wkb))
            for code, wkb in connection.execute(
                f"select {table}_code, outline_wkb from staged.{table} where outline_wkb is not null"
            ).fetchall()
        }
        notes += _describe_unnested(table, rows, shapes, parents, outlines)
    return tuple(notes)


def find_left_out(connection: duckdb.DuckDBPyConnection, kind: Kind) -> list[Problem]:
    """Communities of the grids, or towns of the communities, that a file of them leaves out: they would lose their names."""
    child, parent = {"communities": ("grid", "community"), "towns": ("community", "town")}.get(kind.name, ("", ""))
    if not child:
        return []
    rows = connection.execute(
        f"""
        select {parent}_code, count(*) from lake.{child} where {parent}_code not in
            (select {parent}_code from staged.{parent}) group by all order by all
        """
    ).fetchall()
    return [
        Problem("", f"{parent}_code", code, f"left out, but {count:,} {kind_of(child)} of the lake are in it")
        for code, count in rows
    ]


def kind_of(table: str) -> str:
    """What the rows of a table are called in a sentence."""
    return {"grid": "grids", "community": "communities"}[table]


def _describe_unnested(
    table: str, rows: list[tuple[str, str]], shapes: Shapes, parents: list[str | None], outlines: dict[str, object]
) -> list[str]:
    within = [i for i, parent in enumerate(parents) if parent in outlines and shapes[i] is not None]
    outside_m2 = measure_outside(list(shapes[within]), [outlines[str(parents[i])] for i in within])
    areas_m2 = measure_outside(list(shapes[within]), [shapely.Point() for _ in within])
    worst = sorted(
        ((size, i) for size, area, i in zip(outside_m2, areas_m2, within, strict=True) if size > OUTSIDE_SHARE * area),
        reverse=True,
    )
    if not worst:
        return []
    told = "; ".join(f"{rows[i][0]} by {size:,.0f} m² beyond {parents[i]}" for size, i in worst[:_SHOWN])
    more = f"; and {len(worst) - _SHOWN:,} more" if len(worst) > _SHOWN else ""
    return [f"{len(worst):,} grids do not nest in the outline of their {table}: {told}{more}."]


def _stage_outlines(connection: duckdb.DuckDBPyConnection, records: Records, kind: Kind) -> None:
    shapes = records.shapes if kind.shape == "outline" else None
    there = [] if shapes is None else [i for i, s in enumerate(shapes) if s is not None and s.area > 0]
    outlines = pa.table(
        {
            "record_no": pa.array(there, pa.int64()),
            "outline_wkb": pa.array([] if shapes is None else [shapely.to_wkb(shapes[i]) for i in there], pa.binary()),
        }
    )
    connection.register("outlines", outlines)
    connection.execute("create or replace table staged.outline as select * from outlines")
    connection.unregister("outlines")
