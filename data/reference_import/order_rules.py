"""What makes an order impossible: the rules as statements over the staged orders. `data.reference_import.orders` runs them.

They read `staged.order_version` (each given order as it would be recorded, beside what was given) and `staged.span_before`
and `staged.span_after` (when each order holds, without the given ones and with them).
"""

from __future__ import annotations

REASONS = (
    "missing_value", "wrong_value", "code_twice", "ends_before_start", "unknown_place", "missing_extent", "two_extents",
    "radius_without_buildings", "empty_polygon", "no_polygon", "crossing_polygon", "outside_district", "unknown_order",
    "replaces_itself", "not_in_force", "partial_lift", "still_needed", "nothing_to_withdraw", "recorded_in_future",
    "unknown_column", "unreadable",
)  # fmt: skip
"""Every reason for which an order is refused, as a code: `Problem.reason`."""

# column, value, what was expected, record, reason
CELLS = """
with v as (select * from staged.order_version), t as (select * from staged.text), given as (
    select v.*, t.ends_at as ends_text, t.effective_at as effective_text, t.recorded_at as recorded_text, t.level as level_text
    from v inner join t on t.record_no = v.record_no
)
select 'level', '', 'expected one of high 高, medium 中, low 低, lifted 解除', record_no, 'missing_value'
from given where not is_withdrawn and level_text is null
union all
select 'effective_at', '', 'expected a time such as 2022-07-14 08:40:24', record_no, 'missing_value'
from given where not is_withdrawn and effective_text is null
union all
select 'zone_code', '',
    case when level = 'lifted' then 'expected the zone that is lifted, or replaces_order_code' else 'expected a text' end,
    record_no, 'missing_value'
from given where not is_withdrawn and zone_code is null and (level is distinct from 'lifted' or replaces_order_code is null)
union all
select 'zone_name', '', 'expected a text', record_no, 'missing_value'
from given where not is_withdrawn and zone_name is null and level is distinct from 'lifted'
union all
select 'ends_at', ends_text, 'expected later than effective_at ' || effective_text, record_no, 'ends_before_start'
from given where ends_at <= effective_at
union all
select 'recorded_at', recorded_text, 'this moment has not come yet; expected when the order became known, or nothing', record_no,
    'recorded_in_future'
from given where is_stated and recorded_at > $latest
union all
select 'extent_kind', '', 'expected one of building 楼栋, community 社区, grid 网格, or a drawn polygon', record_no, 'missing_extent'
from given where not is_withdrawn and level is distinct from 'lifted' and given_kind is null
    and record_no not in (select record_no from staged.text where extent_kind is not null)
union all
select 'extent_codes', '', 'expected the codes of the ' || given_kind || 's, separated by ;', record_no, 'missing_extent'
from given
where not is_withdrawn and level is distinct from 'lifted' and given_kind in ('building', 'community', 'grid') and given_codes is null
union all
select 'extent_codes', array_to_string(given_codes, ';'), 'expected nothing: the extent is a polygon', record_no, 'two_extents'
from given where not is_withdrawn and given_kind = 'polygon' and given_codes is not null
union all
select 'extent_kind', given_kind, 'expected polygon, or no shape: two extents are given', record_no, 'two_extents'
from given where not is_withdrawn and given_kind != 'polygon' and given_polygon_wkb is not null
union all
select 'radius_m', given_radius_m::varchar, 'expected only where extent_kind is building', record_no, 'radius_without_buildings'
from given where not is_withdrawn and given_radius_m is not null and given_kind != 'building'
union all
select 'extent_codes', code, 'expected the code of a ' || given_kind || ' that was imported before', record_no, 'unknown_place'
from (select record_no, given_kind, unnest(given_codes) as code from given where not is_withdrawn)
where (given_kind = 'building' and code not in (select building_code from lake.building))
    or (given_kind = 'community' and code not in (select community_code from lake.community))
    or (given_kind = 'grid' and code not in (select grid_code from lake.grid))
union all
select 'is_withdrawn', order_code, 'expected an order that was given before: there is nothing to withdraw', record_no,
    'nothing_to_withdraw'
from given where is_withdrawn and order_code not in (select order_code from lake.zone_order_version)
order by all
"""
# Orders that end nothing although they say so: nothing of their zone, or not the order that they name, ends when they begin.
GROUNDLESS = """
select n.order_code, n.record_no,
    case
        when n.replaces_order_code = n.order_code then 'replaces_itself'
        when n.replaces_order_code is not null and r.order_code is null then 'unknown_order'
        else 'not_in_force'
    end as reason,
    n.level = 'lifted' and n.replaces_order_code is null as is_by_zone, n.zone_code, n.replaces_order_code, n.from_at
from staged.span_{name} as n
left join staged.span_{name} as r on r.order_code = n.replaces_order_code
where (
        n.replaces_order_code is not null
        and (r.order_code is null or r.order_code = n.order_code or r.level = 'lifted'
            or not (r.until_at is not distinct from n.from_at and r.from_at < r.until_at))
    )
    or (
        n.level = 'lifted' and n.replaces_order_code is null and not exists (
            select 1 from staged.span_{name} as h
            where h.zone_code = n.zone_code and h.level != 'lifted' and h.until_at = n.from_at and h.from_at < h.until_at
        )
    )
"""
PARTIAL_LIFTS = """
select min(h.order_code), v.record_no
from staged.order_version as v
inner join staged.span_after as n on n.order_code = v.order_code and n.record_no = v.record_no
inner join staged.span_after as h
    on (h.order_code = v.replaces_order_code or (v.replaces_order_code is null and h.zone_code = v.zone_code))
    and h.until_at = n.from_at and h.level != 'lifted'
where v.level = 'lifted' and v.given_kind is not null
    and not (h.extent_kind is not distinct from v.given_kind and h.extent_codes is not distinct from v.given_codes
        and h.polygon_wkb is not distinct from v.given_polygon_wkb)
group by v.record_no order by v.record_no
"""
