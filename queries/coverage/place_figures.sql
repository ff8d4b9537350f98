-- question: How far is a round in the district, each town, each community and each grid, and at which paces?
-- zh:       一轮在全区、镇街、社区、网格各进行到哪里，速度如何？
-- grain:    one row per (kind, code)
-- params:   $as_of TIMESTAMPTZ; $round_code VARCHAR
-- columns:  kind VARCHAR (district, town, community or grid); code VARCHAR; community_code VARCHAR; town_code VARCHAR;
--           grid_count BIGINT (grids); target_count BIGINT (people); registered_person_count BIGINT (people);
--           covered_person_count BIGINT (people); missing_count BIGINT (people);
--           missing_at_deadline_count BIGINT (people); household_count BIGINT (households);
--           seen_household_count BIGINT (households); unseen_household_count BIGINT (households);
--           hour_per_hour DOUBLE (people per hour); three_hours_per_hour DOUBLE (people per hour);
--           quarter_per_hour DOUBLE (people per hour); round_per_hour DOUBLE (people per hour);
--           registered_quarter_per_hour DOUBLE (people per hour); precedent_pct DOUBLE (percent)
-- reads:    situation
-- uses:     coverage/round_grids, coverage/precedents, coverage/working_time
-- notes:    sums of the round's grids; the district's code is empty. Paces are people covered in an hour of working time:
--           in the last hour, three hours, quarter of an hour, and since the round began. precedent_pct is the best
--           coverage that one of coverage/precedents had in this place at its deadline, null without any
with placed as (
    select
        'district' as kind, '' as code, cast(null as varchar) as community_code, cast(null as varchar) as town_code,
        grid_code as member_code
    from coverage_round_grids
    union all
    select 'town', town_code, cast(null as varchar), town_code, grid_code from coverage_round_grids where town_code is not null
    union all
    select 'community', community_code, community_code, town_code, grid_code from coverage_round_grids
    where community_code is not null
    union all
    select 'grid', grid_code, community_code, town_code, grid_code from coverage_round_grids
),

summed as (
    select
        placed.kind,
        placed.code,
        max(placed.community_code) as community_code,
        max(placed.town_code) as town_code,
        count(*) as grid_count,
        sum(grids.target_count) as target_count,
        sum(grids.registered_person_count) as registered_person_count,
        sum(grids.covered_person_count) as covered_person_count,
        sum(grids.missing_count) as missing_count,
        sum(grids.missing_at_deadline_count) as missing_at_deadline_count,
        sum(grids.household_count) as household_count,
        sum(grids.seen_household_count) as seen_household_count,
        sum(grids.unseen_household_count) as unseen_household_count,
        sum(grids.covered_quarter_count) as covered_quarter_count,
        sum(grids.covered_hour_count) as covered_hour_count,
        sum(grids.covered_three_hours_count) as covered_three_hours_count,
        sum(grids.registered_quarter_count) as registered_quarter_count
    from placed
    inner join coverage_round_grids as grids on placed.member_code = grids.grid_code
    group by placed.kind, placed.code
),

ended as (
    select
        placed.kind,
        placed.code,
        earlier.round_code,
        100.0 * (sum(earlier.target_count) - sum(earlier.missing_count)) / nullif(sum(earlier.target_count), 0) as coverage_pct
    from placed
    inner join coverage_precedents as earlier on placed.member_code = earlier.grid_code
    group by placed.kind, placed.code, earlier.round_code
),

best as (
    select kind, code, max(coverage_pct) as precedent_pct
    from ended
    group by kind, code
)

select
    summed.kind,
    summed.code,
    summed.community_code,
    summed.town_code,
    summed.grid_count,
    cast(summed.target_count as bigint) as target_count,
    cast(summed.registered_person_count as bigint) as registered_person_count,
    cast(summed.covered_person_count as bigint) as covered_person_count,
    cast(summed.missing_count as bigint) as missing_count,
    cast(summed.missing_at_deadline_count as bigint) as missing_at_deadline_count,
    cast(summed.household_count as bigint) as household_count,
    cast(summed.seen_household_count as bigint) as seen_household_count,
    cast(summed.unseen_household_count as bigint) as unseen_household_count,
    cast(summed.covered_hour_count / nullif(least(working.elapsed_h, 1.0), 0) as double) as hour_per_hour,
    cast(summed.covered_three_hours_count / nullif(least(working.elapsed_h, 3.0), 0) as double) as three_hours_per_hour,
    cast(summed.covered_quarter_count / nullif(least(working.elapsed_h, 0.25), 0) as double) as quarter_per_hour,
    cast(summed.covered_person_count / nullif(working.elapsed_h, 0) as double) as round_per_hour,
    cast(summed.registered_quarter_count / nullif(least(working.elapsed_h, 0.25), 0) as double) as registered_quarter_per_hour,
    cast(best.precedent_pct as double) as precedent_pct
from summed
inner join coverage_working_time as working on working.round_code = $round_code
left join best on summed.kind = best.kind and summed.code = best.code
order by summed.kind, summed.code
