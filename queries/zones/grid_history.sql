-- question: Which orders ever touched a grid, corrections and withdrawals among them?
-- zh:       哪些指令曾涉及某网格，包括更正和撤回？
-- grain:    one row per (order_code, version_no)
-- params:   $grid_code VARCHAR
-- columns:  order_code VARCHAR; version_no INTEGER; recorded_at TIMESTAMPTZ; recorded_by VARCHAR; is_withdrawn BOOLEAN;
--           is_believed BOOLEAN; zone_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; level VARCHAR;
--           extent_kind VARCHAR; is_touched BOOLEAN; is_whole BOOLEAN; building_count BIGINT (buildings of the grid);
--           from_at TIMESTAMPTZ; until_at TIMESTAMPTZ; ended_by_order_code VARCHAR
-- reads:    situation
-- uses:     zones/orders, zones/extent_grids
-- notes:    all versions of every order that touched the grid in any of them: is_touched tells in which. An order that
--           lifts touches what the order touched that it ended. building_count is null where all of the grid lies within
with touching as (
    select given.order_code, given.version_no, touched.is_whole, given.extent_no
    from zone_order as given
    inner join zones_extent_grids as touched on given.extent_no = touched.extent_no
    where touched.grid_code = $grid_code
),

named as (
    select order_code from touching
    union
    select ended_by_order_code
    from zones_orders
    where order_code in (select order_code from touching) and ended_by_order_code is not null
),

built as (
    select place.extent_no, count(*) as building_count
    from zone_place as place
    inner join building on place.place_code = building.building_code
    where place.place_kind = 'building' and building.grid_code = $grid_code
    group by place.extent_no
)

select
    given.order_code,
    given.version_no,
    given.recorded_at,
    given.recorded_by,
    given.is_withdrawn,
    given.is_believed,
    given.zone_code,
    given.zone_name,
    given.zone_name_en,
    given.level,
    given.extent_kind,
    touching.order_code is not null as is_touched,
    touching.is_whole,
    case when not touching.is_whole then coalesce(built.building_count, 0) end as building_count,
    given.from_at,
    given.until_at,
    given.ended_by_order_code
from zones_orders as given
inner join named on given.order_code = named.order_code
left join touching on given.order_code = touching.order_code and given.version_no = touching.version_no
left join built on touching.extent_no = built.extent_no
order by coalesce(given.effective_at, given.recorded_at), given.order_code, given.version_no
