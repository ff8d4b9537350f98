-- question: At which five-minute marks of the working day was each round behind its pace?
-- zh:       当日哪些 5 分钟时刻，各轮次进度落后？
-- grain:    one row per (place_code, measured_at)
-- params:   $as_of TIMESTAMPTZ; $coverage_goal_pct DOUBLE default 95 percent that a round should reach by its deadline;
--           $behind_opens_after_min DOUBLE default 15; $behind_closes_after_min DOUBLE default 15
-- columns:  place_code VARCHAR; measured_at TIMESTAMPTZ; is_met BOOLEAN; began_at TIMESTAMPTZ;
--           opens_after_min DOUBLE (minutes); closes_after_min DOUBLE (minutes)
-- reads:    situation
-- uses:     wall/working_day
-- notes:    behind: at the rate of the last 15 minutes the round would reach less than coverage_goal_pct by its deadline;
--           judged from a quarter of its time on, and before the deadline only while a unit has been open for 90 minutes:
--           at night and in the first hour of a morning the pace says nothing. After the deadline: under the goal, until
--           the round closes; that opens at once. Coverage is of the round as a whole: people of grids that have more than
--           their target fill up others here
with rounds as (
    select
        screening.round_code,
        screening.target_count,
        epoch(screening.starts_at) as starts_s,
        epoch(screening.deadline_at) as deadline_s,
        epoch(screening.closes_at) as closes_s,
        case
            when screening.starts_at > today.starts_at then ceil(epoch(screening.starts_at) / 300) * 300
            else epoch(today.starts_at)
        end as from_s
    from round as screening
    cross join wall_working_day as today
    where screening.starts_at <= $as_of and screening.closes_at > today.starts_at and screening.target_count > 0
        and (select min(bucket_start_at) from site_bucket) <= $as_of
),

bucketed as (
    select bucket.round_code, epoch(bucket.bucket_start_at) + 300 as measured_s, sum(bucket.covered_person_count) as covered_count
    from grid_bucket as bucket
    inner join rounds on bucket.round_code = rounds.round_code
    where bucket.bucket_start_at <= $as_of - interval '5 minutes'
    group by bucket.round_code, bucket.bucket_start_at
),

spine as (
    select
        *,
        unnest(generate_series(
            cast(from_s as bigint),
            cast(case when closes_s < epoch($as_of) then closes_s else epoch($as_of) end as bigint),
            cast(300 as bigint)
        )) as measured_s
    from rounds
),

earlier as (
    select rounds.round_code, sum(bucketed.covered_count) as covered_count
    from rounds
    inner join bucketed on rounds.round_code = bucketed.round_code and bucketed.measured_s < rounds.from_s
    group by rounds.round_code
),

counted as (
    select
        spine.*,
        coalesce(earlier.covered_count, 0)
        + sum(coalesce(bucketed.covered_count, 0)) over (partition by spine.round_code order by spine.measured_s)
            as covered_count,
        sum(coalesce(bucketed.covered_count, 0)) over (
            partition by spine.round_code order by spine.measured_s rows between 2 preceding and current row
        ) as recent_count
    from spine
    left join bucketed on spine.round_code = bucketed.round_code and spine.measured_s = bucketed.measured_s
    left join earlier on spine.round_code = earlier.round_code
),

ordered as (
    select
        event,
        epoch(event_at) as opened_s,
        epoch(lead(event_at) over (partition by site_code, unit_no order by event_at, event desc)) as next_s
    from unit_event
    where event_at <= $as_of and event_at > $as_of - interval '40 hours'
),

open_spans as (
    select distinct opened_s, coalesce(next_s, opened_s + 57600) as closed_s
    from ordered
    where event = 'open' and coalesce(next_s, opened_s + 57600) >= opened_s + 5400
),

at_work as (
    select distinct spine.measured_s
    from spine
    inner join open_spans
        on open_spans.opened_s + 5400 <= spine.measured_s and open_spans.closed_s > spine.measured_s
)

select
    counted.round_code as place_code,
    to_timestamp(counted.measured_s) as measured_at,
    case
        when counted.measured_s >= counted.closes_s then false
        when counted.measured_s >= counted.deadline_s
            then 100.0 * counted.covered_count < $coverage_goal_pct * counted.target_count
        when counted.measured_s - counted.starts_s < 0.25 * (counted.deadline_s - counted.starts_s) then false
        when at_work.measured_s is null then false
        else 100.0 * (counted.covered_count + counted.recent_count * (counted.deadline_s - counted.measured_s) / 900)
            < $coverage_goal_pct * counted.target_count
    end as is_met,
    cast(null as timestamptz) as began_at,
    case
        when counted.measured_s >= counted.deadline_s then 0.0 else cast($behind_opens_after_min as double)
    end as opens_after_min,
    case
        when counted.measured_s >= counted.closes_s then 0.0 else cast($behind_closes_after_min as double)
    end as closes_after_min
from counted
left join at_work on counted.measured_s = at_work.measured_s
order by place_code, measured_at
