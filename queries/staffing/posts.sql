-- question: Who is on duty, and where?
-- grain:    one row per (staff_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  staff_code VARCHAR; role VARCHAR; post_kind VARCHAR; post_code VARCHAR; checked_in_at TIMESTAMPTZ; grid_code VARCHAR
-- reads:    situation
-- uses:     zones/orders_in_force
-- notes:    on duty = the last event is a check-in not older than 16 hours; of two events in one second the check-out
--           counts. Everyone counts in one grid: that of the site, the building or the grid one is posted at; at a
--           zone of buildings or grids that of its first member; else the home grid, null where there is none
with latest as (
    select
        staff_code,
        role,
        event,
        event_at,
        post_kind,
        post_code,
        row_number() over (
            partition by staff_code order by event_at desc, event desc, post_kind, post_code
        ) as place
    from staff_event
    where event_at <= $as_of and event_at > $as_of - interval '16 hours'
),

zone_grid as (
    select held.zone_code, coalesce(min(building.grid_code), min(grid.grid_code)) as grid_code
    from zones_orders_in_force as held
    inner join zone_extent as extent on held.order_code = extent.order_code
    left join building on held.extent_kind = 'building' and extent.member_code = building.building_code
    left join grid on held.extent_kind = 'grid' and extent.member_code = grid.grid_code
    group by held.zone_code
)

select
    latest.staff_code,
    latest.role,
    latest.post_kind,
    latest.post_code,
    latest.event_at as checked_in_at,
    coalesce(site.grid_code, building.grid_code, grid.grid_code, zone_grid.grid_code, staff.grid_code) as grid_code
from latest
left join site on latest.post_kind = 'site' and latest.post_code = site.site_code
left join building on latest.post_kind = 'building' and latest.post_code = building.building_code
left join grid on latest.post_kind = 'grid' and latest.post_code = grid.grid_code
left join zone_grid on latest.post_kind = 'zone' and latest.post_code = zone_grid.zone_code
left join staff on latest.staff_code = staff.staff_code
where latest.place = 1 and latest.event = 'check_in'
order by latest.staff_code
