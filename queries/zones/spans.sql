-- question: From when until when does each order hold, and what ends it?
-- zh:       每个指令从何时到何时有效，因何结束？
-- grain:    one row per (order_code)
-- params:   $known_at TIMESTAMPTZ default null what was believed then, by default now
-- columns:  order_code VARCHAR; version_no INTEGER; recorded_at TIMESTAMPTZ; zone_code VARCHAR; zone_name VARCHAR;
--           zone_name_en VARCHAR; level VARCHAR; extent_no INTEGER; replaces_order_code VARCHAR; issued_at TIMESTAMPTZ;
--           effective_at TIMESTAMPTZ; ends_at TIMESTAMPTZ; from_at TIMESTAMPTZ; until_at TIMESTAMPTZ;
--           ended_by_order_code VARCHAR; party_branch_name VARCHAR; sort_order INTEGER
-- reads:    situation
-- notes:    an order holds from when it was issued and took effect, until it ends, or a later one on its zone or one that
--           replaces it by name holds; what was ended does not come back when that one ends. until_at is null while
--           nothing ends it, and from_at where it never held. Orders that lift (level lifted) have spans like others.
--           Withdrawn orders have none
with known as (
    select order_code, max(version_no) as version_no
    from zone_order
    where cast($known_at as timestamptz) is null or recorded_at <= $known_at
    group by order_code
),

believed as (
    select zone_order.*, greatest(zone_order.effective_at, zone_order.issued_at) as from_at
    from zone_order
    inner join known on zone_order.order_code = known.order_code and zone_order.version_no = known.version_no
    where not zone_order.is_withdrawn
),

ended as (
    select believed.order_code, min(struct_pack(from_at := later.from_at, order_code := later.order_code)) as next
    from believed
    inner join believed as later
        on
            later.replaces_order_code = believed.order_code
            or (
                later.zone_code = believed.zone_code
                and (later.effective_at, later.issued_at, later.order_code)
                > (believed.effective_at, believed.issued_at, believed.order_code)
            )
    group by believed.order_code
)

select
    believed.order_code,
    believed.version_no,
    believed.recorded_at,
    believed.zone_code,
    believed.zone_name,
    believed.zone_name_en,
    believed.level,
    believed.extent_no,
    believed.replaces_order_code,
    believed.issued_at,
    believed.effective_at,
    believed.ends_at,
    believed.from_at,
    case
        when least(believed.ends_at, ended.next.from_at) is not null
            then greatest(believed.from_at, least(believed.ends_at, ended.next.from_at))
    end as until_at,
    case
        when ended.next.from_at <= coalesce(believed.ends_at, ended.next.from_at) then ended.next.order_code
    end as ended_by_order_code,
    believed.party_branch_name,
    believed.sort_order
from believed
left join ended on believed.order_code = ended.order_code
order by believed.order_code
