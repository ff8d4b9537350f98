-- question: Which order holds for each zone?
-- grain:    one row per (zone_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; order_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; level VARCHAR;
--           extent_kind VARCHAR; issued_at TIMESTAMPTZ; effective_at TIMESTAMPTZ; ends_at TIMESTAMPTZ;
--           party_branch_name VARCHAR; sort_order INTEGER
-- reads:    situation
-- notes:    the order that took effect last, if it was issued by then and has not ended; an order that ended does
--           not bring the one before it back
with effective as (
    select
        *,
        row_number() over (
            partition by zone_code order by effective_at desc, issued_at desc, order_code desc
        ) as place
    from zone_order
    where effective_at <= $as_of and issued_at <= $as_of
)

select
    zone_code,
    order_code,
    zone_name,
    zone_name_en,
    level,
    extent_kind,
    issued_at,
    effective_at,
    ends_at,
    party_branch_name,
    sort_order
from effective
where place = 1 and (ends_at is null or ends_at > $as_of)
order by zone_code
