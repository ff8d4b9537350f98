-- question: At which five-minute marks of the working day did a site have idle units while a neighbour's queue was long?
-- zh:       当日哪些 5 分钟时刻，采样单元空闲而邻点排长队？
-- grain:    one row per (place_code, measured_at)
-- params:   $as_of TIMESTAMPTZ; $busy_from_min DOUBLE default 25; $unit_capacity_per_hour DOUBLE default 100;
--           $idle_within_m DOUBLE default 1000; $idle_least_units BIGINT default 2 units;
--           $idle_opens_after_min DOUBLE default 15; $idle_closes_after_min DOUBLE default 10
-- columns:  place_code VARCHAR; measured_at TIMESTAMPTZ; is_met BOOLEAN; began_at TIMESTAMPTZ;
--           opens_after_min DOUBLE (minutes); closes_after_min DOUBLE (minutes); neighbour_code VARCHAR;
--           open_unit_count BIGINT (units); idle_unit_count BIGINT (units)
-- reads:    situation
-- uses:     sites/wait_history
-- notes:    the buckets know sites, not single units: idle are the open units that neither those who registered in the
--           last 15 minutes nor the queue need (as needed_unit_count in sites/state); all of them where nobody
--           registered. For each site at busy_from_min or more, with ten people waiting, the nearest site within
--           idle_within_m that has idle_least_units idle or more: one alert a queue, not one a site. 1,000 m is about 15 minutes' walk, the longest
--           way to a site that guidelines allow (Jiangxi, 2022). Clear marks: the candidate was not the nearest, and the 15 minutes after
with crowded as (
    select site_code, measured_at
    from sites_wait_history
    where wait_min >= $busy_from_min and waiting_count >= 10
),

near as (
    select
        own.site_code,
        other.site_code as neighbour_code,
        6371008.8 * sqrt(
            power(radians(own.lat - other.lat), 2)
            + power(radians(own.lon - other.lon) * cos(radians((own.lat + other.lat) / 2)), 2)
        ) as distance_m
    from (select distinct site_code from crowded) as queue
    inner join site as other on queue.site_code = other.site_code
    inner join site as own on own.site_code <> other.site_code
),

candidates as (
    select near.site_code, near.neighbour_code, near.distance_m, crowded.measured_at
    from near
    inner join crowded on near.neighbour_code = crowded.site_code
    where near.distance_m <= $idle_within_m
),

asked as (
    select distinct site_code, measured_at from candidates
),

arrived as (
    select bucket.site_code, bucket.bucket_start_at + later.gap as measured_at, sum(bucket.registered_count) as registered_count
    from site_bucket as bucket
    cross join (values (interval '5 minutes'), (interval '10 minutes'), (interval '15 minutes')) as later (gap)
    where bucket.bucket_start_at <= $as_of and bucket.bucket_start_at > $as_of - interval '25 hours'
        and bucket.site_code in (select site_code from asked)
    group by bucket.site_code, bucket.bucket_start_at + later.gap
),

ordered as (
    select
        site_code,
        event,
        event_at as opened_at,
        lead(event_at) over (partition by site_code, unit_no order by event_at, event desc) as next_at
    from unit_event
    where event_at <= $as_of and event_at > $as_of - interval '40 hours'
        and site_code in (select site_code from asked)
),

open_units as (
    select asked.site_code, asked.measured_at, count(*) as open_unit_count
    from asked
    inner join ordered
        on asked.site_code = ordered.site_code and ordered.event = 'open'
        and ordered.opened_at <= asked.measured_at - interval '15 minutes'
        and coalesce(ordered.next_at, ordered.opened_at + interval '16 hours') > asked.measured_at
    group by asked.site_code, asked.measured_at
),

counted as (
    select
        open_units.site_code,
        open_units.measured_at,
        open_units.open_unit_count,
        open_units.open_unit_count - cast(ceil(
            case
                when 4.0 * coalesce(arrived.registered_count, 0) > queue.waiting_count * 60.0 / $busy_from_min
                    then 4.0 * coalesce(arrived.registered_count, 0)
                else queue.waiting_count * 60.0 / $busy_from_min
            end / $unit_capacity_per_hour
        ) as bigint) as idle_unit_count
    from open_units
    inner join sites_wait_history as queue
        on open_units.site_code = queue.site_code and open_units.measured_at = queue.measured_at
    left join arrived on open_units.site_code = arrived.site_code and open_units.measured_at = arrived.measured_at
),

ranked as (
    select
        candidates.site_code,
        candidates.neighbour_code,
        candidates.measured_at,
        counted.open_unit_count,
        counted.idle_unit_count,
        row_number() over (
            partition by candidates.neighbour_code, candidates.measured_at
            order by candidates.distance_m, candidates.site_code
        ) as place
    from candidates
    inner join counted
        on candidates.site_code = counted.site_code and candidates.measured_at = counted.measured_at
    where counted.idle_unit_count >= $idle_least_units
),

picked as (
    select
        site_code,
        measured_at,
        min(neighbour_code) as neighbour_code,
        min(open_unit_count) as open_unit_count,
        min(idle_unit_count) as idle_unit_count
    from ranked
    where place = 1
    group by site_code, measured_at
),

marks as (
    select distinct asked.site_code, to_timestamp(epoch(asked.measured_at) + later.s) as measured_at
    from asked
    cross join (values (0), (300), (600), (900)) as later (s)
    where asked.site_code in (select site_code from picked)
)

select
    marks.site_code as place_code,
    marks.measured_at,
    picked.site_code is not null as is_met,
    cast(null as timestamptz) as began_at,
    cast($idle_opens_after_min as double) as opens_after_min,
    cast($idle_closes_after_min as double) as closes_after_min,
    picked.neighbour_code,
    picked.open_unit_count,
    picked.idle_unit_count
from marks
left join picked on marks.site_code = picked.site_code and marks.measured_at = picked.measured_at
where marks.measured_at <= $as_of
order by place_code, marks.measured_at
