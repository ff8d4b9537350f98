-- question: Who on duty has worked too long?
-- zh:       在岗的人中谁工作太久？连续超过 8 小时（8 小时一班，B1），或 24 小时内超过 11 小时（劳动法第三十六、四十一条：每日 8 小时，加班不超过 3 小时）。换岗间隔不超过 30 分钟仍算连续。
-- grain:    one row per (staff_code)
-- params:   $as_of TIMESTAMPTZ; $longest_shift_h DOUBLE default 8 hours; $longest_24h_h DOUBLE default 11 hours; $limit BIGINT default 200 people
-- columns:  staff_code VARCHAR; role VARCHAR; post_kind VARCHAR; post_code VARCHAR; post_name VARCHAR; post_name_en VARCHAR;
--           grid_code VARCHAR; since_at TIMESTAMPTZ; on_duty_h DOUBLE (hours); worked_24h_h DOUBLE (hours);
--           is_over_shift BOOLEAN; is_over_24h BOOLEAN; found_count BIGINT (people)
-- reads:    situation
-- uses:     staffing/posts, staffing/hours
-- notes:    over the shift: more than 8 hours without a break (8-hour shifts, B1); over the day: more than 11 hours within
--           24 (8 hours a day and at most 3 of overtime: Labour Law of the People's Republic, articles 36 and 41). The longest within 24 hours first
with judged as (
    select
        posts.staff_code,
        posts.role,
        posts.post_kind,
        posts.post_code,
        posts.grid_code,
        hours.since_at,
        hours.on_duty_h,
        hours.worked_24h_h,
        hours.on_duty_h > $longest_shift_h as is_over_shift,
        hours.worked_24h_h > $longest_24h_h as is_over_24h
    from staffing_posts as posts
    inner join staffing_hours as hours on posts.staff_code = hours.staff_code
)

select
    judged.staff_code,
    judged.role,
    judged.post_kind,
    judged.post_code,
    coalesce(site.site_name, building.building_name, own.grid_name) as post_name,
    coalesce(site.site_name_en, building.building_name_en, own.grid_name_en) as post_name_en,
    judged.grid_code,
    judged.since_at,
    judged.on_duty_h,
    judged.worked_24h_h,
    judged.is_over_shift,
    judged.is_over_24h,
    count(*) over () as found_count
from judged
left join site on judged.post_kind = 'site' and judged.post_code = site.site_code
left join building on judged.post_kind = 'building' and judged.post_code = building.building_code
left join grid as own on judged.post_kind = 'grid' and judged.post_code = own.grid_code
where judged.is_over_shift or judged.is_over_24h
order by judged.worked_24h_h desc, judged.on_duty_h desc, judged.staff_code
limit $limit
