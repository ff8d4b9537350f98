-- question: In which zones does a building lie, since when, and by which order?
-- zh:       某楼栋在哪些风险区内，从何时起，依据哪个文号？
-- grain:    one row per (zone_code)
-- params:   $building_code VARCHAR
-- columns:  zone_code VARCHAR; order_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; level VARCHAR;
--           from_at TIMESTAMPTZ; until_at TIMESTAMPTZ; is_decisive BOOLEAN
-- reads:    situation
-- uses:     zones/orders_in_force, zones/buildings_inside
-- notes:    highest level first: that one holds there (is_decisive). No row where no order holds
select
    held.zone_code,
    held.order_code,
    held.zone_name,
    held.zone_name_en,
    held.level,
    held.from_at,
    held.until_at,
    inside.is_decisive
from zones_buildings_inside as inside
inner join zones_orders_in_force as held on inside.zone_code = held.zone_code
where inside.building_code = $building_code
order by inside.is_decisive desc, case held.level when 'high' then 1 when 'medium' then 2 else 3 end, held.zone_code
