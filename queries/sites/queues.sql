-- question: How do the queues of all sites stand together?
-- zh:       所有采样点的排队合起来怎样？只计已知的采样点；缺口＝需要单元 − 在开单元
-- grain:    one row
-- params:   $as_of TIMESTAMPTZ
-- columns:  smooth_count BIGINT (sites); busy_count BIGINT (sites); jammed_count BIGINT (sites);
--           resting_count BIGINT (sites); unknown_count BIGINT (sites); waiting_count BIGINT (people);
--           longest_wait_min DOUBLE (minutes); longest_site_code VARCHAR; open_unit_count BIGINT (units);
--           needed_unit_count BIGINT (units); short_unit_count BIGINT (units); short_site_count BIGINT (sites)
-- reads:    situation
-- uses:     sites/state
-- notes:    sums are over the sites that are known, null where none is. Short = needed − open, where more are needed
with counted as (
    select
        count(*) filter (where wait_class <> 'unknown') as known_count,
        count(*) filter (where wait_class = 'smooth') as smooth_count,
        count(*) filter (where wait_class = 'busy') as busy_count,
        count(*) filter (where wait_class = 'jammed') as jammed_count,
        count(*) filter (where wait_class = 'resting') as resting_count,
        count(*) filter (where wait_class = 'unknown') as unknown_count,
        sum(waiting_count) as waiting_count,
        max(wait_min) as longest_wait_min,
        min(struct_pack(shortness := -wait_min, site_code := site_code)) filter (
            where wait_min is not null
        ) as longest,
        sum(open_unit_count) as open_unit_count,
        sum(needed_unit_count) as needed_unit_count,
        sum(needed_unit_count - open_unit_count) filter (
            where needed_unit_count > open_unit_count
        ) as short_unit_count,
        count(*) filter (where needed_unit_count > open_unit_count) as short_site_count
    from sites_state
)

select
    case when known_count > 0 then smooth_count end as smooth_count,
    case when known_count > 0 then busy_count end as busy_count,
    case when known_count > 0 then jammed_count end as jammed_count,
    case when known_count > 0 then resting_count end as resting_count,
    unknown_count,
    cast(waiting_count as bigint) as waiting_count,
    longest_wait_min,
    longest.site_code as longest_site_code,
    cast(open_unit_count as bigint) as open_unit_count,
    cast(needed_unit_count as bigint) as needed_unit_count,
    cast(case when known_count > 0 then coalesce(short_unit_count, 0) end as bigint) as short_unit_count,
    case when known_count > 0 then short_site_count end as short_site_count
from counted
order by unknown_count
