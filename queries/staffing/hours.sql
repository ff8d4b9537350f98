-- question: How long has everybody worked, without a break and within 24 hours?
-- zh:       每个人连续和 24 小时内工作了多久？
-- grain:    one row per (staff_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  staff_code VARCHAR; since_at TIMESTAMPTZ; on_duty_h DOUBLE (hours); worked_24h_h DOUBLE (hours);
--           last_out_at TIMESTAMPTZ
-- reads:    situation
-- uses:     staffing/posts
-- notes:    everybody with a check-in in the last 40 hours. A stint lasts from a check-in to the next event, at most 16 hours, as
--           in staffing/posts; a break of up to 30 minutes ends no stretch of work: people change posts. since_at and
--           on_duty_h are null for those who are not on duty; last_out_at is when the last stint ended of those
with known as (
    select
        staff_code,
        event,
        event_at as from_at,
        lead(event_at) over (partition by staff_code order by event_at, event) as next_at
    from staff_event
    where event_at <= $as_of and event_at > $as_of - interval '40 hours'
),

stint as (
    select staff_code, from_at, least(next_at, from_at + interval '16 hours', $as_of) as until_at
    from known
    where event = 'check_in'
),

followed as (
    select
        *,
        coalesce(
            from_at > max(until_at) over (
                partition by staff_code order by from_at, until_at rows between unbounded preceding and 1 preceding
            ) + interval '30 minutes',
            true
        ) as is_new
    from stint
),

summed as (
    select
        staff_code,
        max(from_at) filter (where is_new) as since_at,
        max(until_at) as last_out_at,
        sum(
            greatest(
                epoch(until_at) - greatest(epoch(from_at), epoch($as_of - interval '24 hours')), 0
            )
        ) / 3600 as worked_24h_h
    from followed
    group by staff_code
)

select
    summed.staff_code,
    case when posts.staff_code is not null then summed.since_at end as since_at,
    case when posts.staff_code is not null then (epoch($as_of) - epoch(summed.since_at)) / 3600 end as on_duty_h,
    summed.worked_24h_h,
    case when posts.staff_code is null then summed.last_out_at end as last_out_at
from summed
left join staffing_posts as posts on summed.staff_code = posts.staff_code
order by summed.staff_code
