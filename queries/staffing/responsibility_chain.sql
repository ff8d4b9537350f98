-- question: Who answers for a grid, level by level, and are they on duty?
-- zh:       一个网格由谁逐级负责，是否在岗？街道领导、社区干部、网格长、网格员四级（A5）。没有登记任何签到时，在岗为“—”。
-- grain:    one row per (level, staff_code)
-- params:   $as_of TIMESTAMPTZ; $grid_code VARCHAR
-- columns:  level VARCHAR; staff_code VARCHAR; is_on_duty BOOLEAN; checked_in_at TIMESTAMPTZ;
--           stand_in_staff_code VARCHAR; is_stand_in_on_duty BOOLEAN; sort_order INTEGER
-- reads:    situation
-- uses:     staffing/posts
-- notes:    street leaders of the town, cadres of the community, leader and full-time workers of the grid; a level that
--           nobody holds is a row without staff_code. On duty is null while no check-in is known, and where nobody is
with levels (level, sort_order) as (
    values ('street_leader', 1), ('community_cadre', 2), ('grid_leader', 3), ('full_time', 4)
),

holders as (
    select staff.role as level, staff.staff_code, staff.stand_in_staff_code
    from staff
    inner join grid
        on (staff.role = 'street_leader' and staff.town_code = grid.town_code)
        or (staff.role = 'community_cadre' and staff.community_code = grid.community_code)
        or (staff.role in ('grid_leader', 'full_time') and staff.grid_code = grid.grid_code)
    where grid.grid_code = $grid_code
),

known as (
    select coalesce((select min(event_at) from staff_event) <= $as_of, false) as has_event
)

select
    levels.level,
    holders.staff_code,
    case when known.has_event and holders.staff_code is not null then own.staff_code is not null end as is_on_duty,
    own.checked_in_at,
    holders.stand_in_staff_code,
    case when known.has_event and holders.stand_in_staff_code is not null then other.staff_code is not null end
        as is_stand_in_on_duty,
    levels.sort_order
from levels
cross join known
inner join grid on grid.grid_code = $grid_code
left join holders on levels.level = holders.level
left join staffing_posts as own on holders.staff_code = own.staff_code
left join staffing_posts as other on holders.stand_in_staff_code = other.staff_code
order by levels.sort_order, holders.staff_code
