-- question: How far is each grid's current round?
-- grain:    one row per (grid_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  grid_code VARCHAR; round_code VARCHAR; starts_at TIMESTAMPTZ; deadline_at TIMESTAMPTZ;
--           target_count BIGINT (people); registered_person_count BIGINT (people);
--           covered_person_count BIGINT (people); missing_count BIGINT (people); coverage_pct DOUBLE (percent);
--           household_count BIGINT (households); seen_household_count BIGINT (households)
-- reads:    situation
-- notes:    a grid's current round is, of those that hold it and have begun, the one that began last; after its
--           end it stays until the next begins. Missing is counted grid by grid and never below zero, and coverage
--           is 100 × (target − missing) ÷ target: people too many in one grid do not hide people missing in
--           another. No row for a grid that no round has reached; figures are null while no registration is known
with begun as (
    select
        round_code,
        starts_at,
        deadline_at,
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

current_round as (
    select
        member.grid_code,
        member.round_code,
        member.target_count,
        member.household_count,
        begun.starts_at,
        begun.deadline_at,
        begun.is_known
    from last_begun
    inner join begun on last_begun.begun_no = begun.begun_no
    inner join round_grid as member
        on begun.round_code = member.round_code and last_begun.grid_code = member.grid_code
),

counted as (
    select
        bucket.grid_code,
        bucket.round_code,
        sum(bucket.registered_person_count) as registered_person_count,
        sum(bucket.covered_person_count) as covered_person_count,
        sum(bucket.seen_household_count) as seen_household_count
    from grid_bucket as bucket
    inner join (select distinct round_code from current_round) as shown on bucket.round_code = shown.round_code
    where bucket.bucket_start_at <= $as_of
    group by bucket.grid_code, bucket.round_code
),

figures as (
    select
        current_round.*,
        case when is_known then coalesce(counted.registered_person_count, 0) end as registered_person_count,
        case when is_known then coalesce(counted.covered_person_count, 0) end as covered_person_count,
        case when is_known then coalesce(counted.seen_household_count, 0) end as seen_household_count
    from current_round
    left join counted
        on current_round.grid_code = counted.grid_code and current_round.round_code = counted.round_code
),

compared as (
    select
        *,
        case
            when target_count < covered_person_count then 0
            else target_count - covered_person_count
        end as missing_count
    from figures
)

select
    grid_code,
    round_code,
    starts_at,
    deadline_at,
    target_count,
    cast(registered_person_count as bigint) as registered_person_count,
    cast(covered_person_count as bigint) as covered_person_count,
    cast(missing_count as bigint) as missing_count,
    100.0 * cast(target_count - missing_count as double) / nullif(target_count, 0) as coverage_pct,
    household_count,
    cast(seen_household_count as bigint) as seen_household_count
from compared
order by grid_code
