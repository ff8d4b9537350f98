-- question: In which town is everybody who is on duty?
-- zh:       每个在岗人员在哪个镇街？
-- grain:    one row per (staff_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  staff_code VARCHAR; role VARCHAR; grid_code VARCHAR; town_code VARCHAR
-- reads:    situation
-- uses:     staffing/posts, zones/orders_in_force, zones/extent_grids
-- notes:    the town of the grid in which one counts (staffing/posts); at a zone of communities that of the zone's first
--           grid; else the home town, null where there is none: a checkpoint or a vehicle says no place
with zone_town as (
    select held.zone_code, min(grid.town_code) as town_code
    from zones_orders_in_force as held
    inner join zones_extent_grids as touched on held.extent_no = touched.extent_no
    inner join grid on touched.grid_code = grid.grid_code
    group by held.zone_code
)

select
    posts.staff_code,
    posts.role,
    posts.grid_code,
    coalesce(zone_town.town_code, grid.town_code, staff.town_code) as town_code
from staffing_posts as posts
left join grid on posts.grid_code = grid.grid_code
left join zone_town on posts.post_kind = 'zone' and posts.post_code = zone_town.zone_code
left join staff on posts.staff_code = staff.staff_code
order by posts.staff_code
