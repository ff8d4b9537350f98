-- question: Which sites are jammed?
-- zh:       哪些采样点拥堵？连续两个五分钟等候达到拥堵标准且等候满 10 人为发生，连续三个未达到为关闭
-- grain:    one row per (place_code)
-- params:   $as_of TIMESTAMPTZ; $jammed_from_min DOUBLE default 50;
--           $many_assisted_pct DOUBLE default 40
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR; town_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ; action VARCHAR; neighbour_name VARCHAR; neighbour_name_en VARCHAR;
--           chain_level VARCHAR; chain_code VARCHAR
-- reads:    situation
-- uses:     sites/state, alerts/episodes
-- notes:    act. Since and until when: alerts/marks/site_jammed. A site of which nothing is known at present is left
--           out. figure = minutes that one who joins now would wait; target = jammed_from_min; detail_pct = share of
--           assisted and green-channel registrations in the last 30 minutes; detail_count = units short (needed − open).
--           Action: assist_registration from many_assisted_pct on, where registering is the bottleneck (at 东华名岸 on 9
--           July 2022 a green channel and helpers cured it, not more units); open_units where units are short; else
--           divert. The site's leader answers for it, else the leader of its grid
with stated as (
    select
        episode.since_at,
        state.site_code,
        state.wait_min,
        state.assisted_pct,
        case
            when state.needed_unit_count > state.open_unit_count then state.needed_unit_count - state.open_unit_count
            when state.open_unit_count is not null then 0
        end as short_unit_count
    from alerts_episodes as episode
    inner join sites_state as state on episode.place_code = state.site_code and state.wait_min is not null
    where episode.rule = 'site_jammed' and episode.closed_at is null
)

select
    'site_jammed' as rule,
    'act' as level,
    'site' as place_kind,
    stated.site_code as place_code,
    site.site_name as place_name,
    site.site_name_en as place_name_en,
    site.lon,
    site.lat,
    site.grid_code,
    grid.town_code,
    stated.since_at,
    stated.wait_min as figure,
    cast($jammed_from_min as double) as target,
    stated.assisted_pct as detail_pct,
    stated.short_unit_count as detail_count,
    cast(null as timestamptz) as expected_at,
    case
        when stated.assisted_pct >= $many_assisted_pct then 'assist_registration'
        when stated.short_unit_count > 0 then 'open_units'
        else 'divert'
    end as action,
    cast(null as varchar) as neighbour_name,
    cast(null as varchar) as neighbour_name_en,
    case when site.leader_staff_code is not null then 'site_leader' else 'grid_leader' end as chain_level,
    case when site.leader_staff_code is not null then site.site_code else site.grid_code end as chain_code
from stated
inner join site on stated.site_code = site.site_code
left join grid on site.grid_code = grid.grid_code
order by place_code
