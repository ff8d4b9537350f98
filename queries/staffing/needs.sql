-- question: How many people does each place need on duty, how many are there, and on what ground?
-- zh:       各地需要多少人在岗，现有多少，依据是什么？
-- grain:    one row per (source, code, role)
-- params:   $as_of TIMESTAMPTZ; $workers_per_unit DOUBLE default 4 people; $residents_per_zone_worker DOUBLE default 27 people
-- columns:  source VARCHAR (grid, site, zone or whistle); code VARCHAR (of the grid, site, zone or whistle); role VARCHAR;
--           post_kind VARCHAR; grid_code VARCHAR; town_code VARCHAR; needed_count BIGINT (people); present_count BIGINT (people);
--           lacking_count BIGINT (people)
-- reads:    situation
-- uses:     zones/orders_in_force, zones/extent_grids, zones/grid_levels, sites/state, staffing/whistles, staffing/posts
-- notes:    every grid: 1 leader (410 for 410 grids, A3) and 1 of the two full-time workers who stand in for each other
--           (A21); where a high-risk or medium-risk zone touches it, 2 full-time and 12 part-time (Gangkou's grids, A9).
--           Site: its units, those open or those needed, whichever are more (as in sites/staff), × 4 workers, counted with the part-time (A11: 348 at 15 sites of 2 to 10 units, 3.9 a
--           unit at their middle), and a medic a unit (a swab in 30 s, 100 people an hour); null where both are
--           unknown. High-risk zone: residents ÷ 27, counted with the part-time (A8: some 60 workers for over 540 people, in
--           three shifts of 8 hours, B1). Whistle: as many as it calls for, while it is open. What a checkpoint, a building or a vehicle needs,
--           nothing published says: no row. A3 … B1 are figures of the published accounts. Present: of a grid's leader and full-time workers
--           those on duty anywhere, of its part-time those who count in it (staffing/posts); at a site and in a zone everybody but
--           medics and leaders, or the medics; of a whistle who came. Missing = needed − present, 0 where more are there;
--           present and missing are null while no check-in is known
with zoned as (
    select grid_code
    from zones_grid_levels
    where level in ('high', 'medium')
),

grid_share (role, needed_count, zone_needed_count) as (
    values ('grid_leader', 1, 1), ('full_time', 1, 2), ('part_time', 0, 12)
),

of_grid as (
    select
        'grid' as source,
        grid.grid_code as code,
        share.role,
        'grid' as post_kind,
        grid.grid_code,
        grid.town_code,
        case when zoned.grid_code is not null then share.zone_needed_count else share.needed_count end as needed_count
    from grid
    cross join grid_share as share
    left join zoned on grid.grid_code = zoned.grid_code
),

site_share (role, units_count) as (
    values ('part_time', cast(null as double)), ('medic', 1.0)
),

of_site as (
    select
        'site' as source,
        state.site_code as code,
        share.role,
        'site' as post_kind,
        state.grid_code,
        grid.town_code,
        ceil(
            case
                when state.open_unit_count > state.needed_unit_count or state.needed_unit_count is null
                    then state.open_unit_count
                else state.needed_unit_count
            end * coalesce(share.units_count, $workers_per_unit)
        ) as needed_count
    from sites_state as state
    cross join site_share as share
    left join grid on state.grid_code = grid.grid_code
),

of_zone as (
    select
        'zone' as source,
        held.zone_code as code,
        'part_time' as role,
        'zone' as post_kind,
        min(touched.grid_code) as grid_code,
        min(grid.town_code) as town_code,
        ceil(max(extent.resident_count) / $residents_per_zone_worker) as needed_count
    from zones_orders_in_force as held
    inner join zone_extent as extent on held.extent_no = extent.extent_no
    left join zones_extent_grids as touched on held.extent_no = touched.extent_no
    left join grid on touched.grid_code = grid.grid_code
    where held.level = 'high'
    group by held.zone_code
),

of_whistle as (
    select
        'whistle' as source,
        whistle.whistle_code as code,
        whistle.role,
        'whistle' as post_kind,
        coalesce(site.grid_code, own.grid_code) as grid_code,
        coalesce(site_grid.town_code, own.town_code, community.town_code) as town_code,
        whistle.needed_count
    from staffing_whistles as whistle
    left join site on whistle.place_kind = 'site' and whistle.place_code = site.site_code
    left join grid as site_grid on site.grid_code = site_grid.grid_code
    left join grid as own on whistle.place_kind = 'grid' and whistle.place_code = own.grid_code
    left join community on whistle.place_kind = 'community' and whistle.place_code = community.community_code
),

needed as (
    select * from of_grid where needed_count > 0
    union all
    select * from of_site
    union all
    select * from of_zone
    union all
    select * from of_whistle
),

at_home as (
    select staff.grid_code as code, staff.role, count(*) as present_count
    from staffing_posts as posts
    inner join staff on posts.staff_code = staff.staff_code
    where staff.role in ('grid_leader', 'full_time')
    group by staff.grid_code, staff.role
),

zone_building as (
    select held.zone_code, place.place_code as building_code
    from zones_orders_in_force as held
    inner join zone_place as place on held.extent_no = place.extent_no and place.place_kind = 'building'
    where held.level = 'high'
),

present as (
    select 'grid' as source, code, role, present_count from at_home
    union all
    select 'grid', grid_code, role, count(*) from staffing_posts where role = 'part_time' group by grid_code, role
    union all
    select 'site', post_code, case when role = 'medic' then 'medic' else 'part_time' end, count(*)
    from staffing_posts
    where post_kind = 'site' and role != 'grid_leader'
    group by 1, 2, 3
    union all
    select 'zone', coalesce(zone_building.zone_code, posts.post_code), 'part_time', count(distinct posts.staff_code)
    from staffing_posts as posts
    left join zone_building on posts.post_kind = 'building' and posts.post_code = zone_building.building_code
    where posts.role not in ('grid_leader', 'medic') and (posts.post_kind = 'zone' or zone_building.zone_code is not null)
    group by 1, 2, 3
    union all
    select 'whistle', whistle_code, role, arrived_count from staffing_whistles
),

known as (
    select coalesce((select min(event_at) from staff_event) <= $as_of, false) as has_event
),

counted as (
    select
        needed.source,
        needed.code,
        needed.role,
        needed.post_kind,
        needed.grid_code,
        needed.town_code,
        cast(needed.needed_count as bigint) as needed_count,
        case when known.has_event then coalesce(present.present_count, 0) end as present_count
    from needed
    cross join known
    left join present
        on needed.source = present.source and needed.code = present.code and needed.role is not distinct from present.role
)

select
    source,
    code,
    role,
    post_kind,
    grid_code,
    town_code,
    needed_count,
    present_count,
    case when present_count >= needed_count then 0 else needed_count - present_count end as lacking_count
from counted
order by source, code, role
