-- question: How long did those wait whom a site sampled in each quarter of an hour of the working day?
-- zh:       在一个采样点，每一刻钟采样的人等了多久？算法与 sites/waits 相同；只算已经过完的刻钟。
-- grain:    one row per (quarter_start_at)
-- params:   $as_of TIMESTAMPTZ; $site_code VARCHAR; $least_known_pct DOUBLE default 50
-- columns:  quarter_start_at TIMESTAMPTZ; wait_basis VARCHAR; sampled_count BIGINT (people);
--           median_wait_min DOUBLE (minutes); p90_wait_min DOUBLE (minutes)
-- reads:    situation
-- uses:     sites/curves
-- notes:    worked out as in sites/waits, for quarter hours of the clock that are over. Only quarters in which somebody
--           was sampled
with curve as (
    select
        *,
        cast(epoch(bucket_start_at) as double) as bucket_s,
        floor(epoch(bucket_start_at) / 900) * 900 as quarter_s
    from sites_curves
    where site_code = $site_code
),

served as (
    select
        quarter_s,
        min(sampled_before_count) as from_count,
        max(sampled_before_count + sampled_count) as until_count,
        sum(sampled_count) as sampled_count,
        sum(waited_count) as waited_count,
        sum(wait_s_sum) as wait_s_sum
    from curve
    where sampled_count > 0 and quarter_s + 900 <= epoch(cast($as_of as timestamptz))
    group by quarter_s
),

numbered as (
    select
        quarter_s,
        from_count,
        until_count,
        unnest(generate_series(1, 20)) as step_no
    from served
),

places as (
    select
        quarter_s,
        from_count + (until_count - from_count) * (step_no - 0.5) / 20 as place_no
    from numbered
),

waited as (
    select
        places.quarter_s,
        gone.bucket_s + 300.0 * (places.place_no - gone.sampled_before_count) / gone.sampled_count
        - came.bucket_s - 300.0 * (places.place_no - came.registered_before_count) / came.registered_count as wait_s
    from places
    inner join curve as came
        on places.place_no > came.registered_before_count
        and places.place_no <= came.registered_before_count + came.registered_count
    inner join curve as gone
        on places.place_no > gone.sampled_before_count
        and places.place_no <= gone.sampled_before_count + gone.sampled_count
),

spread as (
    select
        quarter_s,
        avg(wait_s) as mean_s,
        percentile_cont(0.5) within group (order by wait_s) as median_s,
        percentile_cont(0.9) within group (order by wait_s) as p90_s
    from waited
    group by quarter_s
    having count(*) >= 10
),

judged as (
    select
        spread.*,
        served.sampled_count,
        case when 100.0 * served.waited_count >= $least_known_pct * served.sampled_count then 'measured' else 'inferred' end as wait_basis,
        case
            when 100.0 * served.waited_count >= $least_known_pct * served.sampled_count
                then served.wait_s_sum / served.waited_count - spread.mean_s
            else 0
        end as shift_s
    from spread
    inner join served on spread.quarter_s = served.quarter_s
)

select
    to_timestamp(quarter_s) as quarter_start_at,
    wait_basis,
    cast(sampled_count as bigint) as sampled_count,
    case when median_s + shift_s < 0 then 0.0 else (median_s + shift_s) / 60.0 end as median_wait_min,
    case when p90_s + shift_s < 0 then 0.0 else (p90_s + shift_s) / 60.0 end as p90_wait_min
from judged
order by quarter_start_at
