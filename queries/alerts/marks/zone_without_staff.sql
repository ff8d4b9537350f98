-- question: At which five-minute marks of the working day was nobody on duty inside each high-risk and medium-risk zone?
-- zh:       当日哪些 5 分钟时刻，高、中风险区内无人在岗？
-- grain:    one row per (place_code, measured_at)
-- params:   $as_of TIMESTAMPTZ; $unstaffed_opens_after_min DOUBLE default 30; $unstaffed_closes_after_min DOUBLE default 10
-- columns:  place_code VARCHAR; measured_at TIMESTAMPTZ; is_met BOOLEAN; began_at TIMESTAMPTZ;
--           opens_after_min DOUBLE (minutes); closes_after_min DOUBLE (minutes)
-- reads:    situation
-- uses:     wall/working_day, zones/orders_in_force, zones/extent_grids
-- notes:    zones in force at $as_of, since the order took effect. Inside: posted at the zone itself, at a building or
--           site of its extent, or at a grid, building or site in a grid that lies in it as a whole; from the check-in
--           to the next event, 16 hours at most. Half an hour without anybody opens (a change of shift takes less), ten
--           minutes with somebody close. No marks while no staff event is known
with held as (
    select
        zone.zone_code,
        zone.extent_no,
        epoch(case when zone.from_at > today.starts_at then zone.from_at else today.starts_at end) as from_s
    from zones_orders_in_force as zone
    cross join wall_working_day as today
    where zone.level in ('high', 'medium') and (select min(event_at) from staff_event) <= $as_of
),

posts as (
    select zone_code, 'zone' as post_kind, zone_code as post_code from held
    union
    select held.zone_code, place.place_kind, place.place_code
    from held
    inner join zone_place as place on held.extent_no = place.extent_no and place.place_kind in ('building', 'site')
    union
    select held.zone_code, inside.post_kind, inside.post_code
    from held
    inner join zones_extent_grids as touched on held.extent_no = touched.extent_no and touched.is_whole
    inner join (
        select grid_code, 'grid' as post_kind, grid_code as post_code from grid
        union all
        select grid_code, 'site', site_code from site
        union all
        select grid_code, 'building', building_code from building
    ) as inside on touched.grid_code = inside.grid_code
),

recent as (
    select staff_code, event, post_kind, post_code, event_at
    from staff_event
    where event_at <= $as_of and event_at > $as_of - interval '40 hours'
),

-- whoever never was inside needs no sorting: that is nine in ten
stays as (
    select
        event,
        post_kind,
        post_code,
        epoch(event_at) as from_s,
        epoch(lead(event_at) over (partition by staff_code order by event_at, event desc)) as next_s
    from recent
    where staff_code in (
        select recent.staff_code
        from recent
        inner join posts on recent.post_kind = posts.post_kind and recent.post_code = posts.post_code
    )
),

present as (
    select
        posts.zone_code,
        stays.from_s,
        case when stays.next_s < stays.from_s + 57600 then stays.next_s else stays.from_s + 57600 end as until_s
    from stays
    inner join posts on stays.post_kind = posts.post_kind and stays.post_code = posts.post_code
    where stays.event = 'check_in'
),

marks as (
    select
        zone_code,
        unnest(generate_series(
            cast(ceil(from_s / 300) * 300 as bigint), cast(epoch($as_of) as bigint), cast(300 as bigint)
        )) as measured_s
    from held
),

-- marks stand among the comings and goings with a step of none: the running sum at a mark is who is inside then
changes as (
    select zone_code, cast(null as bigint) as measured_s, from_s as at_s, 1 as step from present
    union all
    select zone_code, null, until_s, -1 from present where until_s <= epoch($as_of)
    union all
    select zone_code, measured_s, measured_s, 0 from marks
),

counted as (
    select zone_code, measured_s, sum(step) over (partition by zone_code order by at_s) as present_count
    from changes
)

select
    zone_code as place_code,
    to_timestamp(measured_s) as measured_at,
    present_count = 0 as is_met,
    cast(null as timestamptz) as began_at,
    cast($unstaffed_opens_after_min as double) as opens_after_min,
    cast($unstaffed_closes_after_min as double) as closes_after_min
from counted
where measured_s is not null
order by place_code, measured_at
