-- question: When did a feed fall silent during the working day, and come back?
-- grain:    one row per (feed_code, started_at)
-- params:   $as_of TIMESTAMPTZ
-- columns:  feed_code VARCHAR; started_at TIMESTAMPTZ; ended_at TIMESTAMPTZ; duration_min DOUBLE (minutes)
-- reads:    situation
-- uses:     wall/working_day
-- notes:    to five minutes: from the end of one bucket with rows to the start of the next, where that is longer than
--           silent_after_min and a unit of the feed's sites was open all through. Only feeds of registrations: staff
--           check in by shifts. Rows that came late fill the gap: what the feed told then is not missing
with told as (
    select
        bucket.feed_code,
        bucket.bucket_start_at + interval '5 minutes' as started_at,
        lead(bucket.bucket_start_at) over (partition by bucket.feed_code order by bucket.bucket_start_at) as ended_at
    from feed_bucket as bucket
    inner join wall_working_day as today on bucket.bucket_start_at >= today.starts_at
    where bucket.bucket_start_at <= $as_of and bucket.row_count > 0
),

gaps as (
    select told.feed_code, told.started_at, told.ended_at
    from told
    inner join feed on told.feed_code = feed.feed_code
    where feed.kind = 'registrations'
        and epoch(told.ended_at) - epoch(told.started_at) > feed.silent_after_min * 60
),

units as (
    select
        gaps.feed_code,
        gaps.started_at,
        gaps.ended_at,
        max(event.event_at) filter (where event.event = 'open' and event.event_at <= gaps.started_at) as opened_at,
        max(event.event_at) filter (where event.event = 'close') as closed_at
    from gaps
    inner join site on gaps.feed_code = site.feed_code
    inner join unit_event as event on site.site_code = event.site_code
    where event.event_at < gaps.ended_at and event.event_at > $as_of - interval '25 hours'
    group by gaps.feed_code, gaps.started_at, gaps.ended_at, event.site_code, event.unit_no
)

select
    feed_code,
    started_at,
    ended_at,
    (epoch(ended_at) - epoch(started_at)) / 60 as duration_min
from gaps
where exists (
    select 1
    from units
    where units.feed_code = gaps.feed_code
        and units.started_at = gaps.started_at
        and units.opened_at is not null
        and (units.closed_at is null or units.closed_at < units.opened_at)
)
order by feed_code, started_at
