-- question: How did a site go through the working day, quarter hour by quarter hour?
-- zh:       一个采样点今天每一刻钟登记和采样了多少人？登记按登记时间，采样按采样时间。
-- grain:    one row per (quarter_start_at)
-- params:   $as_of TIMESTAMPTZ; $site_code VARCHAR
-- columns:  quarter_start_at TIMESTAMPTZ; registered_count BIGINT (people); sampled_count BIGINT (people);
--           self_count BIGINT (people); assisted_count BIGINT (people); green_count BIGINT (people);
--           wait_mean_min DOUBLE (minutes)
-- reads:    situation
-- uses:     wall/working_day
-- notes:    registrations by channel at their registered_at, samplings at their sampled_at; the wait is of those
--           sampled
--           in the quarter, from registering to sampling. Only quarters in which something happened
with counted as (
    select
        floor(epoch(bucket.bucket_start_at) / 900) * 900 as quarter_s,
        sum(bucket.registered_count) as registered_count,
        sum(bucket.sampled_count) as sampled_count,
        sum(bucket.registered_count) filter (where bucket.channel = 'self') as self_count,
        sum(bucket.registered_count) filter (where bucket.channel = 'assisted') as assisted_count,
        sum(bucket.registered_count) filter (where bucket.channel = 'green') as green_count,
        sum(bucket.waited_count) as waited_count,
        sum(bucket.wait_s_sum) as wait_s_sum
    from site_bucket as bucket
    inner join wall_working_day as today on bucket.bucket_start_at >= today.starts_at
    where bucket.site_code = $site_code
        and bucket.bucket_start_at <= $as_of
        and bucket.bucket_start_at > $as_of - interval '25 hours'
    group by floor(epoch(bucket.bucket_start_at) / 900) * 900
)

select
    to_timestamp(quarter_s) as quarter_start_at,
    cast(registered_count as bigint) as registered_count,
    cast(sampled_count as bigint) as sampled_count,
    cast(coalesce(self_count, 0) as bigint) as self_count,
    cast(coalesce(assisted_count, 0) as bigint) as assisted_count,
    cast(coalesce(green_count, 0) as bigint) as green_count,
    wait_s_sum / 60 / nullif(waited_count, 0) as wait_mean_min
from counted
where registered_count > 0 or sampled_count > 0
order by quarter_start_at
