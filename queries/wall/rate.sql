-- question: How many people an hour does the district register and sample?
-- zh:       全区每小时登记、采样多少人？取最近三个完整的五分钟
-- grain:    one row
-- params:   $as_of TIMESTAMPTZ
-- columns:  registered_per_hour DOUBLE (people per hour); sampled_per_hour DOUBLE (people per hour)
-- reads:    situation
-- notes:    of the last three complete five-minute buckets; null while no registration is known
with recent as (
    select 4.0 * sum(registered_count) as registered_per_hour, 4.0 * sum(sampled_count) as sampled_per_hour
    from site_bucket
    where bucket_start_at > $as_of - interval '20 minutes' and bucket_start_at <= $as_of - interval '5 minutes'
),

known as (
    select (select min(bucket_start_at) from site_bucket) <= $as_of as is_known
)

select
    cast(case when known.is_known then coalesce(recent.registered_per_hour, 0) end as double) as registered_per_hour,
    cast(case when known.is_known then coalesce(recent.sampled_per_hour, 0) end as double) as sampled_per_hour
from recent
cross join known
order by registered_per_hour
