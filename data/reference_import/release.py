"""What a zone's release rests on: what must hold within files of rules, infections and results, and where an infection lies.

Statements over the staged records, each giving column, value, what was expected, and the record; as in `check`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import numpy as np
import shapely

from geo.location import find_areas
from geo.zones import building_ground

if TYPE_CHECKING:
    from data.reference_import.check import Findings

_SET_AGREES = """
select '{column}', t.{column}, 'expected ' || coalesce(first.{column}, 'empty')
    || ', as in the first record of rule set ' || t.rule_set_code, t.record_no
from staged.text as t
inner join (
    select rule_set_code, max(struct_pack(no := -record_no, {column} := {column})).{column} as {column}
    from staged.text group by rule_set_code
) as first on first.rule_set_code = t.rule_set_code
where t.{column} is distinct from first.{column}
order by t.record_no
"""
_RULE_TWICE = """
select 'level 等级', t.level, 'this rule stands in an earlier record already; expected each level (and came_from_level) once in a rule set',
    t.record_no
from (
    select v.record_no, row_number() over (
        partition by v.rule_set_code, v.level, v.came_from_level order by v.record_no
    ) as copy_no
    from staged.typed as v where v.level is not null
) as v inner join staged.text as t on t.record_no = v.record_no
where v.copy_no > 1 order by t.record_no
"""
_SETS_APART = """
select 'valid_from 施行时间', t.valid_from, 'rule set ' || other.rule_set_code || ' has the same time; only one can hold', t.record_no
from staged.typed as v
inner join staged.text as t on t.record_no = v.record_no
inner join (select rule_set_code, min(valid_from) as valid_from from staged.typed group by rule_set_code) as other
    on other.valid_from = v.valid_from and other.rule_set_code < v.rule_set_code
order by t.record_no
"""
_LEVELS_FALL = """
with ranked as (
    select record_no, level, came_from_level, next_level,
        case level when 'high' then 3 when 'medium' then 2 else 1 end as rank_no,
        case came_from_level when 'high' then 3 when 'medium' then 2 when 'low' then 1 end as before_no,
        case next_level when 'high' then 3 when 'medium' then 2 when 'low' then 1 else 0 end as next_no
    from staged.typed where level is not null and next_level is not null
)
select 'next_level 降为', next_level, 'expected a level below ' || level, record_no from ranked where next_no >= rank_no
union all
select 'came_from_level 原等级', came_from_level, 'expected a level above ' || level, record_no
from ranked where before_no <= rank_no
order by record_no
"""
_ROUND_DAYS = """
select 'round_days 核酸日', day, 'expected days from 1 to clear_days, separated by ;', record_no
from (select record_no, clear_days, unnest(round_days) as day from staged.typed)
where try_cast(day as integer) is null or try_cast(day as integer) not between 1 and greatest(clear_days, 1)
order by record_no
"""
RULE_CHECKS = (
    *(_SET_AGREES.format(column=column) for column in ("rule_set_name", "rule_set_name_en", "valid_from", "day_one")),
    _RULE_TWICE,
    _SETS_APART,
    _LEVELS_FALL,
    _ROUND_DAYS,
)

_PLACES = """
    select 'building' as place_kind, building_code as place_code from lake.building
    union all select 'grid', grid_code from lake.grid
    union all select 'community', community_code from lake.community
    union all select distinct 'zone', zone_code from lake.zone_order_version
"""
_UNKNOWN_PLACES = f"""
select '{{name}}', v.place_code, 'expected the code of a ' || v.place_kind || ' that was imported before', v.record_no
from staged.typed as v
anti join ({_PLACES}) as p on p.place_kind = v.place_kind and p.place_code = v.place_code
where v.place_code is not null and v.place_kind is not null and v.place_kind != 'district'
order by v.record_no
"""
_SOMEWHERE = """
select 'place_kind 位置类别', coalesce(t.place_kind, ''), 'expected a place_kind with a place_code, or lon and lat', t.record_no
from staged.text as t
where (t.place_kind is null) != (t.place_code is null) or (t.lon is null) != (t.lat is null)
    or (t.place_code is null and t.lon is null)
