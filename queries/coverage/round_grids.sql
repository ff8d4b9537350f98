-- question: How far is a round in each of its grids, and how fast was it last?
-- zh:       一轮在各网格进行到哪里，最近速度如何？
-- grain:    one row per (grid_code)
-- params:   $as_of TIMESTAMPTZ; $round_code VARCHAR; $day_begins_hour DOUBLE default 6 hour of the day before which
--           nobody is sampled
-- columns:  grid_code VARCHAR; community_code VARCHAR; town_code VARCHAR; target_count BIGINT (people);
--           registered_person_count BIGINT (people); covered_person_count BIGINT (people);
--           missing_count BIGINT (people); missing_at_deadline_count BIGINT (people);
--           household_count BIGINT (households); seen_household_count BIGINT (households);
--           unseen_household_count BIGINT (households); covered_quarter_count BIGINT (people);
--           covered_hour_count BIGINT (people); covered_three_hours_count BIGINT (people);
--           registered_quarter_count BIGINT (people)
-- reads:    situation
-- uses:     coverage/working_time
-- notes:    of the round that is named, whether or not it is a grid's current one. Missing is never below zero; neither
--           are unseen households. Until the deadline missing_at_deadline is what is missing now. Quarter of an hour,
--           hour, three hours: the last complete ones of working time (coverage/working_time), so in the morning the
--           evening before counts. No rows for a round that has not begun; figures are null while no registration is
--           known
with screening as (
    select round_code, starts_at, deadline_at, (select min(bucket_start_at) from site_bucket) <= $as_of as is_known
    from round
    where round_code = $round_code and starts_at <= $as_of
),

counted as (
    select grid_code, bucket_start_at, registered_person_count, covered_person_count, seen_household_count
    from grid_bucket
    where round_code = $round_code and bucket_start_at <= $as_of
),

step as (
    select
        bucket_start_at,
        epoch(bucket_start_at) / 3600.0 + working.offset_h as local_h,
        working.until_h
    from (select distinct bucket_start_at from counted) as bucket
    cross join coverage_working_time as working
    where working.round_code = $round_code
),

aged as (
    select
        bucket_start_at,
        until_h - (
            local_h - $day_begins_hour * floor(local_h / 24)
            - case
                when local_h - 24 * floor(local_h / 24) < $day_begins_hour then local_h - 24 * floor(local_h / 24)
                else $day_begins_hour
            end
        ) as age_h
    from step
),

summed as (
    select
        counted.grid_code,
        sum(counted.registered_person_count) as registered_person_count,
        sum(counted.covered_person_count) as covered_person_count,
        sum(counted.seen_household_count) as seen_household_count,
        sum(case when counted.bucket_start_at < screening.deadline_at then counted.covered_person_count end) as by_deadline_count,
        sum(case when aged.age_h > 0.0001 and aged.age_h < 0.2501 then counted.covered_person_count end) as covered_quarter_count,
        sum(case when aged.age_h > 0.0001 and aged.age_h < 1.0001 then counted.covered_person_count end) as covered_hour_count,
        sum(case when aged.age_h > 0.0001 and aged.age_h < 3.0001 then counted.covered_person_count end)
            as covered_three_hours_count,
        sum(case when aged.age_h > 0.0001 and aged.age_h < 0.2501 then counted.registered_person_count end)
            as registered_quarter_count
    from counted
    inner join aged on counted.bucket_start_at = aged.bucket_start_at
    cross join screening
    group by counted.grid_code
),

figures as (
    select
        member.grid_code,
        grid.community_code,
        grid.town_code,
        member.target_count,
        member.household_count,
        screening.is_known,
        coalesce(summed.registered_person_count, 0) as registered_person_count,
        coalesce(summed.covered_person_count, 0) as covered_person_count,
        coalesce(summed.by_deadline_count, 0) as by_deadline_count,
        coalesce(summed.seen_household_count, 0) as seen_household_count,
        coalesce(summed.covered_quarter_count, 0) as covered_quarter_count,
        coalesce(summed.covered_hour_count, 0) as covered_hour_count,
        coalesce(summed.covered_three_hours_count, 0) as covered_three_hours_count,
        coalesce(summed.registered_quarter_count, 0) as registered_quarter_count
    from screening
    inner join round_grid as member on screening.round_code = member.round_code
    inner join grid on member.grid_code = grid.grid_code
    left join summed on member.grid_code = summed.grid_code
)

select
    grid_code,
    community_code,
    town_code,
    target_count,
    cast(case when is_known then registered_person_count end as bigint) as registered_person_count,
    cast(case when is_known then covered_person_count end as bigint) as covered_person_count,
    cast(
        case
            when not coalesce(is_known, false) then null
            when target_count < covered_person_count then 0
            else target_count - covered_person_count
        end as bigint
    ) as missing_count,
    cast(
        case
            when not coalesce(is_known, false) then null
            when target_count < by_deadline_count then 0
            else target_count - by_deadline_count
        end as bigint
    ) as missing_at_deadline_count,
    household_count,
    cast(case when is_known then seen_household_count end as bigint) as seen_household_count,
    cast(
        case
            when not coalesce(is_known, false) then null
            when household_count < seen_household_count then 0
            else household_count - seen_household_count
        end as bigint
    ) as unseen_household_count,
    cast(case when is_known then covered_quarter_count end as bigint) as covered_quarter_count,
    cast(case when is_known then covered_hour_count end as bigint) as covered_hour_count,
    cast(case when is_known then covered_three_hours_count end as bigint) as covered_three_hours_count,
    cast(case when is_known then registered_quarter_count end as bigint) as registered_quarter_count
from figures
order by grid_code
