-- question: How did a site go through each of its working days?
-- zh:       一个采样点的每个工作日（自 04:00 起）怎么样？平均等候只算两个时间都有的人。
-- grain:    one row per (day_on)
-- params:   $as_of TIMESTAMPTZ; $site_code VARCHAR
-- columns:  day_on DATE; registered_count BIGINT (people); sampled_count BIGINT (people); self_pct DOUBLE (percent);
--           assisted_pct DOUBLE (percent); green_pct DOUBLE (percent); mean_wait_min DOUBLE (minutes); first_at TIMESTAMPTZ;
--           last_at TIMESTAMPTZ; opened_unit_count BIGINT (units)
-- reads:    situation
-- notes:    a working day begins at 04:00 local time. The mean wait is of those sampled with both times; first and last are
--           the five minutes of the first and the last registration or sampling; who tells no channel is in none. Units:
--           different ones that were opened that day. The newest day first, as many as the situation holds
with counted as (
    select
        cast((bucket.bucket_start_at at time zone meta.timezone) - interval '4 hours' as date) as day_on,
        sum(bucket.registered_count) as registered_count,
        sum(bucket.sampled_count) as sampled_count,
        sum(bucket.registered_count) filter (where bucket.channel = 'self') as self_count,
        sum(bucket.registered_count) filter (where bucket.channel = 'assisted') as assisted_count,
        sum(bucket.registered_count) filter (where bucket.channel = 'green') as green_count,
        sum(bucket.waited_count) as waited_count,
        sum(bucket.wait_s_sum) as wait_s_sum,
        min(bucket.bucket_start_at) as first_at,
        max(bucket.bucket_start_at) as last_at
    from site_bucket as bucket
    cross join meta
    where bucket.site_code = $site_code and bucket.bucket_start_at <= $as_of
    group by 1
),

opened as (
    select
        cast((event.event_at at time zone meta.timezone) - interval '4 hours' as date) as day_on,
        count(distinct event.unit_no) as opened_unit_count
    from unit_event as event
    cross join meta
    where event.site_code = $site_code and event.event = 'open' and event.event_at <= $as_of
    group by 1
)

select
    counted.day_on,
    cast(counted.registered_count as bigint) as registered_count,
    cast(counted.sampled_count as bigint) as sampled_count,
    100.0 * cast(coalesce(counted.self_count, 0) as double) / nullif(counted.registered_count, 0) as self_pct,
    100.0 * cast(coalesce(counted.assisted_count, 0) as double) / nullif(counted.registered_count, 0) as assisted_pct,
    100.0 * cast(coalesce(counted.green_count, 0) as double) / nullif(counted.registered_count, 0) as green_pct,
    counted.wait_s_sum / 60 / nullif(counted.waited_count, 0) as mean_wait_min,
    counted.first_at,
    counted.last_at,
    opened.opened_unit_count
from counted
left join opened on counted.day_on = opened.day_on
order by counted.day_on desc
