-- question: How do all sites stand: rank by wait, waits, units, closing?
-- zh:       各采样点现在怎样：按预计等候排列，等候、单元、关闭时间。
-- grain:    one row per (site_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  rank_no BIGINT; site_code VARCHAR; site_name VARCHAR; site_name_en VARCHAR; town_code VARCHAR;
--           town_name VARCHAR; town_name_en VARCHAR; community_code VARCHAR; community_name VARCHAR;
--           community_name_en VARCHAR; grid_code VARCHAR; feed_code VARCHAR; zone_level VARCHAR; wait_class VARCHAR;
--           wait_min DOUBLE (minutes); before_wait_min DOUBLE (minutes); waiting_count BIGINT (people);
--           wait_basis VARCHAR; median_wait_min DOUBLE (minutes); p90_wait_min DOUBLE (minutes);
--           median_low_min DOUBLE (minutes); median_high_min DOUBLE (minutes); registered_count BIGINT (people);
--           sampled_count BIGINT (people); registered_per_hour DOUBLE (people per hour);
--           sampled_per_unit_hour DOUBLE (people per hour); unit_count INTEGER (units it has);
--           open_unit_count BIGINT (units); needed_unit_count BIGINT (units); hold_unit_count BIGINT (units);
--           clear_unit_count BIGINT (units); next_hour_unit_count BIGINT (units);
--           expected_registered_count BIGINT (people); unit_rate_per_hour DOUBLE (people per hour);
--           is_unit_rate_measured BOOLEAN; assisted_pct DOUBLE (percent); opened_at TIMESTAMPTZ; closed_at TIMESTAMPTZ;
--           expected_close_at TIMESTAMPTZ; close_basis VARCHAR; last_event_at TIMESTAMPTZ
-- reads:    situation
-- uses:     sites/state, sites/waits, sites/needs, sites/closing, sites/curves, sites/wait_history,
--           zones/sites_inside
-- notes:    by wait, longest first; sites whose wait is unknown or nil for want of an open unit come after these without
--           a rank. registered and sampled: in the last three complete five minutes; before = the wait of a quarter
--           hour ago; the zone is the highest that holds the site's point. What each figure means: the question it is from
with gauge as (
    select floor(epoch(cast($as_of as timestamptz)) / 300) * 300 as until_s
),

recent as (
    select
        curve.site_code,
        sum(curve.registered_count) as registered_count,
        sum(curve.sampled_count) as sampled_count
    from sites_curves as curve
    cross join gauge
    where epoch(curve.bucket_start_at) >= gauge.until_s - 900 and epoch(curve.bucket_start_at) < gauge.until_s
    group by curve.site_code
),

before as (
    select history.site_code, case when history.waiting_count = 0 then 0.0 else history.wait_min end as wait_min
    from sites_wait_history as history
    cross join gauge
    where epoch(history.measured_at) = gauge.until_s - 900
),

zoned as (
    select
        site_code,
        min(case level when 'high' then 1 when 'medium' then 2 when 'low' then 3 end) as level_no
    from zones_sites_inside
    group by site_code
)

select
    case when state.wait_min is not null then row_number() over (order by state.wait_min desc nulls last, site.site_code) end
        as rank_no,
    site.site_code,
    site.site_name,
    site.site_name_en,
    grid.town_code,
    town.town_name,
    town.town_name_en,
    grid.community_code,
    community.community_name,
    community.community_name_en,
    site.grid_code,
    site.feed_code,
    case zoned.level_no when 1 then 'high' when 2 then 'medium' when 3 then 'low' end as zone_level,
    state.wait_class,
    state.wait_min,
    before.wait_min as before_wait_min,
    state.waiting_count,
    waits.wait_basis,
    waits.median_wait_min,
    waits.p90_wait_min,
    waits.median_low_min,
    waits.median_high_min,
    cast(case when state.wait_class <> 'unknown' then coalesce(recent.registered_count, 0) end as bigint)
        as registered_count,
    cast(case when state.wait_class <> 'unknown' then coalesce(recent.sampled_count, 0) end as bigint)
        as sampled_count,
    state.registered_per_hour,
    state.sampled_per_hour / nullif(state.open_unit_count, 0) as sampled_per_unit_hour,
    site.unit_count,
    state.open_unit_count,
    state.needed_unit_count,
    needs.hold_unit_count,
    needs.clear_unit_count,
    needs.next_hour_unit_count,
    needs.expected_registered_count,
    needs.unit_rate_per_hour,
    needs.is_unit_rate_measured,
    state.assisted_pct,
    closing.opened_at,
    closing.closed_at,
    closing.expected_close_at,
    closing.close_basis,
    state.last_event_at
from site
inner join sites_state as state on site.site_code = state.site_code
inner join sites_waits as waits on site.site_code = waits.site_code
inner join sites_needs as needs on site.site_code = needs.site_code
inner join sites_closing as closing on site.site_code = closing.site_code
left join recent on site.site_code = recent.site_code
left join before on site.site_code = before.site_code
left join zoned on site.site_code = zoned.site_code
left join grid on site.grid_code = grid.grid_code
left join community on grid.community_code = community.community_code
left join town on grid.town_code = town.town_code
order by rank_no nulls last, site.site_code
