-- question: How was each site equipped and staffed that day?
-- zh:       当天各采样点的设备和人员如何？
-- grain:    one row per (site_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  site_code VARCHAR; site_name VARCHAR; site_name_en VARCHAR; grid_code VARCHAR; community_code VARCHAR;
--           zone_level VARCHAR; unit_count INTEGER (units it has); opened_unit_count BIGINT (units opened that day);
--           leader_staff_code VARCHAR; leader_role VARCHAR; party_branch_name VARCHAR; grid_leader_count BIGINT (people);
--           full_time_count BIGINT (people); part_time_count BIGINT (people); volunteer_count BIGINT (people);
--           medic_count BIGINT (people)
-- reads:    situation
-- uses:     wall/working_day, zones/grid_levels
-- notes:    people who checked in at the site since the working day began, each once; zone_level is that of its grid
with crew as (
    select event.post_code as site_code, event.role, count(distinct event.staff_code) as staff_count
    from staff_event as event
    inner join wall_working_day as today on event.event_at >= today.starts_at
    where event.post_kind = 'site' and event.event = 'check_in' and event.event_at <= $as_of
    group by event.post_code, event.role
),

by_role as (
    select
        site_code,
        sum(staff_count) filter (where role = 'grid_leader') as grid_leader_count,
        sum(staff_count) filter (where role = 'full_time') as full_time_count,
        sum(staff_count) filter (where role = 'part_time') as part_time_count,
        sum(staff_count) filter (where role = 'volunteer') as volunteer_count,
        sum(staff_count) filter (where role = 'medic') as medic_count
    from crew
    group by site_code
),

opened as (
    select event.site_code, count(distinct event.unit_no) as opened_unit_count
    from unit_event as event
    inner join wall_working_day as today on event.event_at >= today.starts_at
    where event.event = 'open' and event.event_at <= $as_of
    group by event.site_code
)

select
    site.site_code,
    site.site_name,
    site.site_name_en,
    site.grid_code,
    grid.community_code,
    levels.level as zone_level,
    site.unit_count,
    coalesce(opened.opened_unit_count, 0) as opened_unit_count,
    site.leader_staff_code,
    leader.role as leader_role,
    site.party_branch_name,
    cast(coalesce(by_role.grid_leader_count, 0) as bigint) as grid_leader_count,
    cast(coalesce(by_role.full_time_count, 0) as bigint) as full_time_count,
    cast(coalesce(by_role.part_time_count, 0) as bigint) as part_time_count,
    cast(coalesce(by_role.volunteer_count, 0) as bigint) as volunteer_count,
    cast(coalesce(by_role.medic_count, 0) as bigint) as medic_count
from site
left join grid on site.grid_code = grid.grid_code
left join zones_grid_levels as levels on site.grid_code = levels.grid_code
left join opened on site.site_code = opened.site_code
left join staff as leader on site.leader_staff_code = leader.staff_code
left join by_role on site.site_code = by_role.site_code
order by site.site_code
