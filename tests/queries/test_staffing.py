"""Who is on duty, who answers for a grid, and who answers a whistle."""

from __future__ import annotations

from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import World, answers, build_world

AS_OF = "08:40:24"
WHISTLE = """
whistle: whistle_code raised_at due_at closed_at place_kind place_name role needed_count
W 08:00 09:00 - place 东湖广场 volunteer 4
"""
ARRIVALS = "staff_event: staff_code role event event_at post_kind post_code whistle_code\n"


def _district() -> World:
    return build_world(REFERENCE, MORNING, as_of=AS_OF)


def test_on_duty_is_who_checked_in_within_sixteen_hours_and_did_not_check_out() -> None:
    # F12 checked out at 08:00, L21's check-in is of yesterday 06:00; M1 has no grid to count in
    answers(
        _district(),
        "staffing/posts",
        """
        staff_code role post_kind post_code checked_in_at grid_code
        F11 full_time   zone       Z1  06:10 G11
        L11 grid_leader grid       G11 06:00 G11
        L12 grid_leader site       S1  06:00 G12
        M1  medic       checkpoint K7  06:00 -
        P11 part_time   checkpoint K7  08:10 G11
        P12 part_time   site       S2  08:30 G21
        V21 volunteer   vehicle    V-3 08:20 G21
        """,
    )


def test_everyone_on_duty_counts_in_one_grid() -> None:
    answers(
        _district(),
        "staffing/headcount",
        """
        grid_code role on_duty_count
        G11 full_time   1
        G11 grid_leader 1
        G11 part_time   1
        G12 grid_leader 1
        G21 part_time   1
        G21 volunteer   1
        -   medic       1
        """,
    )


def test_the_six_roles_are_counted_in_a_fixed_order_beside_the_roster() -> None:
    answers(
        _district(),
        "staffing/on_duty",
        """
        role on_duty_count roster_count
        grid_leader 2 4
        full_time   1 2
        part_time   2 2
        volunteer   1 1
        commando    0 0
        medic       1 1
        """,
    )


def test_before_any_check_in_nobody_knows_who_is_on_duty() -> None:
    nobody = "role on_duty_count\n" + "\n".join(
        f"{role} -" for role in ("grid_leader", "full_time", "part_time", "volunteer", "commando", "medic")
    )
    answers(build_world(REFERENCE, as_of=None), "staffing/on_duty", nobody, as_of="08:40")
    answers(_district(), "staffing/on_duty", nobody, as_of="12T12:00")


def test_of_a_check_in_and_a_check_out_in_one_second_the_check_out_counts() -> None:
    events = """
    staff_event: staff_code role event event_at post_kind post_code
    A volunteer check_in  08:00 grid G11
    A volunteer check_out 08:00 grid G11
    B volunteer check_out 08:00 grid G11
    B volunteer check_in  08:01 grid G11
    """
    answers(build_world(events, as_of=AS_OF), "staffing/posts", "staff_code\nB")


def test_an_unknown_role_is_on_duty_but_no_row_of_the_wall() -> None:
    events = """
    staff_event: staff_code role event event_at post_kind post_code
    A -         check_in 08:00 grid G11
    B volunteer check_in 08:00 grid G11
    """
    world = build_world(REFERENCE, events, as_of=AS_OF)
    answers(world, "staffing/posts", "staff_code role grid_code\nA - G11\nB volunteer G11")
    answers(
        world,
        "staffing/on_duty",
        "role on_duty_count\ngrid_leader 0\nfull_time 0\npart_time 0\nvolunteer 1\ncommando 0\nmedic 0",
    )


def test_a_whistle_expects_its_people_at_the_pace_of_the_last_quarter_hour() -> None:
    # W1: 2 of 6 came, 1 in the last 15 minutes: 4 more in 60 minutes, after 09:00. W3 was raised 2 minutes ago
    answers(
        _district(),
        "staffing/whistles",
        """
        whistle_code place_name role raised_at due_at needed_count arrived_count full_at expected_full_at is_late
        W3 东湖广场 volunteer 08:38 09:38 20 0 -     -        false
        W1 侧贤     part_time 08:00 09:00 6  2 -     09:40:24 true
        W2 东华名岸 volunteer 08:10 08:30 1  1 08:20 -        false
        """,
    )


def test_someone_who_checks_in_twice_answers_a_whistle_once() -> None:
    twice = (
        ARRIVALS
        + "A volunteer check_in 08:10 grid G W\nA volunteer check_in 08:20 grid G W\nB volunteer check_in 08:25 grid G W"
    )
    answers(
        build_world(WHISTLE, twice, as_of="08:30"),
        "staffing/musters",
        "whistle_code needed_count arrived_count recent_count full_at full_after_min\nW 4 2 1 - -",
    )


