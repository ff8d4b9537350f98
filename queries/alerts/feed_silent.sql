-- question: Which feeds are silent although their sites are open?
-- grain:    one row per (place_code)
-- params:   $as_of TIMESTAMPTZ; $allowance_s DOUBLE default 0
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ
-- reads:    situation
-- uses:     quality/feeds, sites/open_units
-- notes:    watch. Silence is measured against the newest event of any feed ($as_of), and is longer than
--           silent_after_min + allowance_s (how far a played clock lets files lag). A feed of registrations while one
--           of its sites is open, a feed of staff events while any site is. figure = minutes of silence;
--           target = silent_after_min; detail_count = sites of the feed that have a unit open; since_at = its last
--           event
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
    feeds.feed_code as place_code,
    feeds.feed_name as place_name,
    feeds.feed_name_en as place_name_en,
    town.label_lon as lon,
    town.label_lat as lat,
    cast(null as varchar) as grid_code,
    feeds.last_event_at as since_at,
    (epoch($as_of) - epoch(feeds.last_event_at)) / 60 as figure,
    feeds.silent_after_min as target,
    cast(null as double) as detail_pct,
    coalesce(open_sites.open_site_count, 0) as detail_count,
    cast(null as timestamptz) as expected_at
from quality_feeds as feeds
left join open_sites on feeds.feed_code = open_sites.feed_code
left join town on feeds.town_code = town.town_code
where epoch($as_of) - epoch(feeds.last_event_at) > feeds.silent_after_min * 60 + $allowance_s
    and (
        (feeds.kind = 'registrations' and feeds.has_open_site)
        or (feeds.kind = 'staff' and (select bool_or(has_open_site) from quality_feeds))
    )
order by place_code
