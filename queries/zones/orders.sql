-- question: Which orders were given, and how were they corrected?
-- zh:       下达过哪些指令，更正过什么
-- grain:    one row per (order_code, version_no)
-- params:   $known_at TIMESTAMPTZ default null what was believed then, by default now
-- columns:  order_code VARCHAR; version_no INTEGER; recorded_at TIMESTAMPTZ; recorded_by VARCHAR; is_withdrawn BOOLEAN;
--           is_believed BOOLEAN; zone_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; level VARCHAR;
--           extent_kind VARCHAR; member_count BIGINT (buildings, communities, grids or polygons);
--           resident_count BIGINT (people); issued_at TIMESTAMPTZ; effective_at TIMESTAMPTZ; ends_at TIMESTAMPTZ;
--           replaces_order_code VARCHAR; from_at TIMESTAMPTZ; until_at TIMESTAMPTZ; ended_by_order_code VARCHAR
-- reads:    situation
-- uses:     zones/spans
-- notes:    versions recorded later than $known_at are left out. is_believed: the version that counts; a withdrawn order has
--           none. from_at to until_at is when the order held, of the version that counts only
select
    given.order_code,
    given.version_no,
    given.recorded_at,
    given.recorded_by,
    given.is_withdrawn,
    held.order_code is not null as is_believed,
    given.zone_code,
    given.zone_name,
    given.zone_name_en,
    given.level,
    extent.extent_kind,
    extent.member_count,
    extent.resident_count,
    given.issued_at,
    given.effective_at,
    given.ends_at,
    given.replaces_order_code,
    held.from_at,
    held.until_at,
    held.ended_by_order_code
from zone_order as given
left join zone_extent as extent on given.extent_no = extent.extent_no
left join zones_spans as held on given.order_code = held.order_code and given.version_no = held.version_no
where cast($known_at as timestamptz) is null or given.recorded_at <= $known_at
order by given.order_code, given.version_no
