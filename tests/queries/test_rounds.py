"""How a round stands place by place, what it will come to, and which households are still missing."""
# ruff: noqa: E501  (text tables are as wide as their columns)

from __future__ import annotations

from pathlib import Path

import pytest

from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import World, add_lake_rows, answers, build_world

AS_OF = "08:40:24"
# A round of a thousand people, in its fifth hour of eight: a hundred were covered in each hour.
STEADY = """
town: town_code town_name
T 镇
community: community_code community_name town_code
C 社区 T
grid: grid_code grid_name community_code town_code resident_count household_count
G 网格 C T 1000 400
round: round_code round_name scope starts_at deadline_at closes_at target_count
R 本轮 district 06:00 14:00 22:00 1000
round_grid: round_code grid_code target_count household_count
R G 1000 400
site_bucket: bucket_start_at site_code channel registered_count sampled_count
05:55 S self 1 1
grid_bucket: bucket_start_at grid_code round_code registered_person_count covered_person_count seen_household_count
06:55 G R 100 100 50
07:55 G R 100 100 50
08:55 G R 100 100 50
09:55 G R 100 100 50
"""
# Of the round two days before, 700 of the thousand were covered by its deadline, and fifty after it.
BEFORE = """
round: round_code round_name scope starts_at deadline_at closes_at target_count
Q 上轮 district 12T06:00 12T14:00 12T22:00 1050
N 小轮 district 11T06:00 11T14:00 11T22:00 500
round_grid: round_code grid_code target_count household_count
Q G 1000 400
N G 500 200
site_bucket: bucket_start_at site_code channel registered_count sampled_count
12T05:00 S self 1 1
grid_bucket: bucket_start_at grid_code round_code registered_person_count covered_person_count seen_household_count
12T09:00 G Q 700 700 300
12T15:00 G Q 50  50  20
"""
# Two buildings: H1 with three residents, H2 with two and H4 with one in B1; H3 and H5, one each, in B2.
HOMES = """
town: town_code town_name
T 镇
community: community_code community_name town_code
C 社区 T
grid: grid_code grid_name community_code town_code resident_count household_count
G 网格 C T 8 5
building: building_code building_name grid_code household_count
B1 一号 G 3
B2 二号 G 2
site: site_code grid_code is_sampling_reported
S G true
N G false
round: round_code round_name scope starts_at deadline_at closes_at target_count
R 本轮 district 06:00 14:00 22:00 8
round_grid: round_code grid_code target_count household_count
R G 8 5
site_bucket: bucket_start_at site_code channel registered_count sampled_count
07:00 S self 5 4
grid_bucket: bucket_start_at grid_code round_code registered_person_count covered_person_count seen_household_count
07:00 G R 5 3 3
07:30 G R 1 1 0
07:40 G R 1 1 0
"""
# p1 and p2 of H1 (p2 still waits), p3 and p4 of H2, p5 of no household, p6 of H3 withdrawn, p7 of H4 where nobody reports sampling.
LINES = """
household: household_code building_code grid_code resident_count vulnerable_count
H1 B1 G 3 1
H2 B1 G 2 0
H3 B2 G 1 1
H4 B1 G 1 0
H5 B2 G 1 0
registration_version: site_code person_token registered_at sampled_at household_code grid_code round_code is_withdrawn
S p1 07:00    07:02 H1 G R false
S p2 07:00    -     H1 G R false
S p3 07:01    07:04 H2 G R false
S p4 07:01    07:04 -  G R false
S p4 07:01    -     H2 G R -
S p5 07:30    07:33 -  G R false
S p6 07:35    07:36 H3 G R false
S p6 07:35    -     -  G R true
N p7 07:40    -     H4 G R -
S p8 08:05    08:06 H5 G R -
"""


