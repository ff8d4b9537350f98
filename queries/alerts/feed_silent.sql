-- question: Which feeds are silent although their sites are open?
-- zh:       哪些数据源在点位开放时静默？按静默前半小时的速率，偶然静默这么久的可能不超过千分之一
-- grain:    one row per (place_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR; town_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ; action VARCHAR; neighbour_name VARCHAR; neighbour_name_en VARCHAR;
--           chain_level VARCHAR; chain_code VARCHAR
-- reads:    situation
-- uses:     alerts/episodes, sites/open_units
-- notes:    watch. Since and until when, and when silence is no chance: alerts/marks/feed_silent. figure = minutes of
--           silence; target = silent_after_min; detail_count = sites of the feed that have a unit open; since_at = the
--           end of the last five minutes with a row. Action: call_feed. The leader of the feed's town answers for it
with open_sites as (
    select site.feed_code, count(distinct unit.site_code) as open_site_count
    from sites_open_units as unit
    inner join site on unit.site_code = site.site_code
    group by site.feed_code
)

select
    'feed_silent' as rule,
    'watch' as level,
    'feed' as place_kind,
    feed.feed_code as place_code,
    feed.feed_name as place_name,
    feed.feed_name_en as place_name_en,
    town.label_lon as lon,
    town.label_lat as lat,
    cast(null as varchar) as grid_code,
    feed.town_code,
    episode.since_at,
    (epoch($as_of) - epoch(episode.since_at)) / 60 as figure,
    feed.silent_after_min as target,
    cast(null as double) as detail_pct,
    coalesce(open_sites.open_site_count, 0) as detail_count,
    cast(null as timestamptz) as expected_at,
    'call_feed' as action,
    cast(null as varchar) as neighbour_name,
    cast(null as varchar) as neighbour_name_en,
    'street_leader' as chain_level,
    feed.town_code as chain_code
from alerts_episodes as episode
inner join feed on episode.place_code = feed.feed_code
left join open_sites on feed.feed_code = open_sites.feed_code
left join town on feed.town_code = town.town_code
where episode.rule = 'feed_silent' and episode.closed_at is null
order by place_code
