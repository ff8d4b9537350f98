-- question: How many people had come to a whistle, minute by minute?
-- zh:       吹哨后每一刻到了多少人？每到一人上一级，从吹哨到现在、吹哨结束或时限后一小时为止。
-- grain:    one row per (reached_at)
-- params:   $as_of TIMESTAMPTZ; $whistle_code VARCHAR
-- columns:  reached_at TIMESTAMPTZ; elapsed_min DOUBLE (minutes); arrived_count BIGINT (people);
--           arrived_pct DOUBLE (percent)
-- reads:    situation
-- uses:     staffing/musters
-- notes:    a step at every arrival, from the call with nobody to the present, the whistle's end, or an hour after the time
--           set, whichever comes first. Everybody counts once
with called as (
    select whistle_code, raised_at, needed_count, least($as_of, closed_at, due_at + interval '60 minutes') as until_at
    from staffing_musters
    where whistle_code = $whistle_code
),

arrivals as (
    select event.staff_code, min(event.event_at) as arrived_at
    from staff_event as event
    where event.whistle_code = $whistle_code and event.event = 'check_in' and event.event_at <= $as_of
    group by event.staff_code
),

steps as (
    select called.raised_at as reached_at, 0 as step_count
    from called
    union all
    select called.until_at, 0
    from called
    union all
    select arrivals.arrived_at, 1
    from arrivals
    inner join called on arrivals.arrived_at <= called.until_at
),

summed as (
    select reached_at, cast(sum(sum(step_count)) over (order by reached_at) as bigint) as arrived_count
    from steps
    group by reached_at
)

select
    summed.reached_at,
    (epoch(summed.reached_at) - epoch(called.raised_at)) / 60 as elapsed_min,
    summed.arrived_count,
    100.0 * cast(summed.arrived_count as double) / nullif(called.needed_count, 0) as arrived_pct
from summed
cross join called
order by summed.reached_at
