-- question: Where do the queues of the district differ from those of its sites?
-- zh:       全区排队与各采样点之和哪里不一致？
-- grain:    one row per (figure)
-- params:   $as_of TIMESTAMPTZ
-- columns:  figure VARCHAR; by_district BIGINT; by_sites BIGINT
-- reads:    situation
-- uses:     sites/queues, sites/state
-- notes:    no rows when all agree
with compared as (
    select
        'sites' as figure,
        case
            when smooth_count is null then unknown_count
            else smooth_count + busy_count + jammed_count + resting_count + unknown_count
        end as by_district,
        (select count(*) from site) as by_sites
    from sites_queues
    union all
    select 'waiting', waiting_count, (select cast(sum(waiting_count) as bigint) from sites_state)
    from sites_queues
    union all
    select 'open units', open_unit_count, (select cast(sum(open_unit_count) as bigint) from sites_state)
    from sites_queues
    union all
    select 'rows', 1, count(*) filter (where wait_class not in ('smooth', 'busy', 'jammed', 'resting', 'unknown')) + 1
    from sites_state
)

select figure, by_district, by_sites
from compared
where by_district is distinct from by_sites
order by figure
