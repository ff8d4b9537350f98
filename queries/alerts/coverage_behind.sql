-- question: Which rounds will leave too many people out at their deadline?
-- grain:    one row per (place_code)
-- params:   $as_of TIMESTAMPTZ; $coverage_goal_pct DOUBLE default 95 percent that a round should reach by its deadline
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ
-- reads:    situation
-- uses:     wall/rounds, sites/open_units
-- notes:    a round is behind when at its present rate it would reach less than coverage_goal_pct by its deadline;
--           judged from a quarter of its time on, and before the deadline only when some unit has been open for 90
--           minutes: at night and in the first hour of a morning the pace says nothing. watch before the deadline, act after it, until the round closes.
--           figure = coverage now; target = coverage_goal_pct; detail_pct = coverage expected at the deadline;
--           detail_count = people missing; expected_at = when nobody would be missing; since_at = deadline_at once
--           that has passed, before it starts_at
with projected as (
    select
        *,
        (epoch($as_of) - epoch(starts_at)) / nullif(epoch(deadline_at) - epoch(starts_at), 0) as used_share,
        coverage_pct + case
            when $as_of >= deadline_at then 0.0
            else 100.0 * covered_per_hour * (epoch(deadline_at) - epoch($as_of)) / 3600.0 / nullif(target_count, 0)
        end as projected_pct
    from wall_rounds
)

select
    'coverage_behind' as rule,
    case when $as_of >= deadline_at then 'act' else 'watch' end as level,
    'round' as place_kind,
    round_code as place_code,
    round_name as place_name,
    round_name_en as place_name_en,
    cast(null as double) as lon,
    cast(null as double) as lat,
    cast(null as varchar) as grid_code,
    case when $as_of >= deadline_at then deadline_at else starts_at end as since_at,
    coverage_pct as figure,
    cast($coverage_goal_pct as double) as target,
    case when projected_pct > 100 then 100.0 else projected_pct end as detail_pct,
    missing_count as detail_count,
    expected_finish_at as expected_at
from projected
where missing_count > 0 and projected_pct < $coverage_goal_pct
    and ($as_of >= deadline_at or (used_share >= 0.25 and (select min(opened_at) from sites_open_units) <= $as_of - interval '90 minutes'))
order by place_code
