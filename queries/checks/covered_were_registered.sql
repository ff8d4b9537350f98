-- question: Where were more people sampled than registered?
-- zh:       哪里采样人数多于登记人数？
-- grain:    one row per (place_kind, place_code, round_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  place_kind VARCHAR; place_code VARCHAR; round_code VARCHAR; registered_count BIGINT (people);
--           sampled_count BIGINT (people)
-- reads:    situation
-- notes:    no rows when all is well; by grid and round, people; by site, registrations. A sum below zero is told too
with by_grid as (
    select
        grid_code,
        round_code,
        sum(registered_person_count) as registered_count,
        sum(covered_person_count) as sampled_count,
        sum(seen_household_count) as seen_household_count
    from grid_bucket
    where bucket_start_at <= $as_of
    group by grid_code, round_code
),

by_site as (
    select site_code, sum(registered_count) as registered_count, sum(sampled_count) as sampled_count
    from site_bucket
    where bucket_start_at <= $as_of
    group by site_code
)

select
    'grid' as place_kind,
    grid_code as place_code,
    round_code,
    cast(registered_count as bigint) as registered_count,
    cast(sampled_count as bigint) as sampled_count
from by_grid
where sampled_count > registered_count or sampled_count < 0 or seen_household_count < 0
union all
select 'site', site_code, cast(null as varchar), cast(registered_count as bigint), cast(sampled_count as bigint)
from by_site
where sampled_count > registered_count or sampled_count < 0
order by place_kind, place_code, round_code
