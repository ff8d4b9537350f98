-- question: At which five-minute marks of the working day was each site jammed?
-- zh:       当日哪些 5 分钟时刻，各采样点拥堵？
-- grain:    one row per (place_code, measured_at)
-- params:   $as_of TIMESTAMPTZ; $jammed_from_min DOUBLE default 50; $jam_opens_after_min DOUBLE default 5;
--           $jam_closes_after_min DOUBLE default 10
-- columns:  place_code VARCHAR; measured_at TIMESTAMPTZ; is_met BOOLEAN; began_at TIMESTAMPTZ;
--           opens_after_min DOUBLE (minutes); closes_after_min DOUBLE (minutes)
-- reads:    situation
-- uses:     sites/wait_history
-- notes:    only sites that were jammed at one mark at least. Fewer than ten people waiting are no jam: then single swabs decide the rate. While nobody was sampled the wait cannot
--           be judged (null); after 30 such minutes there is no jam any more. Opens at the second mark in a row: one slow
--           bucket is no jam; closes after three clear marks in a row
with measured as (
    select
        site_code,
        measured_at,
        wait_min >= $jammed_from_min and waiting_count >= 10 as is_jammed,
        waiting_count,
        max(case when wait_min is not null then measured_at end) over (
            partition by site_code order by measured_at
        ) as judged_at
    from sites_wait_history
)

select
    site_code as place_code,
    measured_at,
    case
        when waiting_count < 10 then false
        when is_jammed is null and measured_at - judged_at >= interval '30 minutes' then false
        else is_jammed
    end as is_met,
    cast(null as timestamptz) as began_at,
    cast($jam_opens_after_min as double) as opens_after_min,
    cast($jam_closes_after_min as double) as closes_after_min
from measured
where site_code in (select site_code from measured where is_jammed)
order by place_code, measured_at
