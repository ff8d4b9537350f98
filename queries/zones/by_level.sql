-- question: How many people live under each risk level, each counted once, at the highest level around them?
-- zh:       每个风险等级之下住着多少人？每人只计一次，按最高等级
-- grain:    one row per (level)
-- params:   $as_of TIMESTAMPTZ
-- columns:  level VARCHAR; zone_count BIGINT (zones); building_count BIGINT (buildings);
--           household_count BIGINT (households); resident_count BIGINT (people); vulnerable_count BIGINT (people)
-- reads:    situation
-- uses:     zones/orders_in_force, zones/buildings_inside
-- notes:    the highest level wins at a point. A level without any zone has no row
with zones as (
    select level, count(*) as zone_count
    from zones_orders_in_force
    group by level
),

people as (
    select
        level,
        count(*) as building_count,
        cast(sum(household_count) as bigint) as household_count,
        cast(sum(resident_count) as bigint) as resident_count,
        cast(sum(vulnerable_count) as bigint) as vulnerable_count
    from zones_buildings_inside
    where is_decisive
    group by level
)

select
    zones.level,
    zones.zone_count,
    coalesce(people.building_count, 0) as building_count,
    coalesce(people.household_count, 0) as household_count,
    coalesce(people.resident_count, 0) as resident_count,
    coalesce(people.vulnerable_count, 0) as vulnerable_count
from zones
left join people on zones.level = people.level
order by case zones.level when 'high' then 1 when 'medium' then 2 else 3 end
