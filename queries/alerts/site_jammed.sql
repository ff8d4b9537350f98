-- question: Which sites are jammed?
-- grain:    one row per (place_code)
-- params:   $as_of TIMESTAMPTZ; $jammed_from_min DOUBLE default 50
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ
-- reads:    situation
-- uses:     sites/state, sites/jam_episodes
-- notes:    act. figure = minutes that one who joins now would wait; target = jammed_from_min; detail_pct = share of
--           assisted and green-channel registrations in the last 30 minutes; detail_count = units short
--           (needed − open); since_at = start of the running jam, to five minutes
with running as (
    select site_code, max(started_at) as started_at
    from sites_jam_episodes
    where ended_at is null
    group by site_code
)

select
    'site_jammed' as rule,
    'act' as level,
    'site' as place_kind,
    state.site_code as place_code,
    site.site_name as place_name,
    site.site_name_en as place_name_en,
    site.lon,
    site.lat,
    site.grid_code,
    coalesce(running.started_at, to_timestamp(floor(epoch($as_of) / 300) * 300)) as since_at,
    state.wait_min as figure,
    cast($jammed_from_min as double) as target,
    state.assisted_pct as detail_pct,
    case
        when state.needed_unit_count > state.open_unit_count then state.needed_unit_count - state.open_unit_count
        when state.open_unit_count is not null then 0
    end as detail_count,
    cast(null as timestamptz) as expected_at
from sites_state as state
inner join site on state.site_code = site.site_code
left join running on state.site_code = running.site_code
where state.wait_class = 'jammed'
order by place_code
