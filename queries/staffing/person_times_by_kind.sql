-- question: How many person-times did each kind of people serve in all?
-- zh:       各类人员共服务多少人次？一人次 = 一人在一个工作日（04:00 至次日 04:00，按签到）、一类岗位上，不论签到几次。
-- grain:    one row per (role, origin)
-- params:   $as_of TIMESTAMPTZ
-- columns:  role VARCHAR; origin VARCHAR; person_time_count BIGINT (person-times); people_count BIGINT (people);
--           in_zone_count BIGINT (person-times); at_site_count BIGINT (person-times);
--           today_count BIGINT (person-times)
-- reads:    situation
-- uses:     staffing/turns, wall/working_day
-- notes:    a person-time 人次 is one person on one working day at one kind of post, as in staffing/turns; since the first
--           check-in known. People: each once. At site: at sampling sites outside of the zones. Today: the running working day
with today as (
    select cast(starts_at at time zone timezone as date) as today_on
    from wall_working_day
    cross join meta
)

select
    turns.role,
    turns.origin,
    count(*) as person_time_count,
    count(distinct turns.staff_code) as people_count,
    count(*) filter (where turns.is_in_zone) as in_zone_count,
    count(*) filter (where turns.post_kind = 'site' and not turns.is_in_zone) as at_site_count,
    count(*) filter (where turns.served_on = today.today_on) as today_count
from staffing_turns as turns
cross join today
group by turns.role, turns.origin
order by
    case turns.role
        when 'grid_leader' then 1 when 'full_time' then 2 when 'part_time' then 3
        when 'volunteer' then 4 when 'commando' then 5 when 'medic' then 6 else 7
    end,
    turns.role nulls last,
    turns.origin nulls last
