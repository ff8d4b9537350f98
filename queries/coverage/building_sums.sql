-- question: How does a round stand in each building of a grid?
-- zh:       轮次在网格内各楼栋的进度，按户相加：一户多采不抵另一户。要敲门最多的在前。
-- grain:    one row per (building_code)
-- params:   $as_of TIMESTAMPTZ; $grid_code VARCHAR
-- columns:  building_code VARCHAR; building_name VARCHAR; building_name_en VARCHAR; round_code VARCHAR;
--           target_count BIGINT (people); registered_person_count BIGINT (people);
--           covered_person_count BIGINT (people); missing_count BIGINT (people); coverage_pct DOUBLE (percent);
--           household_count BIGINT (households); unseen_household_count BIGINT (households);
--           partly_household_count BIGINT (households); whole_household_count BIGINT (households);
--           vulnerable_count BIGINT (people)
-- reads:    rows
-- uses:     coverage/household_states
-- notes:    of the grid's current round unless $round_code names another. Sums of the building's households as coverage/household_states counts them; missing is counted household by
--           household and never below zero, so a building's missing may add up to more than the grid's, where people of one
--           household hide none of another's. The target is who lives there. Most households to knock at first
select
    states.building_code,
    max(building.building_name) as building_name,
    max(building.building_name_en) as building_name_en,
    states.round_code,
    cast(sum(states.resident_count) as bigint) as target_count,
    cast(sum(states.registered_person_count) as bigint) as registered_person_count,
    cast(sum(states.covered_person_count) as bigint) as covered_person_count,
    cast(sum(states.missing_count) as bigint) as missing_count,
    100.0 * cast(sum(states.resident_count - states.missing_count) as double) / nullif(sum(states.resident_count), 0)
        as coverage_pct,
    count(*) as household_count,
    cast(sum(case states.household_state when 'unseen' then 1 when 'partly' then 0 when 'whole' then 0 end) as bigint)
        as unseen_household_count,
    cast(sum(case states.household_state when 'unseen' then 0 when 'partly' then 1 when 'whole' then 0 end) as bigint)
        as partly_household_count,
    cast(sum(case states.household_state when 'unseen' then 0 when 'partly' then 0 when 'whole' then 1 end) as bigint)
        as whole_household_count,
    cast(sum(states.vulnerable_count) as bigint) as vulnerable_count
from coverage_household_states as states
left join building on states.building_code = building.building_code
where states.grid_code = $grid_code
group by states.building_code, states.round_code
order by unseen_household_count + partly_household_count desc nulls last, states.building_code
