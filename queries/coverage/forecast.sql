-- question: How far will a round be at its deadline, in each place, and how sure is that?
-- zh:       轮次截止时的预计覆盖率和范围。只算工作时间（0 点至 6 点无人采样）。预计：按近一小时与全轮平均速度的均值，不超过同类轮次曾达到的最好覆盖率。上限：按最快速度直到无人未采。下限：按最慢速度，到截止时逐渐减为零，且随剩余人数减少。不知道将来的动员，也不知道谁永远不来。
-- grain:    one row per (kind, code, step_no)
-- params:   $as_of TIMESTAMPTZ; $round_code VARCHAR; $place_kind VARCHAR default null district, town, community or grid,
--           null for all; $place_code VARCHAR default null of that place, null for all; $steps BIGINT default 1 points until
--           the deadline; $day_begins_hour DOUBLE default 6 hour of the day before which nobody is sampled
-- columns:  kind VARCHAR; code VARCHAR; step_no BIGINT; forecast_at TIMESTAMPTZ; low_pct DOUBLE (percent);
--           expected_pct DOUBLE (percent); high_pct DOUBLE (percent)
-- reads:    situation
-- uses:     coverage/place_figures, coverage/working_time
-- notes:    the last step is the deadline. All time is working time: nobody is sampled between midnight and
--           $day_begins_hour. Expected: people go on coming at the mean of the last hour's pace and the pace of the whole
--           round, but no more of them than in the best of up to three earlier rounds of the same kind. High: at the
--           greatest of the last hour's, the last three hours' and the round's pace, until nobody is missing. Low: the
--           pace is the least of the last quarter's, the last hour's and the round's, falls evenly to nothing by the
--           deadline, and falls with those who are left; those who come after the ones registered now come no faster
--           than people registered in the last quarter of an hour. Nothing is known of call-ups to come or of
--           who will never come. No rows before half an hour and a tenth of the round's working time are over, after
--           the deadline, or while no registration is known
with point as (
    select
        working.round_code,
        working.offset_h,
        working.until_h,
        working.left_h,
        step.step_no,
        working.left_h * step.step_no / $steps as after_h
    from coverage_working_time as working
    cross join (select unnest(generate_series(1, cast($steps as bigint))) as step_no) as step
    where working.round_code = $round_code and working.left_h > 0 and working.elapsed_h >= 0.5
        and 10 * working.elapsed_h >= working.total_h
),

timed as (
    select
        step_no,
        left_h,
        after_h,
        24 * floor((until_h + after_h - 0.000001) / (24 - $day_begins_hour)) + $day_begins_hour
        + (until_h + after_h - (24 - $day_begins_hour) * floor((until_h + after_h - 0.000001) / (24 - $day_begins_hour)))
        - offset_h as at_h
    from point
),

paced as (
    select
        kind,
        code,
        cast(target_count as double) as target,
        cast(target_count - missing_count as double) as covered,
        cast(missing_count as double) as missing,
        greatest(
            0.0, cast(missing_count as double) - greatest(0.0, cast(registered_person_count - covered_person_count as double))
        ) as unregistered,
        greatest(0.0, least(quarter_per_hour, hour_per_hour, round_per_hour)) as low_pace,
        greatest(0.0, (hour_per_hour + round_per_hour) / 2) as pace,
        greatest(0.0, hour_per_hour, three_hours_per_hour, round_per_hour) as high_pace,
        greatest(0.0, registered_quarter_per_hour) as registered_pace,
        coalesce(precedent_pct, 100.0) as ceiling_pct
    from coverage_place_figures
    where target_count > 0 and missing_count is not null
        and ($place_kind is null or kind = $place_kind) and ($place_code is null or code = $place_code)
),

reached as (
    select
        paced.kind,
        paced.code,
        timed.step_no,
        timed.at_h,
        paced.target,
        paced.covered + paced.missing
        * (1 - exp(-paced.low_pace * (timed.after_h - timed.after_h * timed.after_h / timed.left_h / 2) / nullif(paced.missing, 0)))
            as low_by_pace,
        paced.target - paced.unregistered * exp(
            -least(paced.low_pace, paced.registered_pace)
            * (timed.after_h - timed.after_h * timed.after_h / timed.left_h / 2) / nullif(paced.unregistered, 0)
        ) as low_by_registered,
        greatest(
            paced.covered, least(paced.target * paced.ceiling_pct / 100, paced.covered + paced.pace * timed.after_h)
        ) as expected,
        least(paced.target, paced.covered + paced.high_pace * timed.after_h) as high
    from paced
    cross join timed
)

select
    kind,
    code,
    step_no,
    to_timestamp(3600 * at_h) as forecast_at,
    100.0 * least(coalesce(low_by_pace, target), coalesce(low_by_registered, target), expected) / target as low_pct,
    100.0 * expected / target as expected_pct,
    100.0 * greatest(high, expected) / target as high_pct
from reached
order by kind, code, step_no
