-- question: When did the working day begin that is running?
-- zh:       当前工作日何时开始？
-- grain:    one row
-- params:   $as_of TIMESTAMPTZ
-- columns:  starts_at TIMESTAMPTZ
-- reads:    situation
-- notes:    04:00 local time, when no site is open: an evening round that ends after midnight stays in one day
select
    (date_trunc('day', (cast($as_of as timestamptz) at time zone timezone) - interval '4 hours') + interval '4 hours')
        at time zone timezone as starts_at
from meta
order by starts_at
