-- question: How many people of each grid were counted in the rounds that the wall speaks of?
-- zh:       大屏所说的轮次在各网格计了多少人？
-- grain:    one row per (round_code, grid_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  round_code VARCHAR; grid_code VARCHAR; is_current BOOLEAN; target_count BIGINT (people);
--           registered_person_count BIGINT (people); covered_person_count BIGINT (people);
--           recent_covered_count BIGINT (people); missing_count BIGINT (people); household_count BIGINT (households);
--           seen_household_count BIGINT (households)
-- reads:    situation
-- notes:    the rounds that run and those that are a grid's current one: of the rounds that hold it and have begun, the
--           one that began last. Recent = in the last three complete five-minute buckets. Missing is never below zero.
--           Figures are null while no registration is known
with begun as (
    select
        round_code,
        starts_at,
        closes_at > $as_of as is_running,
        row_number() over (order by starts_at, target_count desc, round_code desc) as begun_no,
        (select min(bucket_start_at) from site_bucket) <= $as_of as is_known
    from round
    where starts_at <= $as_of
),

last_begun as (
    select member.grid_code, max(begun.begun_no) as begun_no
    from round_grid as member
    inner join begun on member.round_code = begun.round_code
    group by member.grid_code
),

shown_round as (
    select *
    from begun
    where is_running or begun_no in (select begun_no from last_begun)
),

bucketed as (
    select
        bucket.round_code,
        bucket.grid_code,
        sum(bucket.registered_person_count) as registered_person_count,
        sum(bucket.covered_person_count) as covered_person_count,
        sum(bucket.covered_person_count) filter (
            where bucket.bucket_start_at > $as_of - interval '20 minutes'
                and bucket.bucket_start_at <= $as_of - interval '5 minutes'
        ) as recent_covered_count,
        sum(bucket.seen_household_count) as seen_household_count
    from grid_bucket as bucket
    inner join shown_round on bucket.round_code = shown_round.round_code
    where bucket.bucket_start_at <= $as_of
        and bucket.bucket_start_at > (select min(starts_at) from shown_round) - interval '5 minutes'
    group by bucket.round_code, bucket.grid_code
),

figures as (
    select
        member.round_code,
        member.grid_code,
        last_begun.begun_no = shown_round.begun_no as is_current,
        member.target_count,
        member.household_count,
        case when is_known then coalesce(bucketed.registered_person_count, 0) end as registered_person_count,
        case when is_known then coalesce(bucketed.covered_person_count, 0) end as covered_person_count,
        case when is_known then coalesce(bucketed.recent_covered_count, 0) end as recent_covered_count,
        case when is_known then coalesce(bucketed.seen_household_count, 0) end as seen_household_count
    from shown_round
    inner join round_grid as member on shown_round.round_code = member.round_code
    inner join last_begun on member.grid_code = last_begun.grid_code
    left join bucketed on member.round_code = bucketed.round_code and member.grid_code = bucketed.grid_code
)

select
    round_code,
    grid_code,
    is_current,
    target_count,
    cast(registered_person_count as bigint) as registered_person_count,
    cast(covered_person_count as bigint) as covered_person_count,
    cast(recent_covered_count as bigint) as recent_covered_count,
    cast(
        case when target_count < covered_person_count then 0 else target_count - covered_person_count end as bigint
    ) as missing_count,
    household_count,
    cast(seen_household_count as bigint) as seen_household_count
from figures
order by round_code, grid_code
