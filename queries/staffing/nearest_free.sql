-- question: Who is free to answer a whistle, nearest first?
-- zh:       谁有空应哨，最近的在前？所需角色中，此刻不在任何岗位、没有到过这里、24 小时内工作不足 11 小时的人；距离为直线，自所属网格、社区或镇街的标注点起。
-- grain:    one row per (staff_code)
-- params:   $as_of TIMESTAMPTZ; $whistle_code VARCHAR; $longest_24h_h DOUBLE default 11 hours; $limit BIGINT default 20 people
-- columns:  staff_code VARCHAR; role VARCHAR; home_name VARCHAR; home_name_en VARCHAR; distance_m DOUBLE (m);
--           worked_24h_h DOUBLE (hours); last_out_at TIMESTAMPTZ; found_count BIGINT (people)
-- reads:    situation
-- uses:     staffing/posts, staffing/hours
-- notes:    people of the role that is called for who are not on duty anywhere, were not there already, and worked less than 11 hours
--           within 24 (source in staffing/overload). Distance as the crow flies, from the home grid's label point, else
--           the community's or the town's, as in sites/nearest; null where the whistle or the person has no place, and
--           then whoever worked least comes first
with place as (
    select
        whistle.whistle_code,
        whistle.role,
        coalesce(site.lon, grid.label_lon, community.label_lon) as lon,
        coalesce(site.lat, grid.label_lat, community.label_lat) as lat
    from whistle
    left join site on whistle.place_kind = 'site' and whistle.place_code = site.site_code
    left join grid on whistle.place_kind = 'grid' and whistle.place_code = grid.grid_code
    left join community on whistle.place_kind = 'community' and whistle.place_code = community.community_code
    where whistle.whistle_code = $whistle_code and whistle.raised_at <= $as_of
),

free as (
    select
        staff.staff_code,
        staff.role,
        coalesce(grid.grid_name, community.community_name, town.town_name) as home_name,
        coalesce(grid.grid_name_en, community.community_name_en, town.town_name_en) as home_name_en,
        coalesce(grid.label_lon, community.label_lon, town.label_lon) as home_lon,
        coalesce(grid.label_lat, community.label_lat, town.label_lat) as home_lat,
        place.lon,
        place.lat,
        coalesce(hours.worked_24h_h, 0.0) as worked_24h_h,
        hours.last_out_at
    from staff
    inner join place on staff.role = place.role
    left join grid on staff.grid_code = grid.grid_code
    left join community on staff.community_code = community.community_code
    left join town on staff.town_code = town.town_code
    left join staffing_hours as hours on staff.staff_code = hours.staff_code
    where not exists (select 1 from staffing_posts as posts where posts.staff_code = staff.staff_code)
        and not exists (
            select 1
            from staff_event as event
            where event.staff_code = staff.staff_code and event.whistle_code = $whistle_code and event.event_at <= $as_of
        )
        and coalesce(hours.worked_24h_h, 0.0) < $longest_24h_h
),

measured as (
    select
        *,
        6371008.8 * sqrt(
            power(radians(lat - home_lat), 2) + power(radians(lon - home_lon) * cos(radians((lat + home_lat) / 2)), 2)
        ) as distance_m
    from free
)

select
    staff_code,
    role,
    home_name,
    home_name_en,
    distance_m,
    worked_24h_h,
    last_out_at,
    count(*) over () as found_count
from measured
order by distance_m nulls last, worked_24h_h, staff_code
limit $limit
