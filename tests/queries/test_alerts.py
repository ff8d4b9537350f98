"""What opens an alert, what closes it, and what it says."""

from __future__ import annotations

from data.questions import ask
from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import World, answers, build_world

AS_OF = "08:40:24"
# One district round of 1,000 people, 06:00–14:00; each test adds the buckets of its grid.
ROUND = """
round: round_code round_name round_name_en scope starts_at deadline_at closes_at target_count
D3 第3轮 Round-3 district 06:00 14:00 22:00 1000
round_grid: round_code grid_code target_count household_count
D3 G 1000 400
site_bucket: bucket_start_at site_code channel registered_count sampled_count
06:00 S self 1 1
unit_event: site_code unit_no event event_at
S 1 open 06:00
grid_bucket: bucket_start_at grid_code round_code registered_person_count covered_person_count seen_household_count
"""


def _district() -> World:
    return build_world(REFERENCE, MORNING, as_of=AS_OF)


def test_the_open_alerts_come_with_place_figure_target_and_reason_those_to_act_on_first() -> None:
    # S2 is jammed at 70 minutes since the measure of 08:25 (55): half are helped to register, 2 units short of 4
    # W1 has 2 of 6 and would be full at 09:40, due 09:00
    answers(
        _district(),
        "alerts/open",
        """
        rule level place_kind place_code place_name grid_code since_at figure target detail_pct detail_count expected_at
        site_jammed  act   site    S2 东华名岸 G21 08:25 70 50 50   2 -
        whistle_late watch whistle W1 侧贤     -   08:00 2  6  33.3 4 09:40:24
        """,
    )


def test_a_jam_tells_how_many_units_would_cure_it_and_how_many_people_are_helped_to_register() -> None:
    answers(
        _district(),
        "alerts/site_jammed",
        "place_code place_name_en grid_code since_at figure target detail_pct detail_count\nS2 Donghua-Mingan G21 08:30 70 60 50 2",
        jammed_from_min=60.0,
    )


def test_an_alert_lies_where_its_place_lies() -> None:
    world = _district()
    places = {row["place_code"]: (row["lon"], row["lat"]) for row in ask(world, "alerts/open").to_pylist()}
    assert places == {"S2": (113.075, 22.584), "W1": (113.071, 22.581)}


def test_a_feed_is_silent_when_others_go_on_and_its_sites_are_open() -> None:
    # baisha's last event is of 08:39:50, two of its sites have units open; huanshi's is of 08:38, and its park site,
    # which reports no units, registered people at 08:35; five minutes are allowed
    world = _district()
    answers(
        world,
        "alerts/feed_silent",
        """
        rule level place_kind place_code place_name since_at figure target detail_count
        feed_silent watch feed baisha  白沙 08:39:50 5.2 5 2
        feed_silent watch feed huanshi 环市 08:38    7   5 0
        """,
        as_of="08:45",
    )
    answers(world, "alerts/feed_silent", "place_code\nhuanshi", as_of="08:44:50")
    answers(world, "alerts/feed_silent", "place_code\nhuanshi", as_of="08:45", allowance_s=60.0)


def test_the_check_in_feed_is_silent_only_while_a_site_is_open() -> None:
    world = _district()
    answers(world, "alerts/feed_silent", "place_code figure target\nbaisha 26.2 5\ncheckin 35 30", as_of="09:06")
    # at 23:00 the units of the morning have been forgotten: their 16 hours are over
    answers(world, "alerts/feed_silent", "place_code", as_of="23:00")


def test_a_silent_feed_takes_its_jam_from_the_alerts() -> None:
    answers(
        _district(),
        "alerts/open",
        "rule place_code\nwhistle_late W1\nfeed_silent huanshi\nfeed_silent baisha",
        as_of="08:45",
    )


def test_a_late_whistle_dates_from_its_due_time_once_that_has_passed() -> None:
    answers(
        _district(),
        "alerts/whistle_late",
        "place_code since_at figure target detail_count expected_at\nW1 09:00 2 6 4 -\nW3 08:38 0 20 20 -",
        as_of="09:01",
    )


