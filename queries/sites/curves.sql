-- question: How many people had each site registered and sampled by each five minutes of the working day?
-- zh:       各采样点到每个五分钟为止累计登记和采样了多少人？
-- grain:    one row per (site_code, bucket_start_at)
-- params:   $as_of TIMESTAMPTZ
-- columns:  site_code VARCHAR; bucket_start_at TIMESTAMPTZ; registered_count BIGINT (people);
--           sampled_count BIGINT (people); waited_count BIGINT (people whose wait is known); wait_s_sum DOUBLE (seconds);
--           registered_before_count BIGINT (people); sampled_before_count BIGINT (people)
-- reads:    situation
-- uses:     wall/working_day
-- notes:    the two cumulative curves of a queue: before = since 04:00 local time, without the five minutes themselves.
--           Only five minutes in which something happened; between them the curves are level
with bucketed as (
    select
        bucket.site_code,
        bucket.bucket_start_at,
        sum(bucket.registered_count) as registered_count,
        sum(bucket.sampled_count) as sampled_count,
        sum(bucket.waited_count) as waited_count,
        sum(bucket.wait_s_sum) as wait_s_sum
    from site_bucket as bucket
    inner join wall_working_day as today on bucket.bucket_start_at >= today.starts_at
    where bucket.bucket_start_at <= $as_of and bucket.bucket_start_at > $as_of - interval '25 hours'
    group by bucket.site_code, bucket.bucket_start_at
),

running as (
    select
        *,
        sum(registered_count) over (partition by site_code order by bucket_start_at) as registered_until_count,
        sum(sampled_count) over (partition by site_code order by bucket_start_at) as sampled_until_count
    from bucketed
)

select
    site_code,
    bucket_start_at,
    cast(registered_count as bigint) as registered_count,
    cast(sampled_count as bigint) as sampled_count,
    cast(waited_count as bigint) as waited_count,
    wait_s_sum,
    cast(registered_until_count - registered_count as bigint) as registered_before_count,
    cast(sampled_until_count - sampled_count as bigint) as sampled_before_count
from running
order by site_code, bucket_start_at
