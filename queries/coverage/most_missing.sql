-- question: In which grids are most people missing?
-- zh:       哪些网格还差的人最多？
-- grain:    one row per (grid_code)
-- params:   $as_of TIMESTAMPTZ; $limit BIGINT default 10 grids
-- columns:  grid_code VARCHAR; grid_name VARCHAR; grid_name_en VARCHAR; community_code VARCHAR;
--           community_name VARCHAR; community_name_en VARCHAR; town_code VARCHAR; town_name VARCHAR;
--           town_name_en VARCHAR; round_code VARCHAR; target_count BIGINT (people);
--           covered_person_count BIGINT (people); missing_count BIGINT (people); coverage_pct DOUBLE (percent)
-- reads:    situation
-- uses:     coverage/current
-- notes:    of the current rounds, as in coverage/current; grids where nobody is missing are left out
select
    progress.grid_code,
    grid.grid_name,
    grid.grid_name_en,
    grid.community_code,
    community.community_name,
    community.community_name_en,
    grid.town_code,
    town.town_name,
    town.town_name_en,
    progress.round_code,
    progress.target_count,
    progress.covered_person_count,
    progress.missing_count,
    progress.coverage_pct
from coverage_current as progress
inner join grid on progress.grid_code = grid.grid_code
left join community on grid.community_code = community.community_code
left join town on grid.town_code = town.town_code
where progress.missing_count > 0
order by progress.missing_count desc, progress.grid_code
limit $limit
