-- question: How many community workers are there for 10,000 residents of each town?
-- zh:       各镇街每万名常住人口有多少社区工作者？
-- grain:    one row per (town_code)
-- columns:  town_code VARCHAR; town_name VARCHAR; resident_count BIGINT (people); full_time_count BIGINT (people);
--           full_time_per_10000 DOUBLE (people per 10,000 residents)
-- reads:    situation
-- notes:    community workers are the full-time grid workers with a home in the town
with residents as (
    select town_code, sum(resident_count) as resident_count
    from grid
    group by town_code
),

workers as (
    select town_code, count(*) as full_time_count
    from staff
    where role = 'full_time'
    group by town_code
)

select
    town.town_code,
    town.town_name,
    cast(residents.resident_count as bigint) as resident_count,
    coalesce(workers.full_time_count, 0) as full_time_count,
    10000.0 * coalesce(workers.full_time_count, 0) / nullif(cast(residents.resident_count as double), 0)
        as full_time_per_10000
from town
left join residents on town.town_code = residents.town_code
left join workers on town.town_code = workers.town_code
order by town.town_code
