"""The zone tables of the situation file: every version of every order, the shapes of its extent and what lies within.

Owns `zone_order`, `zone_extent`, `zone_member` and `zone_place`. What lies in an extent is worked out once and kept while
the buildings, sites and grids stay as they are: a new order costs its own extent and no other's.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry

from geo.layer import Shapes, geojson_text
from geo.zones import building_ground, circle_around, find_points_inside, find_touched, unite_shapes

# Versions that say the same about where share an extent; its number follows from what it says, not from when it came.
_VERSIONS = """
create or replace temp table zone_version as
select *, case when extent_kind is not null then
    dense_rank() over (order by extent_kind is null, extent_kind, extent_codes, radius_m, polygon_wkb)
end::integer as extent_no
from lake.zone_order_history
"""
_WRITE_ORDERS = """
insert into aside.zone_order
with zone as (
    select zone_code, row_number() over (order by min(effective_at), length(zone_code), zone_code) as sort_order
    from zone_version where zone_code is not null group by zone_code
)
select v.order_code, v.version_no, v.recorded_at, v.recorded_by, v.is_withdrawn, v.zone_code, v.zone_name, v.zone_name_en, v.level,
    v.extent_no, v.replaces_order_code, v.issued_at, v.effective_at, v.ends_at, v.party_branch_name, z.sort_order
from zone_version as v left join zone as z on z.zone_code = v.zone_code
order by v.order_code, v.version_no
"""
_EXTENTS = """
select distinct extent_no, extent_kind, coalesce(extent_codes, []), radius_m, polygon_wkb
from zone_version where extent_no is not null order by extent_no
"""
# A grid's people are the sum of its buildings', so whole grids and communities need not be counted by building.
_WRITE_EXTENTS = """
insert into aside.zone_member select extent_no, member_code, geojson from drawn_member order by all;
insert into aside.zone_place select extent_no, place_kind, place_code, is_whole from drawn_place order by all;
insert into aside.zone_extent
with known as (
    select e.extent_no, count(coalesce(b.building_code, g.grid_code, c.community_code)) as member_count
    from drawn_extent as e inner join aside.zone_member as m on m.extent_no = e.extent_no
    left join aside.building as b on e.extent_kind = 'building' and b.building_code = m.member_code
    left join aside.grid as g on e.extent_kind = 'grid' and g.grid_code = m.member_code
    left join aside.community as c on e.extent_kind = 'community' and c.community_code = m.member_code
    group by e.extent_no
),
held as (
    select p.extent_no, count(*) as building_count, sum(b.household_count) as household_count,
        sum(b.resident_count) as resident_count, sum(b.vulnerable_count) as vulnerable_count
    from aside.zone_place as p inner join aside.building as b on p.place_kind = 'building' and b.building_code = p.place_code
    group by p.extent_no
    union all
    select e.extent_no, sum(g.building_count), sum(g.household_count), sum(g.resident_count), sum(g.vulnerable_count)
    from drawn_extent as e inner join aside.zone_member as m on m.extent_no = e.extent_no
    inner join aside.grid as g
        on (e.extent_kind = 'grid' and g.grid_code = m.member_code)
        or (e.extent_kind = 'community' and g.community_code = m.member_code)
    group by e.extent_no
),
site_held as (
    select extent_no, count(*) as site_count from aside.zone_place where place_kind = 'site' group by extent_no
    union all
    select e.extent_no, count(*)
    from drawn_extent as e inner join aside.zone_member as m on m.extent_no = e.extent_no
    inner join aside.grid as g
        on (e.extent_kind = 'grid' and g.grid_code = m.member_code)
        or (e.extent_kind = 'community' and g.community_code = m.member_code)
    inner join aside.site as s on s.grid_code = g.grid_code
    group by e.extent_no
)
select e.extent_no, e.extent_kind, e.radius_m, e.geojson,
    case when e.extent_kind = 'polygon' then 1 else coalesce(k.member_count, 0) end as known_count,
    case when known_count > 0 then coalesce(h.building_count, 0) end,
    case when known_count > 0 then coalesce(h.household_count, 0) end,
    case when known_count > 0 then coalesce(h.resident_count, 0) end,
    case when known_count > 0 then coalesce(h.vulnerable_count, 0) end,
    case when known_count > 0 then coalesce(s.site_count, 0) end
