-- question: What needs a person now, and who answers for it?
-- zh:       现在有什么需要人处理，由谁负责？先处置后关注，再按发生先后；责任人取该地点责任链上的一级，优先在岗者
-- grain:    one row per (rule, place_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR; town_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ; action VARCHAR; neighbour_name VARCHAR; neighbour_name_en VARCHAR;
--           responsible_role VARCHAR; responsible_staff_code VARCHAR; is_responsible_on_duty BOOLEAN
-- reads:    situation
-- uses:     alerts/site_jammed, alerts/feed_silent, alerts/whistle_late, alerts/coverage_behind, alerts/zone_without_staff, alerts/unit_idle, alerts/sum_mismatch, staffing/posts
-- notes:    those to act on first, then by age. What figure, target and details mean is told by the question of each rule;
--           (rule, place_code, since_at) is the alert's identity. Responsible: the holder of the rule's level in the
--           responsibility chain of its place; of several one who is on duty, then the lowest staff number; null where nobody is known
with united as (
    select * from alerts_site_jammed
    union all
    select * from alerts_feed_silent
    union all
    select * from alerts_whistle_late
    union all
    select * from alerts_coverage_behind
    union all
    select * from alerts_zone_without_staff
    union all
    select * from alerts_unit_idle
    union all
    select * from alerts_sum_mismatch
),

holders as (
    select 'grid_leader' as chain_level, grid_code as chain_code, staff_code, role from staff where role = 'grid_leader'
    union all
    select role, community_code, staff_code, role from staff where role = 'community_cadre'
    union all
    select role, town_code, staff_code, role from staff where role = 'street_leader'
    union all
    select 'site_leader', site.site_code, site.leader_staff_code, leader.role
    from site
    left join staff as leader on site.leader_staff_code = leader.staff_code
    where site.leader_staff_code is not null
),

responsible as (
    select
        holders.chain_level,
        holders.chain_code,
        min(struct_pack(
            is_away := posts.staff_code is null, staff_code := holders.staff_code, role := holders.role
        )) as one
    from holders
    left join staffing_posts as posts on holders.staff_code = posts.staff_code
    group by holders.chain_level, holders.chain_code
)

select
    united.rule,
    united.level,
    united.place_kind,
    united.place_code,
    united.place_name,
    united.place_name_en,
    united.lon,
    united.lat,
    united.grid_code,
    united.town_code,
    united.since_at,
    united.figure,
    united.target,
    united.detail_pct,
    united.detail_count,
    united.expected_at,
    united.action,
    united.neighbour_name,
    united.neighbour_name_en,
    coalesce(responsible.one.role, case united.chain_level when 'site_leader' then 'grid_leader' else united.chain_level end)
        as responsible_role,
    responsible.one.staff_code as responsible_staff_code,
    case when (select min(event_at) from staff_event) <= $as_of then not responsible.one.is_away end
        as is_responsible_on_duty
from united
left join responsible on united.chain_level = responsible.chain_level and united.chain_code = responsible.chain_code
order by case united.level when 'act' then 1 else 2 end, united.since_at, united.rule, united.place_code
