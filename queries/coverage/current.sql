-- question: How far is each grid's current round?
-- zh:       各网格当前轮次进度如何？
-- grain:    one row per (grid_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  grid_code VARCHAR; round_code VARCHAR; starts_at TIMESTAMPTZ; deadline_at TIMESTAMPTZ;
--           target_count BIGINT (people); registered_person_count BIGINT (people);
--           covered_person_count BIGINT (people); missing_count BIGINT (people); coverage_pct DOUBLE (percent);
--           household_count BIGINT (households); seen_household_count BIGINT (households)
-- reads:    situation
-- uses:     coverage/counted
-- notes:    a grid's current round is, of those that hold it and have begun, the one that began last; after its
--           end it stays until the next begins. Missing is counted grid by grid and never below zero, and coverage
--           is 100 × (target − missing) ÷ target: people too many in one grid do not hide people missing in
--           another. No row for a grid that no round has reached; figures are null while no registration is known
select
    counted.grid_code,
    counted.round_code,
    screening.starts_at,
    screening.deadline_at,
    counted.target_count,
    counted.registered_person_count,
    counted.covered_person_count,
    counted.missing_count,
    100.0 * cast(counted.target_count - counted.missing_count as double) / nullif(counted.target_count, 0)
        as coverage_pct,
    counted.household_count,
    counted.seen_household_count
from coverage_counted as counted
inner join round as screening on counted.round_code = screening.round_code
where counted.is_current
order by counted.grid_code
