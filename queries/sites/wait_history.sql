-- question: How did the wait at each site go through the working day?
-- zh:       当日每个采样点的等候怎样变化
-- grain:    one row per (site_code, measured_at)
-- params:   $as_of TIMESTAMPTZ
-- columns:  site_code VARCHAR; measured_at TIMESTAMPTZ; waiting_count BIGINT (people);
--           sampled_per_hour DOUBLE (people per hour); wait_min DOUBLE (minutes)
-- reads:    situation
-- uses:     wall/working_day, quality/last_events
-- notes:    measured at the end of each complete five-minute bucket, from the site's first of the day to the last of
--           which its feed told; wait and rate as in sites/state, null while nobody was sampled for 15 minutes.
--           Only sites that report sampling
with counted as (
    select
        bucket.site_code,
        cast(epoch(bucket.bucket_start_at) as bigint) + 300 as measured_s,
        sum(bucket.registered_count) as registered_count,
        sum(bucket.sampled_count) as sampled_count
    from site_bucket as bucket
    inner join wall_working_day as today on bucket.bucket_start_at >= today.starts_at
    where bucket.bucket_start_at <= $as_of - interval '5 minutes'
        and bucket.bucket_start_at > $as_of - interval '25 hours'
    group by bucket.site_code, bucket.bucket_start_at
),

spans as (
    select
        site.site_code,
        min(counted.measured_s) as first_s,
        cast(floor(min(epoch(heard.last_event_at)) / 300) * 300 as bigint) as last_s
    from counted
    inner join site on counted.site_code = site.site_code
    inner join quality_last_events as heard on site.feed_code = heard.feed_code
    where site.is_sampling_reported is distinct from false
    group by site.site_code
),

spine as (
    select site_code, unnest(generate_series(first_s, last_s, 300)) as measured_s
    from spans
),

running as (
    select
        spine.site_code,
        spine.measured_s,
        coalesce(counted.sampled_count, 0) as sampled_count,
        sum(coalesce(counted.registered_count, 0) - coalesce(counted.sampled_count, 0)) over (
            partition by spine.site_code order by spine.measured_s
        ) as waiting_count,
        coalesce(lag(counted.sampled_count, 1) over (partition by spine.site_code order by spine.measured_s), 0)
            as sampled_1_count,
        coalesce(lag(counted.sampled_count, 2) over (partition by spine.site_code order by spine.measured_s), 0)
            as sampled_2_count
    from spine
    left join counted on spine.site_code = counted.site_code and spine.measured_s = counted.measured_s
),

rated as (
    select
        site_code,
        measured_s,
        case when waiting_count > 0 then waiting_count else 0 end as waiting_count,
        cast(sampled_count + sampled_1_count + sampled_2_count as double) * case
            when sampled_2_count > 0 then 4
            when sampled_1_count > 0 then 6
            else 12
        end as sampled_per_hour
    from running
)

select
    site_code,
    to_timestamp(measured_s) as measured_at,
    cast(waiting_count as bigint) as waiting_count,
    sampled_per_hour,
    60.0 * cast(waiting_count as double) / nullif(sampled_per_hour, 0) as wait_min
from rated
order by site_code, measured_at
