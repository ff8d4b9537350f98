-- question: Which high-risk and medium-risk zones have nobody on duty inside?
-- zh:       哪些高、中风险区内连续 30 分钟无人在岗？有人连续在岗 10 分钟即关闭
-- grain:    one row per (place_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  rule VARCHAR; level VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR;
--           place_name_en VARCHAR; lon DOUBLE (degrees); lat DOUBLE (degrees); grid_code VARCHAR; town_code VARCHAR;
--           since_at TIMESTAMPTZ; figure DOUBLE; target DOUBLE; detail_pct DOUBLE (percent); detail_count BIGINT;
--           expected_at TIMESTAMPTZ; action VARCHAR; neighbour_name VARCHAR; neighbour_name_en VARCHAR;
--           chain_level VARCHAR; chain_code VARCHAR
-- reads:    situation
-- uses:     zones/in_force, zones/members, alerts/episodes
-- notes:    act for a high-risk zone, watch for a medium-risk one. Since and until when, and who is inside:
--           alerts/marks/zone_without_staff. figure = minutes without anybody; detail_count = people who live inside;
--           place = its first building, grid or community. Action: post_staff. The leader of that grid answers for it,
--           the cadre of that community
with first_member as (
    select zone_code, min(struct_pack(member_code := member_code, kind := member_kind)) as one
    from zones_members
    group by zone_code
)

select
    'zone_without_staff' as rule,
    case zone.level when 'high' then 'act' else 'watch' end as level,
    'zone' as place_kind,
    zone.zone_code as place_code,
    zone.zone_name as place_name,
    zone.zone_name_en as place_name_en,
    coalesce(building.lon, grid.label_lon, community.label_lon) as lon,
    coalesce(building.lat, grid.label_lat, community.label_lat) as lat,
    coalesce(building.grid_code, grid.grid_code) as grid_code,
    coalesce(home.town_code, community.town_code) as town_code,
    episode.since_at,
    (epoch($as_of) - epoch(episode.since_at)) / 60 as figure,
    cast(null as double) as target,
    cast(null as double) as detail_pct,
    zone.resident_count as detail_count,
    cast(null as timestamptz) as expected_at,
    'post_staff' as action,
    cast(null as varchar) as neighbour_name,
    cast(null as varchar) as neighbour_name_en,
    case when community.community_code is not null then 'community_cadre' else 'grid_leader' end as chain_level,
    coalesce(community.community_code, building.grid_code, grid.grid_code) as chain_code
from alerts_episodes as episode
inner join zones_in_force as zone on episode.place_code = zone.zone_code
left join first_member on zone.zone_code = first_member.zone_code
left join building on first_member.one.kind = 'building' and first_member.one.member_code = building.building_code
left join grid on first_member.one.kind = 'grid' and first_member.one.member_code = grid.grid_code
left join grid as home on home.grid_code = coalesce(building.grid_code, grid.grid_code)
left join community
    on first_member.one.kind = 'community' and first_member.one.member_code = community.community_code
where episode.rule = 'zone_without_staff' and episode.closed_at is null
order by place_code
