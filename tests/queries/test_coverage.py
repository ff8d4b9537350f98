"""What the map, the list, the rounds and the panel answer of coverage."""
# ruff: noqa: E501  (text tables are as wide as their columns)

from __future__ import annotations

from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import World, answers, build_world

AS_OF = "08:40:24"
# Two rounds over one grid of 100 people and 40 households; the second begins at 06:00.
ONE_GRID = """
grid: grid_code grid_name community_code town_code resident_count household_count
G 网格 C T 100 40
community: community_code community_name town_code
C 社区 T
town: town_code town_name
T 镇
round: round_code round_name scope starts_at deadline_at closes_at target_count
R1 第一轮 district 13T06:00 13T14:00 13T22:00 100
R2 第二轮 district 06:00 14:00 22:00 100
round_grid: round_code grid_code target_count household_count
R1 G 100 40
R2 G 100 40
site_bucket: bucket_start_at site_code channel registered_count sampled_count
13T09:00 S self 90 90
grid_bucket: bucket_start_at grid_code round_code registered_person_count covered_person_count seen_household_count
13T09:00 G R1 90 90 38
"""


def _district() -> World:
    return build_world(REFERENCE, MORNING, as_of=AS_OF)


def test_a_grid_counts_in_the_round_that_began_last_and_its_surplus_hides_nobody() -> None:
    # G12 covers 62 of 60: nobody is missing there, and nobody less in G11; in P-9 nobody lives, so there is no share
    answers(
        _district(),
        "coverage/current",
        """
        grid_code round_code starts_at deadline_at target_count registered_person_count covered_person_count missing_count coverage_pct household_count seen_household_count
        G11 M4 07:00 10:00 100 50  40 60  40  40 20
        G12 M4 07:00 10:00 60  62  62 0   100 25 25
        G21 D3 06:00 14:00 200 140 30 170 15  80 45
        L-1 D3 06:00 14:00 50  30  30 20  60  20 12
        P-9 D3 06:00 14:00 0   2   2  0   -   0  1
        """,
    )


def test_the_running_rounds_and_the_current_ones_are_counted_grid_by_grid_with_the_last_quarter_hour() -> None:
    answers(
        _district(),
        "coverage/counted",
        """
        round_code grid_code is_current target_count registered_person_count covered_person_count recent_covered_count missing_count household_count seen_household_count
        D3 G21 true 200 140 30 20 170 80 45
        D3 L-1 true 50  30  30 0  20  20 12
        D3 P-9 true 0   2   2  2  0   0  1
        M4 G11 true 100 50  40 20 60  40 20
        M4 G12 true 60  62  62 62 0   25 25
        """,
    )


def test_a_round_that_runs_behind_a_later_one_is_counted_but_current_nowhere() -> None:
    both = ONE_GRID.replace(
        "R1 第一轮 district 13T06:00 13T14:00 13T22:00", "R1 第一轮 district 13T06:00 13T14:00 22:00"
    )
    answers(
        build_world(both, as_of="07:00"),
        "coverage/counted",
        "round_code is_current covered_person_count missing_count\nR1 false 90 10\nR2 true 0 100",
    )


def test_the_map_shows_coverage_queue_staff_and_zone_of_every_grid() -> None:
    answers(
        _district(),
        "wall/grids",
        """
        grid_code round_code target_count registered_person_count covered_person_count missing_count coverage_pct resident_count vulnerable_count on_duty_count waiting_count zone_level
        G11 M4 100 50  40 60  40  100 12 3 0   high
        G12 M4 60  62  62 0   100 60  5  1 0   medium
        G21 D3 200 140 30 170 15  200 30 2 140 low
        L-1 D3 50  30  30 20  60  50  4  0 0   -
        P-9 D3 0   2   2  0   -   0   0  0 -   -
        """,
    )


def test_communities_and_towns_are_sums_of_their_grids() -> None:
    answers(
        _district(),
        "wall/communities",
        """
        code target_count covered_person_count missing_count coverage_pct
        C1 160 102 60  62.5
        C2 200 30  170 15
        C3 50  32  20  60
        """,
    )
    answers(
        _district(),
        "wall/towns",
        """
        code target_count covered_person_count missing_count coverage_pct
        T1 360 132 230 36.1
        T2 50  32  20  60
        """,
    )


