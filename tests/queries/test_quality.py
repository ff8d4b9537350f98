"""How fresh and how clean the feeds are, what the single rows say, and that the checks find what is wrong."""
# ruff: noqa: E501  (text tables are as wide as their columns)

from __future__ import annotations

from pathlib import Path

import pytest

from data.questions import read_questions
from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import World, add_lake_rows, answers, build_world

AS_OF = "08:40:24"
FROM_ROWS = ("checks/rows_against_buckets", "checks/households_agree")
CHECKS = sorted(name for name, question in read_questions().items() if name.startswith("checks/"))
# Two people at S1 in round M4 (one waited 10 minutes, one 30, her line came twice), one at S2 who was not sampled.
ROWS = """
registration_version: site_code person_token registered_at sampled_at household_code grid_code channel round_code ingest_no
S1 p1 07:00 07:10 H1 G11 self     M4 1
S1 p2 07:00 -     H2 G11 assisted M4 1
S1 p2 07:00 07:30 H2 G11 assisted M4 2
S2 p3 08:35 -     H9 G21 self     D3 2
household: household_code building_code grid_code resident_count vulnerable_count
H1 B38 G11 3 1
H2 B38 G11 2 0
H3 B39 G11 4 2
H4 B38 G11 1 1
H9 B117 G21 2 0
"""


def _district() -> World:
    return build_world(REFERENCE, MORNING, as_of=AS_OF)


def test_the_feeds_come_in_their_order_with_last_event_and_counts() -> None:
    answers(
        _district(),
        "quality/feeds",
        """
        feed_code feed_name kind town_code last_event_at silent_after_min has_open_site accepted_count duplicate_count corrected_count quarantined_count
        baisha  白沙     registrations T1 08:39:50 5  true  1000 10 5 5
        huanshi 环市     registrations T2 08:38    5  true  200  4  3 3
        checkin 签到     staff         -  08:31    30 false 29   1  0 0
        orders  风险区令 orders        -  9T17:30  -  false 0    0  0 0
        """,
    )


def test_before_anything_is_ingested_a_feed_has_no_last_event() -> None:
    answers(
        build_world(REFERENCE, as_of=None),
        "quality/feeds",
        "feed_code last_event_at has_open_site accepted_count\nbaisha - false 0\nhuanshi - false 0\ncheckin - false 0\norders - false 0",
        as_of="8T12:00",
    )


def test_a_past_moment_knows_the_last_event_to_the_end_of_its_bucket() -> None:
    # baisha's last row before 08:33 lies in 08:20–08:25; at 08:22 the bucket still runs
    answers(
        _district(),
        "quality/last_events",
        "feed_code last_event_at\nbaisha 08:25\ncheckin 08:31\nhuanshi 07:05\norders 9T17:30",
        as_of="08:33",
    )
    answers(
        _district(),
        "quality/last_events",
        "feed_code last_event_at\nbaisha 08:22\ncheckin 06:05\nhuanshi 07:05\norders 9T17:30",
        as_of="08:22",
    )


def test_a_past_moment_does_not_count_the_bucket_that_ran_then() -> None:
    # G12 was covered in 08:35–08:40: not complete at 08:39; at 08:40, and at the newest moment, it is
    answers(_district(), "coverage/grid", "grid_code covered_person_count\nG12 0", as_of="08:39", grid_code="G12")
    answers(_district(), "coverage/grid", "grid_code covered_person_count\nG12 62", as_of="08:40", grid_code="G12")
    answers(_district(), "coverage/grid", "grid_code covered_person_count\nG12 62", grid_code="G12")


def test_the_past_reaches_from_the_first_order_or_row_to_the_newest_event() -> None:
    answers(_district(), "quality/span", "first_at last_at\n9T17:30 08:40:24")
    answers(build_world(as_of=None), "quality/span", "first_at last_at\n- -")


def test_the_totals_add_up_what_became_of_every_row() -> None:
    answers(
        _district(),
        "quality/totals",
        "file_count row_count accepted_count duplicate_count corrected_count quarantined_count\n21 1260 1229 15 8 8",
    )
    answers(
        _district(),
        "quality/quarantine",
        """
        feed_code log_kind reason row_count
        baisha  registration check_digit  2
        baisha  registration unknown_site 3
        huanshi registration check_digit  3
        """,
    )


def test_withdrawn_rows_are_counted_by_site_and_day_and_left_out_elsewhere(tmp_path: Path) -> None:
    # S2 withdrew yesterday's only row, and at S1 one that came before its notice and one that never came
    world = _district()
    add_lake_rows(
        world,
        tmp_path,
        """
        registration_version: site_code person_token registered_at received_at is_withdrawn
        S1 p1 07:00    07:01    -
        S1 p1 07:00    07:20    true
        S1 p1 07:00    07:40    true
        S1 p2 07:05    07:01    -
        S1 p3 07:10    07:30    true
        S2 p4 13T09:00 13T09:01 false
        S2 p4 13T09:00 13T10:00 true
        """,
    )
    answers(
        world,
        "quality/withdrawals",
        """
        site_code registered_on withdrawn_count never_sent_count last_received_at
        S1 2022-07-14 2 1 07:30
        S2 2022-07-13 1 0 13T10:00
        """,
    )
    answers(world, "quality/registrations", "site_code registration_count\nS1 1")


