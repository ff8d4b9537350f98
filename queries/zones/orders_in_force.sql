-- question: Which order holds for each zone?
-- grain:    one row per (zone_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; order_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; level VARCHAR;
--           extent_kind VARCHAR; issued_at TIMESTAMPTZ; effective_at TIMESTAMPTZ; ends_at TIMESTAMPTZ;
--           party_branch_name VARCHAR; sort_order INTEGER
-- reads:    situation
-- notes:    the order that took effect last, if it was issued by then and has not ended; an order that ended does
--           not bring the one before it back
with newest as (
    select max(struct_pack(effective_at := effective_at, issued_at := issued_at, order_code := order_code)) as held
    from zone_order
    where effective_at <= $as_of and issued_at <= $as_of
    group by zone_code
)

select
    zone_order.zone_code,
    zone_order.order_code,
    zone_order.zone_name,
    zone_order.zone_name_en,
    zone_order.level,
    zone_order.extent_kind,
    zone_order.issued_at,
    zone_order.effective_at,
    zone_order.ends_at,
    zone_order.party_branch_name,
    zone_order.sort_order
from newest
inner join zone_order on newest.held.order_code = zone_order.order_code
where zone_order.ends_at is null or zone_order.ends_at > $as_of
order by zone_order.zone_code
