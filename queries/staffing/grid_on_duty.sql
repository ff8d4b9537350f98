-- question: How many people of each role are on duty in a grid, and how many have it as their home?
-- zh:       这个网格各角色有多少人在岗，在册多少人
-- grain:    one row per (role)
-- params:   $as_of TIMESTAMPTZ; $grid_code VARCHAR
-- columns:  role VARCHAR; on_duty_count BIGINT (people); roster_count BIGINT (people); sort_order INTEGER
-- reads:    situation
-- uses:     staffing/posts
-- notes:    everyone counts in the grid of the post, as in staffing/posts: the roles add up to the map's figure, but
--           for leaders and cadres above the grid. Null while no check-in is known
with roles (role, sort_order) as (
    values ('grid_leader', 1), ('full_time', 2), ('part_time', 3), ('volunteer', 4), ('commando', 5), ('medic', 6)
),

on_duty as (
    select role, count(*) as on_duty_count
    from staffing_posts
    where grid_code = $grid_code
    group by role
),

roster as (
    select role, count(*) as roster_count
    from staff
    where grid_code = $grid_code
    group by role
),

known as (
    select coalesce((select min(event_at) from staff_event) <= $as_of, false) as has_event
)

select
    roles.role,
    case when known.has_event then coalesce(on_duty.on_duty_count, 0) end as on_duty_count,
    coalesce(roster.roster_count, 0) as roster_count,
    roles.sort_order
from roles
cross join known
left join on_duty on roles.role = on_duty.role
left join roster on roles.role = roster.role
order by roles.sort_order