def test_a_full_whistle_tells_when_the_last_of_those_needed_came_and_leaves_after_half_an_hour() -> None:
    came = ARRIVALS + "\n".join(f"V{n} volunteer check_in 08:{10 + n} grid G W" for n in range(5))
    world = build_world(WHISTLE, came, as_of="08:43")
    answers(world, "staffing/musters", "arrived_count full_at full_after_min\n5 08:13 13")
    answers(world, "staffing/whistles", "full_at is_late\n08:13 false", as_of="08:42:59")
    answers(world, "staffing/whistles", "full_at", as_of="08:43")


def test_a_whistle_nobody_answers_is_late_from_a_quarter_of_an_hour_on() -> None:
    world = build_world(WHISTLE, as_of="08:40")
    answers(world, "staffing/whistles", "arrived_count expected_full_at is_late\n0 - false", as_of="08:14:59")
    answers(world, "staffing/whistles", "arrived_count expected_full_at is_late\n0 - true", as_of="08:15")


def test_a_whistle_that_nobody_closed_is_forgotten_after_sixteen_hours() -> None:
    world = build_world(WHISTLE, as_of="23:59")
    answers(world, "staffing/whistles", "whistle_code is_late\nW true")
    answers(world, "staffing/whistles", "whistle_code", as_of="15T00:00")


def test_a_whistle_is_open_until_its_end_and_its_end_is_not_known_before() -> None:
    closed = WHISTLE.replace("09:00 -", "09:00 08:30")
    world = build_world(closed, as_of="08:40")
    answers(world, "staffing/whistles", "whistle_code\nW", as_of="08:29")
    answers(world, "staffing/whistles", "whistle_code")
    answers(world, "staffing/musters", "whistle_code closed_at\nW -", as_of="08:29")
    answers(world, "staffing/musters", "whistle_code", as_of="07:59")


def test_the_responsibility_chain_names_each_level_and_who_stands_in() -> None:
    answers(
        _district(),
        "staffing/responsibility_chain",
        """
        level staff_code is_on_duty checked_in_at stand_in_staff_code is_stand_in_on_duty
        street_leader   T1L false -     -   -
        community_cadre C1C false -     -   -
        grid_leader     L11 true  06:00 -   -
        full_time       F11 true  06:10 F12 false
        full_time       F12 false -     F11 true
        """,
        grid_code="G11",
    )
    answers(
        _district(),
        "staffing/responsibility_chain",
        "level staff_code is_on_duty\nstreet_leader - -\ncommunity_cadre - -\ngrid_leader L31 false\nfull_time - -",
        grid_code="L-1",
    )


def test_a_grids_people_are_those_posted_in_it_beside_those_at_home_in_it() -> None:
    answers(
        _district(),
        "staffing/grid_on_duty",
        """
        role on_duty_count roster_count
        grid_leader 0 1
        full_time   0 0
        part_time   1 0
        volunteer   1 1
        commando    0 0
        medic       0 0
        """,
        grid_code="G21",
    )


def test_the_roster_is_counted_by_role_and_origin() -> None:
    answers(
        _district(),
        "staffing/roster",
        """
        role origin staff_count
        community_cadre community     1
        full_time       community     1
        full_time       new_recruit   1
        grid_leader     community     4
        medic           hospital      1
        part_time       private_firm  2
        street_leader   community     1
        volunteer       retired_cadre 1
        """,
    )


def test_a_grids_roster_counts_pairs_who_stand_in_for_each_other() -> None:
    answers(
        _district(),
        "staffing/grid_roster",
        """
        grid_code community_name grid_leader_count full_time_count part_time_count stand_in_pair_count
        G11 侧贤 1 2 1 1
        G12 侧贤 1 0 1 0
        G21 东华 1 0 0 0
        L-1 丽苑 1 0 0 0
        P-9 丽苑 0 0 0 0
        """,
    )


def test_community_workers_are_told_for_ten_thousand_residents() -> None:
    # T1: 2 of 360
    answers(
        _district(),
        "staffing/density",
        "town_code resident_count full_time_count full_time_per_10000\nT1 360 2 55.6\nT2 50 0 0",
    )


def test_a_buildings_team_is_everyone_who_checked_in_there_that_day() -> None:
    answers(
        _district(),
        "staffing/building_teams",
        "building_code building_name grid_code role whistle_code team_count first_check_in_at\nB38 侧贤里38号 G11 full_time - 1 06:10",
    )
