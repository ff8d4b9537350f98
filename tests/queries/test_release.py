"""When a zone can come down, and what is missing: by the rules that hold, from infections and results that are known."""

from __future__ import annotations

import csv
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from data.publication import RULES_FILE
from data.questions import ask
from tests.queries.district import REFERENCE
from tests.queries.world import World, answers, build_world, moment

# Z1: two of G11's buildings, high, and with them the whole of it; Z2: Cexian around them, medium; Z3: Donghua, low.
RULES = """
zone_rule: rule_set_code rule_set_name rule_set_name_en valid_from level came_from_level clear_days round_days day_one next_level source
NINE 第九版 9th-edition 1T00:00 high   -    7 [7] same_day medium 通告
NINE 第九版 9th-edition 1T00:00 medium -    7 [7] same_day low    通告
NINE 第九版 9th-edition 1T00:00 medium high 3 []  same_day low    通告
building: building_code grid_code household_count resident_count
B12 G12 25 60
"""
CASE = """
infection: infection_code found_at reported_at place_kind place_code building_code grid_code community_code
I1 9T15:40 9T16:30 building B38 B38 G11 C1
"""
LAST_ROUND = """
round: round_code scope starts_at deadline_at closes_at
M5 community 15T07:00 15T10:00 15T10:00
round_grid: round_code grid_code
M5 G11
M5 G12
"""
NEGATIVE = """
round_result: round_code place_kind place_code is_all_negative reported_at
M5 community C1 true 15T20:00
"""
BLOCKED = "zone_code blocked_by missing_day_count missing_round_count earliest_release_at next_level"


@cache
def world(*more: str) -> World:
    return build_world(REFERENCE, RULES, CASE, LAST_ROUND, *more, as_of="08:40")


def release_of(world: World, zone: str, as_of: str) -> dict[str, Any]:
    rows = ask(world, "zones/release", as_of=moment(as_of)).to_pylist()
    return next(row for row in rows if row["zone_code"] == zone)


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("9T17:59", ""),
        ("9T18:00", "Z1 days;round_missing 7 1 16T00:00 medium\nZ2 days;round_missing 7 1 16T00:00 low\nZ3 no_rule 0 0 - -"),
        ("14T08:40", "Z1 days;round_missing 2 1 16T00:00 medium\nZ2 days;round_missing 2 1 16T00:00 low\nZ3 no_rule 0 0 - -"),
        ("15T06:59", "Z1 days;round_missing 1 1 16T00:00 medium\nZ2 days;round_missing 1 1 16T00:00 low\nZ3 no_rule 0 0 - -"),
        ("15T07:00", "Z1 days;result_unknown 1 1 16T00:00 medium\nZ2 days;result_unknown 1 1 16T00:00 low\nZ3 no_rule 0 0 - -"),
        ("15T20:00", "Z1 days 1 0 16T00:00 medium\nZ2 days 1 0 16T00:00 low\nZ3 no_rule 0 0 - -"),
        ("15T23:59", "Z1 days 1 0 16T00:00 medium\nZ2 days 1 0 16T00:00 low\nZ3 no_rule 0 0 - -"),
        # the orders of 15 July have taken effect: three more days for what was high
        ("16T00:00", "Z1 days 3 0 19T00:00 low\nZ2 no_rule 0 0 - -\nZ3 no_rule 0 0 - -"),
    ],
)  # fmt: skip
def test_a_week_without_a_new_infection_and_a_negative_round_on_its_last_day_end_the_level(
    as_of: str, expected: str
) -> None:
    answers(world(NEGATIVE), "zones/release", f"{BLOCKED}\n{expected}", as_of=as_of)


def test_the_answer_says_which_rule_and_which_infection_it_rests_on() -> None:
    answers(
        world(),
        "zones/release",
        """
        zone_code order_code rule_set_code rule_valid_from clear_days counted_from last_infection_code last_infection_at clear_day_count
        Z1 O1 NINE 1T00:00 7 infection I1 9T15:40 5
        Z2 O2 NINE 1T00:00 7 infection I1 9T15:40 5
        Z3 O3 NINE 1T00:00 - order     -  -       5
        """,
    )


UNORDERED = REFERENCE.replace("O4 Z1", "O4 Z8").replace("O5 Z2", "O5 Z9")
"""The same orders, but that nobody brings Z1 and Z2 down on the 16th."""


@cache
def undecided(*more: str, case: str = CASE, last_round: str = LAST_ROUND) -> World:
    return build_world(UNORDERED, RULES, case, last_round, *more, as_of="08:40")


def test_what_could_come_down_is_due_and_stays_so_until_an_order_says_it() -> None:
    for as_of in ("16T00:00", "18T12:00"):
        due = release_of(undecided(NEGATIVE), "Z1", as_of)
        assert (due["level"], due["blocked_by"], due["is_due"]) == ("high", "", True)
        assert due["earliest_release_at"] == moment("16T00:00")
    assert not release_of(undecided(NEGATIVE), "Z1", "15T23:59")["is_due"]


