-- question: Through which levels does a call for people to a grid go, and how many are on duty at each?
-- zh:       向一个网格调人经过哪五级，每级多少人在岗？市、县（区）、镇（街道）、村（社区）、网格（A5）。市、区为各自的突击队，以下各级为在当地在岗的所有人。市名没有任何文件提供，只有区划代码。
-- grain:    one row per (level)
-- params:   $as_of TIMESTAMPTZ; $grid_code VARCHAR
-- columns:  level VARCHAR; code VARCHAR; name VARCHAR; name_en VARCHAR; on_duty_count BIGINT (people); sort_order INTEGER
-- reads:    situation
-- uses:     staffing/town_of_post
-- notes:    the five levels of dispatch (A5): city, county, town, village (community), grid. On duty: of the city and the
--           county their commandos; of the town, the community and the grid everybody who counts there, those of the levels
--           below included. The city's name is in no file: it has its division code alone. Null while no check-in is known
with place as (
    select
        grid.grid_code,
        grid.grid_name,
        grid.grid_name_en,
        grid.community_code,
        community.community_name,
        community.community_name_en,
        grid.town_code,
        town.town_name,
        town.town_name_en
    from grid
    left join community on grid.community_code = community.community_code
    left join town on grid.town_code = town.town_code
    where grid.grid_code = $grid_code
),

levels as (
    select 'city' as level, concat(left(town_code, 4), '00') as code, null as name, null as name_en, 1 as sort_order from place
    union all
    select 'county', left(place.town_code, 6), meta.district_name, meta.district_name_en, 2 from place cross join meta
    union all
    select 'town', town_code, town_name, town_name_en, 3 from place
    union all
    select 'village', community_code, community_name, community_name_en, 4 from place
    union all
    select 'grid', grid_code, grid_name, grid_name_en, 5 from place
),

here as (
    select posts.staff_code, posts.grid_code, posts.town_code, grid.community_code, staff.role, staff.origin
    from staffing_town_of_post as posts
    left join staff on posts.staff_code = staff.staff_code
    left join grid on posts.grid_code = grid.grid_code
),

known as (
    select coalesce((select min(event_at) from staff_event) <= $as_of, false) as has_event
),

counted as (
    select levels.level, count(*) as on_duty_count
    from levels
    inner join here
        on (levels.level = 'city' and here.role = 'commando' and here.origin = 'city')
        or (levels.level = 'county' and here.role = 'commando' and here.origin = 'district')
        or (levels.level = 'town' and here.town_code = levels.code)
        or (levels.level = 'village' and here.community_code = levels.code)
        or (levels.level = 'grid' and here.grid_code = levels.code)
    group by levels.level
)

select
    levels.level,
    levels.code,
    levels.name,
    levels.name_en,
    case when known.has_event then coalesce(counted.on_duty_count, 0) end as on_duty_count,
    levels.sort_order
from levels
cross join known
left join counted on levels.level = counted.level
order by levels.sort_order
