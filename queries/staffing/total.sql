-- question: How many people are on duty in all, and how many are needed and missing?
-- zh:       一共多少人在岗，需要多少，缺多少？六个角色合计；需要和缺同“按角色”，只含有依据的角色。
-- grain:    one row
-- params:   $as_of TIMESTAMPTZ
-- columns:  on_duty_count BIGINT (people); needed_count BIGINT (people); lacking_count BIGINT (people); roster_count BIGINT (people);
--           unknown_need_count BIGINT (sites)
-- reads:    situation
-- uses:     staffing/by_role
-- notes:    the six roles together: need and missing as in staffing/by_role, of roles whose need is known; null where none is
select
    cast(sum(on_duty_count) as bigint) as on_duty_count,
    cast(sum(needed_count) as bigint) as needed_count,
    cast(sum(lacking_count) as bigint) as lacking_count,
    cast(sum(roster_count) as bigint) as roster_count,
    cast(max(unknown_need_count) as bigint) as unknown_need_count
from staffing_by_role
order by on_duty_count
