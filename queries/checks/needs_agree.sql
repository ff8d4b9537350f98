-- question: Where do the counts of people on duty, needed and missing differ between roles, posts, towns and grids?
-- zh:       在岗、需要、缺口人数在角色、岗位、镇街、网格之间哪里不一致？
-- grain:    one row per (figure)
-- params:   $as_of TIMESTAMPTZ
-- columns:  figure VARCHAR; by_count BIGINT (people); by_place BIGINT (people)
-- reads:    situation
-- uses:     staffing/needs, staffing/posts, staffing/by_role, staffing/by_post, staffing/by_town, staffing/by_grid
-- notes:    no rows when all agree. Posts count no whistles, grids only what names a grid
with total as (
    select
        'needed' as figure,
        sum(needed_count) as of_all,
        sum(needed_count) filter (where source != 'whistle') as of_posts,
        sum(needed_count) filter (where grid_code is not null) as of_grids
    from staffing_needs
    union all
    select
        'missing',
        sum(lacking_count),
        sum(lacking_count) filter (where source != 'whistle'),
        sum(lacking_count) filter (where grid_code is not null)
    from staffing_needs
    union all
    select 'on duty', count(*), count(*), count(*) filter (where grid_code is not null)
    from staffing_posts
),

compared as (
    select 'needed by role' as figure, (select sum(needed_count) from staffing_by_role) as by_count, of_all as by_place
    from total where figure = 'needed'
    union all
    select 'needed by town', (select sum(needed_count) from staffing_by_town), of_all from total where figure = 'needed'
    union all
    select 'needed by post', (select sum(needed_count) from staffing_by_post), of_posts from total where figure = 'needed'
    union all
    select 'needed by grid', (select sum(needed_count) from staffing_by_grid), of_grids from total where figure = 'needed'
    union all
    select 'missing by role', (select sum(lacking_count) from staffing_by_role), of_all from total where figure = 'missing'
    union all
    select 'missing by town', (select sum(lacking_count) from staffing_by_town), of_all from total where figure = 'missing'
    union all
    select 'missing by post', (select sum(lacking_count) from staffing_by_post), of_posts from total where figure = 'missing'
    union all
    select 'missing by grid', (select sum(lacking_count) from staffing_by_grid), of_grids from total where figure = 'missing'
    union all
    select 'on duty by town', (select sum(on_duty_count) from staffing_by_town), of_all from total where figure = 'on duty'
    union all
    select 'on duty by post', (select sum(on_duty_count) from staffing_by_post), of_posts from total where figure = 'on duty'
    union all
    select 'on duty by grid', (select sum(on_duty_count) from staffing_by_grid), of_grids from total where figure = 'on duty'
)

select figure, cast(by_count as bigint) as by_count, cast(by_place as bigint) as by_place
from compared
where coalesce(by_count, 0) <> coalesce(by_place, 0)
order by figure
