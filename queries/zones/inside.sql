-- question: Who and what is inside each zone in force: people, households, buildings, vulnerable residents, staff, sites?
-- zh:       每个生效的风险区内有多少人、户、楼栋、重点人群、在岗人员和采样点？重叠的各计一次
-- grain:    one row per (zone_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; order_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; level VARCHAR;
--           extent_kind VARCHAR; from_at TIMESTAMPTZ; until_at TIMESTAMPTZ; building_count BIGINT (buildings);
--           household_count BIGINT (households); resident_count BIGINT (people); vulnerable_count BIGINT (people);
--           site_count BIGINT (sampling sites); on_duty_count BIGINT (people)
-- reads:    situation
-- uses:     zones/orders_in_force, zones/buildings_inside, zones/sites_inside, zones/extent_grids, staffing/posts
-- notes:    zones of every level; what lies in several counts in each (zones/by_level counts it once). A grid that is split
--           counts by its buildings. On duty: at the zone itself, at a building or site inside, at a grid wholly inside;
--           null where no staff event is known. Other counts are null where the lake knows none of the members
with posts as (
    select zone_code, 'zone' as post_kind, zone_code as post_code from zones_orders_in_force
    union all
    select zone_code, 'building', building_code from zones_buildings_inside
    union all
    select zone_code, 'site', site_code from zones_sites_inside
    union all
    select held.zone_code, 'grid', touched.grid_code
    from zones_orders_in_force as held
    inner join zones_extent_grids as touched on held.extent_no = touched.extent_no
    where touched.is_whole
),

on_duty as (
    select posts.zone_code, count(distinct worker.staff_code) as on_duty_count
    from posts
    inner join staffing_posts as worker on posts.post_kind = worker.post_kind and posts.post_code = worker.post_code
    group by posts.zone_code
),

known as (
    select coalesce((select min(event_at) from staff_event) <= $as_of, false) as has_staff_event
)

select
    held.zone_code,
    held.order_code,
    held.zone_name,
    held.zone_name_en,
    held.level,
    held.extent_kind,
    held.from_at,
    held.until_at,
    extent.building_count,
    extent.household_count,
    extent.resident_count,
    extent.vulnerable_count,
    extent.site_count,
    case when known.has_staff_event then coalesce(on_duty.on_duty_count, 0) end as on_duty_count
from zones_orders_in_force as held
cross join known
left join zone_extent as extent on held.extent_no = extent.extent_no
left join on_duty on held.zone_code = on_duty.zone_code
order by case held.level when 'high' then 1 when 'medium' then 2 else 3 end, held.sort_order nulls last, held.zone_code
