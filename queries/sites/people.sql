-- question: Who is responsible at a site, and who of its staff is there?
-- zh:       一个采样点由谁负责，谁在岗？只有角色和工号。
-- grain:    one row per (staff_code)
-- params:   $as_of TIMESTAMPTZ; $site_code VARCHAR
-- columns:  staff_code VARCHAR; role VARCHAR; is_leader BOOLEAN; checked_in_at TIMESTAMPTZ; is_on_duty BOOLEAN; is_here BOOLEAN
-- reads:    situation
-- uses:     staffing/posts
-- notes:    the site's leader, on duty or not, be it here or elsewhere; then full-time workers, medics and the rest who are
--           here, by role and number. checked_in_at is that of the present duty; is_on_duty is null while no check-in is
--           known. Here = posted at the site, a leader also in its grid
with here as (
    select staff_code, role
    from staffing_posts
    where (post_kind = 'site' and post_code = $site_code)
        or (role = 'grid_leader' and post_kind = 'grid' and post_code = (select grid_code from site where site_code = $site_code))
),

known as (
    select coalesce((select min(event_at) from staff_event) <= $as_of, false) as has_event
),

leader as (
    select site.leader_staff_code as staff_code, staff.role
    from site
    inner join staff on site.leader_staff_code = staff.staff_code
    where site.site_code = $site_code
),

listed as (
    select
        coalesce(leader.staff_code, here.staff_code) as staff_code,
        coalesce(leader.role, here.role) as role,
        leader.staff_code is not null as is_leader,
        here.staff_code is not null as is_here
    from leader
    full outer join here on leader.staff_code = here.staff_code
)

select
    listed.staff_code,
    listed.role,
    listed.is_leader,
    duty.checked_in_at,
    case when known.has_event then duty.checked_in_at is not null end as is_on_duty,
    listed.is_here
from listed
cross join known
left join staffing_posts as duty on listed.staff_code = duty.staff_code
order by
    listed.is_leader desc,
    case listed.role
        when 'grid_leader' then 1 when 'full_time' then 2 when 'medic' then 3 when 'part_time' then 4
        when 'volunteer' then 5 else 6
    end,
    listed.staff_code
