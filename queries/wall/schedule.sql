-- question: At which moments does the picture change by itself, without any event?
-- zh:       没有新数据时，画面会在哪些时刻自己变化？
-- grain:    one row per (changes_at)
-- columns:  changes_at TIMESTAMPTZ
-- reads:    situation
-- uses:     zones/spans
-- notes:    an order begins or ceases to hold, a round starts or closes; past and future, whatever $as_of
with change as (
    select from_at as changes_at from zones_spans
    union all
    select until_at as changes_at from zones_spans
    union all
    select starts_at as changes_at from round
    union all
    select closes_at as changes_at from round
)
select distinct changes_at
from change
where changes_at is not null
order by changes_at