def test_a_running_round_tells_its_pace_and_when_nobody_would_be_missing() -> None:
    # M4: 20 + 62 covered 08:25–08:40 = 328 an hour; 60 missing take 10 min 58 s. D3: 20 + 2 = 88 an hour; 190 missing
    answers(
        _district(),
        "wall/rounds",
        """
        round_code scope starts_at deadline_at closes_at target_count registered_person_count covered_person_count missing_count coverage_pct covered_per_hour expected_finish_at
        M4 community 07:00 10:00 10:00 160 112 102 60  62.5 328 08:51:22
        D3 district  06:00 14:00 22:00 250 172 62  190 24   88  10:49:56
        """,
    )


def test_a_round_nobody_comes_to_has_no_expected_finish() -> None:
    world = build_world(ONE_GRID, as_of="07:00")
    answers(
        world,
        "wall/rounds",
        "round_code covered_person_count coverage_pct covered_per_hour expected_finish_at\nR2 0 0 0 -",
    )


def test_of_three_running_rounds_the_narrowest_and_the_widest_are_shown() -> None:
    middle = """
    round: round_code round_name scope starts_at deadline_at closes_at target_count
    M2 中间 community 06:30 10:00 11:00 200
    """
    answers(build_world(REFERENCE, MORNING, middle, as_of=AS_OF), "wall/rounds", "round_code\nM4\nD3")


def test_between_rounds_no_round_runs_and_the_map_keeps_the_last() -> None:
    world = build_world(ONE_GRID, as_of="23:00")
    before = {"as_of": "13T23:00"}
    answers(world, "wall/rounds", "round_code", **before)
    answers(world, "coverage/current", "grid_code round_code covered_person_count coverage_pct\nG R1 90 90", **before)


def test_when_a_round_has_just_begun_its_coverage_is_zero_not_that_of_the_last() -> None:
    world = build_world(ONE_GRID, as_of="06:00")
    answers(
        world, "coverage/current", "grid_code round_code covered_person_count missing_count coverage_pct\nG R2 0 100 0"
    )


def test_before_the_first_round_a_grid_has_no_coverage() -> None:
    world = build_world(ONE_GRID, as_of="06:00")
    answers(world, "coverage/current", "grid_code", as_of="12T12:00")
    answers(
        world,
        "wall/grids",
        "grid_code round_code target_count missing_count coverage_pct on_duty_count waiting_count\nG - - - - - -",
        as_of="12T12:00",
    )
    answers(world, "wall/communities", "code target_count missing_count coverage_pct\nC - - -", as_of="12T12:00")


def test_a_round_that_runs_before_anything_is_ingested_has_a_target_but_no_figures() -> None:
    world = build_world(REFERENCE, as_of=None)
    answers(
        world,
        "wall/rounds",
        """
        round_code target_count registered_person_count covered_person_count missing_count coverage_pct covered_per_hour expected_finish_at
        M4 160 - - - - - -
        D3 250 - - - - - -
        """,
        as_of="08:00",
    )
    answers(world, "wall/towns", "code target_count missing_count coverage_pct\nT1 360 - -\nT2 50 - -", as_of="08:00")


def test_a_past_moment_counts_the_buckets_that_had_begun() -> None:
    answers(
        _district(),
        "coverage/current",
        "grid_code round_code covered_person_count\nG11 M4 20\nG12 M4 0\nG21 D3 10\nL-1 D3 30\nP-9 D3 0",
        as_of="08:24:59",
    )


def test_the_list_says_of_every_grid_what_the_map_says_most_missing_first() -> None:
    answers(
        _district(),
        "coverage/list",
        """
        grid_code grid_name community_name town_name round_code missing_count coverage_pct on_duty_count waiting_count zone_level
        G21 东华社区第1网格 东华 白沙街道 D3 170 15  2 140 low
        G11 侧贤社区第1网格 侧贤 白沙街道 M4 60  40  3 0   high
        L-1 丽苑社区第1网格 丽苑 环市街道 D3 20  60  0 0   -
        G12 侧贤社区第2网格 侧贤 白沙街道 M4 0   100 1 0   medium
        P-9 公园            丽苑 环市街道 D3 0   -   0 -   -
        """,
    )


def test_the_grids_with_most_people_missing_leave_out_those_where_nobody_is() -> None:
    answers(_district(), "coverage/most_missing", "grid_code missing_count\nG21 170\nG11 60\nL-1 20")
    answers(_district(), "coverage/most_missing", "grid_code\nG21", limit=1)


def test_the_panel_shows_a_grid_with_its_names_round_and_highest_zone() -> None:
    answers(
        _district(),
        "coverage/grid",
        """
        grid_code grid_name_en community_name_en town_name_en has_party_organisation resident_count household_count building_count vulnerable_count round_code round_name starts_at deadline_at closes_at target_count covered_person_count missing_count coverage_pct unseen_household_count zone_code zone_level
        G11 Cexian-1 Cexian Baisha true 100 40 2 12 M4 加密筛查 07:00 10:00 10:00 100 40 60 40 20 Z1 high
        """,
        grid_code="G11",
    )
    answers(_district(), "coverage/grid", "grid_code", grid_code="nowhere")


