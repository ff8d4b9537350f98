-- question: Which buildings, grids, communities, towns and sites have this text in their name or code?
-- zh:       哪些楼栋、网格、社区、镇街、采样点的名称或代码含有这段文字？
-- grain:    one row per (place_kind, place_code)
-- params:   $text VARCHAR
-- columns:  place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR; place_name_en VARCHAR; grid_code VARCHAR;
--           lon DOUBLE (EPSG:4326); lat DOUBLE (EPSG:4326)
-- reads:    situation
-- notes:    blanks around the text, and upper and lower case, make no difference. The code itself first, then names that
--           are or begin with the text, then others; 50 at most. Nothing for a text of blanks
with sought as (
    select lower(trim($text)) as text
),

place as (
    select 1 as rank_no, 'building' as place_kind, building_code as place_code, building_name as place_name,
        building_name_en as place_name_en, grid_code, lon, lat
    from building
    union all
    select 2, 'site', site_code, site_name, site_name_en, grid_code, lon, lat from site
    union all
    select 3, 'grid', grid_code, grid_name, grid_name_en, grid_code, label_lon, label_lat from grid
    union all
    select 4, 'community', community_code, community_name, community_name_en, cast(null as varchar), label_lon, label_lat
    from community
    union all
    select 5, 'town', town_code, town_name, town_name_en, cast(null as varchar), label_lon, label_lat from town
),

found as (
    select
        place.*,
        case
            when lower(place.place_code) = sought.text then 1
            when lower(place.place_name) = sought.text or lower(place.place_name_en) = sought.text then 2
            when starts_with(lower(place.place_name), sought.text) or starts_with(lower(place.place_name_en), sought.text) then 3
            when contains(lower(place.place_name), sought.text) or contains(lower(place.place_name_en), sought.text) then 4
            when starts_with(lower(place.place_code), sought.text) then 5
        end as match_no
    from place
    cross join sought
    where sought.text != ''
)

select place_kind, place_code, place_name, place_name_en, grid_code, lon, lat
from found
where match_no is not null
order by match_no, rank_no, length(place_name), place_code
limit 50
