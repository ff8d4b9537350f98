-- question: Which running round tells other totals than its grids on the map?
-- zh:       哪一轮的合计与地图上各网格之和不一致？
-- grain:    one row per (round_code, figure)
-- params:   $as_of TIMESTAMPTZ
-- columns:  round_code VARCHAR; figure VARCHAR; by_round BIGINT (people); by_map BIGINT (people)
-- reads:    situation
-- uses:     wall/rounds, coverage/rounds, wall/grids
-- notes:    no rows when all agree. Only rounds that are the current one of all their grids: a round that began later
--           takes grids away from the map's figure of an earlier one
with on_map as (
    select
        round_code,
        count(*) as grid_count,
        sum(target_count) as target_count,
        sum(covered_person_count) as covered_person_count,
        sum(missing_count) as missing_count
    from wall_grids
    group by round_code
),

told as (
    select round_code, 'wall' as told_by, target_count, covered_person_count, missing_count from wall_rounds
    union all
    select round_code, 'rounds', target_count, covered_person_count, missing_count from coverage_rounds where is_running
),

compared as (
    select told.*, on_map.target_count as map_target, on_map.covered_person_count as map_covered,
        on_map.missing_count as map_missing
    from told
    inner join on_map on told.round_code = on_map.round_code
    inner join coverage_rounds as begun on told.round_code = begun.round_code and on_map.grid_count = begun.grid_count
)

select round_code, told_by || ' target' as figure, target_count as by_round, cast(map_target as bigint) as by_map
from compared
where target_count is distinct from map_target
union all
select round_code, told_by || ' covered', covered_person_count, cast(map_covered as bigint)
from compared
where covered_person_count is distinct from map_covered
union all
select round_code, told_by || ' missing', missing_count, cast(map_missing as bigint)
from compared
where missing_count is distinct from map_missing
order by round_code, figure
