-- question: Which buildings lie in each zone in force, and who lives there?
-- zh:       生效中的各风险区内有哪些楼栋，住着多少人？
-- grain:    one row per (zone_code, building_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; order_code VARCHAR; level VARCHAR; building_code VARCHAR; building_name VARCHAR;
--           building_name_en VARCHAR; grid_code VARCHAR; household_count BIGINT (households);
--           resident_count BIGINT (people); vulnerable_count BIGINT (people); is_decisive BOOLEAN
-- reads:    situation
-- uses:     zones/orders_in_force
-- notes:    a building lies in a zone that names it, its grid or its community, and in a polygon that holds its point.
--           is_decisive: of several zones around a building the one whose level holds there, the highest
with inside as (
    select held.zone_code, place.place_code as building_code
    from zones_orders_in_force as held
    inner join zone_place as place on held.extent_no = place.extent_no
    where place.place_kind = 'building'
    union all
    select held.zone_code, building.building_code
    from zones_orders_in_force as held
    inner join zone_member as member on held.extent_no = member.extent_no
    inner join building on member.member_code = building.grid_code
    where held.extent_kind = 'grid'
    union all
    select held.zone_code, building.building_code
    from zones_orders_in_force as held
    inner join zone_member as member on held.extent_no = member.extent_no
    inner join grid on member.member_code = grid.community_code
    inner join building on grid.grid_code = building.grid_code
    where held.extent_kind = 'community'
)

select
    held.zone_code,
    held.order_code,
    held.level,
    building.building_code,
    building.building_name,
    building.building_name_en,
    building.grid_code,
    building.household_count,
    building.resident_count,
    building.vulnerable_count,
    row_number() over (
        partition by building.building_code
        order by case held.level when 'high' then 1 when 'medium' then 2 else 3 end, held.sort_order nulls last, held.zone_code
    ) = 1 as is_decisive
from inside
inner join zones_orders_in_force as held on inside.zone_code = held.zone_code
inner join building on inside.building_code = building.building_code
order by held.zone_code, building.building_code
