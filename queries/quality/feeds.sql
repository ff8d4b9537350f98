-- question: How fresh and how clean is each feed?
-- zh:       每个数据源有多新、多干净？行数为迄今收到的全部，与所看时刻无关
-- grain:    one row per (feed_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  feed_code VARCHAR; feed_name VARCHAR; feed_name_en VARCHAR; kind VARCHAR; town_code VARCHAR;
--           last_event_at TIMESTAMPTZ; silent_after_min DOUBLE (minutes, null = never); has_open_site BOOLEAN;
--           accepted_count BIGINT (rows); duplicate_count BIGINT (rows); corrected_count BIGINT (rows);
--           quarantined_count BIGINT (rows)
-- reads:    situation
-- uses:     quality/last_events, sites/open_units
-- notes:    the four counts are of all rows taken so far, whatever $as_of. A site is open while one of its units is;
--           a site that never reports its units, while it registered or sampled someone in the last 30 minutes
with open_sites as (
    select site_code from sites_open_units
    union
    select bucket.site_code
    from site_bucket as bucket
    where bucket.bucket_start_at > $as_of - interval '30 minutes'
        and bucket.bucket_start_at <= $as_of
        and bucket.site_code not in (select site_code from unit_event)
),

open_feeds as (
    select distinct site.feed_code
    from open_sites
    inner join site on open_sites.site_code = site.site_code
)

select
    feed.feed_code,
    feed.feed_name,
    feed.feed_name_en,
    feed.kind,
    feed.town_code,
    heard.last_event_at,
    feed.silent_after_min,
    open_feeds.feed_code is not null as has_open_site,
    coalesce(state.accepted_count, 0) as accepted_count,
    coalesce(state.duplicate_count, 0) as duplicate_count,
    coalesce(state.corrected_count, 0) as corrected_count,
    coalesce(state.quarantined_count, 0) as quarantined_count
from feed
left join quality_last_events as heard on feed.feed_code = heard.feed_code
left join feed_state as state on feed.feed_code = state.feed_code
left join open_feeds on feed.feed_code = open_feeds.feed_code
order by feed.sort_order, feed.feed_code
