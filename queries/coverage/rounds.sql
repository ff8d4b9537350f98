-- question: How did every round go that has begun?
-- zh:       已开始的各轮次结果如何？
-- grain:    one row per (round_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  round_code VARCHAR; round_name VARCHAR; round_name_en VARCHAR; scope VARCHAR; starts_at TIMESTAMPTZ;
--           deadline_at TIMESTAMPTZ; closes_at TIMESTAMPTZ; is_running BOOLEAN; grid_count BIGINT (grids);
--           target_count BIGINT (people); registered_person_count BIGINT (people);
--           covered_person_count BIGINT (people); missing_count BIGINT (people); coverage_pct DOUBLE (percent);
--           is_erased BOOLEAN
-- reads:    situation
-- notes:    missing is counted grid by grid and never below zero, as in coverage/current; figures are null while no
--           registration is known. Of an erased round single registrations are gone, all or some
with begun as (
    select screening.*, (select min(bucket_start_at) from site_bucket) <= $as_of as is_known
    from round as screening
    where screening.starts_at <= $as_of
),

counted as (
    select
        bucket.round_code,
        bucket.grid_code,
        sum(bucket.registered_person_count) as registered_person_count,
        sum(bucket.covered_person_count) as covered_person_count
    from grid_bucket as bucket
    where bucket.bucket_start_at <= $as_of
    group by bucket.round_code, bucket.grid_code
),

summed as (
    select
        member.round_code,
        count(*) as grid_count,
        sum(member.target_count) as target_count,
        sum(coalesce(counted.registered_person_count, 0)) as registered_person_count,
        sum(coalesce(counted.covered_person_count, 0)) as covered_person_count,
        sum(
            case
                when member.target_count <= coalesce(counted.covered_person_count, 0) then 0
                else member.target_count - coalesce(counted.covered_person_count, 0)
            end
        ) as missing_count
    from round_grid as member
    left join counted on member.round_code = counted.round_code and member.grid_code = counted.grid_code
    group by member.round_code
)

select
    begun.round_code,
    begun.round_name,
    begun.round_name_en,
    begun.scope,
    begun.starts_at,
    begun.deadline_at,
    begun.closes_at,
    begun.closes_at > $as_of as is_running,
    coalesce(summed.grid_count, 0) as grid_count,
    cast(summed.target_count as bigint) as target_count,
    cast(case when begun.is_known then summed.registered_person_count end as bigint) as registered_person_count,
    cast(case when begun.is_known then summed.covered_person_count end as bigint) as covered_person_count,
    cast(case when begun.is_known then summed.missing_count end as bigint) as missing_count,
    case
        when begun.is_known
            then 100.0 * cast(summed.target_count - summed.missing_count as double) / nullif(summed.target_count, 0)
    end as coverage_pct,
    exists (select 1 from erased_round where erased_round.round_code = begun.round_code) as is_erased
from begun
left join summed on begun.round_code = summed.round_code
order by begun.starts_at, begun.round_code