def test_a_new_infection_on_day_six_restarts_the_count_and_the_round_owed() -> None:
    second = CASE + "I2 14T10:00 14T18:00 building B39 B39 G11 C1\n"
    before, after = (release_of(undecided(NEGATIVE, case=second), "Z1", at) for at in ("14T17:59", "15T20:00"))
    assert (before["last_infection_code"], before["earliest_release_at"]) == ("I1", moment("16T00:00"))
    assert (after["last_infection_code"], after["blocked_by"]) == ("I2", "days;round_missing")
    # day 7 is the 20th now: the round of the 15th does not count
    assert str(after["next_round_on"]) == "2022-07-20"
    assert after["earliest_release_at"] == moment("21T00:00")


def test_an_infection_elsewhere_changes_nothing() -> None:
    elsewhere = CASE + "I2 14T10:00 14T18:00 building B117 B117 G21 C2\n"
    assert release_of(undecided(NEGATIVE, case=elsewhere), "Z1", "15T20:00")["last_infection_code"] == "I1"


def test_an_infection_known_only_to_its_grid_counts_in_the_zones_that_touch_it() -> None:
    vague = CASE + "I2 14T10:00 14T18:00 grid G11 - G11 C1\n"
    found = release_of(undecided(case=vague), "Z1", "15T20:00")
    assert (found["last_infection_code"], found["last_infection_place_kind"]) == ("I2", "grid")


def test_days_are_the_districts_days() -> None:
    # 23:59 and 00:01 in Shanghai are one day in UTC
    late, early = (CASE.replace("9T15:40 9T16:30", f"{at} {at}") for at in ("9T23:59", "10T00:01"))
    assert release_of(undecided(case=late), "Z1", "12T00:00")["earliest_release_at"] == moment("16T00:00")
    assert release_of(undecided(case=early), "Z1", "12T00:00")["earliest_release_at"] == moment("17T00:00")
    tokyo = build_world(UNORDERED, RULES, late, as_of="08:40")
    tokyo.connection.execute("update meta set timezone = 'Asia/Tokyo'")
    released = release_of(tokyo, "Z1", "12T00:00")["earliest_release_at"]
    assert released == datetime(2022, 7, 17, tzinfo=ZoneInfo("Asia/Tokyo"))


def test_a_round_that_was_missed_can_be_made_up_on_any_later_day() -> None:
    without = undecided(last_round="")
    missing = release_of(without, "Z1", "17T12:00")
    assert (missing["blocked_by"], str(missing["next_round_on"])) == ("round_missing", "2022-07-17")
    assert missing["earliest_release_at"] == moment("18T00:00")
    late = LAST_ROUND.replace("15T", "17T")
    made_up = release_of(undecided(NEGATIVE.replace("15T20", "17T20"), last_round=late), "Z1", "17T20:00")
    assert (made_up["blocked_by"], made_up["earliest_release_at"]) == ("", moment("17T20:00"))


def test_a_result_that_nobody_reported_is_missing_and_not_assumed() -> None:
    silent = release_of(undecided(), "Z1", "16T08:00")
    assert (silent["blocked_by"], silent["unknown_round_codes"]) == ("result_unknown", "M5")
    assert not silent["is_due"]


def test_the_result_of_a_part_is_not_that_of_the_zone() -> None:
    one = NEGATIVE.replace("community C1", "building B38")
    assert release_of(undecided(one), "Z1", "16T08:00")["blocked_by"] == "result_unknown"
    both = one + "M5 building B39 true 15T21:00\n"
    assert release_of(undecided(both), "Z1", "16T08:00")["blocked_by"] == ""
    # Z2 is all of Cexian, G12 with it
    assert release_of(undecided(both), "Z2", "16T08:00")["blocked_by"] == "result_unknown"


def test_a_positive_round_blocks_until_its_infection_is_known() -> None:
    positive = NEGATIVE.replace("community C1 true", "zone Z1 false")
    blocked = release_of(undecided(positive), "Z1", "16T08:00")
    assert (blocked["blocked_by"], blocked["positive_round_codes"]) == ("round_missing;round_positive", "M5")
    assert blocked["earliest_release_at"] is None
    known = CASE + "I2 15T20:00 15T20:00 building B39 B39 G11 C1\n"
    restarted = release_of(undecided(positive, case=known), "Z1", "16T08:00")
    assert (restarted["blocked_by"], restarted["earliest_release_at"]) == ("days;round_missing", moment("22T00:00"))


def test_a_positive_round_of_a_wider_place_leaves_the_result_of_the_zone_open() -> None:
    positive = NEGATIVE.replace("C1 true", "C1 false")
    assert release_of(undecided(positive), "Z1", "16T08:00")["blocked_by"] == "result_unknown"
    assert release_of(undecided(positive), "Z2", "16T08:00")["blocked_by"] == "round_missing;round_positive"


