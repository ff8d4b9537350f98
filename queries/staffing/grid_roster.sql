-- question: Who is on each grid's roster?
-- zh:       各网格名册上有谁？
-- grain:    one row per (grid_code)
-- columns:  grid_code VARCHAR; community_code VARCHAR; community_name VARCHAR; grid_leader_count BIGINT (people);
--           full_time_count BIGINT (people); part_time_count BIGINT (people);
--           stand_in_pair_count BIGINT (pairs of full-time workers who cover each other)
-- reads:    situation
select
    grid.grid_code,
    grid.community_code,
    community.community_name,
    count(*) filter (where staff.role = 'grid_leader') as grid_leader_count,
    count(*) filter (where staff.role = 'full_time') as full_time_count,
    count(*) filter (where staff.role = 'part_time') as part_time_count,
    count(*) filter (
        where staff.role = 'full_time' and other.stand_in_staff_code = staff.staff_code
            and staff.staff_code < other.staff_code
    ) as stand_in_pair_count
from grid
left join community on grid.community_code = community.community_code
left join staff on grid.grid_code = staff.grid_code
left join staff as other on staff.stand_in_staff_code = other.staff_code
group by grid.grid_code, grid.community_code, community.community_name
order by grid.grid_code
