-- question: How long did those wait whom each site sampled in the last quarter of an hour?
-- zh:       近 15 分钟在各采样点采样的人等了多久？第 k 个采样的人当作第 k 个登记的人（先到先采）：两条累计曲线之间的时间就是等候，曲线间的面积就是利特尔法则。有采样时间的按实际平均值校准（measured），没有的只按两个人数推算并给出上下限（inferred）；无人采样为未知。
-- grain:    one row per (site_code)
-- params:   $as_of TIMESTAMPTZ; $least_known_pct DOUBLE default 50
-- columns:  site_code VARCHAR; wait_basis VARCHAR; sampled_count BIGINT (people);
--           mean_wait_min DOUBLE (minutes); median_wait_min DOUBLE (minutes); p90_wait_min DOUBLE (minutes);
--           median_low_min DOUBLE (minutes); median_high_min DOUBLE (minutes)
-- reads:    situation
-- uses:     sites/curves
-- notes:    of the last three complete five minutes. The k-th who was sampled is taken for the k-th who registered (first
--           come, first served): the time between the two cumulative curves is that person's wait, and the area between
--           them is Little's law for this very day (Newell, Applications of Queueing Theory, 1982; Little, Operations
--           Research 9, 1961). Twenty people evenly spread over those sampled tell median and nine in ten; within five
--           minutes people are taken to be evenly spread. measured: where least_known_pct of those sampled have both times,
--           the whole is shifted so that its mean is that of sampled_at − registered_at. inferred: from both counts
--           alone; median_low and median_high are then what the five minutes allow for at most. Who leaves the
--           queue unsampled makes an inferred wait too long. Null where nobody was sampled, or is known to have been
with gauge as (
    select floor(epoch(cast($as_of as timestamptz)) / 300) * 300 as until_s
),

served as (
    select
        curve.site_code,
        min(curve.sampled_before_count) as from_count,
        max(curve.sampled_before_count + curve.sampled_count) as until_count,
        sum(curve.sampled_count) as sampled_count,
        sum(curve.waited_count) as waited_count,
        sum(curve.wait_s_sum) as wait_s_sum
    from sites_curves as curve
    cross join gauge
    where epoch(curve.bucket_start_at) >= gauge.until_s - 900
        and epoch(curve.bucket_start_at) < gauge.until_s
        and curve.sampled_count > 0
    group by curve.site_code
),

numbered as (
    select
        site_code,
        until_count,
        unnest(generate_series(1, 20)) as step_no,
        from_count
    from served
),

places as (
    select
        site_code,
        from_count + (until_count - from_count) * (step_no - 0.5) / 20 as place_no
    from numbered
),

came as (
    select
        places.site_code,
        places.place_no,
        epoch(curve.bucket_start_at) as came_bucket_s,
        epoch(curve.bucket_start_at)
        + 300.0 * (places.place_no - curve.registered_before_count) / curve.registered_count as came_s
    from places
    inner join sites_curves as curve
        on places.site_code = curve.site_code
        and places.place_no > curve.registered_before_count
        and places.place_no <= curve.registered_before_count + curve.registered_count
),

waited as (
    select
        came.site_code,
        epoch(curve.bucket_start_at)
        + 300.0 * (came.place_no - curve.sampled_before_count) / curve.sampled_count - came.came_s as wait_s,
        epoch(curve.bucket_start_at) - came.came_bucket_s as bucket_s
    from came
    inner join sites_curves as curve
        on came.site_code = curve.site_code
        and came.place_no > curve.sampled_before_count
        and came.place_no <= curve.sampled_before_count + curve.sampled_count
),

spread as (
    select
        site_code,
        avg(wait_s) as mean_s,
        percentile_cont(0.5) within group (order by wait_s) as median_s,
        percentile_cont(0.9) within group (order by wait_s) as p90_s,
        percentile_cont(0.5) within group (order by bucket_s) as bucket_s
    from waited
    group by site_code
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
    inner join served on spread.site_code = served.site_code
)

select
    site.site_code,
    judged.wait_basis,
    cast(judged.sampled_count as bigint) as sampled_count,
    case when judged.mean_s + judged.shift_s < 0 then 0.0 else (judged.mean_s + judged.shift_s) / 60.0 end as mean_wait_min,
    case when judged.median_s + judged.shift_s < 0 then 0.0 else (judged.median_s + judged.shift_s) / 60.0 end as median_wait_min,
    case when judged.p90_s + judged.shift_s < 0 then 0.0 else (judged.p90_s + judged.shift_s) / 60.0 end as p90_wait_min,
    case judged.wait_basis when 'inferred' then greatest(judged.bucket_s - 300, 0) / 60.0 end as median_low_min,
    case judged.wait_basis when 'inferred' then (judged.bucket_s + 300) / 60.0 end as median_high_min
from site
left join judged on site.site_code = judged.site_code
order by site.site_code
