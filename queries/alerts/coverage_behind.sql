-- question: Which rounds will leave too many people out at their deadline, or have?
-- zh:       哪些轮次到截止时会差得太多？按近 15 分钟的速度推算，截止后仍未达标即需处置
-- grain:    one row per (place_code)
-- params:   $as_of TIMESTAMPTZ; $coverage_goal_pct DOUBLE default 95 percent that a round should reach by its deadline
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR; town_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ; action VARCHAR; neighbour_name VARCHAR; neighbour_name_en VARCHAR;
--           chain_level VARCHAR; chain_code VARCHAR
-- reads:    situation
-- uses:     wall/rounds, alerts/episodes
-- notes:    watch before the deadline, act after it. Since and until when: alerts/marks/coverage_behind. figure =
--           coverage now; target = coverage_goal_pct; detail_pct = coverage expected at the deadline; detail_count =
--           people missing; expected_at = when nobody would be missing. Action: knock_doors. Street leaders answer for
--           it; of a round of communities in one town, that town's
with towns as (
    select member.round_code, min(grid.town_code) as town_code
    from round_grid as member
    inner join grid on member.grid_code = grid.grid_code
    group by member.round_code
    having count(distinct grid.town_code) = 1
)

select
    'coverage_behind' as rule,
    case when screening.deadline_at <= $as_of then 'act' else 'watch' end as level,
    'round' as place_kind,
    screening.round_code as place_code,
    screening.round_name as place_name,
    screening.round_name_en as place_name_en,
    cast(null as double) as lon,
    cast(null as double) as lat,
    cast(null as varchar) as grid_code,
    towns.town_code,
    episode.since_at,
    screening.coverage_pct as figure,
    cast($coverage_goal_pct as double) as target,
    case
        when screening.deadline_at <= $as_of then screening.coverage_pct
        when screening.coverage_pct
            + 100.0 * screening.covered_per_hour * (epoch(screening.deadline_at) - epoch($as_of)) / 3600.0
            / nullif(screening.target_count, 0) > 100
            then 100.0
        else
            screening.coverage_pct
            + 100.0 * screening.covered_per_hour * (epoch(screening.deadline_at) - epoch($as_of)) / 3600.0
            / nullif(screening.target_count, 0)
    end as detail_pct,
    screening.missing_count as detail_count,
    screening.expected_finish_at as expected_at,
    'knock_doors' as action,
    cast(null as varchar) as neighbour_name,
    cast(null as varchar) as neighbour_name_en,
    'street_leader' as chain_level,
    towns.town_code as chain_code
from alerts_episodes as episode
inner join wall_rounds as screening on episode.place_code = screening.round_code and screening.missing_count > 0
left join towns on screening.round_code = towns.round_code
where episode.rule = 'coverage_behind' and episode.closed_at is null
order by place_code
