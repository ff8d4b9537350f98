-- question: When did people who cannot register by phone block the entrance of a site, and what cured it?
-- zh:       不会用手机登记的人何时堵住了采样点入口，怎样解决的？连续的刻钟里协助与绿色通道登记占三成以上、登记多于采样、等候到过25 分钟。
-- grain:    one row per (site_code, started_at)
-- params:   $as_of TIMESTAMPTZ; $blocked_from_pct DOUBLE default 30; $blocked_from_min DOUBLE default 25
-- columns:  site_code VARCHAR; started_at TIMESTAMPTZ; ended_at TIMESTAMPTZ; assisted_pct DOUBLE (percent);
--           registered_count BIGINT (people); sampled_count BIGINT (people); kept_waiting_count BIGINT (people);
--           longest_wait_min DOUBLE (minutes); green_from_at TIMESTAMPTZ
-- reads:    situation
-- uses:     wall/working_day
-- notes:    a block: quarter hours on end in which at least blocked_from_pct of the registrations were assisted or by
--           the green channel and more people registered than were sampled, ten or more then waiting; of these spans only
--           those in which the wait (waiting ÷ rate of sampling) reached blocked_from_min. That the one causes the other is
--           a reading: assisted_pct, the queue that grew (kept_waiting_count) and green_from_at, the first registration by
--           the green channel since it began, are what it rests on. ended_at is null while the last quarter that is over
--           still counts. Of the working day
with counted as (
    select
        bucket.site_code,
        cast(floor(epoch(bucket.bucket_start_at) / 900) * 900 as bigint) as quarter_s,
        sum(bucket.registered_count) as registered_count,
        sum(bucket.sampled_count) as sampled_count,
        sum(bucket.registered_count) filter (where bucket.channel <> 'self') as assisted_count,
        min(epoch(bucket.bucket_start_at)) filter (
            where bucket.channel = 'green' and bucket.registered_count > 0
        ) as green_s
    from site_bucket as bucket
    inner join wall_working_day as today on bucket.bucket_start_at >= today.starts_at
    inner join site on bucket.site_code = site.site_code
    where bucket.bucket_start_at <= $as_of
        and bucket.bucket_start_at > $as_of - interval '25 hours'
        and site.is_sampling_reported is distinct from false
    group by 1, 2
),

running as (
    select
        *,
        sum(registered_count - sampled_count) over (partition by site_code order by quarter_s) as waiting_count
    from counted
    where quarter_s + 900 <= epoch(cast($as_of as timestamptz))
),

judged as (
    select
        *,
        15.0 * waiting_count / nullif(sampled_count, 0) as wait_min,
        coalesce(
            100.0 * assisted_count >= $blocked_from_pct * registered_count
            and registered_count > sampled_count
            and waiting_count >= 10,
            false
        ) as is_blocked
    from running
),

marked as (
    select
        *,
        lead(quarter_s) over (partition by site_code order by quarter_s) as next_s,
        max(case when not is_blocked then quarter_s end) over (partition by site_code order by quarter_s) as clear_s
    from judged
),

spans as (
    select
        site_code,
        min(quarter_s) as from_s,
        case when count(next_s) = count(*) then max(quarter_s) + 900 end as until_s,
        sum(registered_count) as registered_count,
        sum(sampled_count) as sampled_count,
        sum(assisted_count) as assisted_count,
        max(wait_min) as longest_wait_min
    from marked
    where is_blocked
    group by site_code, clear_s
    having max(wait_min) >= $blocked_from_min
)

select
    spans.site_code,
    to_timestamp(spans.from_s) as started_at,
    to_timestamp(spans.until_s) as ended_at,
    100.0 * cast(spans.assisted_count as double) / spans.registered_count as assisted_pct,
    cast(spans.registered_count as bigint) as registered_count,
    cast(spans.sampled_count as bigint) as sampled_count,
    cast(spans.registered_count - spans.sampled_count as bigint) as kept_waiting_count,
    spans.longest_wait_min,
    to_timestamp(min(counted.green_s)) as green_from_at
from spans
left join counted on spans.site_code = counted.site_code and counted.green_s >= spans.from_s
group by all
order by spans.site_code, started_at
