-- question: Will the rounds that are running end in time?
-- zh:       进行中的轮次能否按时完成？最多两轮，范围小的在前。还差逐网格计，不小于零；速度取最近三个完整的五分钟，按此推算完成时间
-- grain:    one row per (round_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  round_code VARCHAR; round_name VARCHAR; round_name_en VARCHAR; scope VARCHAR; starts_at TIMESTAMPTZ;
--           deadline_at TIMESTAMPTZ; closes_at TIMESTAMPTZ; target_count BIGINT (people);
--           registered_person_count BIGINT (people); covered_person_count BIGINT (people);
--           missing_count BIGINT (people); coverage_pct DOUBLE (percent); covered_per_hour DOUBLE (people per hour);
--           expected_finish_at TIMESTAMPTZ
-- reads:    situation
-- uses:     coverage/counted
-- notes:    at most two, the narrowest first; of more, the narrowest and the widest. Missing is counted grid by grid
--           and never below zero, as in coverage/current. The rate is of the last three complete five-minute buckets;
--           the finish is expected at that rate, null where it is 0 or nobody is missing
with running as (
    select
        screening.*,
        row_number() over (order by screening.target_count, screening.starts_at desc, screening.round_code) as place,
        count(*) over () as running_count
    from round as screening
    where screening.starts_at <= $as_of and screening.closes_at > $as_of
),

shown as (
    select *
    from running
    where place = 1 or place = running_count
),

summed as (
    select
        round_code,
        sum(target_count) as target_count,
        sum(registered_person_count) as registered_person_count,
        sum(covered_person_count) as covered_person_count,
        sum(missing_count) as missing_count,
        4.0 * sum(recent_covered_count) as covered_per_hour
    from coverage_counted
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
    cast(summed.registered_person_count as bigint) as registered_person_count,
    cast(summed.covered_person_count as bigint) as covered_person_count,
    cast(summed.missing_count as bigint) as missing_count,
    100.0 * cast(summed.target_count - summed.missing_count as double) / nullif(summed.target_count, 0) as coverage_pct,
    cast(summed.covered_per_hour as double) as covered_per_hour,
    case
        when summed.covered_per_hour > 0 and summed.missing_count > 0
            then to_timestamp(epoch($as_of) + 3600.0 * summed.missing_count / summed.covered_per_hour)
    end as expected_finish_at
from shown
left join summed on shown.round_code = summed.round_code
order by shown.place
