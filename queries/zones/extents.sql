-- question: What shape has each member of the high-risk and medium-risk zones in force?
-- grain:    one row per (order_code, member_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  order_code VARCHAR; member_code VARCHAR; geojson VARCHAR (EPSG:4326, lon first)
-- reads:    situation
-- uses:     zones/orders_in_force
select extent.order_code, extent.member_code, extent.geojson
from zone_extent as extent
inner join zones_orders_in_force as held on extent.order_code = held.order_code
where held.level in ('high', 'medium')
order by extent.order_code, extent.member_code
