-- question: Who is on duty in each high-risk and medium-risk zone?
-- grain:    one row per (zone_code, role)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; zone_name VARCHAR; level VARCHAR; party_branch_name VARCHAR; role VARCHAR;
--           on_duty_count BIGINT (people)
-- reads:    situation
-- uses:     zones/orders_in_force, staffing/posts
-- notes:    people whose post is the zone itself or one of its buildings; no row for a zone without anyone
with posted as (
    select held.zone_code, posts.staff_code, posts.role
    from zones_orders_in_force as held
    inner join staffing_posts as posts on posts.post_kind = 'zone' and posts.post_code = held.zone_code
    union
    select held.zone_code, posts.staff_code, posts.role
    from zones_orders_in_force as held
    inner join zone_extent as extent on held.order_code = extent.order_code
    inner join staffing_posts as posts on posts.post_kind = 'building' and posts.post_code = extent.member_code
    where held.extent_kind = 'building'
)

select
    held.zone_code,
    held.zone_name,
    held.level,
    held.party_branch_name,
    posted.role,
    count(*) as on_duty_count
from posted
inner join zones_orders_in_force as held on posted.zone_code = held.zone_code
where held.level in ('high', 'medium')
group by held.zone_code, held.zone_name, held.level, held.party_branch_name, posted.role
order by held.zone_code, posted.role
