-- question: What shape has each member of the zones in force?
-- zh:       生效中的风险区各部分是什么形状？
-- grain:    one row per (order_code, member_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; order_code VARCHAR; level VARCHAR; member_kind VARCHAR; member_code VARCHAR;
--           geojson VARCHAR (EPSG:4326, lon first)
-- reads:    situation
-- uses:     zones/orders_in_force
-- notes:    zones of every level. A building has its ground, or a circle where that is not known; communities and grids have
--           their outlines, a polygon its own under the order's code
with own as (
    select extent_no, member_code, geojson
    from zone_member
    union all
    select extent_no, cast(null as varchar) as member_code, geojson
    from zone_extent
    where extent_kind = 'polygon'
)

select
    held.zone_code,
    held.order_code,
    held.level,
    held.extent_kind as member_kind,
    coalesce(own.member_code, held.order_code) as member_code,
    coalesce(own.geojson, geometry.geojson) as geojson
from zones_orders_in_force as held
inner join own on held.extent_no = own.extent_no
left join geometry on held.extent_kind = geometry.kind and own.member_code = geometry.code
order by held.order_code, member_code
