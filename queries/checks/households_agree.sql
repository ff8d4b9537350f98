-- question: In which grids do the list of households, the map and the round's total differ?
-- zh:       哪些网格的户名单、地图与轮次合计不一致？
-- grain:    one row per (round_code, grid_code, figure)
-- params:   $as_of TIMESTAMPTZ; $round_code VARCHAR default null the current round of each grid; $grid_code VARCHAR default
--           null all grids of the round
-- columns:  round_code VARCHAR; grid_code VARCHAR; figure VARCHAR; by_list BIGINT; by_map BIGINT
-- reads:    rows
-- uses:     coverage/household_sums, coverage/current
-- notes:    no rows when all agree (不漏一户). The list is made of single registrations, household by household; the map of
--           the sums kept while they came. households and unseen: every household stands in the list once, and those
--           that nobody was seen of are as many as the map leaves unseen. people: those registered, and those covered; the
--           list holds only people whose lines name a household, so it may hold fewer, never more. total: the households of
--           the round's grids against those of the whole list, where grid_code is null. Rounds whose registrations were
--           destroyed are left out: there is no list
with listed as (
    select * from coverage_household_sums
),

mapped as (
    select
        bucket.round_code,
        bucket.grid_code,
        sum(bucket.registered_person_count) as registered_person_count,
        sum(bucket.covered_person_count) as covered_person_count,
        sum(bucket.seen_household_count) as seen_household_count
    from grid_bucket as bucket
    where bucket.bucket_start_at <= $as_of and bucket.round_code in (select round_code from listed)
    group by bucket.round_code, bucket.grid_code
),

paired as (
    select
        listed.round_code,
        listed.grid_code,
        listed.household_count,
        member.household_count as map_household_count,
        listed.unseen_household_count,
        member.household_count - coalesce(mapped.seen_household_count, 0) as map_unseen_count,
        listed.registered_person_count,
        coalesce(mapped.registered_person_count, 0) as map_registered_count,
        listed.covered_person_count,
        coalesce(mapped.covered_person_count, 0) as map_covered_count
    from listed
    left join round_grid as member on listed.round_code = member.round_code and listed.grid_code = member.grid_code
    left join mapped on listed.round_code = mapped.round_code and listed.grid_code = mapped.grid_code
    where listed.unseen_household_count is not null
),

total as (
    select round_code, sum(household_count) as household_count
    from listed
    group by round_code
),

held as (
    select member.round_code, sum(member.household_count) as household_count
    from round_grid as member
    inner join round as screening on member.round_code = screening.round_code and screening.starts_at <= $as_of
    left join coverage_current as progress on member.round_code = progress.round_code and member.grid_code = progress.grid_code
    where (member.round_code = $round_code or ($round_code is null and progress.grid_code is not null))
        and ($grid_code is null or member.grid_code = $grid_code)
        and not exists (select 1 from erased_round where erased_round.round_code = member.round_code)
    group by member.round_code
)

select round_code, grid_code, 'households' as figure, household_count as by_list, map_household_count as by_map
from paired
where household_count is distinct from map_household_count
union all
select round_code, grid_code, 'unseen', unseen_household_count, cast(map_unseen_count as bigint)
from paired
where unseen_household_count is distinct from map_unseen_count
union all
select round_code, grid_code, 'registered', registered_person_count, cast(map_registered_count as bigint)
from paired
where registered_person_count > map_registered_count
union all
select round_code, grid_code, 'covered', covered_person_count, cast(map_covered_count as bigint)
from paired
where covered_person_count > map_covered_count
union all
select held.round_code, cast(null as varchar), 'total', cast(total.household_count as bigint), cast(held.household_count as bigint)
from held
left join total on held.round_code = total.round_code
where held.household_count > 0 and total.household_count is distinct from held.household_count
order by round_code, grid_code nulls first, figure
