-- question: What does the list beside the map say of each grid?
-- zh:       每个网格现在怎样：当前轮次的应采、已采、还差，等候、在岗、风险等级。数字与地图相同，还差最多的在前
-- grain:    one row per (grid_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  grid_code VARCHAR; grid_name VARCHAR; grid_name_en VARCHAR; community_code VARCHAR;
--           community_name VARCHAR; community_name_en VARCHAR; town_code VARCHAR; town_name VARCHAR;
--           town_name_en VARCHAR; round_code VARCHAR; target_count BIGINT (people);
--           registered_person_count BIGINT (people); covered_person_count BIGINT (people);
--           missing_count BIGINT (people); coverage_pct DOUBLE (percent); resident_count BIGINT (people);
--           vulnerable_count BIGINT (people); on_duty_count BIGINT (people); waiting_count BIGINT (people);
--           zone_level VARCHAR
-- reads:    situation
-- uses:     wall/grids
-- notes:    the figures are those of wall/grids, which the map shows; most people missing first
select
    shown.grid_code,
    grid.grid_name,
    grid.grid_name_en,
    grid.community_code,
    community.community_name,
    community.community_name_en,
    grid.town_code,
    town.town_name,
    town.town_name_en,
    shown.round_code,
    shown.target_count,
    shown.registered_person_count,
    shown.covered_person_count,
    shown.missing_count,
    shown.coverage_pct,
    shown.resident_count,
    shown.vulnerable_count,
    shown.on_duty_count,
    shown.waiting_count,
    shown.zone_level
from wall_grids as shown
inner join grid on shown.grid_code = grid.grid_code
left join community on grid.community_code = community.community_code
left join town on grid.town_code = town.town_code
order by shown.missing_count desc nulls last, shown.grid_code