def _homes(folder: Path, as_of: str = "08:00") -> World:
    # H4 is seen first at 07:40: its household counts in the bucket that begins then
    world = build_world(
        HOMES.replace("07:00 G R 5 3 3", "07:00 G R 4 3 2").replace("07:40 G R 1 1 0", "07:40 G R 1 1 1"), as_of=as_of
    )
    add_lake_rows(world, folder, LINES)
    return world


def test_working_time_stands_still_from_midnight_until_six() -> None:
    # D2 ran on the 12th, D3 began at 06:00 today: 2 h 40 of its 8 h; figures are complete up to 08:40
    answers(
        build_world(REFERENCE, MORNING, as_of=AS_OF),
        "coverage/working_time",
        "round_code elapsed_h left_h total_h offset_h\nD2 38.7 0 8 8\nD3 2.7 5.3 8 8\nM4 1.7 1.3 3 8",
    )
    night = build_world(STEADY.replace("06:00 14:00 22:00", "13T20:00 08:00 10:00"), as_of="03:17")
    answers(night, "coverage/working_time", "elapsed_h left_h total_h\n4 2 6")
    answers(night, "coverage/working_time", "elapsed_h left_h total_h\n7.2 4.8 12", day_begins_hour=0)


def test_a_round_is_counted_in_each_of_its_grids_with_what_came_last() -> None:
    answers(
        build_world(REFERENCE, MORNING, as_of=AS_OF),
        "coverage/round_grids",
        """
        grid_code community_code town_code target_count registered_person_count covered_person_count missing_count household_count seen_household_count unseen_household_count covered_quarter_count covered_hour_count covered_three_hours_count registered_quarter_count
        G21 C2 T1 200 140 30 170 80 45 35 20 20 30 50
        L-1 C3 T2 50  30  30 20  20 12 8  0  0  30 0
        P-9 C3 T2 0   2   2  0   0  1  0  2  2  2  2
        """,
        round_code="D3",
    )


def test_what_was_missing_at_the_deadline_stays_when_people_come_later() -> None:
    world = build_world(STEADY, BEFORE, as_of="13T08:00")
    answers(world, "coverage/round_grids", "missing_count missing_at_deadline_count\n250 300", round_code="Q")


def test_in_the_morning_the_last_hour_of_work_reaches_back_to_the_evening() -> None:
    evening = (
        STEADY.replace("06:00 14:00 22:00", "13T12:00 12:00 14:00")
        + "13T23:30 G R 40 40 9\n13T22:50 G R 7 7 1\n06:10 G R 2 2 1\n"
    )
    answers(
        build_world(evening, as_of="06:20"),
        "coverage/round_grids",
        "covered_quarter_count covered_hour_count covered_three_hours_count\n2 42 49",
        round_code="R",
    )


def test_a_round_that_has_not_begun_and_one_of_which_nothing_is_known() -> None:
    answers(build_world(STEADY, as_of="05:00"), "coverage/round_grids", "grid_code", round_code="R")
    unknown = build_world(STEADY.partition("site_bucket:")[0], as_of="08:00")
    answers(
        unknown,
        "coverage/round_places",
        "kind target_count missing_count coverage_pct unseen_household_count covered_per_hour expected_pct\n"
        + "\n".join(f"{kind} 1000 - - - - -" for kind in ("community", "district", "grid", "town")),
        round_code="R",
    )
    answers(
        unknown,
        "coverage/round_curve",
        "step_at missing_count coverage_pct\n06:00 - -\n06:05 - -",
        as_of="06:05",
        round_code="R",
    )


def test_earlier_rounds_of_the_same_kind_are_told_as_of_their_own_deadline() -> None:
    # N held half as many people: it is of another kind
    answers(
        build_world(STEADY, BEFORE, as_of="10:00"),
        "coverage/precedents",
        "round_code grid_code target_count missing_count\nQ G 1000 300",
        round_code="R",
    )


