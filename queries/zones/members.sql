-- question: Which buildings, communities, grids or polygons does each zone consist of?
-- zh:       每个风险区由哪些楼栋、社区、网格或多边形组成
-- grain:    one row per (zone_code, member_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; level VARCHAR; member_kind VARCHAR; member_code VARCHAR; member_name VARCHAR;
--           member_name_en VARCHAR; grid_code VARCHAR; town_code VARCHAR; town_name VARCHAR;
--           party_branch_name VARCHAR
-- reads:    situation
-- uses:     zones/orders_in_force
-- notes:    zones of every level that an order in force names; grid_code is null for a community. A polygon has its order's
--           code and its zone's name, and no grid or town of its own
with named as (
    select
        held.zone_code,
        held.level,
        held.extent_kind as member_kind,
        coalesce(member.member_code, held.order_code) as member_code,
        held.party_branch_name,
        case
            when held.extent_kind = 'polygon' then held.zone_name
            else coalesce(building.building_name, community.community_name, grid.grid_name)
        end as member_name,
        case
            when held.extent_kind = 'polygon' then held.zone_name_en
            else coalesce(building.building_name_en, community.community_name_en, grid.grid_name_en)
        end as member_name_en,
        coalesce(building.grid_code, grid.grid_code) as grid_code,
        community.town_code
    from zones_orders_in_force as held
    left join zone_member as member on held.extent_no = member.extent_no
    left join building on held.extent_kind = 'building' and member.member_code = building.building_code
    left join community on held.extent_kind = 'community' and member.member_code = community.community_code
    left join grid on held.extent_kind = 'grid' and member.member_code = grid.grid_code
    where member.member_code is not null or held.extent_kind = 'polygon'
),

placed as (
    select named.* exclude (town_code), coalesce(named.town_code, home.town_code) as town_code
    from named
    left join grid as home on named.grid_code = home.grid_code
)

select
    placed.zone_code,
    placed.level,
    placed.member_kind,
    placed.member_code,
    placed.member_name,
    placed.member_name_en,
    placed.grid_code,
    placed.town_code,
    town.town_name,
    placed.party_branch_name
from placed
left join town on placed.town_code = town.town_code
order by placed.zone_code, placed.member_code
