-- question: What does a grid's panel show?
-- zh:       一个网格的情况：应采、已采、还差，未见一人的住户，重点人群。还差逐人计，不小于零
-- grain:    one row per (grid_code)
-- params:   $as_of TIMESTAMPTZ; $grid_code VARCHAR
-- columns:  grid_code VARCHAR; grid_name VARCHAR; grid_name_en VARCHAR; community_code VARCHAR;
--           community_name VARCHAR; community_name_en VARCHAR; town_code VARCHAR; town_name VARCHAR;
--           town_name_en VARCHAR; has_party_organisation BOOLEAN; resident_count BIGINT (people);
--           household_count BIGINT (households); building_count BIGINT (buildings); vulnerable_count BIGINT (people);
--           round_code VARCHAR; round_name VARCHAR; round_name_en VARCHAR; starts_at TIMESTAMPTZ;
--           deadline_at TIMESTAMPTZ; closes_at TIMESTAMPTZ; target_count BIGINT (people);
--           registered_person_count BIGINT (people); covered_person_count BIGINT (people);
--           missing_count BIGINT (people); coverage_pct DOUBLE (percent); unseen_household_count BIGINT (households);
--           zone_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; zone_level VARCHAR
-- reads:    situation
-- uses:     coverage/current, zones/grid_levels
-- notes:    no row for a code that no grid has. Unseen households = those of the grid less those of which someone was
--           registered in the current round; coverage/household_states lists them
select
    grid.grid_code,
    grid.grid_name,
    grid.grid_name_en,
    grid.community_code,
    community.community_name,
    community.community_name_en,
    grid.town_code,
    town.town_name,
    town.town_name_en,
    grid.has_party_organisation,
    grid.resident_count,
    grid.household_count,
    grid.building_count,
    grid.vulnerable_count,
    progress.round_code,
    screening.round_name,
    screening.round_name_en,
    progress.starts_at,
    progress.deadline_at,
    screening.closes_at,
    progress.target_count,
    progress.registered_person_count,
    progress.covered_person_count,
    progress.missing_count,
    progress.coverage_pct,
    case
        when progress.household_count < progress.seen_household_count then 0
        else progress.household_count - progress.seen_household_count
    end as unseen_household_count,
    levels.zone_code,
    levels.zone_name,
    levels.zone_name_en,
    levels.level as zone_level
from grid
left join community on grid.community_code = community.community_code
left join town on grid.town_code = town.town_code
left join coverage_current as progress on grid.grid_code = progress.grid_code
left join round as screening on progress.round_code = screening.round_code
left join zones_grid_levels as levels on grid.grid_code = levels.grid_code
where grid.grid_code = $grid_code
order by grid.grid_code