def test_places_are_sums_of_their_grids_with_their_paces() -> None:
    answers(
        build_world(REFERENCE, MORNING, as_of=AS_OF),
        "coverage/place_figures",
        """
        kind community_code town_code grid_count target_count covered_person_count missing_count unseen_household_count hour_per_hour three_hours_per_hour quarter_per_hour round_per_hour registered_quarter_per_hour precedent_pct
        community C2 T1 1 200 30 170 35 20 11.2 80 11.2 200 -
        community C3 T2 2 50  32 20  8  2  12   8  12   8   -
        district  -  -  3 250 62 190 43 22 23.2 88 23.2 208 -
        grid      C2 T1 1 200 30 170 35 20 11.2 80 11.2 200 -
        grid      C3 T2 1 50  30 20  8  0  11.2 0  11.2 0   -
        grid      C3 T2 1 0   2  0   0  2  0.7  8  0.7  8   -
        town      -  T1 1 200 30 170 35 20 11.2 80 11.2 200 -
        town      -  T2 2 50  32 20  8  2  12   8  12   8   -
        """,
        round_code="D3",
    )


def test_the_forecast_goes_on_at_the_pace_and_its_low_end_lets_the_pace_fall() -> None:
    # 400 of 1000 in 4 h, 4 h left: 100 an hour bring 800. Low: 600 × (1 − e^(−100 × 2 ÷ 600)) = 170 more
    answers(
        build_world(STEADY, as_of="10:00"),
        "coverage/forecast",
        "kind step_no forecast_at low_pct expected_pct high_pct\ngrid 1 12:00 53.3 60 60\ngrid 2 14:00 57 80 80",
        round_code="R",
        place_kind="grid",
        place_code="G",
        steps=2,
    )


def test_no_more_people_are_expected_than_came_to_the_best_round_of_the_same_kind() -> None:
    answers(
        build_world(STEADY, BEFORE, as_of="10:00"),
        "coverage/forecast",
        "kind low_pct expected_pct high_pct\ndistrict 57 70 80",
        round_code="R",
        place_kind="district",
    )


def test_there_is_no_forecast_in_the_first_half_hour_nor_after_the_deadline() -> None:
    world = build_world(STEADY, as_of="10:00")
    for as_of in ("06:29", "06:47", "14:00"):
        answers(world, "coverage/forecast", "kind", as_of=as_of, round_code="R")
    answers(
        world,
        "coverage/forecast",
        "kind expected_pct\ndistrict 0",
        as_of="06:50",
        round_code="R",
        place_kind="district",
    )


def test_a_round_says_of_every_place_how_it_stands_and_where_it_will_end() -> None:
    answers(
        build_world(REFERENCE, MORNING, as_of=AS_OF),
        "coverage/round_places",
        """
        kind name town_name community_name grid_count target_count registered_person_count covered_person_count missing_count coverage_pct household_count seen_household_count unseen_household_count covered_per_hour needed_per_hour low_pct expected_pct high_pct
        community 东华 白沙街道 东华 1 200 140 30 170 15 80 45 35 20 31.9 28.8 56.7 68.3
        community 丽苑 环市街道 丽苑 2 50 32 32 20 60 20 13 8 2 3.8 69.4 100 100
        district - - - 3 250 172 62 190 24 100 58 43 22 35.6 44.2 72.3 73.6
        grid 东华社区第1网格 白沙街道 东华 1 200 140 30 170 15 80 45 35 20 31.9 28.8 56.7 68.3
        grid 丽苑社区第1网格 环市街道 丽苑 1 50 30 30 20 60 20 12 8 0 3.8 60 100 100
        grid 公园 环市街道 丽苑 1 0 2 2 0 - 0 1 0 2 0 - - -
        town 白沙街道 白沙街道 - 1 200 140 30 170 15 80 45 35 20 31.9 28.8 56.7 68.3
        town 环市街道 环市街道 - 2 50 32 32 20 60 20 13 8 2 3.8 69.4 100 100
        """,
        round_code="D3",
    )
    answers(
        build_world(STEADY, BEFORE, as_of="13T08:00"),
        "coverage/round_places",
        "kind coverage_pct coverage_at_deadline_pct needed_per_hour expected_pct\n"
        + "\n".join(f"{kind} 75 70 - -" for kind in ("community", "district", "grid", "town")),
        round_code="Q",
    )


