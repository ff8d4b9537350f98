-- question: How much further is each town since a moment?
-- zh:       某一时刻以来，各镇街又推进了多少？
-- grain:    one row per (town_code)
-- params:   $since TIMESTAMPTZ; $as_of TIMESTAMPTZ
-- columns:  town_code VARCHAR; town_name VARCHAR; town_name_en VARCHAR; covered_since_count BIGINT (people);
--           coverage_before_pct DOUBLE (percent); coverage_pct DOUBLE (percent); missing_count BIGINT (people)
-- reads:    situation
-- uses:     coverage/current
-- notes:    of the rounds that are the grids' current ones at $as_of; before: the same rounds at $since, 0 where they had not begun.
--           Counted in five minutes that were complete at $since. Missing grid by grid, never below zero, as in coverage/current;
--           null while no registration is known
with earlier as (
    select bucket.round_code, bucket.grid_code, sum(bucket.covered_person_count) as covered_count
    from grid_bucket as bucket
    inner join coverage_current as progress on bucket.round_code = progress.round_code and bucket.grid_code = progress.grid_code
    where bucket.bucket_start_at <= cast($since as timestamptz) - interval '5 minutes' and bucket.bucket_start_at <= $as_of
    group by bucket.round_code, bucket.grid_code
),

compared as (
    select
        grid.town_code,
        progress.target_count,
        progress.covered_person_count,
        progress.missing_count,
        case when progress.missing_count is not null then coalesce(earlier.covered_count, 0) end as earlier_count,
        case
            when progress.missing_count is null then null
            when progress.target_count < coalesce(earlier.covered_count, 0) then 0
            else progress.target_count - coalesce(earlier.covered_count, 0)
        end as missing_before_count
    from coverage_current as progress
    inner join grid on progress.grid_code = grid.grid_code
    left join earlier on progress.round_code = earlier.round_code and progress.grid_code = earlier.grid_code
),

summed as (
    select
        town_code,
        sum(target_count) as target_count,
        sum(missing_count) as missing_count,
        sum(missing_before_count) as missing_before_count,
        sum(covered_person_count) - sum(earlier_count) as covered_since_count
    from compared
    group by town_code
)

select
    town.town_code,
    town.town_name,
    town.town_name_en,
    cast(summed.covered_since_count as bigint) as covered_since_count,
    100.0 * cast(summed.target_count - summed.missing_before_count as double) / nullif(summed.target_count, 0)
        as coverage_before_pct,
    100.0 * cast(summed.target_count - summed.missing_count as double) / nullif(summed.target_count, 0) as coverage_pct,
    cast(summed.missing_count as bigint) as missing_count
from town
left join summed on town.town_code = summed.town_code
order by town.town_code
