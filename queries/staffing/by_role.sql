-- question: How many people of each role are on duty, and how many are needed?
-- grain:    one row per (role)
-- params:   $as_of TIMESTAMPTZ
-- columns:  role VARCHAR; on_duty_count BIGINT (people); needed_count BIGINT (people); missing_count BIGINT (people);
--           unknown_need_count BIGINT (sites whose need is unknown); roster_count BIGINT (people); sort_order INTEGER
-- reads:    situation
-- uses:     staffing/on_duty, staffing/needs
-- notes:    need as in staffing/needs: workers of sites and high-risk zones are counted with the part-time. Needed is null
--           where nothing says how many of a role are needed, as of volunteers without an open whistle; sites whose state is
--           unknown are not in it, but counted beside it. Missing: summed over
--           the places, so that too many at one do not hide too few at another.
with needed as (
    select
        role,
        cast(sum(needed_count) as bigint) as needed_count,
        cast(sum(missing_count) as bigint) as missing_count,
        count(*) filter (where needed_count is null) as unknown_need_count
    from staffing_needs
    group by role
)

select
    on_duty.role,
    on_duty.on_duty_count,
    needed.needed_count,
    needed.missing_count,
    coalesce(needed.unknown_need_count, 0) as unknown_need_count,
    on_duty.roster_count,
    on_duty.sort_order
from staffing_on_duty as on_duty
left join needed on on_duty.role = needed.role
order by on_duty.sort_order
