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

unit_spans as (
    select
        event.site_code,
        event.event,
        event.event_at as opened_at,
        lead(event.event_at) over (
            partition by event.site_code, event.unit_no order by event.event_at, event.event desc
        ) as closed_at
    from unit_event as event
    where event.event_at <= $as_of and event.event_at > $as_of - interval '25 hours'
),

open_spans as (
    select site.feed_code, unit_spans.opened_at, unit_spans.closed_at
    from unit_spans
    inner join site on unit_spans.site_code = site.site_code
    where unit_spans.event = 'open'
)

select
    gaps.feed_code,
    gaps.started_at,
    gaps.ended_at,
    (epoch(gaps.ended_at) - epoch(gaps.started_at)) / 60 as duration_min
from gaps
where exists (
    select 1
    from open_spans
    where open_spans.feed_code = gaps.feed_code
        and open_spans.opened_at <= gaps.started_at
        and (open_spans.closed_at is null or open_spans.closed_at >= gaps.ended_at)
)
order by gaps.feed_code, gaps.started_at
