-- question: At which sites do the single rows differ from the buckets?
-- zh:       哪些采样点的逐条数据与汇总不一致？
-- grain:    one row per (site_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  site_code VARCHAR; row_registered_count BIGINT (registrations);
--           bucket_registered_count BIGINT (registrations); row_sampled_count BIGINT (registrations);
--           bucket_sampled_count BIGINT (registrations)
-- reads:    rows
-- notes:    no rows when all agree. Rows count up to the end of the last five minutes that count. Once rows were destroyed, buckets may hold more than rows, never less
with bounds as (
    select max(bucket_start_at) + interval '5 minutes' as until_at
    from site_bucket
    where bucket_start_at <= $as_of
),

by_row as (
    select
        registration.site_code,
        count(*) as registered_count,
        count(*) filter (where registration.sampled_at < bounds.until_at) as sampled_count
    from registration
    inner join bounds on registration.registered_at < bounds.until_at
    group by registration.site_code
),

by_bucket as (
    select site_code, sum(registered_count) as registered_count, sum(sampled_count) as sampled_count
    from site_bucket
    where bucket_start_at <= $as_of
    group by site_code
)

select
    coalesce(by_row.site_code, by_bucket.site_code) as site_code,
    coalesce(by_row.registered_count, 0) as row_registered_count,
    cast(coalesce(by_bucket.registered_count, 0) as bigint) as bucket_registered_count,
    coalesce(by_row.sampled_count, 0) as row_sampled_count,
    cast(coalesce(by_bucket.sampled_count, 0) as bigint) as bucket_sampled_count
from by_row
full join by_bucket on by_row.site_code = by_bucket.site_code
where (
    not exists (select 1 from erasure where erasure.scope != 'key')
    and (
        by_row.registered_count is distinct from by_bucket.registered_count
        or by_row.sampled_count is distinct from by_bucket.sampled_count
    )
)
or by_row.registered_count > coalesce(by_bucket.registered_count, 0)
or by_row.sampled_count > coalesce(by_bucket.sampled_count, 0)
order by site_code
