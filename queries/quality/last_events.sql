-- question: When did the last event happen that each feed told of?
-- zh:       各数据源最后一条是何时？
-- grain:    one row per (feed_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  feed_code VARCHAR; last_event_at TIMESTAMPTZ
-- reads:    situation
-- uses:     zones/spans
-- notes:    to the second for the present; for a past moment to five minutes, the end of the last bucket that holds
--           a row. Of orders: the last issued. Null: nothing yet
with bucketed as (
    select feed_code, max(bucket_start_at) as bucket_start_at
    from feed_bucket
    where bucket_start_at <= $as_of and row_count > 0
    group by feed_code
)

select
    feed.feed_code,
    case
        when feed.kind = 'orders' then (select max(issued_at) from zones_spans where issued_at <= $as_of)
        when state.last_event_at <= $as_of then state.last_event_at
        when bucketed.bucket_start_at + interval '5 minutes' > $as_of then $as_of
        else bucketed.bucket_start_at + interval '5 minutes'
    end as last_event_at
from feed
left join feed_state as state on feed.feed_code = state.feed_code
left join bucketed on feed.feed_code = bucketed.feed_code
order by feed.feed_code
