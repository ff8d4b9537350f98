-- question: Which order holds for each zone?
-- zh:       各风险区以哪个指令为准？
-- grain:    one row per (zone_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; order_code VARCHAR; version_no INTEGER; zone_name VARCHAR; zone_name_en VARCHAR;
--           level VARCHAR; extent_no INTEGER; extent_kind VARCHAR; issued_at TIMESTAMPTZ; effective_at TIMESTAMPTZ;
--           ends_at TIMESTAMPTZ; from_at TIMESTAMPTZ; until_at TIMESTAMPTZ; replaces_order_code VARCHAR;
--           party_branch_name VARCHAR; sort_order INTEGER; recorded_at TIMESTAMPTZ
-- reads:    situation
-- uses:     zones/spans
-- notes:    the order that took effect last, if it was issued by then and has not ended; an order that ended does
--           not bring the one before it back. A zone that was lifted has none; until_at is when it will end, where that
--           is known by now
select
    held.zone_code,
    held.order_code,
    held.version_no,
    held.zone_name,
    held.zone_name_en,
    held.level,
    held.extent_no,
    extent.extent_kind,
    held.issued_at,
    held.effective_at,
    held.ends_at,
    held.from_at,
    held.until_at,
    held.replaces_order_code,
    held.party_branch_name,
    held.sort_order,
    held.recorded_at
from zones_spans as held
left join zone_extent as extent on held.extent_no = extent.extent_no
where held.from_at <= $as_of and (held.until_at is null or held.until_at > $as_of) and held.level != 'lifted'
order by held.zone_code
