-- question: At which five-minute marks of the working day was each feed silent for longer than chance explains?
-- zh:       当日哪些 5 分钟时刻，各数据源中断得比偶然更久？
-- grain:    one row per (place_code, measured_at)
-- params:   $as_of TIMESTAMPTZ; $allowance_s DOUBLE default 0; $silence_by_chance DOUBLE default 0.001 probability;
--           $shift_least_rows BIGINT default 50 rows; $silence_closes_after_min DOUBLE default 5
-- columns:  place_code VARCHAR; measured_at TIMESTAMPTZ; is_met BOOLEAN; began_at TIMESTAMPTZ;
--           opens_after_min DOUBLE (minutes); closes_after_min DOUBLE (minutes)
-- reads:    situation
-- uses:     wall/working_day
-- notes:    a gap runs from the end of one five-minute bucket with rows to the next with rows, or to $as_of. From
--           silent_after_min (+ allowance_s, how far a played clock lets files lag) on it is a silence where chance does
--           not explain it. Registrations: the probability of no row in t minutes is exp(-rate * t) (Poisson); the rate
--           is that of the half-hour before the gap, of the sites that still have a unit open (or never report units);
--           the silence is real where the probability is at most silence_by_chance: after 7 rows that should have come. So one site
--           with a person in three minutes may be silent for 21. Staff come in shifts: real where the same hour brought shift_least_rows rows or
--           more on each of the two days before, and a unit is open. Closes after five minutes with rows
with told as (
    select
        bucket.feed_code,
        feed.kind,
        feed.silent_after_min * 60 + $allowance_s as allowed_s,
        bucket.bucket_start_at + interval '5 minutes' as started_at,
        lead(bucket.bucket_start_at) over (partition by bucket.feed_code order by bucket.bucket_start_at) as ended_at
    from feed_bucket as bucket
    inner join feed on bucket.feed_code = feed.feed_code and feed.kind in ('registrations', 'staff')
    inner join wall_working_day as today on bucket.bucket_start_at >= today.starts_at
    where bucket.bucket_start_at <= $as_of and bucket.row_count > 0
),

gaps as (
    select
        *,
        epoch(started_at) as started_s,
        epoch(coalesce(ended_at, cast($as_of as timestamptz))) as until_s
    from told
    where epoch(coalesce(ended_at, cast($as_of as timestamptz))) - epoch(started_at) >= allowed_s
),

ordered as (
    select
        site_code,
        event,
        epoch(event_at) as opened_s,
        epoch(lead(event_at) over (partition by site_code, unit_no order by event_at, event desc)) as next_s
    from unit_event
    where event_at <= $as_of and event_at > $as_of - interval '40 hours' and exists (select 1 from gaps)
),

open_spans as (
    select site_code, opened_s, coalesce(next_s, opened_s + 57600) as closed_s
    from ordered
    where event = 'open'
    union all
    select site_code, 0, null
    from site
    where site_code not in (select site_code from unit_event)
),

rates as (
    select
        gaps.feed_code,
        gaps.started_s,
        bucket.site_code,
        sum(bucket.registered_count) / 1800.0 as row_per_s
    from gaps
    inner join site on gaps.feed_code = site.feed_code
    inner join site_bucket as bucket
        on site.site_code = bucket.site_code
        and bucket.bucket_start_at >= gaps.started_at - interval '30 minutes'
        and bucket.bucket_start_at < gaps.started_at
    where gaps.kind = 'registrations'
    group by gaps.feed_code, gaps.started_s, bucket.site_code
),

marks as (
    select
        *,
        unnest(generate_series(cast(started_s as bigint), cast(until_s as bigint), cast(300 as bigint))) as measured_s
    from gaps
),

lapsed as (
    select *
    from marks
    where measured_s - started_s >= allowed_s and (ended_at is null or measured_s < until_s)
),

expected as (
    select lapsed.feed_code, lapsed.measured_s, sum(rates.row_per_s) * max(lapsed.measured_s - lapsed.started_s) as row_count
    from lapsed
    inner join rates on lapsed.feed_code = rates.feed_code and lapsed.started_s = rates.started_s
    where exists (
        select 1
        from open_spans as span
        where span.site_code = rates.site_code
            and span.opened_s <= lapsed.measured_s and coalesce(span.closed_s > lapsed.measured_s, true)
    )
    group by lapsed.feed_code, lapsed.measured_s
),

shifts as (
    select lapsed.feed_code, lapsed.measured_s, days.day, sum(bucket.row_count) as row_count
    from lapsed
    cross join (values (1), (2)) as days (day)
    inner join feed_bucket as bucket
        on lapsed.feed_code = bucket.feed_code
        and epoch(bucket.bucket_start_at) >= lapsed.measured_s - 86400 * days.day - 3600
        and epoch(bucket.bucket_start_at) < lapsed.measured_s - 86400 * days.day
    where lapsed.kind = 'staff'
    group by lapsed.feed_code, lapsed.measured_s, days.day
),

due as (
    select feed_code, measured_s
    from expected
    where row_count >= -ln($silence_by_chance)
    union all
    select feed_code, measured_s
    from shifts
    where row_count >= $shift_least_rows
        and exists (
            select 1
            from open_spans as span
            where span.closed_s is not null and span.opened_s <= shifts.measured_s and span.closed_s > shifts.measured_s
        )
    group by feed_code, measured_s
    having count(*) = 2
),

judged as (
    select marks.feed_code as place_code, marks.measured_s, due.feed_code is not null as is_met, marks.started_at
    from marks
    left join due on marks.feed_code = due.feed_code and marks.measured_s = due.measured_s
    where marks.feed_code in (select feed_code from due)
    union all
    select feed_code, cast(until_s as bigint) + 300, false, null
    from gaps
    where ended_at is not null and until_s + 300 <= epoch($as_of) and feed_code in (select feed_code from due)
)

select
    place_code,
    to_timestamp(measured_s) as measured_at,
    bool_or(is_met) as is_met,
    min(case when is_met then started_at end) as began_at,
    cast(0 as double) as opens_after_min,
    cast($silence_closes_after_min as double) as closes_after_min
from judged
group by place_code, measured_s
order by place_code, measured_at
