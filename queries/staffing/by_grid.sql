-- question: How many people are on duty in each grid, how many are needed, and how many residents has each worker?
-- zh:       各网格在岗多少人，需要多少人，每名网格员服务多少居民？需要的依据同“按角色”。每名在岗网格员服务超过 556 人（10,000 ÷ 18，A3），或有居民而无人在岗，视为负荷过重。
-- grain:    one row per (grid_code)
-- params:   $as_of TIMESTAMPTZ; $longest_residents_per_worker DOUBLE default 556 people
-- columns:  grid_code VARCHAR; grid_name VARCHAR; grid_name_en VARCHAR; town_code VARCHAR; zone_level VARCHAR;
--           on_duty_count BIGINT (people); needed_count BIGINT (people); lacking_count BIGINT (people);
--           resident_count BIGINT (people); worker_count BIGINT (people);
--           residents_per_worker DOUBLE (people); is_worker_overloaded BOOLEAN
-- reads:    situation
-- uses:     staffing/posts, staffing/needs, zones/grid_levels
-- notes:    need as in staffing/needs; that of open whistles counts where they name a grid or a site. Workers are full-time
--           and part-time. Overloaded: more than 556 residents a worker on
--           duty (10,000 ÷ 18, A3), or none on duty where people live. Most missing first, then most residents a worker.
--           On duty and what follows from it is null while no check-in is known
with on_duty as (
    select
        grid_code,
        count(*) as on_duty_count,
        count(*) filter (where role in ('full_time', 'part_time')) as worker_count
    from staffing_posts
    group by grid_code
),

needed as (
    select
        grid_code,
        cast(sum(needed_count) as bigint) as needed_count,
        cast(sum(lacking_count) as bigint) as lacking_count
    from staffing_needs
    group by grid_code
),

known as (
    select coalesce((select min(event_at) from staff_event) <= $as_of, false) as has_event
),

counted as (
    select
        grid.grid_code,
        grid.grid_name,
        grid.grid_name_en,
        grid.town_code,
        grid.resident_count,
        case when known.has_event then coalesce(on_duty.on_duty_count, 0) end as on_duty_count,
        case when known.has_event then coalesce(on_duty.worker_count, 0) end as worker_count,
        needed.needed_count,
        needed.lacking_count
    from grid
    cross join known
    left join on_duty on grid.grid_code = on_duty.grid_code
    left join needed on grid.grid_code = needed.grid_code
)

select
    counted.grid_code,
    counted.grid_name,
    counted.grid_name_en,
    counted.town_code,
    levels.level as zone_level,
    counted.on_duty_count,
    counted.needed_count,
    counted.lacking_count,
    counted.resident_count,
    counted.worker_count,
    cast(counted.resident_count as double) / nullif(counted.worker_count, 0) as residents_per_worker,
    counted.resident_count > counted.worker_count * $longest_residents_per_worker as is_worker_overloaded
from counted
left join zones_grid_levels as levels on counted.grid_code = levels.grid_code
order by lacking_count desc nulls last, residents_per_worker desc nulls first, counted.grid_code
