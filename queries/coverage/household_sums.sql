-- question: How many households of each grid are unseen, partly covered or whole?
-- zh:       各网格有多少户未见、部分、全部完成？
-- grain:    one row per (round_code, grid_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  round_code VARCHAR; grid_code VARCHAR; household_count BIGINT (households);
--           unseen_household_count BIGINT (households); partly_household_count BIGINT (households);
--           whole_household_count BIGINT (households); registered_person_count BIGINT (people);
--           covered_person_count BIGINT (people)
-- reads:    rows
-- uses:     coverage/household_states
-- notes:    as coverage/household_states says of each household, of the round and grid given there; the people are those whose first line in the round names a
--           household of the grid. Counts are null while no registration is known
select
    round_code,
    grid_code,
    count(*) as household_count,
    cast(
        case when count(household_state) = count(*) then sum(case when household_state = 'unseen' then 1 else 0 end) end as bigint
    ) as unseen_household_count,
    cast(
        case when count(household_state) = count(*) then sum(case when household_state = 'partly' then 1 else 0 end) end as bigint
    ) as partly_household_count,
    cast(
        case when count(household_state) = count(*) then sum(case when household_state = 'whole' then 1 else 0 end) end as bigint
    ) as whole_household_count,
    cast(sum(registered_person_count) as bigint) as registered_person_count,
    cast(sum(covered_person_count) as bigint) as covered_person_count
from coverage_household_states
group by round_code, grid_code
order by round_code, grid_code
