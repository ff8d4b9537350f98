-- question: Which alerts of the working day are over, and how long did each last?
-- zh:       本工作日有哪些告警已结束，各持续多久？从条件成立到不再成立；已到齐的吹哨单列
-- grain:    one row per (rule, place_code, started_at)
-- params:   $as_of TIMESTAMPTZ
-- columns:  rule VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR; place_name_en VARCHAR;
--           role VARCHAR; needed_count INTEGER (people); started_at TIMESTAMPTZ; ended_at TIMESTAMPTZ;
--           duration_min DOUBLE (minutes)
-- reads:    situation
-- uses:     wall/working_day, alerts/episodes, staffing/musters
-- notes:    the latest first; from when the condition began to hold to when it ceased (alerts/episodes). Whistles that were
--           filled have a row of their own (whistle_filled, from the call to the last arrival), late or not; role and needed_count
--           are of whistles only
with ended as (
    select
        episode.rule,
        case
            when site.site_code is not null then 'site'
            when feed.feed_code is not null then 'feed'
            when screening.round_code is not null then 'round'
            when episode.rule = 'whistle_late' then 'whistle'
            when episode.rule = 'zone_without_staff' then 'zone'
            else 'check'
        end as place_kind,
        episode.place_code,
        coalesce(
            site.site_name, feed.feed_name, screening.round_name, muster.place_name, zone.zone_name, episode.place_code
        ) as place_name,
        coalesce(
            site.site_name_en, feed.feed_name_en, screening.round_name_en, muster.place_name_en, zone.zone_name_en,
            episode.place_code
        ) as place_name_en,
        muster.role,
        muster.needed_count,
        episode.since_at as started_at,
        episode.ended_at
    from alerts_episodes as episode
    left join site on episode.rule in ('site_jammed', 'unit_idle') and episode.place_code = site.site_code
    left join feed on episode.rule = 'feed_silent' and episode.place_code = feed.feed_code
    left join round as screening on episode.rule = 'coverage_behind' and episode.place_code = screening.round_code
    left join staffing_musters as muster on episode.rule = 'whistle_late' and episode.place_code = muster.whistle_code
    left join (
        select zone_code, max(zone_name) as zone_name, max(zone_name_en) as zone_name_en from zone_order group by zone_code
    ) as zone on episode.rule = 'zone_without_staff' and episode.place_code = zone.zone_code
    where episode.closed_at is not null
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