def test_a_round_is_behind_when_its_pace_leaves_too_many_out_at_the_deadline() -> None:
    # 500 of 1,000 at 10:00, 100 an hour: 400 more until 14:00 make 90 %, done at 15:00
    behind = ROUND + "06:00 G D3 475 475 200\n09:50 G D3 25 25 10"
    answers(
        build_world(behind, as_of="10:00"),
        "alerts/coverage_behind",
        """
        rule level place_kind place_code place_name since_at figure target detail_pct detail_count expected_at
        coverage_behind watch round D3 第3轮 06:00 50 95 90 500 15:00
        """,
    )


def test_a_round_is_in_time_when_the_goal_will_be_reached_by_the_deadline() -> None:
    in_time = ROUND + "06:00 G D3 470 470 200\n09:50 G D3 30 30 10"
    answers(build_world(in_time, as_of="10:00"), "alerts/coverage_behind", "place_code")
    answers(build_world(in_time, as_of="10:00"), "alerts/coverage_behind", "detail_pct\n98", coverage_goal_pct=99.0)


def test_a_round_is_not_judged_in_its_first_quarter() -> None:
    slow = ROUND + "06:00 G D3 1 1 1"
    answers(build_world(slow, as_of="07:59"), "alerts/coverage_behind", "place_code")
    answers(build_world(slow, as_of="08:00"), "alerts/coverage_behind", "place_code level\nD3 watch")


def test_a_round_is_not_judged_by_the_pace_of_a_night() -> None:
    slow = ROUND + "06:00 G D3 1 1 1"
    closed = "unit_event: site_code unit_no event event_at\nS 1 close 09:00"
    answers(build_world(slow, closed, as_of="10:00"), "alerts/coverage_behind", "place_code")


def test_a_round_is_not_judged_while_the_sites_are_still_opening() -> None:
    early = ROUND.replace("06:00 14:00 22:00 1000", "13T14:00 14:00 22:00 1000") + "06:00 G D3 1 1 1"
    world = build_world(early, as_of="10:00")
    answers(world, "alerts/coverage_behind", "place_code", as_of="07:29")
    answers(world, "alerts/coverage_behind", "place_code\nD3", as_of="07:30")


def test_after_its_deadline_a_round_under_the_goal_needs_action_until_it_closes() -> None:
    late = ROUND + "06:00 G D3 900 900 380"
    world = build_world(late, as_of="22:00")
    answers(world, "alerts/coverage_behind", "level since_at figure detail_pct\nact 14:00 90 90", as_of="14:00")
    answers(world, "alerts/coverage_behind", "level", as_of="22:00")


def test_nothing_ingested_opens_no_alert() -> None:
    answers(build_world(REFERENCE, as_of=None), "alerts/open", "rule", as_of="09:00")


def test_what_is_over_today_is_told_with_its_duration_the_latest_first() -> None:
    # baisha: no row for 08:25–08:35 and 07:05–08:20 while units were open; S2's first wave was jammed 07:10–07:20
    answers(
        _district(),
        "alerts/closed_today",
        """
        rule place_kind place_code place_name role needed_count started_at ended_at duration_min
        feed_silent    feed    baisha  白沙     -         - 08:25 08:35 10
        feed_silent    feed    baisha  白沙     -         - 07:05 08:20 75
        whistle_filled whistle W2      东华名岸 volunteer 1 08:10 08:20 10
        site_jammed    site    S2      东华名岸 -         - 07:10 07:20 10
        """,
    )


def test_what_ended_yesterday_is_not_told_today() -> None:
    answers(_district(), "alerts/closed_today", "rule", as_of="15T04:00")


def test_a_gap_is_no_silence_while_no_unit_was_open_all_through() -> None:
    # huanshi told nothing from 07:05 to 08:35, but its only unit closed at 08:00
    answers(
        _district(),
        "quality/silences",
        "feed_code started_at ended_at duration_min\nbaisha 07:05 08:20 75\nbaisha 08:25 08:35 10",
    )
