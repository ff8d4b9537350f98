-- question: How many registrations does each site have in each round, from the single rows?
-- zh:       按逐条数据，各采样点每轮有多少登记？
-- grain:    one row per (round_code, site_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  round_code VARCHAR; site_code VARCHAR; version_count BIGINT (accepted lines);
--           registration_count BIGINT (registrations); sampled_count BIGINT (registrations);
--           person_count BIGINT (people); wait_mean_min DOUBLE (minutes); wait_p90_min DOUBLE (minutes)
-- reads:    rows
-- notes:    the lines on one registration are merged: the greatest value counts. round_code is null outside every
--           round. Waits are from registering to sampling, of those sampled by $as_of. Withdrawn rows are left out, at
--           whatever time the site withdrew them. No rows for a round whose registrations were destroyed
with merged as (
    select
        site_code,
        person_token,
        registered_at,
        max(round_code) as round_code,
        max(sampled_at) as sampled_at,
        count(*) as version_count
    from registration_version
    where registered_at <= $as_of
    group by site_code, person_token, registered_at
    having not coalesce(bool_or(is_withdrawn), false)
),

waited as (
    select
        round_code,
        site_code,
        person_token,
        version_count,
        case when sampled_at <= $as_of then sampled_at end as sampled_at,
        case when sampled_at <= $as_of then (epoch(sampled_at) - epoch(registered_at)) / 60 end as wait_min
    from merged
)

select
    round_code,
    site_code,
    cast(sum(version_count) as bigint) as version_count,
    count(*) as registration_count,
    count(sampled_at) as sampled_count,
    count(distinct person_token) as person_count,
    avg(wait_min) as wait_mean_min,
    quantile_cont(wait_min, 0.9) as wait_p90_min
from waited
where not exists (select 1 from erased_round where erased_round.round_code = waited.round_code)
group by round_code, site_code
order by round_code nulls last, site_code
