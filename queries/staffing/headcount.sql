-- question: How many people of each role are on duty in each grid?
-- zh:       各网格每个角色有多少人在岗？
-- grain:    one row per (grid_code, role)
-- params:   $as_of TIMESTAMPTZ
-- columns:  grid_code VARCHAR; role VARCHAR; on_duty_count BIGINT (people)
-- reads:    situation
-- uses:     staffing/posts
-- notes:    everyone counts in one grid, as in staffing/posts; grid_code is null for those who count in none
select
    grid_code,
    role,
    count(*) as on_duty_count
from staffing_posts
group by grid_code, role
order by grid_code nulls last, role
