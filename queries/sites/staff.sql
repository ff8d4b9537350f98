-- question: How many people of each role are on duty at a site, and how many does it need?
-- zh:       一个采样点各角色在岗多少人，需要多少？需要：网格长 1 名，每个在开或需要的单元 1 名医务；其他角色没有公布过标准，为未知。
-- grain:    one row per (role)
-- params:   $as_of TIMESTAMPTZ; $site_code VARCHAR
-- columns:  role VARCHAR; on_duty_count BIGINT (people); needed_count BIGINT (people); missing_count BIGINT (people);
--           sort_order INTEGER
-- reads:    situation
-- uses:     staffing/posts, sites/state
-- notes:    on duty at the site as in staffing/posts, and the leader of its grid who is on duty in that grid. Needed:
--           one grid leader, and a medic for each unit that is open or needed, whichever are more, to take the swabs; for
--           other roles no number was ever published, so theirs is null. On duty is null while no check-in is known
with roles (role, sort_order) as (
    values ('grid_leader', 1), ('full_time', 2), ('part_time', 3), ('volunteer', 4), ('commando', 5), ('medic', 6)
),

here as (
    select role, count(*) as on_duty_count
    from staffing_posts
    where (post_kind = 'site' and post_code = $site_code)
        or (role = 'grid_leader' and post_kind = 'grid' and post_code = (select grid_code from site where site_code = $site_code))
    group by role
),

known as (
    select coalesce((select min(event_at) from staff_event) <= $as_of, false) as has_event
),

units as (
    select
        case
            when open_unit_count > needed_unit_count or needed_unit_count is null then open_unit_count
            else needed_unit_count
        end as unit_count
    from sites_state
    where site_code = $site_code
),

stated as (
    select
        roles.role,
        roles.sort_order,
        case when known.has_event then coalesce(here.on_duty_count, 0) end as on_duty_count,
        case roles.role when 'grid_leader' then 1 when 'medic' then units.unit_count end as needed_count
    from roles
    cross join known
    cross join units
    left join here on roles.role = here.role
)

select
    role,
    on_duty_count,
    needed_count,
    case when needed_count > on_duty_count then needed_count - on_duty_count when needed_count is not null then 0 end
        as missing_count,
    sort_order
from stated
order by sort_order
