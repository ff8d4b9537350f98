-- question: Which registrations were destroyed, and when?
-- zh:       哪些登记已销毁，何时销毁？
-- grain:    one row per (erasure_no)
-- columns:  erasure_no BIGINT; scope VARCHAR; round_code VARCHAR; from_at TIMESTAMPTZ; until_at TIMESTAMPTZ;
--           erased_at TIMESTAMPTZ; certificate VARCHAR; version_count BIGINT (accepted lines)
-- reads:    situation
-- notes:    scope: round, before (until_at), all, or key (the rows are kept, their tokens match nobody any more). The
--           totals of what was destroyed are kept in every other question
select erasure_no, scope, round_code, from_at, until_at, erased_at, certificate, version_count
from erasure
order by erasure_no
