-- question: Does the chart of the district tell as many people as the curves of its sites?
-- zh:       全区曲线与各采样点曲线的人数一致吗？
-- grain:    one row per (figure)
-- params:   $as_of TIMESTAMPTZ
-- columns:  figure VARCHAR; by_chart BIGINT (people); by_sites BIGINT (people)
-- reads:    situation
-- uses:     wall/throughput, wall/working_day
-- notes:    no rows when all agree: the quarters of the chart against the five minutes of the sites, since 04:00 local time and at
--           most the last 16 hours
with charted as (
    select sum(registered_count) as registered_count, sum(sampled_count) as sampled_count
    from wall_throughput
),

counted as (
    select sum(bucket.registered_count) as registered_count, sum(bucket.sampled_count) as sampled_count
    from site_bucket as bucket
    inner join site on bucket.site_code = site.site_code
    inner join wall_working_day as today on bucket.bucket_start_at >= today.starts_at
    where bucket.bucket_start_at <= $as_of and bucket.bucket_start_at > $as_of - interval '16 hours'
),

compared as (
    select 'registered' as figure, charted.registered_count as by_chart, counted.registered_count as by_sites
    from charted
    cross join counted
    union all
    select 'sampled', charted.sampled_count, counted.sampled_count
    from charted
    cross join counted
)

select figure, cast(coalesce(by_chart, 0) as bigint) as by_chart, cast(coalesce(by_sites, 0) as bigint) as by_sites
from compared
where coalesce(by_chart, 0) <> coalesce(by_sites, 0)
order by figure
