-- question: How many people are on duty in each town, and how many are needed?
-- zh:       各镇街有多少人在岗，需要多少人？需要的依据同“按角色”。没有镇街的（卡口、网格车、无编号地点的吹哨）单列一行。社区工作者应不少于每万名居民 18 人（A3）。
-- grain:    one row per (town_code)
-- params:   $as_of TIMESTAMPTZ; $community_workers_per_10000 DOUBLE default 18 people per 10,000 residents
-- columns:  town_code VARCHAR; town_name VARCHAR; town_name_en VARCHAR; on_duty_count BIGINT (people);
--           needed_count BIGINT (people); lacking_count BIGINT (people); unknown_need_count BIGINT (sites);
--           resident_count BIGINT (people); full_time_count BIGINT (people);
--           full_time_per_10000 DOUBLE (people per 10,000 residents); is_roster_enough BOOLEAN
-- reads:    situation
-- uses:     staffing/town_of_post, staffing/needs, staffing/density
-- notes:    need as in staffing/needs; whoever and whatever is in no town makes the row without a code. The roster is enough from 18
--           community workers for 10,000 residents on (A3). On duty is null while no check-in is known
with places as (
    select town_code, town_name, town_name_en
    from town
    union all
    select null, null, null
),

on_duty as (
    select town_code, count(*) as on_duty_count
    from staffing_town_of_post
    group by town_code
),

needed as (
    select
        town_code,
        cast(sum(needed_count) as bigint) as needed_count,
        cast(sum(lacking_count) as bigint) as lacking_count,
        count(distinct code) filter (where needed_count is null) as unknown_need_count
    from staffing_needs
    group by town_code
),

known as (
    select coalesce((select min(event_at) from staff_event) <= $as_of, false) as has_event
),

counted as (
    select
        places.town_code,
        places.town_name,
        places.town_name_en,
        case when known.has_event then coalesce(on_duty.on_duty_count, 0) end as on_duty_count,
        needed.needed_count,
        needed.lacking_count,
        coalesce(needed.unknown_need_count, 0) as unknown_need_count
    from places
    cross join known
    left join on_duty on places.town_code is not distinct from on_duty.town_code
    left join needed on places.town_code is not distinct from needed.town_code
)

select
    counted.town_code,
    counted.town_name,
    counted.town_name_en,
    counted.on_duty_count,
    counted.needed_count,
    counted.lacking_count,
    counted.unknown_need_count,
    density.resident_count,
    density.full_time_count,
    density.full_time_per_10000,
    density.full_time_per_10000 >= $community_workers_per_10000 as is_roster_enough
from counted
left join staffing_density as density on counted.town_code = density.town_code
where counted.town_code is not null or counted.on_duty_count > 0 or counted.needed_count > 0
order by counted.town_code nulls last
