-- question: How many people were registered and sampled in each quarter of an hour of the working day?
-- zh:       当日每一刻钟登记、采样多少人？从有人来的第一刻起，最多近 16 小时；没有人来的一刻为零；更正的行只计一次
-- grain:    one row per (quarter_start_at)
-- params:   $as_of TIMESTAMPTZ
-- columns:  quarter_start_at TIMESTAMPTZ; registered_count BIGINT (people); sampled_count BIGINT (people);
--           is_running BOOLEAN
-- reads:    situation
-- uses:     wall/working_day
-- notes:    from the first quarter of the working day in which someone came, at most the last 16 hours; a quarter in
--           between in which nobody came is a row of zeros. No rows before anyone came. A corrected row counts once
with counted as (
    select
        floor(epoch(bucket.bucket_start_at) / 900) * 900 as quarter_s,
        sum(bucket.registered_count) as registered_count,
        sum(bucket.sampled_count) as sampled_count
    from site_bucket as bucket
    inner join wall_working_day as today on bucket.bucket_start_at >= today.starts_at
    where bucket.bucket_start_at <= $as_of and bucket.bucket_start_at > $as_of - interval '16 hours'
    group by floor(epoch(bucket.bucket_start_at) / 900) * 900
),

quarters as (
    select unnest(
        generate_series(
            (select cast(min(quarter_s) as bigint) from counted where registered_count > 0 or sampled_count > 0),
            cast(floor(epoch($as_of) / 900) * 900 as bigint),
            900
        )
    ) as quarter_s
)

select
    to_timestamp(quarters.quarter_s) as quarter_start_at,
    cast(coalesce(counted.registered_count, 0) as bigint) as registered_count,
    cast(coalesce(counted.sampled_count, 0) as bigint) as sampled_count,
    quarters.quarter_s + 900 > epoch($as_of) as is_running
from quarters
left join counted on quarters.quarter_s = counted.quarter_s
order by quarter_start_at
