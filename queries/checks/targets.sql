-- question: Which round's target differs from the residents of its grids?
-- zh:       哪一轮的应采人数与网格常住人口不一致？
-- grain:    one row per (round_code, grid_code)
-- columns:  round_code VARCHAR; grid_code VARCHAR; target_count BIGINT (people); expected_count BIGINT (people)
-- reads:    situation
-- notes:    no rows when all agree; grid_code is null where it is the round's sum that differs
with sums as (
    select screening.round_code, screening.target_count, coalesce(sum(member.target_count), 0) as expected_count
    from round as screening
    left join round_grid as member on screening.round_code = member.round_code
    group by screening.round_code, screening.target_count
)

select
    round_code,
    cast(null as varchar) as grid_code,
    target_count,
    cast(expected_count as bigint) as expected_count
from sums
where target_count <> expected_count
union all
select member.round_code, member.grid_code, member.target_count, grid.resident_count
from round_grid as member
left join grid on member.grid_code = grid.grid_code
where member.target_count is distinct from grid.resident_count
order by round_code, grid_code
