-- question: How long would someone wait who joined the queue of each site now?
-- zh:       现在去每个采样点要排多久？等候时间＝等候人数 ÷ 采样速度（利特尔法则）；等候＝当日 4 时起已登记未采样；速度取最近三个完整的五分钟。没有上报采样、还没有数据或数据源静默的为未知
-- grain:    one row per (site_code)
-- params:   $as_of TIMESTAMPTZ; $busy_from_min DOUBLE default 25; $jammed_from_min DOUBLE default 50;
--           $unit_capacity_per_hour DOUBLE default 100; $allowance_s DOUBLE default 0
-- columns:  site_code VARCHAR; feed_code VARCHAR; grid_code VARCHAR; wait_min DOUBLE (minutes); wait_class VARCHAR;
--           waiting_count BIGINT (people); registered_per_hour DOUBLE (people per hour);
--           sampled_per_hour DOUBLE (people per hour); open_unit_count BIGINT (units);
--           needed_unit_count BIGINT (units); assisted_pct DOUBLE (percent); last_event_at TIMESTAMPTZ
-- reads:    situation
-- uses:     wall/working_day, sites/open_units, sites/unit_rates, quality/last_events
-- notes:    wait = people waiting ÷ sampling rate (Little's law: Little, Operations Research 9, 1961). Waiting =
--           registered − sampled since 04:00 local time. Rates are of the last three complete five-minute buckets;
--           the sampling rate from the first of them in which someone was sampled; while nobody was, and for at most
--           two people a unit (units that stand idle in between tell a rate too low), what the open units can do. Needed
--           units = the larger of arrivals per hour and what empties the queue in busy_from_min, ÷ what a unit takes
--           per hour (sites/unit_rates, else unit_capacity_per_hour), rounded up. Resting: no unit open and nobody
--           waiting; people whose sampling was never reported stop counting as waiting 30 minutes after the last row
--           once all units are closed. Unknown: the site never reports sampling, its feed told nothing yet, or its feed
--           is silent for longer than silent_after_min + allowance_s while the site is open
with today_bucket as (
    select
        bucket.site_code,
        bucket.bucket_start_at,
        bucket.registered_count,
        bucket.sampled_count,
        bucket.channel <> 'self' as is_assisted,
        bucket.bucket_start_at > $as_of - interval '30 minutes' as is_half_hour,
        bucket.bucket_start_at > $as_of - interval '20 minutes'
        and bucket.bucket_start_at <= $as_of - interval '5 minutes' as is_recent
    from site_bucket as bucket
    inner join wall_working_day as today on bucket.bucket_start_at >= today.starts_at
    where bucket.bucket_start_at <= $as_of and bucket.bucket_start_at > $as_of - interval '25 hours'
),

activity as (
    select
        site_code,
        sum(registered_count - sampled_count) as unsampled_count,
        max(bucket_start_at) as bucket_start_at,
        sum(registered_count) filter (where is_recent) as recent_registered_count,
        sum(sampled_count) filter (where is_recent) as recent_sampled_count,
        min(bucket_start_at) filter (where is_recent and sampled_count > 0) as sampling_since_at,
        sum(registered_count) filter (where is_half_hour) as half_hour_count,
        sum(registered_count) filter (where is_half_hour and is_assisted) as half_hour_assisted_count
    from today_bucket
    group by site_code
),

units as (
    select event.site_code, max(event.event_at) as event_at
    from unit_event as event
    where event.event_at <= $as_of
    group by event.site_code
),

open_units as (
    select site_code, count(*) as open_unit_count
    from sites_open_units
    group by site_code
),

observed as (
    select
        site.site_code,
        site.feed_code,
        site.grid_code,
        site.is_sampling_reported is distinct from false as is_sampling_reported,
        heard.last_event_at is not null as is_known,
        coalesce(
            epoch($as_of) - epoch(heard.last_event_at) > feed.silent_after_min * 60 + $allowance_s, false
        ) as is_silent,
        coalesce(pace.unit_rate_per_hour, $unit_capacity_per_hour) as unit_rate_per_hour,
        coalesce(activity.bucket_start_at > $as_of - interval '30 minutes', false) as is_active,
        case when units.site_code is not null then coalesce(open_units.open_unit_count, 0) end as open_unit_count,
        case when activity.unsampled_count > 0 then activity.unsampled_count else 0 end as unsampled_count,
        4.0 * coalesce(activity.recent_registered_count, 0) as registered_per_hour,
        coalesce(
            3600.0 * activity.recent_sampled_count
            / (floor(epoch($as_of) / 300) * 300 - epoch(activity.sampling_since_at)),
            0
        ) as sampled_per_hour,
        100.0 * coalesce(activity.half_hour_assisted_count, 0) / nullif(activity.half_hour_count, 0) as assisted_pct,
        case
            when units.event_at >= activity.bucket_start_at + interval '5 minutes' then units.event_at
            when activity.bucket_start_at + interval '5 minutes' > $as_of then $as_of
            else coalesce(activity.bucket_start_at + interval '5 minutes', units.event_at)
        end as last_event_at
    from site
    left join feed on site.feed_code = feed.feed_code
    left join quality_last_events as heard on site.feed_code = heard.feed_code
    left join activity on site.site_code = activity.site_code
    left join units on site.site_code = units.site_code
    left join open_units on site.site_code = open_units.site_code
    left join sites_unit_rates as pace on site.site_code = pace.site_code
),

judged as (
    select
        *,
        case
            when not is_known then 'unknown'
            when coalesce(open_unit_count, 0) = 0 and not is_active then 'resting'
            when is_silent or not is_sampling_reported then 'unknown'
            when open_unit_count = 0 and unsampled_count = 0 then 'resting'
            else 'open'
        end as condition,
        case
            when unsampled_count = 0 then 0.0
            when unsampled_count <= 2 * open_unit_count
                then 60.0 * unsampled_count / (open_unit_count * $unit_capacity_per_hour)
            when sampled_per_hour > 0 then 60.0 * unsampled_count / sampled_per_hour
            when open_unit_count > 0 then 60.0 * unsampled_count / (open_unit_count * $unit_capacity_per_hour)
        end as expected_wait_min
    from observed
),

stated as (
    select
        *,
        case condition when 'open' then expected_wait_min end as wait_min,
        case condition when 'open' then unsampled_count when 'resting' then 0 end as waiting_count
    from judged
)

select
    site_code,
    feed_code,
    grid_code,
    cast(wait_min as double) as wait_min,
    case
        when condition <> 'open' then condition
        when wait_min is null then 'unknown'
        when wait_min < $busy_from_min then 'smooth'
        when wait_min < $jammed_from_min then 'busy'
        else 'jammed'
    end as wait_class,
    cast(waiting_count as bigint) as waiting_count,
    cast(case when is_known and not is_silent then registered_per_hour end as double) as registered_per_hour,
    cast(case condition when 'open' then sampled_per_hour when 'resting' then 0 end as double) as sampled_per_hour,
    cast(open_unit_count as bigint) as open_unit_count,
    cast(
        case
            when condition = 'resting' then 0
            when condition = 'open' and registered_per_hour > waiting_count * 60.0 / $busy_from_min
                then ceil(registered_per_hour / unit_rate_per_hour)
            when condition = 'open' then ceil(waiting_count * 60.0 / $busy_from_min / unit_rate_per_hour)
        end as bigint
    ) as needed_unit_count,
    cast(assisted_pct as double) as assisted_pct,
    last_event_at
from stated
order by wait_min desc nulls last, site_code
