-- question: How many people answered for each building that day?
-- grain:    one row per (building_code, role)
-- params:   $as_of TIMESTAMPTZ
-- columns:  building_code VARCHAR; building_name VARCHAR; building_name_en VARCHAR; grid_code VARCHAR; role VARCHAR;
--           team_count BIGINT (people); first_check_in_at TIMESTAMPTZ
-- reads:    situation
-- uses:     wall/working_day
-- notes:    people who checked in at the building since the working day began, each once
select
    event.post_code as building_code,
    building.building_name,
    building.building_name_en,
    building.grid_code,
    event.role,
    count(distinct event.staff_code) as team_count,
    min(event.event_at) as first_check_in_at
from staff_event as event
inner join wall_working_day as today on event.event_at >= today.starts_at
left join building on event.post_code = building.building_code
where event.event = 'check_in' and event.post_kind = 'building' and event.event_at <= $as_of
group by event.post_code, building.building_name, building.building_name_en, building.grid_code, event.role
order by event.post_code, event.role
