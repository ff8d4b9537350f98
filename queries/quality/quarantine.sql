-- question: How many rows are in quarantine, and why?
-- zh:       有多少行被隔离，为什么？
-- grain:    one row per (feed_code, log_kind, reason)
-- columns:  feed_code VARCHAR; log_kind VARCHAR; reason VARCHAR; row_count BIGINT (rows)
-- reads:    situation
-- notes:    of all rows taken so far, whatever $as_of
select
    feed_code,
    log_kind,
    reason,
    row_count
from quarantine_count
order by feed_code, log_kind, reason
