-- question: Where do a round's places, its curve, the list of rounds and the map tell different totals?
-- zh:       一轮的各地、曲线、轮次表与地图的合计哪里不一致？
-- grain:    one row per (told_by, figure)
-- params:   $as_of TIMESTAMPTZ; $round_code VARCHAR default null of that round, else of none
-- columns:  told_by VARCHAR; figure VARCHAR; by_grids BIGINT; by_other BIGINT
-- reads:    situation
-- uses:     coverage/round_places, coverage/round_curve, coverage/rounds, wall/grids
-- notes:    no rows when all agree with the sum of the round's grids. The map is compared only where the round is the current
--           one of all its grids. A grid without a town or a community is missing there, and that is told
with told as (
    select kind as told_by, target_count, registered_person_count, covered_person_count, missing_count, unseen_household_count
    from coverage_round_places
    union all
    select 'rounds', target_count, registered_person_count, covered_person_count, missing_count, cast(null as bigint)
    from coverage_rounds
    where round_code = $round_code
    union all
    select 'curve', target_count, registered_person_count, covered_person_count, missing_count, cast(null as bigint)
    from coverage_round_curve
    where step_at = (select max(step_at) from coverage_round_curve)
    union all
    select 'map', target_count, registered_person_count, covered_person_count, missing_count, cast(null as bigint)
    from wall_grids
    where round_code = $round_code
        and (select count(*) from wall_grids where round_code = $round_code)
        = (select grid_count from coverage_rounds where round_code = $round_code)
),

summed as (
    select
        told_by,
        sum(target_count) as target_count,
        sum(registered_person_count) as registered_person_count,
        sum(covered_person_count) as covered_person_count,
        sum(missing_count) as missing_count,
        sum(unseen_household_count) as unseen_household_count
    from told
    group by told_by
),

figure as (
    select told_by, 'target' as figure, target_count as told_count from summed
    union all
    select told_by, 'registered', registered_person_count from summed
    union all
    select told_by, 'covered', covered_person_count from summed
    union all
    select told_by, 'missing', missing_count from summed
    union all
    select told_by, 'unseen', unseen_household_count from summed
    where told_by in ('district', 'town', 'community', 'grid')
)

select
    other.told_by,
    other.figure,
    cast(grids.told_count as bigint) as by_grids,
    cast(other.told_count as bigint) as by_other
from figure as grids
inner join figure as other on grids.figure = other.figure
where grids.told_by = 'grid' and other.told_count is distinct from grids.told_count
order by other.told_by, other.figure
