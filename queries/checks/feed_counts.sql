-- question: Which feed's rows do not add up?
-- zh:       哪个数据源的条数对不上？
-- grain:    one row per (feed_code)
-- columns:  feed_code VARCHAR; row_count BIGINT (rows); judged_count BIGINT (rows); quarantined_count BIGINT (rows);
--           listed_count BIGINT (rows)
-- reads:    situation
-- notes:    no rows when all add up: every row was accepted, a duplicate, a correction or quarantined, and the
--           quarantine lists each of its rows under a reason
with listed as (
    select feed_code, sum(row_count) as row_count
    from quarantine_count
    group by feed_code
),

judged as (
    select
        state.*,
        state.accepted_count + state.duplicate_count + state.corrected_count + state.quarantined_count as judged_count,
        coalesce(listed.row_count, 0) as listed_count
    from feed_state as state
    left join listed on state.feed_code = listed.feed_code
)

select
    feed_code,
    row_count,
    judged_count,
    quarantined_count,
    cast(listed_count as bigint) as listed_count
from judged
where row_count <> judged_count or quarantined_count <> listed_count
order by feed_code
