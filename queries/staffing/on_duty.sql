-- question: How many people of each role are on duty?
-- zh:       各角色有多少人在岗？16 小时内签到且未签退为在岗；还没有签到数据时为空
-- grain:    one row per (role)
-- params:   $as_of TIMESTAMPTZ
-- columns:  role VARCHAR; on_duty_count BIGINT (people); roster_count BIGINT (people); sort_order INTEGER
-- reads:    situation
-- uses:     staffing/headcount
-- notes:    on duty = checked in within the last 16 hours and not checked out since, as in staffing/posts. Null while
--           no
--           check-in is known; the roster is null while no staff is known
with roles (role, sort_order) as (
    values ('grid_leader', 1), ('full_time', 2), ('part_time', 3), ('volunteer', 4), ('commando', 5), ('medic', 6)
),

on_duty as (
    select role, cast(sum(on_duty_count) as bigint) as on_duty_count
    from staffing_headcount
    group by role
),

roster as (
    select role, count(*) as roster_count
    from staff
    group by role
),

known as (
    select
        coalesce((select min(event_at) from staff_event) <= $as_of, false) as has_event,
        (select count(*) from staff) > 0 as has_staff
)

select
    roles.role,
    case when known.has_event then coalesce(on_duty.on_duty_count, 0) end as on_duty_count,
    case when known.has_staff then coalesce(roster.roster_count, 0) end as roster_count,
    roles.sort_order
from roles
cross join known
left join on_duty on roles.role = on_duty.role
left join roster on roles.role = roster.role
order by roles.sort_order
