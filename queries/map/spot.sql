-- question: Where is a building or a sampling site, and in which grid?
-- zh:       某楼栋或采样点在哪里，属于哪个网格？
-- grain:    one row per (kind, code)
-- params:   $code VARCHAR of the building or site
-- columns:  kind VARCHAR (building or site); code VARCHAR; name VARCHAR; name_en VARCHAR; grid_code VARCHAR;
--           lon DOUBLE (degrees); lat DOUBLE (degrees); household_count BIGINT (households);
--           resident_count BIGINT (people); unit_count INTEGER (units)
-- reads:    situation
-- notes:    no row for a code that neither has; households and residents are a building's, units a site's
with spot as (
    select
        'building' as kind,
        building_code as code,
        building_name as name,
        building_name_en as name_en,
        grid_code,
        lon,
        lat,
        household_count,
        resident_count,
        cast(null as integer) as unit_count
    from building
    where building_code = $code
    union all
    select
        'site' as kind,
        site_code as code,
        site_name as name,
        site_name_en as name_en,
        grid_code,
        lon,
        lat,
        cast(null as bigint) as household_count,
        cast(null as bigint) as resident_count,
        unit_count
    from site
    where site_code = $code
)

select
    kind,
    code,
    name,
    name_en,
    grid_code,
    lon,
    lat,
    household_count,
    resident_count,
    unit_count
from spot
order by kind, code
