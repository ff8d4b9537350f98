-- question: Which zones reach into a community, since when, and by which order?
-- zh:       哪些风险区涉及某社区，从何时起，依据哪个文号？
-- grain:    one row per (zone_code)
-- params:   $community_code VARCHAR
-- columns:  zone_code VARCHAR; order_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; level VARCHAR;
--           from_at TIMESTAMPTZ; until_at TIMESTAMPTZ; is_whole BOOLEAN; grid_count BIGINT (grids that are touched)
-- reads:    situation
-- uses:     zones/orders_in_force, zones/extent_grids
-- notes:    highest level first. is_whole: all of the community's grids lie within
with own as (
    select grid_code, count(*) over () as own_count
    from grid
    where community_code = $community_code
),

touched as (
    select
        extent.extent_no,
        count(*) as grid_count,
        bool_and(extent.is_whole) and count(*) = max(own.own_count) as is_whole
    from zones_extent_grids as extent
    inner join own on extent.grid_code = own.grid_code
    group by extent.extent_no
)

select
    held.zone_code,
    held.order_code,
    held.zone_name,
    held.zone_name_en,
    held.level,
    held.from_at,
    held.until_at,
    touched.is_whole,
    touched.grid_count
from touched
inner join zones_orders_in_force as held on touched.extent_no = held.extent_no
order by case held.level when 'high' then 1 when 'medium' then 2 else 3 end, held.sort_order nulls last, held.zone_code
