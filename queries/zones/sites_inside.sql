-- question: Which sampling sites lie in each zone in force?
-- zh:       生效中的各风险区内有哪些采样点？
-- grain:    one row per (zone_code, site_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; order_code VARCHAR; level VARCHAR; site_code VARCHAR; site_name VARCHAR;
--           site_name_en VARCHAR; grid_code VARCHAR; unit_count INTEGER (units it has)
-- reads:    situation
-- uses:     zones/orders_in_force
-- notes:    a site lies in a zone that names its grid or community, and in buildings' grounds and polygons that hold its point
with inside as (
    select held.zone_code, place.place_code as site_code
    from zones_orders_in_force as held
    inner join zone_place as place on held.extent_no = place.extent_no
    where place.place_kind = 'site'
    union all
    select held.zone_code, site.site_code
    from zones_orders_in_force as held
    inner join zone_member as member on held.extent_no = member.extent_no
    inner join site on member.member_code = site.grid_code
    where held.extent_kind = 'grid'
    union all
    select held.zone_code, site.site_code
    from zones_orders_in_force as held
    inner join zone_member as member on held.extent_no = member.extent_no
    inner join grid on member.member_code = grid.community_code
    inner join site on grid.grid_code = site.grid_code
    where held.extent_kind = 'community'
)

select
    held.zone_code,
    held.order_code,
    held.level,
    site.site_code,
    site.site_name,
    site.site_name_en,
    site.grid_code,
    site.unit_count
from inside
inner join zones_orders_in_force as held on inside.zone_code = held.zone_code
inner join site on inside.site_code = site.site_code
order by held.zone_code, site.site_code
