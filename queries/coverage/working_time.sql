-- question: How much working time of each round is over, and how much is left until its deadline?
-- zh:       各轮次的工作时间用了多少，离截止还剩多少？
-- grain:    one row per (round_code)
-- params:   $as_of TIMESTAMPTZ; $day_begins_hour DOUBLE default 6 hour of the day before which nobody is sampled
-- columns:  round_code VARCHAR; until_h DOUBLE (working hours); elapsed_h DOUBLE (working hours);
--           left_h DOUBLE (working hours); total_h DOUBLE (working hours); offset_h DOUBLE (hours)
-- reads:    situation
-- notes:    rounds that have begun. Working time stands still from midnight to $day_begins_hour, local time: that nobody
--           is sampled then is an assumption. until_h is the moment up to which figures are complete (the five minutes
--           that $as_of lies in are not), in working hours since an origin that is the same for all; offset_h leads
--           from local time to the clock of epochs. left_h is 0 after the deadline
with local_time as (
    select
        (epoch(cast($as_of as timestamptz) at time zone timezone) - epoch(cast($as_of as timestamptz))) / 3600.0 as offset_h,
        cast($day_begins_hour as double) as rest_h
    from meta
),

moment as (
    select
        screening.round_code,
        local_time.rest_h,
        local_time.offset_h,
        floor(epoch($as_of) / 300) / 12.0 + local_time.offset_h as until_h,
        epoch(screening.starts_at) / 3600.0 + local_time.offset_h as starts_h,
        epoch(screening.deadline_at) / 3600.0 + local_time.offset_h as deadline_h
    from round as screening
    cross join local_time
    where screening.starts_at <= $as_of
),

worked as (
    select
        round_code,
        offset_h,
        until_h - rest_h * floor(until_h / 24)
        - case when until_h - 24 * floor(until_h / 24) < rest_h then until_h - 24 * floor(until_h / 24) else rest_h end as until_h,
        starts_h - rest_h * floor(starts_h / 24)
        - case when starts_h - 24 * floor(starts_h / 24) < rest_h then starts_h - 24 * floor(starts_h / 24) else rest_h end
            as starts_h,
        deadline_h - rest_h * floor(deadline_h / 24)
        - case when deadline_h - 24 * floor(deadline_h / 24) < rest_h then deadline_h - 24 * floor(deadline_h / 24) else rest_h end
            as deadline_h
    from moment
)

select
    round_code,
    until_h,
    case when until_h < starts_h then 0.0 else until_h - starts_h end as elapsed_h,
    case when deadline_h < until_h then 0.0 else deadline_h - until_h end as left_h,
    deadline_h - starts_h as total_h,
    offset_h
from worked
order by round_code
