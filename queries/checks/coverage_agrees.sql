-- question: Where do the map, the list, the communities and the towns tell different totals?
-- zh:       地图、列表、社区、镇街的合计在哪里不一致？
-- grain:    one row per (told_by, figure)
-- params:   $as_of TIMESTAMPTZ
-- columns:  told_by VARCHAR; figure VARCHAR; by_map BIGINT (people); by_other BIGINT (people)
-- reads:    situation
-- uses:     wall/grids, wall/communities, wall/towns, coverage/list
-- notes:    no rows when all agree
with told as (
    select 'map' as told_by, target_count, covered_person_count, missing_count from wall_grids
    union all
    select 'list', target_count, covered_person_count, missing_count from coverage_list
    union all
    select 'communities', target_count, covered_person_count, missing_count from wall_communities
    union all
    select 'towns', target_count, covered_person_count, missing_count from wall_towns
),

summed as (
    select told_by, 'target' as figure, cast(sum(target_count) as bigint) as people_count from told group by told_by
    union all
    select told_by, 'covered', cast(sum(covered_person_count) as bigint) from told group by told_by
    union all
    select told_by, 'missing', cast(sum(missing_count) as bigint) from told group by told_by
)

select
    other.told_by,
    other.figure,
    shown.people_count as by_map,
    other.people_count as by_other
from summed as shown
inner join summed as other on shown.figure = other.figure
where shown.told_by = 'map' and other.people_count is distinct from shown.people_count
order by other.told_by, other.figure
