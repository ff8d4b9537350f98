"""Puts checked records of one kind in the place of those before, in one transaction of the lake.

Owns how records map to the lake's tables. Knows nothing of files.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import shapely

from data.reference_import.kinds import Kind
from data.reference_import.read import Records
from geo.coverage import areas_km2, label_points

_ROWS = {
    "feed": "select feed_code, feed_name, feed_name_en, kind, town_code, silent_after_min, record_no as sort_order from staged.typed",
    "town": "select town_code, town_name, town_name_en, outline_wkb from staged.town",
    "community": "select community_code, community_name, community_name_en, town_code, outline_wkb from staged.community",
    "grid": """
        select
            v.grid_code, v.grid_name, v.grid_name_en, v.community_code, v.has_party_organisation,
            s.area_km2, s.label_lon, s.label_lat, s.geometry_wkb, v.is_synthetic
        from staged.typed as v left join staged.shape as s on s.record_no = v.record_no
    """,
    "building": """
        select
            v.building_code, v.building_name, v.building_name_en, v.grid_code, v.lon, v.lat, v.radius_m, f.footprint_wkb
        from staged.typed as v left join staged.footprint as f on f.record_no = v.record_no
    """,
    "household": """
        select v.household_code, v.building_code, b.grid_code, v.resident_count, v.vulnerable_count
        from staged.typed as v inner join lake.building as b on b.building_code = v.building_code
    """,
    "site": """
        select
            site_code, site_name, site_name_en, grid_code, lon, lat, feed_code, unit_count, is_sampling_reported,
            leader_staff_code, party_branch_name
        from staged.typed
    """,
    "staff": """
        select staff_code, role, origin, town_code, community_code, grid_code, stand_in_staff_code, organisation_name
        from staged.typed
    """,
    "round": """
        select
            round_code, round_name, round_name_en, scope, starts_at, deadline_at, coalesce(closes_at, deadline_at) as closes_at
        from staged.typed
    """,
    "round_community": """
        select distinct round_code, unnest(community_codes) as community_code from staged.typed where scope = 'community'
    """,
    "zone_rule": """
        select
            rule_set_code, rule_set_name, rule_set_name_en, valid_from, level, came_from_level, clear_days,
            list_sort(list_transform(coalesce(round_days, []), x -> x::integer)) as round_days, day_one, next_level, source,
            source_en, record_no as sort_order
        from staged.typed
    """,
    "infection": """
        select infection_code, found_at, coalesce(reported_at, found_at) as reported_at, place_kind, place_code, lon, lat
        from staged.typed
    """,
    "round_result": "select round_code, place_kind, place_code, is_all_negative, reported_at from staged.typed",
}
TABLES_OF_KIND = {
    "communities": ("town", "community"),
    "grids": ("town", "community", "grid"),
    "rounds": ("round", "round_community"),
    "zones": ("zone_order_version",),
}

_REHOUSE = """
create or replace temp table rehoused as
select h.household_code, h.building_code, coalesce(b.grid_code, h.grid_code) as grid_code, h.resident_count, h.vulnerable_count
from lake.household as h left join lake.building as b on b.building_code = h.building_code
"""


def prepare_shapes(connection: duckdb.DuckDBPyConnection, records: Records) -> None:
    """Puts each grid's shape, size and label point into `staged.shape`; null where it has no area."""
    assert records.shapes is not None
    is_area = np.isin(shapely.get_type_id(records.shapes), (3, 6)) & ~shapely.is_empty(records.shapes)
    shapes = records.shapes[is_area]
    labels = label_points(list(shapes)) if len(shapes) else np.empty((0, 2))
    connection.register(
        "shapes",
        pa.table(
            {
                "record_no": pa.array(np.flatnonzero(is_area)),
                "area_km2": pa.array(areas_km2(list(shapes)) if len(shapes) else np.empty(0)),
                "label_lon": pa.array(labels[:, 0]),
                "label_lat": pa.array(labels[:, 1]),
                "geometry_wkb": pa.array(shapely.to_wkb(shapes).tolist(), pa.binary()),
            }
        ),
    )
    connection.execute("create or replace table staged.shape as select * from shapes")
    connection.unregister("shapes")


def prepare_footprints(connection: duckdb.DuckDBPyConnection, records: Records) -> None:
    """Puts the shape of each building that has more than a point into `staged.footprint`."""
    shapes = [] if records.shapes is None else list(records.shapes)
    there = [i for i, shape in enumerate(shapes) if shape is not None and shape.area > 0]
    footprints = pa.table(
        {
            "record_no": pa.array(there, pa.int64()),
            "footprint_wkb": pa.array([shapely.to_wkb(shapely.make_valid(shapes[i])) for i in there], pa.binary()),
        }
    )
    connection.register("footprints", footprints)
    connection.execute("create or replace table staged.footprint as select * from footprints")
    connection.unregister("footprints")


def replace_kind(connection: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Replaces all rows of a kind by the staged ones. To be called within a transaction of the lake."""
    for table in TABLES_OF_KIND.get(kind.name, (kind.table,)):
        connection.execute(f"delete from lake.{table}")
        connection.execute(f"insert into lake.{table} by name {_ROWS[table]}")
    if kind.name == "buildings":
        _move_households(connection)


def _move_households(connection: duckdb.DuckDBPyConnection) -> None:
    """A household's grid is its building's: it moves with it."""
    connection.execute(_REHOUSE)
    moved = connection.execute("select count(*) from (from lake.household except from rehoused)").fetchone()
    if moved and moved[0]:
        connection.execute("delete from lake.household")
        connection.execute("insert into lake.household by name from rehoused")
