-- question: How did a round go on in a place, quarter hour by quarter hour?
-- zh:       轮次在一地的进度，每 15 分钟一点；最后一点即当前。已用时间按到截止时间计。
-- grain:    one row per (step_at)
-- params:   $as_of TIMESTAMPTZ; $round_code VARCHAR; $place_kind VARCHAR default 'district' or town, community, grid;
--           $place_code VARCHAR default '' of that place
-- columns:  step_at TIMESTAMPTZ; target_count BIGINT (people); registered_person_count BIGINT (people);
--           covered_person_count BIGINT (people); missing_count BIGINT (people); coverage_pct DOUBLE (percent);
--           time_used_pct DOUBLE (percent)
-- reads:    situation
-- notes:    from the round's start to its close or $as_of; step_at is the end of the quarter, the last row stands at $as_of and
--           says what coverage/round_places says. Time used is of the time until the deadline, 100 at most. No rows for a
--           round that has not begun; figures are null while no registration is known
with screening as (
    select
        round_code,
        starts_at,
        deadline_at,
        case when closes_at < $as_of then closes_at else cast($as_of as timestamptz) end as ends_at,
        (select min(bucket_start_at) from site_bucket) <= $as_of as is_known
    from round
    where round_code = $round_code and starts_at <= $as_of
),

member as (
    select round_grid.grid_code, round_grid.target_count
    from round_grid
    inner join grid on round_grid.grid_code = grid.grid_code
    where round_grid.round_code = $round_code
        and case $place_kind
            when 'town' then grid.town_code when 'community' then grid.community_code when 'grid' then grid.grid_code
            else '' end = $place_code
),

last_step as (
    select cast(ceil((epoch(ends_at) - epoch(starts_at)) / 900) as bigint) as step_no
    from screening
),

step as (
    select unnest(generate_series(0, (select step_no from last_step))) as step_no
),

counted as (
    select
        bucket.grid_code,
        least(
            last_step.step_no,
            cast(floor((epoch(bucket.bucket_start_at) - epoch(screening.starts_at)) / 900) as bigint) + 1
        ) as step_no,
        sum(bucket.registered_person_count) as registered_person_count,
        sum(bucket.covered_person_count) as covered_person_count
    from grid_bucket as bucket
    cross join screening
    cross join last_step
    where bucket.round_code = $round_code and bucket.bucket_start_at <= $as_of
    group by bucket.grid_code, 2
),

reached as (
    select
        step.step_no,
        member.target_count,
        sum(coalesce(counted.registered_person_count, 0)) over so_far as registered_person_count,
        sum(coalesce(counted.covered_person_count, 0)) over so_far as covered_person_count
    from member
    cross join step
    left join counted on member.grid_code = counted.grid_code and step.step_no = counted.step_no
    window so_far as (partition by member.grid_code order by step.step_no)
),

summed as (
    select
        step_no,
        sum(target_count) as target_count,
        sum(registered_person_count) as registered_person_count,
        sum(covered_person_count) as covered_person_count,
        sum(case when target_count < covered_person_count then 0 else target_count - covered_person_count end) as missing_count
    from reached
    group by step_no
),

timed as (
    select
        summed.*,
        screening.is_known,
        screening.starts_at,
        screening.deadline_at,
        least(screening.ends_at, to_timestamp(epoch(screening.starts_at) + 900 * summed.step_no)) as step_at
    from summed
    cross join screening
)

select
    step_at,
    cast(target_count as bigint) as target_count,
    cast(case when is_known then registered_person_count end as bigint) as registered_person_count,
    cast(case when is_known then covered_person_count end as bigint) as covered_person_count,
    cast(case when is_known then missing_count end as bigint) as missing_count,
    case when is_known then 100.0 * cast(target_count - missing_count as double) / nullif(target_count, 0) end as coverage_pct,
    100.0 * least(
        1.0, (epoch(step_at) - epoch(starts_at)) / nullif(epoch(deadline_at) - epoch(starts_at), 0)
    ) as time_used_pct
from timed
order by step_at
