-- question: How did wait, open units and needed units of a site go through the working day?
-- zh:       一个采样点今天的等候、在开单元和需要单元怎样变化？每五分钟一次；需要按单元现在的速度算。
-- grain:    one row per (measured_at)
-- params:   $as_of TIMESTAMPTZ; $site_code VARCHAR; $busy_from_min DOUBLE default 25;
--           $unit_capacity_per_hour DOUBLE default 100
-- columns:  measured_at TIMESTAMPTZ; waiting_count BIGINT (people); wait_min DOUBLE (minutes);
--           open_unit_count BIGINT (units); needed_unit_count BIGINT (units)
-- reads:    situation
-- uses:     sites/wait_history, sites/curves, sites/unit_rates
-- notes:    at the end of each complete five minutes. The wait is that of sites/wait_history, zero where nobody waits;
--           needed is worked out as in sites/state, at the pace that a unit has now. Open is null for a site that tells
--           nothing of its units. Without the time in which no unit is open and nobody comes or waits
with pace as (
    select coalesce(unit_rate_per_hour, $unit_capacity_per_hour) as unit_rate_per_hour
    from sites_unit_rates
    where site_code = $site_code
),

measured as (
    select
        history.measured_at,
        history.waiting_count,
        history.wait_min,
        coalesce(curve.registered_count, 0) as registered_count
    from sites_wait_history as history
    left join sites_curves as curve
        on history.site_code = curve.site_code
        and history.measured_at = curve.bucket_start_at + interval '5 minutes'
    where history.site_code = $site_code
),

rated as (
    select
        measured_at,
        waiting_count,
        case when waiting_count = 0 then 0.0 else wait_min end as wait_min,
        4.0 * sum(registered_count) over (
            order by measured_at rows between 2 preceding and current row
        ) as registered_per_hour
    from measured
),

changed as (
    select
        unit_no,
        event_at,
        event,
        lead(event_at) over (
            partition by unit_no order by event_at, case event when 'open' then 1 else 2 end
        ) as next_at
    from unit_event
    where site_code = $site_code and event_at <= $as_of and event_at > $as_of - interval '40 hours'
),

opened as (
    select rated.measured_at, count(distinct changed.unit_no) as open_unit_count
    from rated
    inner join changed
        on changed.event_at <= rated.measured_at
        and (changed.next_at is null or changed.next_at > rated.measured_at)
        and changed.event_at > rated.measured_at - interval '16 hours'
    where changed.event = 'open'
    group by rated.measured_at
),

stated as (
    select
        rated.measured_at,
        rated.waiting_count,
        rated.wait_min,
        case
            when (select count(*) from changed) > 0 then coalesce(opened.open_unit_count, 0)
        end as open_unit_count,
        case
            when rated.registered_per_hour > rated.waiting_count * 60.0 / $busy_from_min
                then ceil(rated.registered_per_hour / pace.unit_rate_per_hour)
            else ceil(rated.waiting_count * 60.0 / $busy_from_min / pace.unit_rate_per_hour)
        end as needed_unit_count
    from rated
    cross join pace
    left join opened on rated.measured_at = opened.measured_at
)

select
    measured_at,
    waiting_count,
    wait_min,
    open_unit_count,
    cast(needed_unit_count as bigint) as needed_unit_count
from stated
where coalesce(open_unit_count, 0) > 0 or waiting_count > 0 or needed_unit_count > 0
order by measured_at
