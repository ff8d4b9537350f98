-- question: Which whistles are open, and when will each have its people?
-- zh:       有哪些吹哨未完，各自何时到齐？最晚到齐的在前；按近 15 分钟的到达速度推算
-- grain:    one row per (whistle_code)
-- params:   $as_of TIMESTAMPTZ
-- columns:  whistle_code VARCHAR; place_kind VARCHAR; place_code VARCHAR; place_name VARCHAR; place_name_en VARCHAR;
--           role VARCHAR; raised_at TIMESTAMPTZ; due_at TIMESTAMPTZ; needed_count INTEGER (people);
--           arrived_count BIGINT (people); full_at TIMESTAMPTZ; expected_full_at TIMESTAMPTZ; is_late BOOLEAN
-- reads:    situation
-- uses:     staffing/musters
-- notes:    the one expected to fill last comes first; a full whistle stays for 30 minutes, one that nobody filled or
--           closed for 16 hours. Expected at the pace of
--           the last 15 minutes, or since it was raised if that is shorter; null while nobody came in them. Late:
--           filled after due_at; or not full and past due_at; or, from 15 minutes or half of its time on (the
--           earlier), expected after due_at or with nobody coming: the first minutes, when people are on their
--           way, say nothing of the pace
with timed as (
    select
        *,
        epoch($as_of) - epoch(raised_at) as elapsed_s,
        epoch(due_at) - epoch(raised_at) as allowed_s
    from staffing_musters
    where closed_at is null and raised_at > $as_of - interval '16 hours'
),

expected as (
    select
        *,
        elapsed_s >= 900 or 2 * elapsed_s >= allowed_s as is_pace_telling,
        case
            when full_at is null and recent_count > 0
                then to_timestamp(
                    epoch($as_of)
                    + (needed_count - arrived_count) * case when elapsed_s < 900 then elapsed_s else 900 end
                    / recent_count
                )
        end as expected_full_at
    from timed
)

select
    whistle_code,
    place_kind,
    place_code,
    place_name,
    place_name_en,
    role,
    raised_at,
    due_at,
    needed_count,
    arrived_count,
    full_at,
    expected_full_at,
    case
        when full_at is not null then full_at > due_at
        when $as_of > due_at then true
        else is_pace_telling and coalesce(expected_full_at > due_at, true)
    end as is_late
from expected
where full_at is null or full_at > $as_of - interval '30 minutes'
order by full_at is not null, expected_full_at desc nulls first, full_at desc, raised_at, whistle_code