from drawn_extent as e
left join known as k on k.extent_no = e.extent_no
left join held as h on h.extent_no = e.extent_no
left join site_held as s on s.extent_no = e.extent_no
order by e.extent_no
"""
_TABLES = ("zone_order", "zone_extent", "zone_member", "zone_place")
_PLACES_MARK = """
select
    (select hash(list((building_code, grid_code, lon, lat, radius_m, footprint_wkb) order by building_code)) from lake.building),
    (select hash(list((site_code, lon, lat) order by site_code)) from lake.site),
    (select hash(list((grid_code, geometry_wkb) order by grid_code)) from lake.grid)
"""


@dataclass(frozen=True)
class _Extent:
    kind: str
    codes: tuple[str, ...]
    radius_m: float | None
    polygon_wkb: bytes | None

    @property
    def is_drawn(self) -> bool:
        """Whether what lies within is a question of shapes and not of names."""
        return self.kind == "polygon" or self.radius_m is not None


@dataclass(frozen=True)
class _Drawing:
    """An extent's own shape, those of its members, and what lies in it: (kind, code, whether it is whole)."""

    geojson: str | None
    members: tuple[tuple[str, str | None], ...]
    places: tuple[tuple[str, str, bool], ...]


class ZoneTables:
    """Writes the zone tables into the file that is attached as `aside`; keeps what it drew for the next time."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._drawings: dict[_Extent, _Drawing] = {}
        self._places_mark: tuple[object, ...] | None = None
        self.drawn_count = 0
        """Extents that had to be worked out so far."""

    def write(self) -> None:
        """Replaces the tables' rows by what the lake holds now, within a transaction.

        Buildings, grids, communities and sites must be written already.
        """
        connection = self._connection
        for table in _TABLES:
            connection.execute(f"delete from aside.{table}")
        connection.execute(_VERSIONS)
        connection.execute(_WRITE_ORDERS)
        rows = connection.execute(_EXTENTS).fetchall()
        extents = {
            no: _Extent(kind, tuple(codes), radius_m, bytes(wkb) if wkb is not None else None)
            for no, kind, codes, radius_m, wkb in rows
        }
        self._draw(set(extents.values()))
        self._stage(extents)
        connection.execute(_WRITE_EXTENTS)
        for name in ("zone_version", "drawn_extent", "drawn_member", "drawn_place"):
            connection.execute(f"drop table if exists {name}")

    def _stage(self, extents: dict[int, _Extent]) -> None:
        drawn = [(no, extent, self._drawings[extent]) for no, extent in extents.items()]
        members = [(no, *member) for no, _, drawing in drawn for member in drawing.members]
        places = [(no, *place) for no, _, drawing in drawn for place in drawing.places]
        tables = {
            "drawn_extent": pa.table(
                {
                    "extent_no": pa.array([no for no, _, _ in drawn], pa.int32()),
                    "extent_kind": pa.array([extent.kind for _, extent, _ in drawn], pa.string()),
                    "radius_m": pa.array([extent.radius_m for _, extent, _ in drawn], pa.float64()),
                    "geojson": pa.array([drawing.geojson for _, _, drawing in drawn], pa.string()),
                }
            ),
            "drawn_member": pa.table(
                {
                    "extent_no": pa.array([row[0] for row in members], pa.int32()),
                    "member_code": pa.array([row[1] for row in members], pa.string()),
                    "geojson": pa.array([row[2] for row in members], pa.string()),
                }
            ),
            "drawn_place": pa.table(
                {
                    "extent_no": pa.array([row[0] for row in places], pa.int32()),
                    "place_kind": pa.array([row[1] for row in places], pa.string()),
                    "place_code": pa.array([row[2] for row in places], pa.string()),
                    "is_whole": pa.array([row[3] for row in places], pa.bool_()),
                }
            ),
        }
        for name, table in tables.items():
            self._connection.register("staged_rows", table)
            self._connection.execute(f"create or replace temp table {name} as select * from staged_rows")
            self._connection.unregister("staged_rows")

    def _draw(self, extents: set[_Extent]) -> None:
        """Works out what was not worked out yet, and forgets what nobody orders any more."""
        mark = self._connection.execute(_PLACES_MARK).fetchone()
        if mark != self._places_mark:
            self._places_mark = mark
            self._drawings.clear()
        new = extents - self._drawings.keys()
        if new:
            ground = _Ground(self._connection, new)
            self._drawings |= {extent: ground.draw(extent) for extent in new}
            self.drawn_count += len(new)
        for gone in self._drawings.keys() - extents:
            del self._drawings[gone]


class _Ground:
    """The buildings, sites and grids that extents are compared with; read as far as these extents need them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, extents: set[_Extent]) -> None:
        is_drawn = any(extent.is_drawn for extent in extents)
        named = sorted({code for extent in extents if extent.kind == "building" for code in extent.codes})
        rows = connection.execute(
            "select building_code, grid_code, lon, lat, radius_m, footprint_wkb from lake.building"
            " where ? or list_contains(?, building_code) order by building_code",
            [is_drawn, named],
        ).fetchall()
        self._buildings = {row[0]: row[1:] for row in rows}
        self._building_codes = [row[0] for row in rows]
        self._building_tree = _tree([row[2:4] for row in rows])
        sites = connection.execute("select site_code, lon, lat from lake.site order by site_code").fetchall()
        self._site_codes = [row[0] for row in sites]
        self._site_tree = _tree([row[1:] for row in sites])
        grids = connection.execute(
            "select grid_code, geometry_wkb from lake.grid where ? and geometry_wkb is not null order by grid_code",
            [is_drawn],
        ).fetchall()
        self._grid_codes = [row[0] for row in grids]
        self._grids: Shapes = np.asarray(shapely.from_wkb([bytes(row[1]) for row in grids]), dtype=object)
        self._grid_tree = shapely.STRtree(self._grids)

    def draw(self, extent: _Extent) -> _Drawing:
        if extent.kind not in ("building", "polygon"):
            return _Drawing(None, tuple((code, None) for code in extent.codes), ())
        if extent.kind == "polygon":
            shape = shapely.from_wkb(extent.polygon_wkb)
            return _Drawing(geojson_text(shape), (), self._places_in(shape, set(), is_drawn=True))
        known = [code for code in extent.codes if code in self._buildings]
        shapes = {code: self._shape_of(code, extent.radius_m) for code in known}
        members = tuple((code, geojson_text(shapes[code]) if code in shapes else None) for code in extent.codes)
        around = unite_shapes(list(shapes.values()))
        return _Drawing(None, members, self._places_in(around, set(known), is_drawn=extent.is_drawn))

    def _shape_of(self, code: str, radius_m: float | None) -> BaseGeometry:
        _, lon, lat, own_radius_m, footprint_wkb = self._buildings[code]
        footprint = None if footprint_wkb is None else shapely.from_wkb(bytes(footprint_wkb))
        if radius_m is None:
            return building_ground(lon, lat, own_radius_m, footprint)
        circle = circle_around(lon, lat, radius_m)
        return circle if footprint is None else unite_shapes([circle, footprint])

    def _places_in(self, shape: BaseGeometry, named: set[str], *, is_drawn: bool) -> tuple[tuple[str, str, bool], ...]:
        """Buildings, sites and grids in a shape; of buildings only those named, where the shape is no more than their ground."""
        buildings = set(named)
        grids: dict[str, bool] = {}
        if is_drawn:
            buildings |= {self._building_codes[i] for i in find_points_inside(shape, self._building_tree)}
            grids = {self._grid_codes[i]: whole for i, whole in find_touched(shape, self._grids, self._grid_tree)}
        for code in buildings:
            grids.setdefault(self._buildings[code][0], False)
        sites = {self._site_codes[i] for i in find_points_inside(shape, self._site_tree)}
        return (
            *(("building", code, True) for code in sorted(buildings)),
            *(("site", code, True) for code in sorted(sites)),
            *(("grid", code, whole) for code, whole in sorted(grids.items())),
        )


def _tree(pairs: list[tuple[float, float]]) -> shapely.STRtree:
    return shapely.STRtree(shapely.points(np.array(pairs, dtype=float).reshape(-1, 2)))