def test_the_panel_of_a_grid_that_no_round_has_reached_still_names_it() -> None:
    answers(
        build_world(REFERENCE, as_of=None),
        "coverage/grid",
        "grid_code resident_count round_code target_count coverage_pct unseen_household_count zone_level\nL-1 50 - - - - -",
        as_of="8T12:00",
        grid_code="L-1",
    )


def test_the_last_hour_compares_with_the_coverage_an_hour_ago() -> None:
    # 20 of 100 until 07:40, 20 more at 08:25
    answers(
        _district(),
        "coverage/grid_hour",
        "grid_code round_code coverage_pct coverage_hour_ago_pct covered_last_hour_count\nG11 M4 40 20 20",
        grid_code="G11",
    )


def test_an_hour_ago_is_unknown_in_the_first_hour_of_a_round() -> None:
    answers(
        build_world(ONE_GRID, as_of="06:30"),
        "coverage/grid_hour",
        "coverage_pct coverage_hour_ago_pct covered_last_hour_count\n0 - 0",
        grid_code="G",
    )


def test_every_round_that_has_begun_is_told_with_its_outcome() -> None:
    answers(
        _district(),
        "coverage/rounds",
        """
        round_code is_running grid_count target_count covered_person_count missing_count coverage_pct
        D2 false 5 410 9   401 2.2
        D3 true  3 250 62  190 24
        M4 true  2 160 102 60  62.5
        """,
    )


def test_the_district_is_counted_with_its_residents() -> None:
    answers(
        _district(),
        "coverage/district",
        """
        town_count community_count grid_count grid_code_count party_organisation_count area_km2 building_count household_count resident_count vulnerable_count
        2 3 5 5 3 1.6 6 165 410 51
        """,
    )


def test_the_rate_is_of_the_last_three_complete_buckets() -> None:
    # 08:25–08:40: registered 40 + 60 + 15, sampled 50 + 30
    answers(_district(), "wall/rate", "registered_per_hour sampled_per_hour\n460 320")
    answers(_district(), "wall/rate", "registered_per_hour sampled_per_hour\n0 0", as_of="08:05")
    answers(build_world(REFERENCE, as_of=None), "wall/rate", "registered_per_hour sampled_per_hour\n- -", as_of="08:40")


def test_throughput_runs_from_the_first_quarter_of_the_day_and_shows_quarters_without_anyone() -> None:
    answers(
        _district(),
        "wall/throughput",
        """
        quarter_start_at registered_count sampled_count is_running
        07:00 160 70 false
        07:15 0   0  false
        07:30 0   0  false
        07:45 0   0  false
        08:00 0   0  false
        08:15 100 60 false
        08:30 75  50 true
        """,
    )
    answers(_district(), "wall/throughput", "quarter_start_at", as_of="06:30")


def test_towns_and_communities_stand_as_the_sum_of_their_grids() -> None:
    # Baisha's grids are in two rounds, so it has no deadline of its own; Donghua's site is jammed, the park's never reports
    answers(
        _district(),
        "coverage/places",
        """
        kind code name_en town_code town_name community_count grid_count resident_count household_count vulnerable_count deadline_at target_count missing_count coverage_pct unseen_household_count site_count jammed_site_count unknown_site_count
        town T1 Baisha  T1 白沙街道 2 3 360 145 47 -     360 230 36.1 55 2 1 0
        town T2 Huanshi T2 环市街道 1 2 50  20  4  14:00 50  20  60   8  2 0 1
        community C1 Cexian  T1 白沙街道 1 2 160 65 17 10:00 160 60  62.5 20 1 0 0
        community C2 Donghua T1 白沙街道 1 1 200 80 30 14:00 200 170 15   35 1 1 0
        community C3 Liyuan  T2 环市街道 1 2 50  20 4  14:00 50  20  60   8  2 0 1
        """,
    )


def test_what_is_unknown_of_a_town_before_the_first_row_is_not_nothing() -> None:
    answers(
        build_world(REFERENCE, as_of=AS_OF),
        "coverage/places",
        """
        kind code resident_count missing_count coverage_pct on_duty_count
        town T1 360 - - -
        town T2 50  - - -
        community C1 160 - - -
        community C2 200 - - -
        community C3 50  - - -
        """,
    )
