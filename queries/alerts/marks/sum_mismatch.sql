-- question: Which checks say that figures which must agree do not?
-- zh:       哪些核对发现本该一致的数字不一致？
-- grain:    one row per (place_code, measured_at)
-- params:   $as_of TIMESTAMPTZ
-- columns:  place_code VARCHAR; measured_at TIMESTAMPTZ; is_met BOOLEAN; began_at TIMESTAMPTZ;
--           opens_after_min DOUBLE (minutes); closes_after_min DOUBLE (minutes); row_count BIGINT (disagreements)
-- reads:    situation
-- uses:     wall/working_day, checks/coverage_agrees, checks/queues_agree, checks/rounds_agree, checks/staff_agree, checks/feed_counts, checks/targets, checks/zones_known
-- notes:    the checks over what the pages show; those over the whole history are for wangge ask. One mark at $as_of: since
--           when is not known, the start of the working day stands for it
with found as (
    select 'coverage_agrees' as place_code, count(*) as row_count from checks_coverage_agrees
    union all
    select 'queues_agree', count(*) from checks_queues_agree
    union all
    select 'rounds_agree', count(*) from checks_rounds_agree
    union all
    select 'staff_agree', count(*) from checks_staff_agree
    union all
    select 'feed_counts', count(*) from checks_feed_counts
    union all
    select 'targets', count(*) from checks_targets
    union all
    select 'zones_known', count(*) from checks_zones_known
)

select
    found.place_code,
    cast($as_of as timestamptz) as measured_at,
    true as is_met,
    today.starts_at as began_at,
    cast(0 as double) as opens_after_min,
    cast(0 as double) as closes_after_min,
    found.row_count
from found
cross join wall_working_day as today
where found.row_count > 0
order by found.place_code
