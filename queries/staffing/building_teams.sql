-- question: How many people answered for each building that day?
-- zh:       当天每栋楼有多少人负责？
-- grain:    one row per (building_code, role, whistle_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  building_code VARCHAR; building_name VARCHAR; building_name_en VARCHAR; grid_code VARCHAR; role VARCHAR;
--           whistle_code VARCHAR; team_count BIGINT (people); first_check_in_at TIMESTAMPTZ
-- reads:    situation
-- uses:     wall/working_day
-- notes:    people who checked in at the building since the working day began, each once; whistle_code is the call that
--           they answered, null for an ordinary post
select
    event.post_code as building_code,
    building.building_name,
    building.building_name_en,
    building.grid_code,
    event.role,
    event.whistle_code,
    count(distinct event.staff_code) as team_count,
    min(event.event_at) as first_check_in_at
from staff_event as event
inner join wall_working_day as today on event.event_at >= today.starts_at
left join building on event.post_code = building.building_code
where event.event = 'check_in' and event.post_kind = 'building' and event.event_at <= $as_of
group by
    event.post_code,
    building.building_name,
    building.building_name_en,
    building.grid_code,
    event.role,
    event.whistle_code
order by event.post_code, event.role, event.whistle_code nulls first
