-- question: How many person-times did each party organisation of a firm or social organisation serve, and where?
-- zh:       两新组织各党组织服务了多少人次，在哪里？一人次 = 一人在一个工作日、一类岗位上。
-- grain:    one row per (town_code, organisation_name)
-- params:   $as_of TIMESTAMPTZ
-- columns:  town_code VARCHAR; town_name VARCHAR; town_name_en VARCHAR; organisation_name VARCHAR;
--           person_time_count BIGINT (person-times); people_count BIGINT (people)
-- reads:    situation
-- uses:     staffing/turns
-- notes:    a person-time 人次 is one person on one working day at one kind of post, as in staffing/turns; town is that of the
--           post, else the home town. People whom no organisation sent are not in it
select
    turns.town_code,
    town.town_name,
    town.town_name_en,
    turns.organisation_name,
    count(*) as person_time_count,
    count(distinct turns.staff_code) as people_count
from staffing_turns as turns
left join town on turns.town_code = town.town_code
where turns.organisation_name is not null
group by turns.town_code, town.town_name, town.town_name_en, turns.organisation_name
order by turns.town_code nulls last, turns.organisation_name
