-- question: Which zone order names a member or a level that nobody knows?
-- grain:    one row per (order_code, member_code)
-- columns:  order_code VARCHAR; member_code VARCHAR; problem VARCHAR
-- reads:    situation
-- notes:    no rows when all is known; member_code is null where the order itself is at fault
select
    held.order_code,
    extent.member_code,
    'no such ' || held.extent_kind as problem
from zone_order as held
inner join zone_extent as extent on held.order_code = extent.order_code
left join building on held.extent_kind = 'building' and extent.member_code = building.building_code
left join community on held.extent_kind = 'community' and extent.member_code = community.community_code
left join grid on held.extent_kind = 'grid' and extent.member_code = grid.grid_code
where building.building_code is null and community.community_code is null and grid.grid_code is null
union all
select order_code, cast(null as varchar), 'no such level'
from zone_order
where level not in ('high', 'medium', 'low') or level is null
union all
select held.order_code, cast(null as varchar), 'no extent'
from zone_order as held
where not exists (select 1 from zone_extent as extent where extent.order_code = held.order_code)
order by order_code, member_code, problem
