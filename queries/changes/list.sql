-- question: What changed since a moment?
-- zh:       某一时刻以来有哪些变化？
-- grain:    one row per (kind, change, place_code, changed_at)
-- params:   $since TIMESTAMPTZ; $as_of TIMESTAMPTZ
-- columns:  changed_at TIMESTAMPTZ; kind VARCHAR (zone, round, whistle or a rule of alerts); change VARCHAR;
--           place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR; place_name_en VARCHAR; grid_code VARCHAR;
--           community_code VARCHAR; town_code VARCHAR; level VARCHAR; person_count BIGINT (people);
--           duration_min DOUBLE (minutes)
-- reads:    situation
-- uses:     zones/changes, staffing/musters, alerts/episodes
-- notes:    the latest first; after $since, up to $as_of. zone: the change of zones/changes, level = that after it,
--           person_count = residents. round: begun, due (its deadline passed), closed; person_count = target. whistle: raised,
--           filled, closed; person_count = needed, duration from the call to the last arrival. A rule of alerts: opened, closed
--           (alerts/episodes, of the running working day only), duration from when the condition began to hold; opened a site_jammed
--           is a site that jams, closed one that eases; a feed likewise falls silent and comes back. Where a place is one on the
--           map, its code says which
with rounds as (
    select round_code, round_name, round_name_en, target_count, 'begun' as change, starts_at as changed_at from round
    union all
    select round_code, round_name, round_name_en, target_count, 'due', deadline_at from round where deadline_at < closes_at
    union all
    select round_code, round_name, round_name_en, target_count, 'closed', closes_at from round
),

whistles as (
    select muster.*, 'raised' as change, raised_at as changed_at from staffing_musters as muster
    union all
    select muster.*, 'filled', full_at from staffing_musters as muster
    union all
    select muster.*, 'closed', closed_at from staffing_musters as muster
),

alerts as (
    select rule, place_code, since_at, 'opened' as change, opened_at as changed_at, cast(null as double) as duration_min
    from alerts_episodes
    union all
    select rule, place_code, since_at, 'closed', closed_at, (epoch(ended_at) - epoch(since_at)) / 60
    from alerts_episodes
),

zone_name as (
    select zone_code, max(zone_name) as zone_name, max(zone_name_en) as zone_name_en
    from zone_order
    group by zone_code
),

happened as (
    select
        changed_at, 'zone' as kind, change, 'zone' as place_kind, zone_code as place_code, zone_name as place_name,
        zone_name_en as place_name_en, level_after as level, coalesce(resident_count_after, resident_count_before) as person_count,
        cast(null as double) as duration_min
    from zones_changes
    union all
    select changed_at, 'round', change, 'round', round_code, round_name, round_name_en, null, target_count, null
    from rounds
    union all
    select
        changed_at, 'whistle', change, place_kind, whistle_code, place_name, place_name_en, null, needed_count,
        case change when 'filled' then full_after_min end
    from whistles
    union all
    select
        alerts.changed_at,
        alerts.rule,
        alerts.change,
        case
            when site.site_code is not null then 'site'
            when feed.feed_code is not null then 'feed'
            when screening.round_code is not null then 'round'
            when alerts.rule = 'whistle_late' then 'whistle'
            when alerts.rule = 'zone_without_staff' then 'zone'
            else 'check'
        end,
        alerts.place_code,
        coalesce(site.site_name, feed.feed_name, screening.round_name, whistle.place_name, zone_name.zone_name, alerts.place_code),
        coalesce(
            site.site_name_en, feed.feed_name_en, screening.round_name_en, whistle.place_name_en, zone_name.zone_name_en,
            alerts.place_code
        ),
        null,
        whistle.needed_count,
        alerts.duration_min
    from alerts
    left join site on alerts.rule in ('site_jammed', 'unit_idle') and alerts.place_code = site.site_code
    left join feed on alerts.rule = 'feed_silent' and alerts.place_code = feed.feed_code
    left join round as screening on alerts.rule = 'coverage_behind' and alerts.place_code = screening.round_code
    left join whistle on alerts.rule = 'whistle_late' and alerts.place_code = whistle.whistle_code
    left join zone_name on alerts.rule = 'zone_without_staff' and alerts.place_code = zone_name.zone_code
),

placed as (
    select
        happened.*,
        coalesce(site.grid_code, grid.grid_code) as grid_code,
        community.community_code,
        feed.town_code
    from happened
    left join whistle on happened.kind in ('whistle', 'whistle_late') and happened.place_code = whistle.whistle_code
    left join site
        on happened.place_kind = 'site'
            and site.site_code = case when happened.kind = 'whistle' then whistle.place_code else happened.place_code end
    left join grid on whistle.place_kind = 'grid' and whistle.place_code = grid.grid_code
    left join community on whistle.place_kind = 'community' and whistle.place_code = community.community_code
    left join feed on happened.place_kind = 'feed' and happened.place_code = feed.feed_code
)

select
    changed_at,
    kind,
    change,
    place_kind,
    place_code,
    place_name,
    place_name_en,
    grid_code,
    community_code,
    town_code,
    level,
    cast(person_count as bigint) as person_count,
    cast(duration_min as double) as duration_min
from placed
where changed_at > $since and changed_at <= $as_of
order by changed_at desc, kind, change, place_code
