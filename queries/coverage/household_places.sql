-- question: How many households are unseen, partly covered or whole in the district, each town, each community and each grid?
-- zh:       全区和各镇街、村（社区）、网格：未见一人、部分已采、全户已采各多少户
-- grain:    one row per (kind, code)
-- params:   $as_of TIMESTAMPTZ; $round_code VARCHAR
-- columns:  kind VARCHAR (district, town, community or grid); code VARCHAR; household_count BIGINT (households);
--           unseen_household_count BIGINT (households); partly_household_count BIGINT (households);
--           whole_household_count BIGINT (households)
-- reads:    rows
-- uses:     coverage/household_sums
-- notes:    of one round; sums of coverage/household_sums, the district's code is empty. No rows where the round's
--           registrations were destroyed
with placed as (
    select 'district' as kind, '' as code, sums.* from coverage_household_sums as sums where sums.round_code = $round_code
    union all
    select 'town', grid.town_code, sums.*
    from coverage_household_sums as sums
    inner join grid on sums.grid_code = grid.grid_code
    where grid.town_code is not null
    union all
    select 'community', grid.community_code, sums.*
    from coverage_household_sums as sums
    inner join grid on sums.grid_code = grid.grid_code
    where grid.community_code is not null
    union all
    select 'grid', sums.grid_code, sums.* from coverage_household_sums as sums
)

select
    kind,
    code,
    cast(sum(household_count) as bigint) as household_count,
    cast(sum(unseen_household_count) as bigint) as unseen_household_count,
    cast(sum(partly_household_count) as bigint) as partly_household_count,
    cast(sum(whole_household_count) as bigint) as whole_household_count
from placed
group by kind, code
order by kind, code
