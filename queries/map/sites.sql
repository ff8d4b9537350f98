-- question: What are the sampling sites called, and where are they?
-- zh:       各采样点叫什么，在哪里？
-- grain:    one row per (site_code)
-- columns:  site_code VARCHAR; site_name VARCHAR; site_name_en VARCHAR; grid_code VARCHAR; feed_code VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); unit_count INTEGER
-- reads:    situation
select
    site_code,
    site_name,
    site_name_en,
    grid_code,
    feed_code,
    lon,
    lat,
    unit_count
from site
order by site_code