order by t.record_no
"""
_KNOWN_AFTER = """
select 'reported_at 上报时间', t.reported_at, 'expected not before found_at ' || t.found_at, t.record_no
from staged.typed as v inner join staged.text as t on t.record_no = v.record_no
where v.reported_at < v.found_at
order by t.record_no
"""
INFECTION_CHECKS = (_SOMEWHERE, _UNKNOWN_PLACES.format(name="place_code 位置编号"), _KNOWN_AFTER)

_RESULT_TIMED = """
select 'reported_at 报告时间', '', 'expected a time, as the result is known', record_no
from staged.typed where is_all_negative is not null and reported_at is null
order by record_no
"""
_RESULT_PLACED = """
select 'place_code 范围编号', '', 'expected a code; only the district needs none', record_no
from staged.typed where place_kind != 'district' and place_code is null
union all
select 'place_code 范围编号', place_code, 'expected empty: the district has no code', record_no
from staged.typed where place_kind = 'district' and place_code is not null
order by record_no
"""
_RESULT_TWICE = """
select 'round_code 轮次编号', t.round_code,
    'the result of this round and place at this time stands in an earlier record already; a later result has a later reported_at',
    t.record_no
from (
    select record_no, row_number() over (
        partition by round_code, place_kind, place_code, reported_at order by record_no
    ) as copy_no
    from staged.typed
) as v inner join staged.text as t on t.record_no = v.record_no
where v.copy_no > 1 order by t.record_no
"""
_RESULT_TOO_EARLY = """
select 'reported_at 报告时间', t.reported_at, 'expected after the round begins, ' || strftime(r.starts_at, '%Y-%m-%d %H:%M'), t.record_no
from staged.typed as v
inner join staged.text as t on t.record_no = v.record_no
inner join lake.round as r on r.round_code = v.round_code
where v.reported_at < r.starts_at
order by t.record_no
"""
RESULT_CHECKS = (
    _RESULT_PLACED,
    _RESULT_TIMED,
    _UNKNOWN_PLACES.format(name="place_code 范围编号"),
    _RESULT_TWICE,
    _RESULT_TOO_EARLY,
)


def place_infections(connection: duckdb.DuckDBPyConnection, findings: Findings) -> tuple[str, ...]:
    """Gives infections that have only a point the building around it, else the grid; one in no grid is a finding."""
    rows = connection.execute(
        """
        select record_no, lon, lat from staged.typed
        where place_code is null and lon between -180 and 180 and lat between -90 and 90 order by record_no
        """
    ).fetchall()
    if not rows:
        return ()
    grids = connection.execute(
        "select grid_code, geometry_wkb from lake.grid where geometry_wkb is not null order by grid_code"
    ).fetchall()
    points = np.asarray(shapely.points([row[1:] for row in rows]), dtype=object)
    areas = np.asarray(shapely.from_wkb([bytes(row[1]) for row in grids]), dtype=object)
    found = find_areas(points, areas) if grids else [-1] * len(rows)
    for (record_no, lon, lat), point, area in zip(rows, points, found, strict=True):
        if area < 0:
            findings.add("lon, lat 经度、纬度", f"{lon}, {lat}", "this point lies in no grid", record_no)
            continue
        building = _building_at(connection, point)
        place = ("building", building) if building else ("grid", grids[area][0])
        connection.execute(
            "update staged.typed set place_kind = ?, place_code = ? where record_no = ?", [*place, record_no]
        )
    return (f"{len(rows):,} infections have a point only; its building was found by it, else its grid.",)


def _building_at(connection: duckdb.DuckDBPyConnection, point: shapely.Point) -> str | None:
    """The code of the building whose footprint holds the point, else of one whose circle does."""
    near_deg = 0.005
    rows = connection.execute(
        """
        select building_code, lon, lat, radius_m, footprint_wkb from lake.building
        where abs(lon - $lon) < $near and abs(lat - $lat) < $near order by footprint_wkb is null, building_code
        """,
        {"lon": point.x, "lat": point.y, "near": near_deg},
    ).fetchall()
    for code, lon, lat, radius_m, footprint in rows:
        own = shapely.from_wkb(bytes(footprint)) if footprint else None
        shape = building_ground(lon, lat, radius_m, own)
        if shape.covers(point):
            return str(code)
    return None
