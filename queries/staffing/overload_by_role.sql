-- question: How many people of each role have worked too long?
-- zh:       各角色有多少在岗的人工作太久？标准同“工作太久”。
-- grain:    one row per (role)
-- params:   $as_of TIMESTAMPTZ; $longest_shift_h DOUBLE default 8 hours; $longest_24h_h DOUBLE default 11 hours
-- columns:  role VARCHAR; on_duty_count BIGINT (people); over_shift_count BIGINT (people); over_24h_count BIGINT (people);
--           over_count BIGINT (people); longest_on_duty_h DOUBLE (hours); longest_24h_h DOUBLE (hours); sort_order INTEGER
-- reads:    situation
-- uses:     staffing/on_duty, staffing/posts, staffing/hours
-- notes:    thresholds and their sources as in staffing/overload; over_count is people, each once. Counts are null while no check-in is known
with judged as (
    select
        posts.role,
        count(*) filter (where hours.on_duty_h > $longest_shift_h) as over_shift_count,
        count(*) filter (where hours.worked_24h_h > $longest_24h_h) as over_24h_count,
        count(*) filter (where hours.on_duty_h > $longest_shift_h or hours.worked_24h_h > $longest_24h_h) as over_count,
        max(hours.on_duty_h) as longest_on_duty_h,
        max(hours.worked_24h_h) as longest_24h_h
    from staffing_posts as posts
    inner join staffing_hours as hours on posts.staff_code = hours.staff_code
    group by posts.role
)

select
    on_duty.role,
    on_duty.on_duty_count,
    case when on_duty.on_duty_count is not null then coalesce(judged.over_shift_count, 0) end as over_shift_count,
    case when on_duty.on_duty_count is not null then coalesce(judged.over_24h_count, 0) end as over_24h_count,
    case when on_duty.on_duty_count is not null then coalesce(judged.over_count, 0) end as over_count,
    judged.longest_on_duty_h,
    judged.longest_24h_h,
    on_duty.sort_order
from staffing_on_duty as on_duty
left join judged on on_duty.role = judged.role
order by on_duty.sort_order