def test_single_rows_are_merged_before_they_are_counted(tmp_path: Path) -> None:
    world = _district()
    add_lake_rows(world, tmp_path, ROWS)
    answers(
        world,
        "quality/registrations",
        """
        round_code site_code version_count registration_count sampled_count person_count wait_mean_min wait_p90_min
        D3 S2 1 1 0 1 -  -
        M4 S1 3 2 2 2 20 28
        """,
    )
    answers(
        world,
        "quality/registrations",
        "round_code site_code registration_count sampled_count wait_mean_min\nM4 S1 2 1 10",
        as_of="07:29",
    )


@pytest.mark.parametrize("check", [name for name in CHECKS if name not in FROM_ROWS])
def test_a_check_finds_nothing_in_a_district_that_adds_up(check: str) -> None:
    first = read_questions()[check].columns[0].name
    answers(_district(), check, first)
    answers(build_world(REFERENCE, as_of=None), check, first, as_of="08:40")


def test_a_check_finds_rows_that_the_buckets_do_not_count(tmp_path: Path) -> None:
    buckets = """
    site_bucket: bucket_start_at site_code channel registered_count sampled_count
    07:00 S1 self     1 0
    07:00 S1 assisted 1 0
    07:10 S1 self     0 1
    07:30 S1 assisted 0 1
    08:35 S2 self     2 0
    """
    world = build_world(REFERENCE, buckets, as_of=AS_OF)
    add_lake_rows(world, tmp_path, ROWS)
    answers(
        world,
        "checks/rows_against_buckets",
        "site_code row_registered_count bucket_registered_count row_sampled_count bucket_sampled_count\nS2 1 2 0 0",
    )


BROKEN = {
    "checks/channels_against_units": (
        "round_unit: round_code site_code unit_no channel registered_count sampled_count\nM4 S1 3 self 100 0",
        "site_code channel by_unit_registered_count by_channel_registered_count\nS1 self 190 99",
    ),
    "checks/feed_counts": (
        "quarantine_count: feed_code log_kind reason row_count\nhuanshi registration unknown_site 2",
        "feed_code row_count judged_count quarantined_count listed_count\nhuanshi 210 210 3 5",
    ),
    "checks/targets": (
        "round_grid: round_code grid_code target_count household_count\nM4 G21 1 1",
        "round_code grid_code target_count expected_count\nM4 G21 1 200\nM4 - 160 161",
    ),
    "checks/zones_known": (
        "zone_member: extent_no member_code\n1 B999",
        "order_code member_code\nO1 B999\nO4 B999",
    ),
    "checks/covered_were_registered": (
        "grid_bucket: bucket_start_at grid_code round_code registered_person_count covered_person_count seen_household_count\n08:00 G12 M4 0 1 0",
        "place_kind place_code round_code registered_count sampled_count\ngrid G12 M4 62 63",
    ),
    "checks/throughput_agrees": (
        # a site that nobody knows
        "site_bucket: bucket_start_at site_code channel registered_count sampled_count waited_count wait_s_sum\n08:00 S9 self 5 0 0 0",
        "figure by_chart by_sites\nregistered 340 335",
    ),
    "checks/coverage_agrees": (
        # a community that the district's list of communities does not have
        "grid: grid_code grid_name community_code town_code resident_count\nX 孤 C9 T1 7\n"
        "round_grid: round_code grid_code target_count household_count\nD3 X 7 3",
        "told_by figure by_map by_other\ncommunities missing 257 250\ncommunities target 417 410",
    ),
}


@pytest.mark.parametrize("check", BROKEN)
def test_a_check_finds_what_does_not_add_up(check: str) -> None:
    rows, found = BROKEN[check]
    answers(build_world(REFERENCE, MORNING, rows, as_of=AS_OF), check, found)


def test_erasures_are_listed_with_their_certificates() -> None:
    erasures = """
    erasure: erasure_no scope round_code from_at until_at erased_at certificate version_count
    2 before - - 08:00 12:00 0002-before.json 4
    1 round M4 07:00 10:00 11:00 0001-round-M4.json 3
    """
    answers(
        build_world(erasures, as_of=AS_OF),
        "quality/erasures",
        """
        erasure_no scope round_code from_at until_at erased_at certificate version_count
        1 round M4 07:00 10:00 11:00 0001-round-M4.json 3
        2 before - - 08:00 12:00 0002-before.json 4
        """,
    )
