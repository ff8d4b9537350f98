-- question: Which places answer to a text: towns, communities, grids, buildings, sites, posts of those who answer for a grid?
-- zh:       哪些地方与一段文字相符：镇街、社区、网格、楼栋、采样点、负责人岗位？
-- grain:    one row per (kind, code)
-- params:   $text VARCHAR at most four words in lower case, separated by one space; $limit BIGINT default 20 places
-- columns:  kind VARCHAR (town, community, grid, building, site or post); code VARCHAR; name VARCHAR; name_en VARCHAR;
--           role VARCHAR (of a post); area_code VARCHAR (the grid, else the community or town that it is or lies in);
--           grid_name VARCHAR; grid_name_en VARCHAR; community_name VARCHAR; community_name_en VARCHAR;
--           town_name VARCHAR; town_name_en VARCHAR; rank INTEGER; found_count BIGINT (places in all)
-- reads:    situation
-- notes:    every word must stand in the place's own names, code or post, or in the names above it, and one at least in its own.
--           Codes answer from their beginning or their end, to three characters at least. Rank: 0 the very name or code, 1
--           the name without its kind (侧贤 for 侧贤社区), 2 begins so, 3 holds every word itself, 4 with the names above it.
--           A post is named by its role and staff number; the situation knows no person's name
with asked as (
    select
        replace($text, ' ', '') as whole,
        split_part($text, ' ', 1) as word_1,
        split_part($text, ' ', 2) as word_2,
        split_part($text, ' ', 3) as word_3,
        split_part($text, ' ', 4) as word_4
),

post (role, title) as (
    values
    ('street_leader', '街道领导streetleader'),
    ('community_cadre', '社区干部communitycadre'),
    ('grid_leader', '网格长gridleader'),
    ('full_time', '专职网格员fulltime')
),

place as (
    select
        'town' as kind,
        1 as sort_order,
        town_code as code,
        town_name as name,
        town_name_en as name_en,
        null as role,
        '' as title,
        town_code as area_code
    from town
    union all
    select
        'community' as kind,
        2 as sort_order,
        community_code as code,
        community_name as name,
        community_name_en as name_en,
        null as role,
        '' as title,
        community_code as area_code
    from community
    union all
    select
        'grid' as kind,
        3 as sort_order,
        grid_code as code,
        grid_name as name,
        grid_name_en as name_en,
        null as role,
        '' as title,
        grid_code as area_code
    from grid
    union all
    select
        'building' as kind,
        4 as sort_order,
        building_code as code,
        building_name as name,
        building_name_en as name_en,
        null as role,
        '' as title,
        grid_code as area_code
    from building
    union all
    select
        'site' as kind,
        5 as sort_order,
        site_code as code,
        site_name as name,
        site_name_en as name_en,
        null as role,
        '' as title,
        grid_code as area_code
    from site
    union all
    select
        'post' as kind,
        6 as sort_order,
        staff.staff_code as code,
        staff.staff_code as name,
        staff.staff_code as name_en,
        staff.role as role,
        post.title as title,
        coalesce(staff.grid_code, staff.community_code, staff.town_code) as area_code
    from staff
    inner join post on staff.role = post.role
),

area as (
    select
        town_code as code,
        null as grid_name,
        null as grid_name_en,
        null as community_name,
        null as community_name_en,
        town_name,
        town_name_en
    from town
    union all
    select
        community.community_code as code,
        null as grid_name,
        null as grid_name_en,
        community.community_name,
        community.community_name_en,
        town.town_name,
        town.town_name_en
    from community
    left join town on community.town_code = town.town_code
    union all
    select
        grid.grid_code as code,
        grid.grid_name,
        grid.grid_name_en,
        community.community_name,
        community.community_name_en,
        town.town_name,
        town.town_name_en
    from grid
    left join community on grid.community_code = community.community_code
    left join town on grid.town_code = town.town_code
),

above as (
    select
        code,
        lower(replace(
            concat(
                grid_name,
                '|',
                grid_name_en,
                '|',
                community_name,
                '|',
                community_name_en,
                '|',
                town_name,
                '|',
                town_name_en
            ),
            ' ',
            ''
        )) as words
    from area
),

spelled as (
    select
        place.*,
        lower(place.code) as plain_code,
        lower(place.name) as plain_name,
        lower(replace(place.name_en, ' ', '')) as plain_name_en,
        lower(concat(place.name, '|', replace(place.name_en, ' ', ''), '|', place.title)) as own,
        above.words as above
    from place
    left join above on place.area_code = above.code
),

compared as (
    select
        spelled.*,
        asked.*,
        strpos(spelled.own, asked.word_1) > 0
        or (
            length(asked.word_1) >= 3
            and (
                left(spelled.plain_code, length(asked.word_1)) = asked.word_1
                or right(spelled.plain_code, length(asked.word_1)) = asked.word_1
            )
        )
        or spelled.plain_code = asked.word_1 as has_1,
        strpos(spelled.own, asked.word_2) > 0
        or (
            length(asked.word_2) >= 3
            and (
                left(spelled.plain_code, length(asked.word_2)) = asked.word_2
                or right(spelled.plain_code, length(asked.word_2)) = asked.word_2
            )
        )
        or spelled.plain_code = asked.word_2 as has_2,
        strpos(spelled.own, asked.word_3) > 0
        or (
            length(asked.word_3) >= 3
            and (
                left(spelled.plain_code, length(asked.word_3)) = asked.word_3
                or right(spelled.plain_code, length(asked.word_3)) = asked.word_3
            )
        )
        or spelled.plain_code = asked.word_3 as has_3,
        strpos(spelled.own, asked.word_4) > 0
        or (
            length(asked.word_4) >= 3
            and (
                left(spelled.plain_code, length(asked.word_4)) = asked.word_4
                or right(spelled.plain_code, length(asked.word_4)) = asked.word_4
            )
        )
        or spelled.plain_code = asked.word_4 as has_4
    from spelled
    cross join asked
),

ranked as (
    select
        compared.*,
        case
            when whole in (plain_code, plain_name, plain_name_en) then 0
            when
                plain_name in (concat(whole, '社区'), concat(whole, '村'), concat(whole, '街道'), concat(whole, '镇'))
                then 1
            when
                left(plain_name, length(whole)) = whole
                or left(plain_name_en, length(whole)) = whole
                or left(plain_code, length(whole)) = whole
                then 2
            when has_1 and has_2 and has_3 and has_4 then 3
            else 4
        end as rank
    from compared
    where
        (has_1 or strpos(above, word_1) > 0)
        and (has_2 or strpos(above, word_2) > 0)
        and (has_3 or strpos(above, word_3) > 0)
        and (has_4 or strpos(above, word_4) > 0)
        and (
            has_1
            or (has_2 and word_2 <> '')
            or (has_3 and word_3 <> '')
            or (has_4 and word_4 <> '')
        )
)

select
    ranked.kind,
    ranked.code,
    ranked.name,
    ranked.name_en,
    ranked.role,
    ranked.area_code,
    area.grid_name,
    area.grid_name_en,
    area.community_name,
    area.community_name_en,
    area.town_name,
    area.town_name_en,
    ranked.rank,
    count(*) over () as found_count
from ranked
left join area on ranked.area_code = area.code
order by ranked.rank, ranked.sort_order, ranked.code
limit $limit
