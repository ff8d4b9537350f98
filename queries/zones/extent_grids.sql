-- question: Which grids does each extent touch?
-- zh:       每个范围涉及哪些网格？
-- grain:    one row per (extent_no, grid_code)
-- columns:  extent_no INTEGER; grid_code VARCHAR; is_whole BOOLEAN
-- reads:    situation
-- notes:    is_whole: all of the grid lies within. Buildings touch the grid they stand in; polygons and buildings with a
--           radius also the grids they reach into by more than one hundredth of the smaller of the two
with touched as (
    select extent_no, place_code as grid_code, is_whole
    from zone_place
    where place_kind = 'grid'
    union all
    select member.extent_no, member.member_code, true
    from zone_member as member
    inner join zone_extent as extent on member.extent_no = extent.extent_no and extent.extent_kind = 'grid'
    union all
    select member.extent_no, grid.grid_code, true
    from zone_member as member
    inner join zone_extent as extent on member.extent_no = extent.extent_no and extent.extent_kind = 'community'
    inner join grid on member.member_code = grid.community_code
)

select touched.extent_no, touched.grid_code, touched.is_whole
from touched
inner join grid on touched.grid_code = grid.grid_code
order by touched.extent_no, touched.grid_code
