-- question: When did each rule's alert open and close during the working day?
-- zh:       本工作日各规则的告警何时发生、何时关闭？条件持续成立够久才发生，持续不成立够久才关闭
-- grain:    one row per (rule, place_code, since_at)
-- params:   $as_of TIMESTAMPTZ
-- columns:  rule VARCHAR; place_code VARCHAR; since_at TIMESTAMPTZ; opened_at TIMESTAMPTZ; ended_at TIMESTAMPTZ;
--           closed_at TIMESTAMPTZ
-- reads:    situation
-- uses:     alerts/marks/site_jammed, alerts/marks/unit_idle, alerts/marks/feed_silent, alerts/marks/whistle_late, alerts/marks/coverage_behind, alerts/marks/zone_without_staff, alerts/marks/sum_mismatch
-- notes:    an alert opens once its condition has held at every mark for opens_after_min, and closes once it has held at
--           none for closes_after_min: what flickers in between opens nothing and closes nothing. Marks that cannot be
--           judged count for neither. (rule, place_code, since_at) is the alert's identity: since_at = when the condition began to hold,
--           opened_at = when it had held long enough; ended_at = when it ceased to hold, closed_at = when that had lasted
--           long enough; both null while it is open. Worked out from the marks alone: the answer at a past moment is what it was
with marks as (
    select 'site_jammed' as rule, place_code, measured_at, is_met, began_at, opens_after_min, closes_after_min
    from alerts_marks_site_jammed
    union all
    select 'unit_idle', place_code, measured_at, is_met, began_at, opens_after_min, closes_after_min
    from alerts_marks_unit_idle
    union all
    select 'feed_silent', place_code, measured_at, is_met, began_at, opens_after_min, closes_after_min
    from alerts_marks_feed_silent
    union all
    select 'whistle_late', place_code, measured_at, is_met, began_at, opens_after_min, closes_after_min
    from alerts_marks_whistle_late
    union all
    select 'coverage_behind', place_code, measured_at, is_met, began_at, opens_after_min, closes_after_min
    from alerts_marks_coverage_behind
    union all
    select 'zone_without_staff', place_code, measured_at, is_met, began_at, opens_after_min, closes_after_min
    from alerts_marks_zone_without_staff
    union all
    select 'sum_mismatch', place_code, measured_at, is_met, began_at, opens_after_min, closes_after_min
    from alerts_marks_sum_mismatch
),

met as (
    select distinct rule, place_code
    from marks
    where is_met
),

turned as (
    select
        marks.*,
        coalesce(
            marks.is_met <> lag(marks.is_met) over (
                partition by marks.rule, marks.place_code order by marks.measured_at
            ),
            true
        ) as is_turn
    from marks
    inner join met on marks.rule = met.rule and marks.place_code = met.place_code
    where marks.is_met is not null
),

runs as (
    select
        *,
        max(case when is_turn then measured_at end) over (
            partition by rule, place_code order by measured_at
        ) as run_started_at
    from turned
),

judged as (
    select
        *,
        epoch(measured_at) - epoch(run_started_at) as lasted_s
    from runs
),

decided as (
    select
        *,
        max(case when is_met and lasted_s >= 60 * opens_after_min then measured_at end) over (
            partition by rule, place_code order by measured_at
        ) as last_opened_at,
        max(case when not is_met and lasted_s >= 60 * closes_after_min then measured_at end) over (
            partition by rule, place_code order by measured_at
        ) as last_closed_at
    from judged
),

stated as (
    select
        *,
        last_opened_at is not null and (last_closed_at is null or last_closed_at < last_opened_at) as is_open,
        lead(measured_at) over (partition by rule, place_code order by measured_at) as next_at,
        lead(run_started_at) over (partition by rule, place_code order by measured_at) as next_run_started_at
    from decided
)

select
    rule,
    place_code,
    min(coalesce(began_at, run_started_at)) as since_at,
    min(measured_at) as opened_at,
    case when count(next_at) = count(*) then max(next_run_started_at) end as ended_at,
    case when count(next_at) = count(*) then max(next_at) end as closed_at
from stated
where is_open
group by rule, place_code, last_closed_at
order by rule, place_code, since_at
