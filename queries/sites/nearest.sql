-- question: Which sampling sites are nearest to a grid, and how long is the wait there?
-- zh:       离这个网格最近的采样点有哪些，要等多久
-- grain:    one row per (site_code)
-- params:   $as_of TIMESTAMPTZ; $grid_code VARCHAR; $limit BIGINT default 3 sites
-- columns:  site_code VARCHAR; site_name VARCHAR; site_name_en VARCHAR; distance_m DOUBLE (m);
--           wait_min DOUBLE (minutes); wait_class VARCHAR; open_unit_count BIGINT (units);
--           needed_unit_count BIGINT (units)
-- reads:    situation
-- uses:     sites/state
-- notes:    distance as the crow flies from the grid's label point on a sphere of 6,371,008.8 m (IUGG mean radius),
--           equirectangular: wrong by less than 1 in 1,000 within a district
with measured as (
    select
        site.site_code,
        site.site_name,
        site.site_name_en,
        6371008.8 * sqrt(
            power(radians(site.lat - grid.label_lat), 2)
            + power(radians(site.lon - grid.label_lon) * cos(radians((site.lat + grid.label_lat) / 2)), 2)
        ) as distance_m
    from site
    inner join grid on grid.grid_code = $grid_code
)

select
    measured.site_code,
    measured.site_name,
    measured.site_name_en,
    measured.distance_m,
    state.wait_min,
    state.wait_class,
    state.open_unit_count,
    state.needed_unit_count
from measured
inner join sites_state as state on measured.site_code = state.site_code
order by measured.distance_m, measured.site_code
limit $limit
