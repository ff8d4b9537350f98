-- question: What are the grids called, where do they lie, and what is their shape?
-- zh:       各网格叫什么，在哪里，是什么形状？
-- grain:    one row per (grid_code)
-- columns:  grid_code VARCHAR; grid_name VARCHAR; grid_name_en VARCHAR; community_code VARCHAR; town_code VARCHAR; label_lon DOUBLE (degrees); label_lat DOUBLE (degrees); resident_count BIGINT (people); vulnerable_count BIGINT (people); geojson VARCHAR; corner_ranks VARCHAR (one digit a corner, rings in the order of geojson, separated by commas)
-- reads:    situation
-- notes:    neighbours share their vertices exactly; label_lon, label_lat is a point inside, EPSG:4326;
--           a corner of rank n stays in the n coarser outlines (null: not known, drawn in full)
select
    grid.grid_code,
    grid.grid_name,
    grid.grid_name_en,
    grid.community_code,
    grid.town_code,
    grid.label_lon,
    grid.label_lat,
    grid.resident_count,
    grid.vulnerable_count,
    geometry.geojson,
    ranks.geojson as corner_ranks
from grid
inner join geometry
    on geometry.kind = 'grid'
    and geometry.code = grid.grid_code
left join geometry as ranks
    on ranks.kind = 'grid_ranks'
    and ranks.code = grid.grid_code
order by grid.grid_code
