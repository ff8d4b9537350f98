-- question: What shape has each member of the high-risk and medium-risk zones in force?
-- zh:       生效中的高、中风险区各部分是什么形状？
-- grain:    one row per (order_code, member_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  order_code VARCHAR; member_code VARCHAR; geojson VARCHAR (EPSG:4326, lon first)
-- reads:    situation
-- uses:     zones/shapes
select order_code, member_code, geojson
from zones_shapes
where level in ('high', 'medium')
order by order_code, member_code
