-- question: Which whistles will not have their people in time?
-- grain:    one row per (place_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ
-- reads:    situation
-- uses:     staffing/whistles
-- notes:    watch. place_code = the whistle's code; figure = arrived; target = needed; detail_pct = arrived ÷ needed;
--           detail_count = people still missing; expected_at = when it will be full at the present pace, null if
--           nobody comes; since_at = due_at once that has passed, before it raised_at
select
    'whistle_late' as rule,
    'watch' as level,
    'whistle' as place_kind,
    late.whistle_code as place_code,
    late.place_name,
    late.place_name_en,
    coalesce(site.lon, grid.label_lon, community.label_lon) as lon,
    coalesce(site.lat, grid.label_lat, community.label_lat) as lat,
    coalesce(site.grid_code, grid.grid_code) as grid_code,
    case when late.due_at < $as_of then late.due_at else late.raised_at end as since_at,
    cast(late.arrived_count as double) as figure,
    cast(late.needed_count as double) as target,
    100.0 * cast(late.arrived_count as double) / nullif(late.needed_count, 0) as detail_pct,
    cast(late.needed_count - late.arrived_count as bigint) as detail_count,
    late.expected_full_at as expected_at
from staffing_whistles as late
left join site on late.place_kind = 'site' and late.place_code = site.site_code
left join grid on late.place_kind = 'grid' and late.place_code = grid.grid_code
left join community on late.place_kind = 'community' and late.place_code = community.community_code
where late.is_late and late.full_at is null
order by place_code
