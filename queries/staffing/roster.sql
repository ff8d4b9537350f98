-- question: How many people are on the roster, by role and origin?
-- zh:       名册上按角色和来源各有多少人？
-- grain:    one row per (role, origin)
-- columns:  role VARCHAR; origin VARCHAR; staff_count BIGINT (people)
-- reads:    situation
select
    role,
    origin,
    count(*) as staff_count
from staff
group by role, origin
order by role, origin nulls last
