-- question: How did earlier rounds of the same kind end in each grid?
-- zh:       同类的以往轮次在各网格最后怎样？
-- grain:    one row per (round_code, grid_code)
-- params:   $as_of TIMESTAMPTZ; $round_code VARCHAR
-- columns:  round_code VARCHAR; grid_code VARCHAR; target_count BIGINT (people); missing_count BIGINT (people)
-- reads:    situation
-- notes:    of the same kind: the same scope, a target that differs by a tenth at most, and a deadline before the start
--           of the round that is named; the last three of them. Missing is as of their own deadline, grid by grid and
--           never below zero
with screening as (
    select round_code, scope, starts_at, target_count
    from round
    where round_code = $round_code and starts_at <= $as_of
),

alike as (
    select
        earlier.round_code,
        earlier.deadline_at,
        row_number() over (order by earlier.deadline_at desc, earlier.round_code) as place
    from round as earlier
    inner join screening on earlier.scope = screening.scope and earlier.deadline_at <= screening.starts_at
    where 10 * abs(earlier.target_count - screening.target_count) <= screening.target_count
        and (select min(bucket_start_at) from site_bucket) <= earlier.starts_at
),

counted as (
    select bucket.round_code, bucket.grid_code, sum(bucket.covered_person_count) as covered_person_count
    from grid_bucket as bucket
    inner join alike on bucket.round_code = alike.round_code and bucket.bucket_start_at < alike.deadline_at
    where alike.place <= 3 and bucket.bucket_start_at <= $as_of
    group by bucket.round_code, bucket.grid_code
)

select
    member.round_code,
    member.grid_code,
    member.target_count,
    cast(
        case
            when member.target_count < coalesce(counted.covered_person_count, 0) then 0
            else member.target_count - coalesce(counted.covered_person_count, 0)
        end as bigint
    ) as missing_count
from alike
inner join round_grid as member on alike.round_code = member.round_code
left join counted on member.round_code = counted.round_code and member.grid_code = counted.grid_code
where alike.place <= 3
order by member.round_code, member.grid_code
