-- question: Which sites have idle units while a neighbour's queue is long?
-- zh:       哪些采样点有闲置采样单元，而 1,000 米内有点位排长队？闲置为近 15 分钟登记与排队都用不上的在开采样单元
-- grain:    one row per (place_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR; town_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ; action VARCHAR; neighbour_name VARCHAR; neighbour_name_en VARCHAR;
--           chain_level VARCHAR; chain_code VARCHAR
-- reads:    situation
-- uses:     alerts/episodes, alerts/marks/unit_idle
-- notes:    watch. Since and until when, and which neighbour: alerts/marks/unit_idle. figure = idle units; target =
--           units open; both of the last mark at which they were idle. Action: move_units to the neighbour, whose wait
--           in minutes is in nobody's hands here: see sites/state. The site's leader answers for it, else the leader of
--           its grid
with last_mark as (
    select
        mark.place_code,
        max(struct_pack(
            measured_at := mark.measured_at,
            neighbour_code := mark.neighbour_code,
            open_unit_count := mark.open_unit_count,
            idle_unit_count := mark.idle_unit_count
        )) as seen
    from alerts_marks_unit_idle as mark
    where mark.is_met
    group by mark.place_code
)

select
    'unit_idle' as rule,
    'watch' as level,
    'site' as place_kind,
    site.site_code as place_code,
    site.site_name as place_name,
    site.site_name_en as place_name_en,
    site.lon,
    site.lat,
    site.grid_code,
    grid.town_code,
    episode.since_at,
    cast(last_mark.seen.idle_unit_count as double) as figure,
    cast(last_mark.seen.open_unit_count as double) as target,
    cast(null as double) as detail_pct,
    cast(null as bigint) as detail_count,
    cast(null as timestamptz) as expected_at,
    'move_units' as action,
    neighbour.site_name as neighbour_name,
    neighbour.site_name_en as neighbour_name_en,
    case when site.leader_staff_code is not null then 'site_leader' else 'grid_leader' end as chain_level,
    case when site.leader_staff_code is not null then site.site_code else site.grid_code end as chain_code
from alerts_episodes as episode
inner join site on episode.place_code = site.site_code
inner join last_mark on episode.place_code = last_mark.place_code
left join site as neighbour on last_mark.seen.neighbour_code = neighbour.site_code
left join grid on site.grid_code = grid.grid_code
where episode.rule = 'unit_idle' and episode.closed_at is null
order by place_code