def test_the_curve_ends_where_the_places_say_that_the_round_stands() -> None:
    answers(
        build_world(STEADY, as_of="07:05"),
        "coverage/round_curve",
        """
        step_at registered_person_count covered_person_count missing_count coverage_pct time_used_pct
        06:00 0   0   1000 0  0
        06:15 0   0   1000 0  3.1
        06:30 0   0   1000 0  6.2
        06:45 0   0   1000 0  9.4
        07:00 100 100 900  10 12.5
        07:05 100 100 900  10 13.5
        """,
        round_code="R",
    )
    answers(
        build_world(REFERENCE, MORNING, as_of=AS_OF),
        "coverage/round_curve",
        "step_at target_count registered_person_count covered_person_count missing_count\n"
        + "\n".join(
            f"{at} 50 {figures}"
            for at, figures in (
                *((at, "0 0 50") for at in ("06:00", "06:15", "06:30", "06:45", "07:00")),
                *((at, "30 30 20") for at in ("07:15", "07:30", "07:45", "08:00", "08:15", "08:30")),
                ("08:40:24", "32 32 20"),
            )
        ),
        round_code="D3",
        place_kind="town",
        place_code="T2",
    )


def test_a_household_is_unseen_partly_covered_or_whole(tmp_path: Path) -> None:
    # p6's row was withdrawn, so nobody of H3 was seen; p8 comes only at 08:05, after the five minutes that begin at 08:00
    answers(
        _homes(tmp_path, as_of="08:00"),
        "coverage/household_states",
        """
        round_code household_code building_code resident_count vulnerable_count registered_person_count covered_person_count missing_count household_state
        R H1 B1 3 1 2 1 2 partly
        R H2 B1 2 0 2 2 0 whole
        R H4 B1 1 0 1 1 0 whole
        R H3 B2 1 1 0 0 1 unseen
        R H5 B2 1 0 0 0 1 unseen
        """,
        round_code="R",
        grid_code="G",
    )


def test_of_a_past_moment_the_running_five_minutes_do_not_count_as_on_the_map(tmp_path: Path) -> None:
    states = "household_code household_state\nH1 partly\nH2 whole\nH4 {}\nH3 unseen\nH5 {}"
    for as_of, state in (("07:44", "unseen"), ("07:45", "whole")):
        answers(_homes(tmp_path), "coverage/household_states", states.format(state, "unseen"), as_of=as_of)


def test_who_registered_before_the_close_is_covered_when_sampled_after_it(tmp_path: Path) -> None:
    world = _homes(tmp_path)
    world.connection.execute("update round set closes_at = '2022-07-14 07:03:00+08'")
    answers(
        world,
        "coverage/household_states",
        "household_code household_state\nH1 partly\nH2 whole\nH4 unseen\nH3 unseen\nH5 unseen",
        round_code="R",
    )


def test_before_the_first_row_no_household_is_called_unseen(tmp_path: Path) -> None:
    world = build_world(HOMES.partition("site_bucket:")[0], as_of="08:00")
    add_lake_rows(world, tmp_path, LINES.partition("registration_version:")[0])
    answers(
        world,
        "coverage/household_states",
        "household_code covered_person_count household_state\nH1 - -\nH2 - -\nH4 - -\nH3 - -\nH5 - -",
    )
    answers(world, "coverage/household_sums", "household_count unseen_household_count whole_household_count\n5 - -")


