-- question: How many people did each unit of a site sample in each quarter of an hour of the working day?
-- zh:       一个采样点的各单元每一刻钟采了多少人？按采样时间，逐条登记统计。
-- grain:    one row per (unit_no, quarter_start_at)
-- params:   $as_of TIMESTAMPTZ; $site_code VARCHAR
-- columns:  unit_no INTEGER; quarter_start_at TIMESTAMPTZ; sampled_count BIGINT (people);
--           median_wait_min DOUBLE (minutes); p90_wait_min DOUBLE (minutes)
-- reads:    rows
-- uses:     wall/working_day
-- notes:    by sampled_at, from single registrations; a unit that the site did not tell of is null. The waits are those
--           of sampled_at − registered_at, exactly
with sampled as (
    select
        registration.unit_no,
        floor(epoch(registration.sampled_at) / 900) * 900 as quarter_s,
        epoch(registration.sampled_at) - epoch(registration.registered_at) as wait_s
    from registration
    inner join wall_working_day as today on registration.registered_at >= today.starts_at
    where registration.site_code = $site_code
        and registration.registered_at <= $as_of
        and registration.sampled_at <= $as_of
)

select
    unit_no,
    to_timestamp(quarter_s) as quarter_start_at,
    count(*) as sampled_count,
    percentile_cont(0.5) within group (order by wait_s) / 60.0 as median_wait_min,
    percentile_cont(0.9) within group (order by wait_s) / 60.0 as p90_wait_min
from sampled
group by unit_no, quarter_s
order by unit_no nulls last, quarter_start_at
