-- question: Which alerts of the working day are over, and how long did each last?
-- grain:    one row per (rule, place_code, started_at)
-- params:   $as_of TIMESTAMPTZ
-- columns:  rule VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR; place_name_en VARCHAR;
--           role VARCHAR; needed_count INTEGER (people); started_at TIMESTAMPTZ; ended_at TIMESTAMPTZ;
--           duration_min DOUBLE (minutes)
-- reads:    situation
-- uses:     wall/working_day, sites/jam_episodes, quality/silences, staffing/musters
-- notes:    the latest first: jams of sites (site_jammed), silences of feeds (feed_silent), whistles that were filled
--           (whistle_filled, from the call to the last arrival); role and needed_count are of whistles only
with ended as (
    select
        'site_jammed' as rule,
        'site' as place_kind,
        jam.site_code as place_code,
        site.site_name as place_name,
        site.site_name_en as place_name_en,
        cast(null as varchar) as role,
        cast(null as integer) as needed_count,
        jam.started_at,
        jam.ended_at
    from sites_jam_episodes as jam
    inner join site on jam.site_code = site.site_code
    where jam.ended_at is not null
    union all
    select
        'feed_silent', 'feed', silence.feed_code, feed.feed_name, feed.feed_name_en, null, null,
        silence.started_at, silence.ended_at
    from quality_silences as silence
    inner join feed on silence.feed_code = feed.feed_code
    union all
    select
        'whistle_filled', 'whistle', muster.whistle_code, muster.place_name, muster.place_name_en, muster.role,
        muster.needed_count, muster.raised_at, muster.full_at
    from staffing_musters as muster
    inner join wall_working_day as today on muster.full_at >= today.starts_at
)

select
    rule,
    place_kind,
    place_code,
    place_name,
    place_name_en,
    role,
    needed_count,
    started_at,
    ended_at,
    (epoch(ended_at) - epoch(started_at)) / 60 as duration_min
from ended
order by ended_at desc, rule, place_code, started_at
