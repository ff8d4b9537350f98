-- question: How many people an hour does a sampling unit of each site take while people wait?
-- zh:       有人排队时，各采样点的一个采样单元每小时采多少人？只用近一小时里每单元至少有两人在等的时段：采样人数 ÷ 单元开放小时；不足一个单元小时为未知。
-- grain:    one row per (site_code)
-- params:   $as_of TIMESTAMPTZ; $least_unit_hours DOUBLE default 1
-- columns:  site_code VARCHAR; unit_hours DOUBLE (hours); unit_rate_per_hour DOUBLE (people per hour)
-- reads:    situation
-- uses:     wall/working_day
-- notes:    people sampled ÷ hours that units stood open, over those of the last twelve complete five minutes at whose
--           beginning and end at least two people a unit waited: only then a unit is never idle, and its pace is its
--           own. Null with less than least_unit_hours of such time
with gauge as (
    select floor(epoch(cast($as_of as timestamptz)) / 300) * 300 as until_s
),

counted as (
    select
        bucket.site_code,
        greatest(cast(epoch(bucket.bucket_start_at) as bigint), cast(gauge.until_s - 3900 as bigint)) as bucket_s,
        sum(bucket.registered_count) as registered_count,
        sum(bucket.sampled_count) as sampled_count
    from site_bucket as bucket
    inner join wall_working_day as today on bucket.bucket_start_at >= today.starts_at
    cross join gauge
    where bucket.bucket_start_at <= $as_of
        and bucket.bucket_start_at > $as_of - interval '25 hours'
        and epoch(bucket.bucket_start_at) < gauge.until_s
    group by 1, 2
),

spell as (
    select
        site_code,
        event,
        epoch(event_at) as from_s,
        coalesce(
            lead(epoch(event_at)) over (
                partition by site_code, unit_no
                order by event_at, case event when 'open' then 1 else 2 end
            ),
            epoch(cast($as_of as timestamptz))
        ) as until_s
    from unit_event
    where event_at <= $as_of and event_at > $as_of - interval '16 hours'
),

queued as (
    select
        site_code,
        bucket_s,
        sampled_count,
        registered_count - sampled_count as growth_count,
        sum(registered_count - sampled_count) over (partition by site_code order by bucket_s) as waiting_count
    from counted
),

opened as (
    select
        queued.site_code,
        queued.bucket_s,
        sum(least(spell.until_s, queued.bucket_s + 300.0) - greatest(spell.from_s, queued.bucket_s)) / 3600.0 as unit_hours
    from queued
    cross join gauge
    inner join spell
        on queued.site_code = spell.site_code
        and spell.from_s < queued.bucket_s + 300
        and spell.until_s > queued.bucket_s
    where spell.event = 'open' and queued.bucket_s >= gauge.until_s - 3600
    group by queued.site_code, queued.bucket_s
),

rated as (
    select
        queued.site_code,
        sum(opened.unit_hours) as unit_hours,
        sum(queued.sampled_count) as sampled_count
    from queued
    inner join opened on queued.site_code = opened.site_code and queued.bucket_s = opened.bucket_s
    -- twelve units open for five minutes are one unit hour; two people a unit, before and after
    where queued.waiting_count >= 24 * opened.unit_hours
        and queued.waiting_count - queued.growth_count >= 24 * opened.unit_hours
    group by queued.site_code
)

select
    site.site_code,
    coalesce(rated.unit_hours, 0.0) as unit_hours,
    case when rated.unit_hours >= $least_unit_hours then rated.sampled_count / rated.unit_hours end
        as unit_rate_per_hour
from site
left join rated on site.site_code = rated.site_code
order by site.site_code
