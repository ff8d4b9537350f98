-- question: What changed in a grid in the last hour?
-- zh:       这个网格近一小时有什么变化
-- grain:    one row per (grid_code)
-- params:   $as_of TIMESTAMPTZ; $grid_code VARCHAR
-- columns:  grid_code VARCHAR; round_code VARCHAR; coverage_pct DOUBLE (percent);
--           coverage_hour_ago_pct DOUBLE (percent); covered_last_hour_count BIGINT (people)
-- reads:    situation
-- uses:     coverage/current
-- notes:    of the current round; the figure an hour ago is null if the round had not begun then. No row for a grid
--           that no round has reached
with earlier as (
    select sum(bucket.covered_person_count) as covered_person_count
    from grid_bucket as bucket
    inner join coverage_current as progress
        on bucket.grid_code = progress.grid_code and bucket.round_code = progress.round_code
    where bucket.grid_code = $grid_code and bucket.bucket_start_at <= $as_of - interval '1 hour'
),

compared as (
    select
        progress.*,
        case when progress.covered_person_count is not null then coalesce(earlier.covered_person_count, 0) end
            as earlier_count
    from coverage_current as progress
    cross join earlier
    where progress.grid_code = $grid_code
)

select
    grid_code,
    round_code,
    coverage_pct,
    case
        when starts_at > $as_of - interval '1 hour' then null
        when target_count < earlier_count then 100.0
        else 100.0 * cast(earlier_count as double) / nullif(target_count, 0)
    end as coverage_hour_ago_pct,
    cast(covered_person_count - earlier_count as bigint) as covered_last_hour_count
from compared
order by grid_code