def test_grids_and_buildings_are_sums_of_their_households(tmp_path: Path) -> None:
    world = _homes(tmp_path)
    answers(
        world,
        "coverage/household_sums",
        "round_code grid_code household_count unseen_household_count partly_household_count whole_household_count registered_person_count covered_person_count\nR G 5 2 1 2 5 4",
    )
    answers(
        world,
        "coverage/building_sums",
        """
        building_code building_name target_count registered_person_count covered_person_count missing_count coverage_pct household_count unseen_household_count partly_household_count whole_household_count vulnerable_count
        B2 二号 2 0 0 2 0    2 2 0 0 1
        B1 一号 6 5 4 2 66.7 3 0 1 2 1
        """,
        grid_code="G",
    )


def test_households_are_told_of_every_place_of_the_round(tmp_path: Path) -> None:
    answers(
        _homes(tmp_path),
        "coverage/household_places",
        "kind household_count unseen_household_count partly_household_count whole_household_count\n"
        + "\n".join(f"{kind} 5 2 1 2" for kind in ("community", "district", "grid", "town")),
        round_code="R",
    )


def test_the_list_for_the_workers_gives_each_building_to_one_team(tmp_path: Path) -> None:
    world = _homes(tmp_path)
    answers(
        world,
        "coverage/missing_households",
        """
        team_no building_code building_name household_code resident_count covered_person_count missing_count vulnerable_count household_state round_code
        1 B1 一号 H1 3 1 2 1 partly R
        1 B2 二号 H3 1 0 1 1 unseen R
        1 B2 二号 H5 1 0 1 0 unseen R
        """,
        grid_code="G",
    )
    for team_count, expected in ((2, "1 H1\n2 H3\n2 H5"), (9, "1 H1\n2 H3\n2 H5")):
        answers(
            world,
            "coverage/missing_households",
            f"team_no household_code\n{expected}",
            grid_code="G",
            team_count=team_count,
        )


def test_places_curve_rounds_and_map_tell_the_same_totals_or_the_check_says_which_does_not() -> None:
    columns = "told_by figure by_grids by_other"
    world = build_world(REFERENCE, MORNING, as_of=AS_OF)
    for as_of in ("06:30", "08:24", AS_OF):
        for round_code in ("D2", "D3", "M4"):
            answers(world, "checks/round_places_agree", columns, as_of=as_of, round_code=round_code)
    world.connection.execute("update grid set community_code = null where grid_code = 'G21'")
    answers(
        world,
        "checks/round_places_agree",
        f"{columns}\ncommunity covered 62 32\ncommunity missing 190 20\ncommunity registered 172 32\ncommunity target 250 50\ncommunity unseen 43 8",
        round_code="D3",
    )


def test_list_map_and_total_agree_and_where_they_differ_the_check_says_by_how_many(tmp_path: Path) -> None:
    columns = "round_code grid_code figure by_list by_map"
    world = _homes(tmp_path)
    for as_of in ("07:00", "07:05", "07:30", "07:41", "07:45", "08:00"):
        answers(world, "checks/households_agree", columns, as_of=as_of)
        answers(world, "checks/households_agree", columns, as_of=as_of, round_code="R", grid_code="G")
    world.connection.execute("update grid_bucket set seen_household_count = 3 where seen_household_count = 2")
    answers(world, "checks/households_agree", f"{columns}\nR G unseen 2 1")
    world.connection.execute("update round_grid set household_count = 6")
    answers(
        world,
        "checks/households_agree",
        f"{columns}\nR - total 5 6\nR G households 5 6",
    )


@pytest.mark.parametrize("erased", [True, False])
def test_of_a_round_whose_rows_were_destroyed_there_is_no_list_and_nothing_to_compare(
    tmp_path: Path, erased: bool
) -> None:
    world = _homes(tmp_path)
    if erased:
        world.connection.execute("insert into erased_round values ('R')")
    world.connection.execute("update round_grid set household_count = 6")
    answers(world, "coverage/missing_households", "household_code" + ("" if erased else "\nH1\nH3\nH5"), grid_code="G")
    answers(world, "checks/households_agree", "figure" + ("" if erased else "\ntotal\nhouseholds\nunseen"))
