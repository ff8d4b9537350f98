-- question: How long after each whistle were half, nine tenths and all of the people needed there?
-- zh:       每次吹哨后多久到了一半、九成、全部？按到达先后，第一名使人数达到所需一半（九成）的人为准，向上取整；每人只算一次。
-- grain:    one row per (whistle_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  whistle_code VARCHAR; place_name VARCHAR; place_name_en VARCHAR; role VARCHAR; raised_at TIMESTAMPTZ;
--           due_at TIMESTAMPTZ; due_after_min DOUBLE (minutes); closed_at TIMESTAMPTZ; needed_count INTEGER (people);
--           arrived_count BIGINT (people); arrived_pct DOUBLE (percent); half_after_min DOUBLE (minutes);
--           ninety_after_min DOUBLE (minutes); full_after_min DOUBLE (minutes); is_open BOOLEAN; is_late BOOLEAN
-- reads:    situation
-- uses:     staffing/musters, staffing/whistles
-- notes:    every whistle raised by then, open ones first, the newest first. After the call came the one who made half, or
--           nine tenths, of those needed, rounded up; null while too few are there. Arrived people count once each.
--           Open as in staffing/whistles; late: filled after the time set, or not filled by then, or not expected to be
with arrivals as (
    select whistle_code, staff_code, min(event_at) as arrived_at
    from staff_event
    where whistle_code is not null and event = 'check_in' and event_at <= $as_of
    group by whistle_code, staff_code
),

numbered as (
    select whistle_code, arrived_at, row_number() over (partition by whistle_code order by arrived_at, staff_code) as arrival_no
    from arrivals
),

reached as (
    select
        musters.whistle_code,
        min(numbered.arrived_at) filter (where numbered.arrival_no = ceil(musters.needed_count * 0.5)) as half_at,
        min(numbered.arrived_at) filter (where numbered.arrival_no = ceil(musters.needed_count * 0.9)) as ninety_at
    from staffing_musters as musters
    inner join numbered on musters.whistle_code = numbered.whistle_code
    group by musters.whistle_code
)

select
    musters.whistle_code,
    musters.place_name,
    musters.place_name_en,
    musters.role,
    musters.raised_at,
    musters.due_at,
    (epoch(musters.due_at) - epoch(musters.raised_at)) / 60 as due_after_min,
    musters.closed_at,
    musters.needed_count,
    musters.arrived_count,
    100.0 * cast(musters.arrived_count as double) / nullif(musters.needed_count, 0) as arrived_pct,
    (epoch(reached.half_at) - epoch(musters.raised_at)) / 60 as half_after_min,
    (epoch(reached.ninety_at) - epoch(musters.raised_at)) / 60 as ninety_after_min,
    musters.full_after_min,
    still_open.whistle_code is not null as is_open,
    coalesce(still_open.is_late, coalesce(musters.full_at > musters.due_at, musters.due_at < $as_of)) as is_late
from staffing_musters as musters
left join reached on musters.whistle_code = reached.whistle_code
left join staffing_whistles as still_open on musters.whistle_code = still_open.whistle_code
order by is_open desc, musters.raised_at desc, musters.whistle_code
