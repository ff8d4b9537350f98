-- question: At which households of a grid must workers still knock, and which team goes to which building?
-- zh:       网格内还要敲门的户：未见（没有一条登记写明该户）和部分（有人登记，已采少于户籍人数）。不含姓名和证件号。整栋楼归一个队；每队约 100 户一小时是估计。
-- grain:    one row per (household_code)
-- params:   $as_of TIMESTAMPTZ; $grid_code VARCHAR;
--           $team_count BIGINT default null teams of ten, null for as many as it takes;
--           $doors_per_team BIGINT default 100 doors that a team knocks at in an hour
-- columns:  team_no BIGINT; building_code VARCHAR; building_name VARCHAR; building_name_en VARCHAR;
--           household_code VARCHAR; resident_count BIGINT (people); covered_person_count BIGINT (people);
--           missing_count BIGINT (people); vulnerable_count BIGINT (people); household_state VARCHAR (unseen or partly);
--           round_code VARCHAR
-- reads:    rows
-- uses:     coverage/household_states
-- notes:    of the grid's current round unless $round_code names another. Every household that is not whole (coverage/household_states): unseen ones, and those of whom somebody is still
--           missing. No name, no identity. A building goes to one team whole (A10, 包楼): buildings in the order of
--           their codes are cut into parts with about equally many doors, so a large building may make one team's part
--           larger than another's. A hundred doors an hour is five pairs at three minutes a door: an assumption. No rows
--           where nobody is missing, no round has reached the grid, or the round's registrations were destroyed; the state
--           is null while no registration is known
with door as (
    select
        states.*,
        building.building_name,
        building.building_name_en
    from coverage_household_states as states
    left join building on states.building_code = building.building_code
    where states.grid_code = $grid_code and states.household_state is distinct from 'whole'
),

block as (
    select building_code, count(*) as door_count
    from door
    group by building_code
),

placed as (
    select
        building_code,
        door_count,
        sum(door_count) over (order by building_code rows between unbounded preceding and current row) as doors_up_to,
        sum(door_count) over () as total_count
    from block
),

shared as (
    select
        building_code,
        cast(
            floor(
                (doors_up_to - door_count / 2.0) / total_count
                * coalesce($team_count, ceil(total_count * 1.0 / $doors_per_team))
            ) as bigint
        ) as part_no
    from placed
),

numbered as (
    select building_code, dense_rank() over (order by part_no) as team_no
    from shared
)

select
    numbered.team_no,
    door.building_code,
    door.building_name,
    door.building_name_en,
    door.household_code,
    door.resident_count,
    door.covered_person_count,
    door.missing_count,
    door.vulnerable_count,
    door.household_state,
    door.round_code
from door
inner join numbered on door.building_code = numbered.building_code
order by numbered.team_no, door.building_code, door.household_code
