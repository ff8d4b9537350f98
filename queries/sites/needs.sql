-- question: How many sampling units does each site need now and in the next hour?
-- zh:       各采样点现在和下一小时需要多少采样单元？流体排队模型：按稳定的到达率和单元速度，先到先采，不计随机波动。止涨＝到达率÷ 单元速度；回到 25 分＝排队人数在 25 分钟内采完；需要＝两者中较大的；下一小时＝一小时后来的人最多等 25 分钟。单元速度取实测，不足时按每小时 100 人。
-- grain:    one row per (site_code)
-- params:   $as_of TIMESTAMPTZ; $busy_from_min DOUBLE default 25; $unit_capacity_per_hour DOUBLE default 100
-- columns:  site_code VARCHAR; unit_count INTEGER (units it has); open_unit_count BIGINT (units);
--           needed_unit_count BIGINT (units); hold_unit_count BIGINT (units); clear_unit_count BIGINT (units);
--           next_hour_unit_count BIGINT (units); expected_registered_count BIGINT (people);
--           unit_rate_per_hour DOUBLE (people per hour); is_unit_rate_measured BOOLEAN; spare_unit_count BIGINT (units)
-- reads:    situation
-- uses:     sites/state, sites/unit_rates, sites/curves
-- notes:    a fluid queue (Newell, Applications of Queueing Theory, 1982): people come and units take them at steady
--           rates, first come, first served; chance is left out, for at five units and 95 % load Erlang's C adds two to
--           three minutes to a wait of 25. A unit's rate is that of sites/unit_rates, else unit_capacity_per_hour (a
--           Beijing official, June 2020). hold: stops the queue from growing, arrivals ÷ rate. clear: whoever joins now
--           waits busy_from_min at most. needed: both. next hour: with so many from now on, whoever joins in an hour
--           waits busy_from_min at most; expected to register until then: half of the hourly rate of the last quarter
--           and half of the count of the last hour (counted for an hour where the site began later). spare = units
--           it has and has not opened. Null while the site is unknown
with gauge as (
    select floor(epoch(cast($as_of as timestamptz)) / 300) * 300 as until_s
),

come as (
    select
        curve.site_code,
        sum(curve.registered_count) as hour_count,
        min(epoch(curve.bucket_start_at)) as from_s
    from sites_curves as curve
    cross join gauge
    where epoch(curve.bucket_start_at) >= gauge.until_s - 3600 and epoch(curve.bucket_start_at) < gauge.until_s
    group by curve.site_code
),

rated as (
    select
        state.site_code,
        state.wait_class,
        state.open_unit_count,
        state.needed_unit_count,
        state.waiting_count,
        state.registered_per_hour,
        coalesce(pace.unit_rate_per_hour, $unit_capacity_per_hour) as unit_rate_per_hour,
        pace.unit_rate_per_hour is not null as is_unit_rate_measured,
        0.5 * state.registered_per_hour + 0.5 * coalesce(
            3600.0 * come.hour_count / greatest(gauge.until_s - come.from_s, 900), 0
        ) as expected_per_hour
    from sites_state as state
    cross join gauge
    left join sites_unit_rates as pace on state.site_code = pace.site_code
    left join come on state.site_code = come.site_code
)

select
    site.site_code,
    site.unit_count,
    rated.open_unit_count,
    rated.needed_unit_count,
    cast(
        case
            when rated.wait_class = 'resting' then 0
            when rated.waiting_count is not null then ceil(rated.registered_per_hour / rated.unit_rate_per_hour)
        end as bigint
    ) as hold_unit_count,
    cast(ceil(rated.waiting_count * 60.0 / $busy_from_min / rated.unit_rate_per_hour) as bigint) as clear_unit_count,
    cast(
        case
            when rated.waiting_count is not null
                then ceil(
                    (rated.waiting_count + rated.expected_per_hour)
                    / (rated.unit_rate_per_hour * (1 + $busy_from_min / 60.0))
                )
        end as bigint
    ) as next_hour_unit_count,
    cast(
        case when rated.waiting_count is not null then round(rated.expected_per_hour) end as bigint
    ) as expected_registered_count,
    cast(rated.unit_rate_per_hour as double) as unit_rate_per_hour,
    rated.is_unit_rate_measured,
    case
        when rated.open_unit_count > site.unit_count then 0
        else site.unit_count - rated.open_unit_count
    end as spare_unit_count
from site
inner join rated on site.site_code = rated.site_code
order by site.site_code
