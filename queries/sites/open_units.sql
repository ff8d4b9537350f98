-- question: Which sampling units are open, and since when?
-- zh:       哪些采样单元开着，从何时起？
-- grain:    one row per (site_code, unit_no)
-- params:   $as_of TIMESTAMPTZ
-- columns:  site_code VARCHAR; unit_no INTEGER; opened_at TIMESTAMPTZ
-- reads:    situation
-- notes:    open = opened within the last 16 hours and not closed since: one whose closing got lost does not stay open
--           for ever. Of two events in one second the closing counts
with latest as (
    select
        site_code,
        unit_no,
        max(event_at) filter (where event = 'open') as opened_at,
        max(event_at) filter (where event = 'close') as closed_at
    from unit_event
    where event_at <= $as_of and event_at > $as_of - interval '16 hours'
    group by site_code, unit_no
)

select
    site_code,
    unit_no,
    opened_at
from latest
where opened_at is not null and (closed_at is null or closed_at < opened_at)
order by site_code, unit_no
