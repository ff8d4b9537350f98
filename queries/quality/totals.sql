-- question: What became of all the rows that were ever delivered?
-- zh:       送来的所有行各归何处？迄今收到的全部，与所看时刻无关
-- grain:    one row
-- columns:  file_count BIGINT (files); row_count BIGINT (rows); accepted_count BIGINT (rows);
--           duplicate_count BIGINT (rows); corrected_count BIGINT (rows); quarantined_count BIGINT (rows)
-- reads:    situation
-- notes:    of all log files taken so far, whatever $as_of; orders are imported, not delivered, and not counted
select
    cast(coalesce(sum(state.file_count), 0) as bigint) as file_count,
    cast(coalesce(sum(state.row_count), 0) as bigint) as row_count,
    cast(coalesce(sum(state.accepted_count), 0) as bigint) as accepted_count,
    cast(coalesce(sum(state.duplicate_count), 0) as bigint) as duplicate_count,
    cast(coalesce(sum(state.corrected_count), 0) as bigint) as corrected_count,
    cast(coalesce(sum(state.quarantined_count), 0) as bigint) as quarantined_count
from feed_state as state
inner join feed on state.feed_code = feed.feed_code
where feed.kind <> 'orders'
order by file_count
