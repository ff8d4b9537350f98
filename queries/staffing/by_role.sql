-- question: How many people of each role are on duty, and how many are needed?
-- zh:       各角色有多少人在岗，需要多少人？需要 = 各地点之和：每个网格 1 名网格长（A3）、AB 角专职 1 人在岗（A21），中高风险区网格 2 名专职、12 名兼职（A9）；采样点按单元（在开与需要取多者）每单元 4 名工作人员（A11：15 点 348 人）和 1 名医务；高风险区每 27 名居民 1 人在岗（A8，三班 8 小时 B1）；吹哨按所需人数。采样点和高风险区的工作人员计入兼职。没有公布依据的显示“—”。缺 = 逐个地点相加，一处多出不抵另一处所缺。
-- grain:    one row per (role)
-- params:   $as_of TIMESTAMPTZ
-- columns:  role VARCHAR; on_duty_count BIGINT (people); needed_count BIGINT (people); lacking_count BIGINT (people);
--           unknown_need_count BIGINT (sites); roster_count BIGINT (people); sort_order INTEGER
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
        cast(sum(lacking_count) as bigint) as lacking_count,
        count(*) filter (where needed_count is null) as unknown_need_count
    from staffing_needs
    group by role
)

select
    on_duty.role,
    on_duty.on_duty_count,
    needed.needed_count,
    needed.lacking_count,
    coalesce(needed.unknown_need_count, 0) as unknown_need_count,
    on_duty.roster_count,
    on_duty.sort_order
from staffing_on_duty as on_duty
left join needed on on_duty.role = needed.role
order by on_duty.sort_order
