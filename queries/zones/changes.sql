-- question: What changed in the zones between two moments?
-- zh:       两个时刻之间风险区有什么变化？中间来去的不算
-- grain:    one row per (zone_code)
-- params:   $since TIMESTAMPTZ; $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR; change VARCHAR; level_before VARCHAR;
--           level_after VARCHAR; order_code_before VARCHAR; order_code_after VARCHAR; changed_at TIMESTAMPTZ;
--           resident_count_before BIGINT (people); resident_count_after BIGINT (people); is_extent_changed BOOLEAN
-- reads:    situation
-- uses:     zones/spans
-- notes:    the state at $since against that at $as_of; what came and went in between is no change. change is sealed,
--           raised, lowered, renewed (another order, the same level), released (lifted or ended). A zone that stayed under
--           its order has no row. changed_at: since when the state at $as_of holds
with before as (
    select held.*, extent.resident_count
    from zones_spans as held
    left join zone_extent as extent on held.extent_no = extent.extent_no
    where held.level != 'lifted' and held.from_at <= $since and (held.until_at is null or held.until_at > $since)
),

after as (
    select held.*, extent.resident_count
    from zones_spans as held
    left join zone_extent as extent on held.extent_no = extent.extent_no
    where held.level != 'lifted' and held.from_at <= $as_of and (held.until_at is null or held.until_at > $as_of)
),

ranked as (
    select level, rank_no
    from (values ('high', 3), ('medium', 2), ('low', 1)) as level_rank (level, rank_no)
)

select
    coalesce(after.zone_code, before.zone_code) as zone_code,
    coalesce(after.zone_name, before.zone_name) as zone_name,
    coalesce(after.zone_name_en, before.zone_name_en) as zone_name_en,
    case
        when before.order_code is null then 'sealed'
        when after.order_code is null then 'released'
        when rank_after.rank_no > rank_before.rank_no then 'raised'
        when rank_after.rank_no < rank_before.rank_no then 'lowered'
        else 'renewed'
    end as change,
    before.level as level_before,
    after.level as level_after,
    before.order_code as order_code_before,
    after.order_code as order_code_after,
    coalesce(after.from_at, before.until_at) as changed_at,
    before.resident_count as resident_count_before,
    after.resident_count as resident_count_after,
    before.extent_no is distinct from after.extent_no as is_extent_changed
from before
full outer join after on before.zone_code = after.zone_code
left join ranked as rank_before on before.level = rank_before.level
left join ranked as rank_after on after.level = rank_after.level
where before.order_code is distinct from after.order_code
order by changed_at, zone_code
