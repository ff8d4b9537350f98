-- question: Who works in each high-risk and medium-risk zone?
-- zh:       各高、中风险区内有谁在工作？
-- grain:    one row per (zone_code, role)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; zone_name VARCHAR; level VARCHAR; party_branch_name VARCHAR; role VARCHAR;
--           on_duty_count BIGINT (people); posted_count BIGINT (people)
-- reads:    situation
-- uses:     wall/working_day, zones/orders_in_force, staffing/posts
-- notes:    people whose post is the zone itself or a building of its extent or polygon: on duty now, and all who checked in there since
--           the working day began, whatever their shift. No row for a zone without anyone
with places as (
    select zone_code, 'zone' as post_kind, zone_code as post_code
    from zones_orders_in_force
    where level in ('high', 'medium')
    union all
    select held.zone_code, place.place_kind, place.place_code
    from zones_orders_in_force as held
    inner join zone_place as place on held.extent_no = place.extent_no
    where place.place_kind = 'building' and held.level in ('high', 'medium')
),

workers as (
    select places.zone_code, posts.staff_code, posts.role, true as is_on_duty
    from staffing_posts as posts
    inner join places on posts.post_kind = places.post_kind and posts.post_code = places.post_code
    union all
    select places.zone_code, event.staff_code, event.role, false
    from staff_event as event
    inner join wall_working_day as today on event.event_at >= today.starts_at
    inner join places on event.post_kind = places.post_kind and event.post_code = places.post_code
    where event.event = 'check_in' and event.event_at <= $as_of
)

select
    held.zone_code,
    held.zone_name,
    held.level,
    held.party_branch_name,
    workers.role,
    count(distinct workers.staff_code) filter (where workers.is_on_duty) as on_duty_count,
    count(distinct workers.staff_code) as posted_count
from workers
inner join zones_orders_in_force as held on workers.zone_code = held.zone_code
group by held.zone_code, held.zone_name, held.level, held.party_branch_name, workers.role
order by held.zone_code, workers.role
