-- question: At which five-minute marks since it was raised was each whistle late, or bound to be?
-- zh:       吹哨之后哪些 5 分钟时刻，人员迟到或必将迟到？
-- grain:    one row per (place_code, measured_at)
-- params:   $as_of TIMESTAMPTZ; $late_opens_after_min DOUBLE default 5; $late_closes_after_min DOUBLE default 10
-- columns:  place_code VARCHAR; measured_at TIMESTAMPTZ; is_met BOOLEAN; began_at TIMESTAMPTZ;
--           opens_after_min DOUBLE (minutes); closes_after_min DOUBLE (minutes)
-- reads:    situation
-- uses:     staffing/musters
-- notes:    marks every five minutes from raised_at to its end: full, closed, or 16 hours. Late as in staffing/whistles: past due_at and not full; before that, from 15 minutes or half of its time
--           on (the earlier), when at the pace of the last 15 minutes it would be full after due_at. Before due_at it opens
--           at the second such mark in a row, after due_at at once; full or closed it closes at once, else after three marks in time
with whistles as (
    select
        whistle_code,
        needed_count,
        epoch(raised_at) as raised_s,
        epoch(due_at) as due_s,
        epoch(case when full_at < closed_at then full_at else coalesce(closed_at, full_at) end) as ended_s
    from staffing_musters
    where raised_at > $as_of - interval '16 hours'
),

arrivals as (
    select event.whistle_code, event.staff_code, min(epoch(event.event_at)) as arrived_s
    from staff_event as event
    inner join whistles on event.whistle_code = whistles.whistle_code
    where event.event = 'check_in' and event.event_at <= $as_of
    group by event.whistle_code, event.staff_code
),

marks as (
    select
        *,
        unnest(generate_series(
            cast(ceil(raised_s) as bigint) + 300,
            cast(case when ended_s < epoch($as_of) then ended_s else epoch($as_of) end as bigint),
            cast(300 as bigint)
        )) as measured_s
    from whistles
),

counted as (
    select
        marks.whistle_code,
        marks.measured_s,
        marks.needed_count - count(arrivals.staff_code) as missing_count,
        count(arrivals.staff_code) filter (where arrivals.arrived_s > marks.measured_s - 900) as recent_count,
        marks.measured_s - marks.raised_s as elapsed_s,
        marks.due_s - marks.raised_s as allowed_s
    from marks
    left join arrivals on marks.whistle_code = arrivals.whistle_code and arrivals.arrived_s <= marks.measured_s
    where marks.ended_s is null or marks.measured_s < marks.ended_s
    group by marks.whistle_code, marks.measured_s, marks.needed_count, marks.raised_s, marks.due_s
)

select
    whistle_code as place_code,
    to_timestamp(measured_s) as measured_at,
    case
        when missing_count <= 0 then false
        when elapsed_s >= allowed_s then true
        when elapsed_s < 900 and 2 * elapsed_s < allowed_s then false
        when recent_count = 0 then true
        else elapsed_s + missing_count * case when elapsed_s < 900 then elapsed_s else 900 end / recent_count > allowed_s
    end as is_met,
    cast(null as timestamptz) as began_at,
    case when elapsed_s >= allowed_s then 0.0 else cast($late_opens_after_min as double) end as opens_after_min,
    cast($late_closes_after_min as double) as closes_after_min
from counted
union all
select
    whistle_code,
    to_timestamp(ended_s),
    false,
    null,
    cast($late_opens_after_min as double),
    0.0
from whistles
where ended_s is not null
order by place_code, measured_at
