-- question: What shape has each member of every extent that was ever ordered?
-- grain:    one row per (extent_no, member_code)
-- columns:  extent_no INTEGER; member_kind VARCHAR; member_code VARCHAR; geojson VARCHAR (EPSG:4326, lon first)
-- reads:    situation
-- notes:    a building has its ground, or a circle where that is not known; communities and grids have their outlines, as the
--           map draws them. A polygon has no code: it is its own
with member as (
    select extent.extent_no, extent.extent_kind, own.member_code, own.geojson
    from zone_extent as extent
    inner join zone_member as own on extent.extent_no = own.extent_no
    union all
    select extent_no, extent_kind, cast(null as varchar), geojson
    from zone_extent
    where extent_kind = 'polygon'
)

select
    member.extent_no,
    member.extent_kind as member_kind,
    member.member_code,
    coalesce(member.geojson, geometry.geojson) as geojson
from member
left join geometry on member.extent_kind = geometry.kind and member.member_code = geometry.code
order by member.extent_no, member.member_code
