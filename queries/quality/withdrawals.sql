-- question: How many rows has each site withdrawn, of which day?
-- zh:       各采样点撤回了哪天的多少行？
-- grain:    one row per (site_code, registered_on)
-- params:   $as_of TIMESTAMPTZ
-- columns:  site_code VARCHAR; registered_on DATE; withdrawn_count BIGINT (rows); never_sent_count BIGINT (rows);
--           last_received_at TIMESTAMPTZ
-- reads:    rows
-- notes:    rows registered by $as_of, by their day in the district's timezone. never_sent = of a withdrawn row only the
--           withdrawal has come. last_received_at is when the last of them was first told
with told as (
    select
        site_code,
        registered_at,
        min(case when is_withdrawn then received_at end) as received_at,
        bool_and(coalesce(is_withdrawn, false)) as is_never_sent
    from registration_version
    where registered_at <= $as_of
    group by site_code, person_token, registered_at
    having bool_or(is_withdrawn)
)

select
    told.site_code,
    cast(timezone(meta.timezone, told.registered_at) as date) as registered_on,
    count(*) as withdrawn_count,
    count(*) filter (where told.is_never_sent) as never_sent_count,
    max(told.received_at) as last_received_at
from told
cross join meta
group by told.site_code, registered_on
order by told.site_code, registered_on
