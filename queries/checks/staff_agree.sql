-- question: Where does the count of people on duty differ from the people themselves?
-- zh:       在岗人数与人员名单哪里不一致？
-- grain:    one row per (figure)
-- params:   $as_of TIMESTAMPTZ
-- columns:  figure VARCHAR; by_count BIGINT (people); by_person BIGINT (people)
-- reads:    situation
-- uses:     staffing/on_duty, staffing/posts, wall/grids
-- notes:    no rows when all agree: by role, and on the map
with by_role as (
    select counted.role as figure, counted.on_duty_count as by_count, count(posts.staff_code) as by_person
    from staffing_on_duty as counted
    left join staffing_posts as posts on counted.role = posts.role
    group by counted.role, counted.on_duty_count
),

on_map as (
    select
        'map' as figure,
        cast(sum(on_duty_count) as bigint) as by_count,
        (
            select count(*)
            from staffing_posts as posts
            inner join grid on posts.grid_code = grid.grid_code
        ) as by_person
    from wall_grids
)

select figure, by_count, by_person
from (
    select figure, by_count, by_person from by_role
    union all
    select figure, by_count, by_person from on_map
) as compared
where by_count <> by_person
order by figure
