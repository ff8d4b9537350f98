-- question: Who served on which day at which kind of post, and was it in a risk zone?
-- zh:       谁在哪天、哪类岗位服务，是否在风险区？
-- grain:    one row per (staff_code, served_on, post_kind)
-- params:   $as_of TIMESTAMPTZ
-- columns:  staff_code VARCHAR; served_on DATE; post_kind VARCHAR; role VARCHAR; origin VARCHAR; organisation_name VARCHAR;
--           town_code VARCHAR; is_in_zone BOOLEAN
-- reads:    situation
-- uses:     zones/spans, zones/extent_grids
-- notes:    each row is one person-time 人次: one person on one working day (from 04:00 to 04:00 local time, by the check-in) at one kind
--           of post, however often they checked in there. In a zone: at one of the check-ins the post was a high-risk or medium-risk zone, a building of one,
--           or a grid or site in a grid that one touches, by the orders that held then. Town: that of the post, else the
--           home town
with served as (
    select
        event.staff_code,
        cast((event.event_at at time zone meta.timezone) - interval '4 hours' as date) as served_on,
        event.post_kind,
        event.post_code,
        event.event_at,
        event.grid_code
    from staff_event as event
    cross join meta
    where event.event = 'check_in' and event.event_at <= $as_of
),

sealed as (
    select zone_code, extent_no, from_at, until_at
    from zones_spans
    where level in ('high', 'medium') and from_at <= $as_of
),

sealed_place as (
    select 'zone' as post_kind, zone_code as post_code, from_at, until_at from sealed
    union all
    select place.place_kind, place.place_code, sealed.from_at, sealed.until_at
    from sealed
    inner join zone_place as place on sealed.extent_no = place.extent_no and place.place_kind = 'building'
    union all
    select 'grid', touched.grid_code, sealed.from_at, sealed.until_at
    from sealed
    inner join zones_extent_grids as touched on sealed.extent_no = touched.extent_no
    union all
    select 'site', site.site_code, sealed.from_at, sealed.until_at
    from sealed
    inner join zones_extent_grids as touched on sealed.extent_no = touched.extent_no
    inner join site on touched.grid_code = site.grid_code
),

zone_town as (
    select sealed.zone_code, min(grid.town_code) as town_code
    from sealed
    inner join zones_extent_grids as touched on sealed.extent_no = touched.extent_no
    inner join grid on touched.grid_code = grid.grid_code
    group by sealed.zone_code
),

inside as (
    select distinct served.staff_code, served.served_on, served.post_kind
    from served
    inner join sealed_place
        on served.post_kind = sealed_place.post_kind and served.post_code = sealed_place.post_code
        and served.event_at >= sealed_place.from_at
        and (sealed_place.until_at is null or served.event_at < sealed_place.until_at)
),

counted as (
    select
        served.staff_code,
        served.served_on,
        served.post_kind,
        min(coalesce(zone_town.town_code, grid.town_code)) as town_code
    from served
    left join grid on served.grid_code = grid.grid_code
    left join zone_town on served.post_kind = 'zone' and served.post_code = zone_town.zone_code
    group by served.staff_code, served.served_on, served.post_kind
)

select
    counted.staff_code,
    counted.served_on,
    counted.post_kind,
    staff.role,
    staff.origin,
    staff.organisation_name,
    coalesce(counted.town_code, staff.town_code) as town_code,
    inside.staff_code is not null as is_in_zone
from counted
left join staff on counted.staff_code = staff.staff_code
left join inside
    on counted.staff_code = inside.staff_code and counted.served_on = inside.served_on
    and counted.post_kind = inside.post_kind
order by counted.staff_code, counted.served_on, counted.post_kind
