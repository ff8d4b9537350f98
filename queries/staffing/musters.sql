-- question: How fast did people answer each whistle?
-- zh:       每次吹哨，人员到得有多快？
-- grain:    one row per (whistle_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  whistle_code VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR; place_name_en VARCHAR;
--           role VARCHAR; raised_at TIMESTAMPTZ; due_at TIMESTAMPTZ; closed_at TIMESTAMPTZ;
--           needed_count INTEGER (people); arrived_count BIGINT (people);
--           recent_count BIGINT (people, of the last 15 minutes); full_at TIMESTAMPTZ;
--           full_after_min DOUBLE (minutes)
-- reads:    situation
-- notes:    every whistle raised by then. Arrived = people whose check-in answers the whistle, each once; full_at =
--           when the last of those needed came, null while people are missing. An end that lies ahead is not known yet
with raised as (
    select
        whistle.* exclude (closed_at),
        case when closed_at <= $as_of then closed_at end as closed_at
    from whistle
    where raised_at <= $as_of
),

arrivals as (
    select event.whistle_code, event.staff_code, min(event.event_at) as arrived_at
    from staff_event as event
    where event.whistle_code is not null and event.event = 'check_in' and event.event_at <= $as_of
    group by event.whistle_code, event.staff_code
),

arrived as (
    select
        whistle_code,
        count(*) as arrived_count,
        count(*) filter (where arrived_at > $as_of - interval '15 minutes') as recent_count,
        list_sort(list(arrived_at)) as arrival_times
    from arrivals
    group by whistle_code
),

counted as (
    select
        raised.whistle_code,
        coalesce(arrived.arrived_count, 0) as arrived_count,
        coalesce(arrived.recent_count, 0) as recent_count,
        case
            when raised.needed_count <= 0 then raised.raised_at
            else arrived.arrival_times[raised.needed_count]
        end as full_at
    from raised
    left join arrived on raised.whistle_code = arrived.whistle_code
)

select
    raised.whistle_code,
    raised.place_kind,
    raised.place_code,
    raised.place_name,
    raised.place_name_en,
    raised.role,
    raised.raised_at,
    raised.due_at,
    raised.closed_at,
    raised.needed_count,
    counted.arrived_count,
    counted.recent_count,
    counted.full_at,
    (epoch(counted.full_at) - epoch(raised.raised_at)) / 60 as full_after_min
from raised
inner join counted on raised.whistle_code = counted.whistle_code
order by raised.raised_at, raised.whistle_code
