-- question: Which whistles will not have their people in time, or had not?
-- zh:       哪些吹哨到不齐或已超时？截止前按近 15 分钟的速度推算，截止后未到齐即需处置
-- grain:    one row per (place_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR; town_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ; action VARCHAR; neighbour_name VARCHAR; neighbour_name_en VARCHAR;
--           chain_level VARCHAR; chain_code VARCHAR
-- reads:    situation
-- uses:     staffing/whistles, alerts/episodes
-- notes:    watch; act once due_at has passed. Since and until when: alerts/marks/whistle_late. place_code = the
--           whistle's code; figure = arrived; target = needed; detail_pct = arrived ÷ needed; detail_count = people
--           still missing; expected_at = when it will be full at the present pace, null if nobody comes. Action:
--           send_people. The cadre of the community answers for it
select
    'whistle_late' as rule,
    case when late.due_at <= $as_of then 'act' else 'watch' end as level,
    'whistle' as place_kind,
    late.whistle_code as place_code,
    late.place_name,
    late.place_name_en,
    coalesce(site.lon, grid.label_lon, community.label_lon) as lon,
    coalesce(site.lat, grid.label_lat, community.label_lat) as lat,
    coalesce(site.grid_code, grid.grid_code) as grid_code,
    coalesce(home.town_code, community.town_code) as town_code,
    episode.since_at,
    cast(late.arrived_count as double) as figure,
    cast(late.needed_count as double) as target,
    100.0 * cast(late.arrived_count as double) / nullif(late.needed_count, 0) as detail_pct,
    cast(late.needed_count - late.arrived_count as bigint) as detail_count,
    late.expected_full_at as expected_at,
    'send_people' as action,
    cast(null as varchar) as neighbour_name,
    cast(null as varchar) as neighbour_name_en,
    'community_cadre' as chain_level,
    coalesce(home.community_code, community.community_code) as chain_code
from alerts_episodes as episode
inner join staffing_whistles as late on episode.place_code = late.whistle_code and late.full_at is null
left join site on late.place_kind = 'site' and late.place_code = site.site_code
left join grid on late.place_kind = 'grid' and late.place_code = grid.grid_code
left join grid as home on home.grid_code = coalesce(site.grid_code, grid.grid_code)
left join community on late.place_kind = 'community' and late.place_code = community.community_code
where episode.rule = 'whistle_late' and episode.closed_at is null
order by place_code
