-- question: How many people answer for each grid at every level of the responsibility chain?
-- zh:       四级责任体系的每一级各有多少人对应每个网格？
-- grain:    one row per (grid_code)
-- columns:  grid_code VARCHAR; grid_name VARCHAR; grid_name_en VARCHAR; street_leader_count BIGINT (people);
--           community_cadre_count BIGINT (people); grid_leader_count BIGINT (people); grid_worker_count BIGINT (people);
--           missing_level_count INTEGER (levels)
-- reads:    situation
-- notes:    the four levels (A5): street leaders of the town, cadres of the community, leader and full-time and part-time
--           workers of the grid; as on the roster, on duty or not
with street as (
    select town_code, count(*) as people_count from staff where role = 'street_leader' group by town_code
),

cadre as (
    select community_code, count(*) as people_count from staff where role = 'community_cadre' group by community_code
),

own as (
    select
        grid_code,
        count(*) filter (where role = 'grid_leader') as leader_count,
        count(*) filter (where role in ('full_time', 'part_time')) as worker_count
    from staff
    group by grid_code
),

counted as (
    select
        grid.grid_code,
        grid.grid_name,
        grid.grid_name_en,
        coalesce(street.people_count, 0) as street_leader_count,
        coalesce(cadre.people_count, 0) as community_cadre_count,
        coalesce(own.leader_count, 0) as grid_leader_count,
        coalesce(own.worker_count, 0) as grid_worker_count
    from grid
    left join street on grid.town_code = street.town_code
    left join cadre on grid.community_code = cadre.community_code
    left join own on grid.grid_code = own.grid_code
)

select
    grid_code,
    grid_name,
    grid_name_en,
    street_leader_count,
    community_cadre_count,
    grid_leader_count,
    grid_worker_count,
    case when street_leader_count = 0 then 1 else 0 end + case when community_cadre_count = 0 then 1 else 0 end
    + case when grid_leader_count = 0 then 1 else 0 end + case when grid_worker_count = 0 then 1 else 0 end
        as missing_level_count
from counted
order by grid_code
