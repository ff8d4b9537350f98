-- question: Will the rounds that are running end in time?
-- grain:    one row per (round_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  round_code VARCHAR; round_name VARCHAR; round_name_en VARCHAR; scope VARCHAR; starts_at TIMESTAMPTZ;
--           deadline_at TIMESTAMPTZ; closes_at TIMESTAMPTZ; target_count BIGINT (people);
--           registered_person_count BIGINT (people); covered_person_count BIGINT (people);
--           missing_count BIGINT (people); coverage_pct DOUBLE (percent); covered_per_hour DOUBLE (people per hour);
--           expected_finish_at TIMESTAMPTZ
-- reads:    situation
-- notes:    at most two, the narrowest first; of more, the narrowest and the widest. Missing is counted grid by grid
--           and never below zero, as in coverage/current. The rate is of the last three complete five-minute buckets;
--           the finish is expected at that rate, null where it is 0 or nobody is missing
with running as (
    select
        screening.*,
        row_number() over (order by screening.target_count, screening.starts_at desc, screening.round_code) as place,
        count(*) over () as running_count,
        (select min(bucket_start_at) from site_bucket) <= $as_of as is_known
    from round as screening
    where screening.starts_at <= $as_of and screening.closes_at > $as_of
),

shown as (
    select *
    from running
    where place = 1 or place = running_count
),

counted as (
    select
        bucket.round_code,
        bucket.grid_code,
        sum(bucket.registered_person_count) as registered_person_count,
        sum(bucket.covered_person_count) as covered_person_count,
        sum(bucket.covered_person_count) filter (
            where bucket.bucket_start_at > $as_of - interval '20 minutes'
                and bucket.bucket_start_at <= $as_of - interval '5 minutes'
        ) as recent_count
    from grid_bucket as bucket
    inner join shown on bucket.round_code = shown.round_code
    where bucket.bucket_start_at <= $as_of
    group by bucket.round_code, bucket.grid_code
),

by_grid as (
    select
        member.round_code,
        member.target_count,
        coalesce(counted.registered_person_count, 0) as registered_person_count,
        coalesce(counted.covered_person_count, 0) as covered_person_count,
        coalesce(counted.recent_count, 0) as recent_count,
        case
            when member.target_count <= coalesce(counted.covered_person_count, 0) then 0
            else member.target_count - coalesce(counted.covered_person_count, 0)
        end as missing_count
    from round_grid as member
    inner join shown on member.round_code = shown.round_code
    left join counted on member.round_code = counted.round_code and member.grid_code = counted.grid_code
),

summed as (
    select
        round_code,
        sum(target_count) as target_count,
        sum(registered_person_count) as registered_person_count,
        sum(covered_person_count) as covered_person_count,
        sum(missing_count) as missing_count,
        4.0 * sum(recent_count) as covered_per_hour
    from by_grid
    group by round_code
)

select
    shown.round_code,
    shown.round_name,
    shown.round_name_en,
    shown.scope,
    shown.starts_at,
    shown.deadline_at,
    shown.closes_at,
    cast(summed.target_count as bigint) as target_count,
    cast(case when shown.is_known then summed.registered_person_count end as bigint) as registered_person_count,
    cast(case when shown.is_known then summed.covered_person_count end as bigint) as covered_person_count,
    cast(case when shown.is_known then summed.missing_count end as bigint) as missing_count,
    case
        when shown.is_known
            then 100.0 * cast(summed.target_count - summed.missing_count as double) / nullif(summed.target_count, 0)
    end as coverage_pct,
    cast(case when shown.is_known then summed.covered_per_hour end as double) as covered_per_hour,
    case
        when shown.is_known and summed.covered_per_hour > 0 and summed.missing_count > 0
            then to_timestamp(epoch($as_of) + 3600.0 * summed.missing_count / summed.covered_per_hour)
    end as expected_finish_at
from shown
left join summed on shown.round_code = summed.round_code
order by shown.place
