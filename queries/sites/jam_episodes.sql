-- question: When was each site jammed during the working day?
-- zh:       当日各采样点何时拥堵？
-- grain:    one row per (site_code, started_at)
-- params:   $as_of TIMESTAMPTZ; $jammed_from_min DOUBLE default 50
-- columns:  site_code VARCHAR; started_at TIMESTAMPTZ; ended_at TIMESTAMPTZ; longest_wait_min DOUBLE (minutes)
-- reads:    situation
-- uses:     sites/wait_history
-- notes:    to five minutes; fewer than ten people waiting are no jam: then single swabs decide the rate. ended_at is
--           null while it lasts, and while its feed has told of nothing later
with measured as (
    select
        site_code,
        measured_at,
        wait_min,
        coalesce(wait_min >= $jammed_from_min and waiting_count >= 10, false) as is_jammed
    from sites_wait_history
),

marked as (
    select
        measured.*,
        lead(measured_at) over (partition by site_code order by measured_at) as next_at,
        max(case when not is_jammed then measured_at end) over (partition by site_code order by measured_at)
            as last_clear_at
    from measured
    where site_code in (select site_code from measured where is_jammed)
)

select
    site_code,
    min(measured_at) as started_at,
    case when count(next_at) = count(*) then max(next_at) end as ended_at,
    max(wait_min) as longest_wait_min
from marked
where is_jammed
group by site_code, last_clear_at
order by site_code, started_at
