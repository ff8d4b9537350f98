-- question: Which high-risk and medium-risk zones are in force, and how many people live in them?
-- grain:    one row per (zone_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; order_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; level VARCHAR;
--           extent_kind VARCHAR; effective_at TIMESTAMPTZ; member_count BIGINT (buildings, communities or grids);
--           household_count BIGINT (households); resident_count BIGINT (people); sort_order INTEGER
-- reads:    situation
-- uses:     zones/orders_in_force
-- notes:    a high-risk building inside a medium-risk community counts in both zones
with summed as (
    select
        order_code,
        count(*) as member_count,
        sum(household_count) as household_count,
        sum(resident_count) as resident_count
    from zone_extent
    where resident_count is not null
    group by order_code
)

select
    held.zone_code,
    held.order_code,
    held.zone_name,
    held.zone_name_en,
    held.level,
    held.extent_kind,
    held.effective_at,
    coalesce(summed.member_count, 0) as member_count,
    cast(summed.household_count as bigint) as household_count,
    cast(summed.resident_count as bigint) as resident_count,
    held.sort_order
from zones_orders_in_force as held
left join summed on held.order_code = summed.order_code
where held.level in ('high', 'medium')
order by case held.level when 'high' then 1 else 2 end, held.sort_order nulls last, held.zone_code
