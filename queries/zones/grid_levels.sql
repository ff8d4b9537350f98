-- question: Which risk level holds in each grid, and by which zone?
-- zh:       各网格是什么风险等级，依据哪个风险区？
-- grain:    one row per (grid_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  grid_code VARCHAR; zone_code VARCHAR; order_code VARCHAR; zone_name VARCHAR; zone_name_en VARCHAR;
--           level VARCHAR; extent_kind VARCHAR
-- reads:    situation
-- uses:     zones/orders_in_force, zones/extent_grids
-- notes:    a grid takes the highest level of the zones that touch it, be it with one building; no row where no
--           order holds: a level comes from an order, never from a guess
with highest as (
    select
        touched.grid_code,
        min(
            struct_pack(
                rank_no := case held.level when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end,
                sort_order := coalesce(held.sort_order, 2147483647),
                zone_code := held.zone_code
            )
        ) as held
    from zones_extent_grids as touched
    inner join zones_orders_in_force as held on touched.extent_no = held.extent_no
    group by touched.grid_code
)

select
    highest.grid_code,
    held.zone_code,
    held.order_code,
    held.zone_name,
    held.zone_name_en,
    held.level,
    held.extent_kind
from highest
inner join zones_orders_in_force as held on highest.held.zone_code = held.zone_code
order by highest.grid_code
