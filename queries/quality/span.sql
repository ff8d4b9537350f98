-- question: From when until when can the past be looked at?
-- zh:       可以回看从何时到何时？
-- grain:    one row
-- columns:  first_at TIMESTAMPTZ; last_at TIMESTAMPTZ
-- reads:    situation
-- notes:    from the first five minutes of which a feed told, or the first order, to the newest event known; null while
--           nothing was ingested. Whatever $as_of
select
    case
        when meta.as_of is not null then least(
            (select min(bucket_start_at) from feed_bucket where row_count > 0),
            (select min(issued_at) from zone_order where not is_withdrawn)
        )
    end as first_at,
    meta.as_of as last_at
from meta
order by last_at
