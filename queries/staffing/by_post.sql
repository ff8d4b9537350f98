-- question: How many people are on duty at each kind of post, and how many are needed?
-- zh:       各类岗位有多少人在岗，需要多少人？需要的依据同“按角色”；楼栋、卡口、网格车没有公布依据，显示“—”。吹哨的需要见吹哨一栏。
-- grain:    one row per (post_kind)
-- params:   $as_of TIMESTAMPTZ
-- columns:  post_kind VARCHAR; on_duty_count BIGINT (people); needed_count BIGINT (people); lacking_count BIGINT (people);
--           unknown_need_count BIGINT (sites); sort_order INTEGER
-- reads:    situation
-- uses:     staffing/posts, staffing/needs
-- notes:    need as in staffing/needs; null for posts of which nothing says how many they need. Those whom a whistle calls
--           are on duty at some other post: what open whistles need stands in staffing/whistles. Missing: summed over
--           the places, so that too many at one do not hide too few at another. On duty is null while no check-in is known
with kinds (post_kind, sort_order) as (
    values ('site', 1), ('grid', 2), ('building', 3), ('zone', 4), ('checkpoint', 5), ('vehicle', 6)
),

on_duty as (
    select post_kind, count(*) as on_duty_count
    from staffing_posts
    group by post_kind
),

needed as (
    select
        post_kind,
        cast(sum(needed_count) as bigint) as needed_count,
        cast(sum(lacking_count) as bigint) as lacking_count,
        count(distinct code) filter (where needed_count is null) as unknown_need_count
    from staffing_needs
    group by post_kind
),

known as (
    select coalesce((select min(event_at) from staff_event) <= $as_of, false) as has_event
),

counted as (
    select
        kinds.post_kind,
        case when known.has_event then coalesce(on_duty.on_duty_count, 0) end as on_duty_count,
        needed.needed_count,
        needed.lacking_count,
        coalesce(needed.unknown_need_count, 0) as unknown_need_count,
        kinds.sort_order
    from kinds
    cross join known
    left join on_duty on kinds.post_kind = on_duty.post_kind
    left join needed on kinds.post_kind = needed.post_kind
)

select
    post_kind,
    on_duty_count,
    needed_count,
    lacking_count,
    unknown_need_count,
    sort_order
from counted
order by sort_order
