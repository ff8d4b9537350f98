-- question: How does each grid stand: coverage, queues, staff, zone?
-- zh:       各网格现状如何：覆盖、排队、人员、风险区？
-- grain:    one row per (grid_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  grid_code VARCHAR; round_code VARCHAR; target_count BIGINT (people);
--           registered_person_count BIGINT (people); covered_person_count BIGINT (people);
--           missing_count BIGINT (people); coverage_pct DOUBLE (percent); resident_count BIGINT (people);
--           vulnerable_count BIGINT (people); on_duty_count BIGINT (people); waiting_count BIGINT (people);
--           zone_level VARCHAR
-- reads:    situation
-- uses:     coverage/current, sites/state, staffing/headcount, zones/grid_levels
-- notes:    coverage of the round that began last. Waiting is null where a site of the grid is unknown; zone_level is
--           null where no order holds
with waiting as (
    select
        grid_code,
        case when count(*) = count(waiting_count) then sum(waiting_count) end as waiting_count
    from sites_state
    group by grid_code
),

on_duty as (
    select grid_code, cast(sum(on_duty_count) as bigint) as on_duty_count
    from staffing_headcount
    group by grid_code
),

known as (
    select
        coalesce((select min(event_at) from staff_event) <= $as_of, false) as has_staff_event,
        coalesce((select min(bucket_start_at) from site_bucket) <= $as_of, false) as has_registration
)

select
    grid.grid_code,
    progress.round_code,
    progress.target_count,
    progress.registered_person_count,
    progress.covered_person_count,
    progress.missing_count,
    progress.coverage_pct,
    grid.resident_count,
    grid.vulnerable_count,
    case when known.has_staff_event then coalesce(on_duty.on_duty_count, 0) end as on_duty_count,
    cast(
        case
            when waiting.grid_code is not null then waiting.waiting_count
            when known.has_registration then 0
        end as bigint
    ) as waiting_count,
    levels.level as zone_level
from grid
cross join known
left join coverage_current as progress on grid.grid_code = progress.grid_code
left join waiting on grid.grid_code = waiting.grid_code
left join on_duty on grid.grid_code = on_duty.grid_code
left join zones_grid_levels as levels on grid.grid_code = levels.grid_code
order by grid.grid_code
