-- question: Which zone order names a member or a level that nobody knows?
-- zh:       哪个风险区指令写了没有人认识的范围或等级？
-- grain:    one row per (order_code, member_code)
-- columns:  order_code VARCHAR; member_code VARCHAR; problem VARCHAR
-- reads:    situation
-- uses:     zones/spans
-- notes:    no rows when all is known; member_code is null where the order itself is at fault. Only what is believed now counts
select
    held.order_code,
    member.member_code,
    'no such ' || extent.extent_kind as problem
from zones_spans as held
inner join zone_extent as extent on held.extent_no = extent.extent_no
inner join zone_member as member on held.extent_no = member.extent_no
left join building on extent.extent_kind = 'building' and member.member_code = building.building_code
left join community on extent.extent_kind = 'community' and member.member_code = community.community_code
left join grid on extent.extent_kind = 'grid' and member.member_code = grid.grid_code
where building.building_code is null and community.community_code is null and grid.grid_code is null
union all
select order_code, cast(null as varchar), 'no such level'
from zones_spans
where level not in ('high', 'medium', 'low', 'lifted') or level is null
union all
select order_code, cast(null as varchar), 'no extent'
from zones_spans
where level != 'lifted' and extent_no is null
order by order_code, member_code, problem
