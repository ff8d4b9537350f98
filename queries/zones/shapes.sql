-- question: What shape has each member of the zones in force?
-- grain:    one row per (order_code, member_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  zone_code VARCHAR; order_code VARCHAR; level VARCHAR; member_kind VARCHAR; member_code VARCHAR;
--           geojson VARCHAR (EPSG:4326, lon first)
-- reads:    situation
-- uses:     zones/orders_in_force, zones/extent_shapes
-- notes:    zones of every level; a polygon goes under its order's code
select
    held.zone_code,
    held.order_code,
    held.level,
    own.member_kind,
    coalesce(own.member_code, held.order_code) as member_code,
    own.geojson
from zones_orders_in_force as held
inner join zones_extent_shapes as own on held.extent_no = own.extent_no
order by held.order_code, member_code
