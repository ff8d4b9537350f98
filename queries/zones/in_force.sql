-- question: Which high-risk and medium-risk zones are in force, and how many people live in them?
-- zh:       哪些高、中风险区生效，区内有多少人？
-- grain:    one row per (zone_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; order_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; level VARCHAR;
--           extent_kind VARCHAR; effective_at TIMESTAMPTZ; member_count BIGINT (buildings, communities or grids);
--           household_count BIGINT (households); resident_count BIGINT (people); sort_order INTEGER
-- reads:    situation
-- uses:     zones/orders_in_force
-- notes:    a high-risk building inside a medium-risk community counts in both zones; zones/by_level counts each once. A
--           polygon is one member. Counts are null where the lake knows none of the members
select
    held.zone_code,
    held.order_code,
    held.zone_name,
    held.zone_name_en,
    held.level,
    held.extent_kind,
    held.effective_at,
    coalesce(extent.member_count, 0) as member_count,
    extent.household_count,
    extent.resident_count,
    held.sort_order
from zones_orders_in_force as held
left join zone_extent as extent on held.extent_no = extent.extent_no
where held.level in ('high', 'medium')
order by case held.level when 'high' then 1 else 2 end, held.sort_order nulls last, held.zone_code
