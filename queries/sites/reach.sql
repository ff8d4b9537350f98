-- question: How many people could each site near another take over, and what stands against it?
-- zh:       一个采样点附近的各点能接多少人，有什么不妥？步行距离＝直线 × 1.3。能接＝在开单元 20 分钟能采的人数，减去那里已在等的和它自己半小时内要增加的。不妥依次为：高风险区、跨风险区边界、情况不明、未开放、自己也忙或堵、45 分钟内关闭、接不下。
-- grain:    one row per (site_code, other_site_code)
-- params:   $as_of TIMESTAMPTZ; $within_m DOUBLE default 1000; $filled_from_min DOUBLE default 20;
--           $closing_soon_min DOUBLE default 45
-- columns:  site_code VARCHAR; other_site_code VARCHAR; walk_m DOUBLE (m); obstacle VARCHAR;
--           take_count BIGINT (people)
-- reads:    situation
-- uses:     sites/state, sites/needs, sites/closing, zones/sites_inside
-- notes:    walk = 1.3 × the distance as the crow flies (roads in China: 1.33, Ballou, Rahardja and Sakai,
--           Transportation Research A 36, 2002; on foot there are short cuts); the distance as in sites/nearest. Takes
--           over as many as its open units sample in filled_from_min (five minutes below busy), without those who wait
--           there already and without what its own queue will grow by in the next half hour. Obstacles, the first that holds: high (either lies in a
--           high-risk zone), border (not in the same high- and medium-risk zones: nobody is sent across a zone's
--           border), unknown, resting (no unit open), busy or jammed (its own queue), closing (within closing_soon_min),
--           full (takes nobody). Null: nothing stands against it
with zoned as (
    select
        site_code,
        string_agg(zone_code, ' ' order by zone_code) as zone_codes,
        bool_or(level = 'high') as is_high
    from zones_sites_inside
    where level in ('high', 'medium')
    group by site_code
),

described as (
    select
        site.site_code,
        site.lon,
        site.lat,
        coalesce(zoned.zone_codes, '') as zone_codes,
        coalesce(zoned.is_high, false) as is_high,
        state.wait_class,
        closing.expected_close_at,
        floor(
            state.open_unit_count * needs.unit_rate_per_hour * $filled_from_min / 60.0 - state.waiting_count
            - case
                when state.registered_per_hour > state.open_unit_count * needs.unit_rate_per_hour
                    then 0.5 * (state.registered_per_hour - state.open_unit_count * needs.unit_rate_per_hour)
                else 0
            end
        ) as take_count
    from site
    inner join sites_state as state on site.site_code = state.site_code
    inner join sites_needs as needs on site.site_code = needs.site_code
    inner join sites_closing as closing on site.site_code = closing.site_code
    left join zoned on site.site_code = zoned.site_code
),

measured as (
    select
        here.site_code,
        there.site_code as other_site_code,
        1.3 * 6371008.8 * sqrt(
            power(radians(there.lat - here.lat), 2)
            + power(radians(there.lon - here.lon) * cos(radians((there.lat + here.lat) / 2)), 2)
        ) as walk_m,
        case
            when here.is_high or there.is_high then 'high'
            when here.zone_codes <> there.zone_codes then 'border'
            when there.wait_class = 'unknown' then 'unknown'
            when there.wait_class = 'resting' or coalesce(there.take_count, 0) = 0 and there.expected_close_at is null
                then 'resting'
            when there.wait_class in ('busy', 'jammed') then there.wait_class
            when there.expected_close_at <= cast($as_of as timestamptz)
                + cast($closing_soon_min as integer) * interval '1 minute' then 'closing'
            when there.take_count <= 0 then 'full'
        end as obstacle,
        there.take_count
    from described as here
    inner join described as there on here.site_code <> there.site_code
)

select
    site_code,
    other_site_code,
    walk_m,
    obstacle,
    cast(case when obstacle is null then take_count else 0 end as bigint) as take_count
from measured
where walk_m <= $within_m
order by site_code, walk_m, other_site_code
