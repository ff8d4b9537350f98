-- question: Which sampling units are open, and since when?
-- grain:    one row per (site_code, unit_no)
-- params:   $as_of TIMESTAMPTZ
-- columns:  site_code VARCHAR; unit_no INTEGER; opened_at TIMESTAMPTZ
-- reads:    situation
-- notes:    open = its last event is an opening not older than 16 hours: one whose closing got lost does not stay
--           open for ever. Of two events in one second the closing counts
with latest as (
    select
        site_code,
        unit_no,
        event,
        event_at,
        row_number() over (partition by site_code, unit_no order by event_at desc, event) as place
    from unit_event
    where event_at <= $as_of and event_at > $as_of - interval '16 hours'
)

select site_code, unit_no, event_at as opened_at
from latest
where place = 1 and event = 'open'
order by site_code, unit_no
