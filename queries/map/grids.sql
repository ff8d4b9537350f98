-- question: What are the grids called, where do they lie, and what is their shape?
-- grain:    one row per (grid_code)
-- columns:  grid_code VARCHAR; grid_name VARCHAR; grid_name_en VARCHAR; community_code VARCHAR; town_code VARCHAR; label_lon DOUBLE (degrees); label_lat DOUBLE (degrees); resident_count BIGINT (people); vulnerable_count BIGINT (people); geojson VARCHAR
-- reads:    situation
-- notes:    neighbours share their vertices exactly; label_lon, label_lat is a point inside, EPSG:4326
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
    geometry.geojson
from grid
inner join geometry
    on geometry.kind = 'grid'
    and geometry.code = grid.grid_code
order by grid.grid_code
