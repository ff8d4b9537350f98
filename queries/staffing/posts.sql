-- question: Who is on duty, and where?
-- zh:       谁在岗，在哪里？
-- grain:    one row per (staff_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  staff_code VARCHAR; role VARCHAR; post_kind VARCHAR; post_code VARCHAR; checked_in_at TIMESTAMPTZ;
--           grid_code VARCHAR
-- reads:    situation
-- uses:     zones/orders_in_force, zones/extent_grids
-- notes:    on duty = checked in within the last 16 hours and not checked out since; of two events in one second the
--           check-out counts. Everyone counts in one grid: that of the site, the building or the grid one is posted
--           at; at a
--           zone of buildings, grids or a polygon that of its first grid; else the home grid, null where there is none
with latest as (
    select
        staff_code,
        role,
        max(
            struct_pack(
                event_at := event_at, post_kind := post_kind, post_code := post_code, grid_code := grid_code
            )
        ) filter (where event = 'check_in') as check_in,
        max(event_at) filter (where event = 'check_out') as checked_out_at
    from staff_event
    where event_at <= $as_of and event_at > $as_of - interval '16 hours'
    group by staff_code, role
),

zone_grid as (
    select held.zone_code, min(touched.grid_code) as grid_code
    from zones_orders_in_force as held
    inner join zones_extent_grids as touched on held.extent_no = touched.extent_no
    where held.extent_kind != 'community'
    group by held.zone_code
)

select
    latest.staff_code,
    latest.role,
    latest.check_in.post_kind as post_kind,
    latest.check_in.post_code as post_code,
    latest.check_in.event_at as checked_in_at,
    coalesce(zone_grid.grid_code, latest.check_in.grid_code) as grid_code
from latest
left join zone_grid on latest.check_in.post_kind = 'zone' and latest.check_in.post_code = zone_grid.zone_code
where latest.check_in is not null
    and (latest.checked_out_at is null or latest.checked_out_at < latest.check_in.event_at)
order by latest.staff_code
