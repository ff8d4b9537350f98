-- question: Which zones reach into a grid, since when, and by which order?
-- zh:       哪些风险区涉及某网格，从何时起，依据哪个文号？
-- grain:    one row per (zone_code)
-- params:   $grid_code VARCHAR
-- columns:  zone_code VARCHAR; order_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; level VARCHAR;
--           from_at TIMESTAMPTZ; until_at TIMESTAMPTZ; is_whole BOOLEAN; building_count BIGINT (buildings of the grid);
--           resident_count BIGINT (people of the grid)
-- reads:    situation
-- uses:     zones/orders_in_force, zones/extent_grids, zones/buildings_inside
-- notes:    highest level first. is_whole: all of the grid lies within; else only so many of its buildings do
with built as (
    select zone_code, count(*) as building_count, cast(sum(resident_count) as bigint) as resident_count
    from zones_buildings_inside
    where grid_code = $grid_code
    group by zone_code
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
    coalesce(built.building_count, 0) as building_count,
    coalesce(built.resident_count, 0) as resident_count
from zones_extent_grids as touched
inner join zones_orders_in_force as held on touched.extent_no = held.extent_no
left join built on held.zone_code = built.zone_code
where touched.grid_code = $grid_code
order by case held.level when 'high' then 1 when 'medium' then 2 else 3 end, held.sort_order nulls last, held.zone_code
