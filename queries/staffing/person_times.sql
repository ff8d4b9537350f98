-- question: How many person-times did each kind of people serve, at which kind of post, in risk zones and outside?
-- zh:       各类人员在风险区内外、各类岗位服务了多少人次？
-- grain:    one row per (role, origin, post_kind, is_in_zone)
-- params:   $as_of TIMESTAMPTZ
-- columns:  role VARCHAR; origin VARCHAR; post_kind VARCHAR; is_in_zone BOOLEAN; person_time_count BIGINT (person-times);
--           day_count BIGINT (days); first_on DATE; last_on DATE
-- reads:    situation
-- uses:     staffing/turns
-- notes:    a person-time 人次 is one person on one working day at one kind of post, as in staffing/turns; since the first check-in known
select
    role,
    origin,
    post_kind,
    is_in_zone,
    count(*) as person_time_count,
    count(distinct served_on) as day_count,
    min(served_on) as first_on,
    max(served_on) as last_on
from staffing_turns
group by role, origin, post_kind, is_in_zone
order by role, origin nulls last, post_kind, is_in_zone
