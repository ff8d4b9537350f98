-- question: How far are the current rounds in each community?
-- zh:       各社区当前轮次进度如何？
-- grain:    one row per (code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  code VARCHAR (community_code); target_count BIGINT (people); covered_person_count BIGINT (people);
--           missing_count BIGINT (people); coverage_pct DOUBLE (percent)
-- reads:    situation
-- uses:     coverage/current
-- notes:    sums of the grids' current rounds, as in coverage/current
with summed as (
    select
        grid.community_code as code,
        sum(progress.target_count) as target_count,
        sum(progress.covered_person_count) as covered_person_count,
        sum(progress.missing_count) as missing_count
    from coverage_current as progress
    inner join grid on progress.grid_code = grid.grid_code
    group by grid.community_code
)

select
    place.community_code as code,
    cast(summed.target_count as bigint) as target_count,
    cast(summed.covered_person_count as bigint) as covered_person_count,
    cast(summed.missing_count as bigint) as missing_count,
    100.0 * cast(summed.target_count - summed.missing_count as double) / nullif(summed.target_count, 0) as coverage_pct
from community as place
left join summed on place.community_code = summed.code
order by place.community_code