def test_a_result_that_is_mended_later_counts_from_then_on() -> None:
    mended = NEGATIVE.replace("C1 true", "C1 false") + "M5 community C1 true 15T23:00\n"
    assert "round_positive" in release_of(undecided(mended), "Z2", "15T22:00")["blocked_by"]
    assert release_of(undecided(mended), "Z2", "16T00:00")["blocked_by"] == ""


def test_without_any_report_of_infections_none_is_taken_for_granted() -> None:
    untold = release_of(undecided(NEGATIVE, case=""), "Z1", "16T08:00")
    assert (untold["blocked_by"], untold["is_due"]) == ("infections_unknown", False)
    assert untold["counted_from"] == "order"


def test_rules_that_change_in_between_count_from_their_day_on() -> None:
    five = """
    zone_rule: rule_set_code rule_set_name valid_from level clear_days round_days day_one next_level source
    FIVE 二十条 12T00:00 high 5 [] same_day low 二十条
    """
    changed = undecided(five)
    before, after = (release_of(changed, "Z1", at) for at in ("11T23:59", "12T00:00"))
    assert (before["rule_set_code"], before["next_level"]) == ("NINE", "medium")
    assert before["earliest_release_at"] == moment("16T00:00")
    assert (after["rule_set_code"], after["next_level"], after["blocked_by"]) == ("FIVE", "low", "days")
    assert after["earliest_release_at"] == moment("14T00:00")
    # they know no medium level: an order must say what becomes of it
    assert (release_of(changed, "Z2", "12T00:00")["blocked_by"], release_of(changed, "Z2", "11T00:00")["next_level"]) == (
        "no_rule", "low",
    )  # fmt: skip


def test_before_any_rules_are_valid_nothing_is_said() -> None:
    later = build_world(UNORDERED, RULES.replace(" 1T00:00", " 20T00:00"), CASE, as_of="08:40")
    unruled = release_of(later, "Z1", "14T08:00")
    assert (unruled["rule_set_code"], unruled["blocked_by"], unruled["earliest_release_at"]) == (None, "no_rule", None)


def test_a_rule_may_ask_for_several_rounds_each_with_its_own() -> None:
    several = RULES.replace("high   -    7 [7]", "high   -    7 [1,4,7]")
    rounds = """
    round: round_code scope starts_at deadline_at closes_at
    R4 district 12T07:00 12T10:00 12T10:00
    R7 district 15T07:00 15T10:00 15T10:00
    round_grid: round_code grid_code
    R4 G11
    R7 G11
    round_result: round_code place_kind is_all_negative reported_at
    R4 district true 12T20:00
    R7 district true 15T20:00
    """
    tested = build_world(UNORDERED, several, CASE, rounds, as_of="08:40")
    for as_of, missing in (("12T19:00", 3), ("12T20:00", 2), ("15T20:00", 1)):
        assert release_of(tested, "Z1", as_of)["missing_round_count"] == missing


def test_a_rule_may_begin_to_count_on_the_next_day() -> None:
    later = build_world(UNORDERED, RULES.replace("same_day", "next_day"), CASE, as_of="08:40")
    assert release_of(later, "Z1", "14T08:00")["earliest_release_at"] == moment("17T00:00")


def test_an_order_that_repeats_the_level_does_not_restart_the_count_but_one_that_raises_it_does() -> None:
    orders = """
    zone_order: order_code zone_code level extent_no issued_at effective_at ends_at
    A1 Z medium 9 5T00:00 5T00:00 -
    A2 Z medium 9 8T00:00 8T00:00 -
    A3 Z high   9 9T12:00 9T12:00 -
    A4 Z high   9 9T13:00 9T13:00 -
    zone_extent: extent_no extent_kind
    9 building
    zone_member: extent_no member_code
    9 B117
    """
    raised = build_world(UNORDERED, RULES, CASE, orders, as_of="08:40")
    repeated, high = release_of(raised, "Z", "8T08:00"), release_of(raised, "Z", "10T08:00")
    assert (repeated["level_since_at"], repeated["earliest_release_at"]) == (moment("5T00:00"), moment("12T00:00"))
    assert (high["level_since_at"], high["came_from_level"]) == (moment("9T12:00"), "medium")


def test_the_published_rules_are_the_two_of_the_glossary() -> None:
    with RULES_FILE.open(encoding="utf-8", newline="") as file:
        rows = [
            tuple(row[name] for name in ("rule_set_code", "level", "came_from_level", "clear_days", "round_days", "next_level"))
            for row in csv.DictReader(file)
        ]  # fmt: skip
    assert rows == [
        ("CN-9", "high", "", "7", "7", "medium"),
        ("CN-9", "medium", "", "7", "7", "low"),
        ("CN-9", "medium", "high", "3", "", "low"),
        ("CN-20", "high", "", "5", "", "low"),
    ]
