-- question: Which grids have no leader on duty, or none of the two who stand in for each other?
-- zh:       哪些网格没有网格长在岗，或 AB 角都不在岗？无人：网格长和替补都不在；AB 角：互为 AB 角的专职都不在；替补：网格长不在，替补在。在任何岗位都算在岗。
-- grain:    one row per (grid_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  grid_code VARCHAR; grid_name VARCHAR; grid_name_en VARCHAR; community_name VARCHAR; community_name_en VARCHAR;
--           town_name VARCHAR; town_name_en VARCHAR; zone_level VARCHAR; leader_staff_code VARCHAR; is_leader_on_duty BOOLEAN;
--           stand_in_staff_code VARCHAR; is_stand_in_on_duty BOOLEAN; full_time_count BIGINT (people);
--           full_time_on_duty_count BIGINT (people); gap VARCHAR (nobody, pair, stand_in)
-- reads:    situation
-- uses:     staffing/posts, zones/grid_levels
-- notes:    only grids with a gap. nobody: neither the leader nor who stands in is on duty, or there is no leader; pair: of the
--           full-time workers who stand in for each other (A/B roles) none is on duty; stand_in: the leader is not, who stands in is. The first that holds counts, in this order; within it the
--           higher risk first. On duty anywhere counts. No row while no check-in is known
with leaders as (
    select grid_code, min(staff_code) as staff_code
    from staff
    where role = 'grid_leader' and grid_code is not null
    group by grid_code
),

full_timers as (
    select
        staff.grid_code,
        count(*) as full_time_count,
        count(posts.staff_code) as on_duty_count
    from staff
    left join staffing_posts as posts on staff.staff_code = posts.staff_code
    where staff.role = 'full_time'
    group by staff.grid_code
),

held as (
    select
        grid.grid_code,
        grid.grid_name,
        grid.grid_name_en,
        grid.community_code,
        grid.town_code,
        leader.staff_code as leader_staff_code,
        own.staff_code is not null as is_leader_on_duty,
        leader.stand_in_staff_code,
        case when leader.stand_in_staff_code is not null then other.staff_code is not null end as is_stand_in_on_duty,
        coalesce(full_timers.full_time_count, 0) as full_time_count,
        coalesce(full_timers.on_duty_count, 0) as full_time_on_duty_count
    from grid
    left join leaders on grid.grid_code = leaders.grid_code
    left join staff as leader on leaders.staff_code = leader.staff_code
    left join staffing_posts as own on leader.staff_code = own.staff_code
    left join staffing_posts as other on leader.stand_in_staff_code = other.staff_code
    left join full_timers on grid.grid_code = full_timers.grid_code
),

judged as (
    select
        *,
        case
            when not is_leader_on_duty and not coalesce(is_stand_in_on_duty, false) then 'nobody'
            when full_time_count > 0 and full_time_on_duty_count = 0 then 'pair'
            when not is_leader_on_duty then 'stand_in'
        end as gap
    from held
)

select
    judged.grid_code,
    judged.grid_name,
    judged.grid_name_en,
    community.community_name,
    community.community_name_en,
    town.town_name,
    town.town_name_en,
    levels.level as zone_level,
    judged.leader_staff_code,
    judged.is_leader_on_duty,
    judged.stand_in_staff_code,
    judged.is_stand_in_on_duty,
    judged.full_time_count,
    judged.full_time_on_duty_count,
    judged.gap
from judged
left join community on judged.community_code = community.community_code
left join town on judged.town_code = town.town_code
left join zones_grid_levels as levels on judged.grid_code = levels.grid_code
where judged.gap is not null and (select min(event_at) from staff_event) <= $as_of
order by
    case judged.gap when 'nobody' then 1 when 'pair' then 2 else 3 end,
    case levels.level when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end,
    judged.grid_code
