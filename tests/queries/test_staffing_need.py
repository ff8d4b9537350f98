"""How many people are needed against those on duty, how long they work, who is free, and what they served in all."""

from __future__ import annotations

from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import World, answers, build_world

AS_OF = "08:40:24"
CALL = """
whistle: whistle_code raised_at due_at closed_at place_kind place_code place_name role needed_count
W 08:00 09:00 - grid G11 侧贤 part_time 4
"""
PEOPLE = """
staff: staff_code role origin town_code community_code grid_code stand_in_staff_code organisation_name
A volunteer retired_cadre T1 - - - -
B volunteer private_firm  T1 - - - 第1党支部
C commando  district      -  - - - -
"""
EVENTS = "staff_event: staff_code role event event_at post_kind post_code whistle_code\n"


def _district() -> World:
    return build_world(REFERENCE, MORNING, as_of=AS_OF)


def test_each_place_says_whom_it_needs_and_who_is_there() -> None:
    # G11 and G12 are touched by zones; S1 needs 2 units, S2 4; S3 rests and S4's state is unknown; Z1 holds 45 people
    answers(
        _district(),
        "staffing/needs",
        """
        source code role post_kind grid_code town_code needed_count present_count lacking_count
        grid G11 full_time   grid G11 T1 2  1 1
        grid G11 grid_leader grid G11 T1 1  1 0
        grid G11 part_time   grid G11 T1 12 1 11
        grid G12 full_time   grid G12 T1 2  0 2
        grid G12 grid_leader grid G12 T1 1  1 0
        grid G12 part_time   grid G12 T1 12 0 12
        grid G21 full_time   grid G21 T1 1  0 1
        grid G21 grid_leader grid G21 T1 1  0 1
        grid L-1 full_time   grid L-1 T2 1  0 1
        grid L-1 grid_leader grid L-1 T2 1  0 1
        grid P-9 full_time   grid P-9 T2 1  0 1
        grid P-9 grid_leader grid P-9 T2 1  0 1
        site S1 medic     site G12 T1 2  0 2
        site S1 part_time site G12 T1 8  0 8
        site S2 medic     site G21 T1 4  0 4
        site S2 part_time site G21 T1 16 1 15
        site S3 medic     site L-1 T2 0  0 0
        site S3 part_time site L-1 T2 0  0 0
        site S4 medic     site P-9 T2 -  0 -
        site S4 part_time site P-9 T2 -  0 -
        whistle W1 part_time whistle -   T1 6  2 4
        whistle W2 volunteer whistle G21 T1 1  1 0
        whistle W3 volunteer whistle -   -  20 0 20
        zone Z1 part_time zone G11 T1 2 1 1
        """,
    )


def test_a_role_that_nothing_calls_for_needs_nobody_knows_how_many() -> None:
    answers(
        _district(),
        "staffing/by_role",
        """
        role on_duty_count needed_count lacking_count unknown_need_count roster_count
        grid_leader 2 5  3  0 4
        full_time   1 7  6  0 2
        part_time   2 56 51 1 2
        volunteer   1 21 20 0 1
        commando    0 -  -  0 0
        medic       1 6  6  1 1
        """,
    )


def test_the_total_adds_up_the_roles_whose_need_is_known() -> None:
    answers(
        _district(),
        "staffing/total",
        "on_duty_count needed_count lacking_count roster_count unknown_need_count\n7 95 86 10 1",
    )


def test_posts_are_counted_in_a_fixed_order_against_their_need() -> None:
    answers(
        _district(),
        "staffing/by_post",
        """
        post_kind on_duty_count needed_count lacking_count unknown_need_count
        site       2 30 29 1
        grid       1 36 32 0
        building   0 -  -  0
        zone       1 2  1  0
        checkpoint 2 -  -  0
        vehicle    1 -  -  0
        """,
    )


def test_who_is_in_no_town_and_what_calls_from_no_town_makes_a_row_of_its_own() -> None:
    answers(
        _district(),
        "staffing/by_town",
        """
        town_code on_duty_count needed_count lacking_count unknown_need_count full_time_per_10000 is_roster_enough
        T1 6 71 62 0 55.6 true
        T2 0 4  4  1 0    false
        -  1 20 20 0 -    -
        """,
    )
    answers(_district(), "staffing/by_town", "town_code on_duty_count\nT1 -\nT2 -", as_of="9T12:00")


def test_grids_that_miss_most_people_come_first_with_the_residents_of_each_worker() -> None:
    answers(
        _district(),
        "staffing/by_grid",
        """
        grid_code zone_level on_duty_count needed_count lacking_count worker_count residents_per_worker is_worker_overloaded
        G12 medium 1 25 24 0 -   true
        G21 low    2 23 21 1 200 false
        G11 high   3 17 13 2 50  false
        L-1 -      0 2  2  0 -   true
        P-9 -      0 2  2  0 -   false
        """,
    )


def test_at_a_zone_of_communities_one_is_in_the_zones_town() -> None:
    world = build_world(REFERENCE, PEOPLE, EVENTS + "C commando check_in 08:00 zone Z2 -", as_of=AS_OF)
    answers(world, "staffing/town_of_post", "staff_code grid_code town_code\nC - T1")


def test_a_muster_tells_when_half_nine_tenths_and_all_were_there() -> None:
    came = EVENTS + "\n".join(f"P{n} part_time check_in 08:{10 * n} grid G11 W" for n in range(1, 5))
    answers(
        build_world(CALL, came, as_of="08:45"),
        "staffing/muster_shares",
        "needed_count arrived_count arrived_pct due_after_min half_after_min ninety_after_min full_after_min is_open is_late\n"
        "4 4 100 60 20 40 40 true false",
    )
    answers(
        build_world(CALL, came, as_of="08:35"),
        "staffing/muster_shares",
        "arrived_count half_after_min ninety_after_min full_after_min is_late\n3 20 - - false",
    )


def test_a_muster_curve_steps_up_at_every_arrival_from_the_call_to_the_present() -> None:
    came = (
        EVENTS
        + "A part_time check_in 08:10 grid G11 W\nA part_time check_in 08:20 grid G11 W\nB part_time check_in 08:25 grid G11 W"
    )
    world = build_world(CALL, came, as_of="08:40")
    answers(
        world,
        "staffing/muster_curve",
        """
        reached_at elapsed_min arrived_count arrived_pct
        08:00 0  0 0
        08:10 10 1 25
        08:25 25 2 50
        08:40 40 2 50
        """,
        whistle_code="W",
    )
    answers(world, "staffing/muster_curve", "reached_at arrived_count", whistle_code="W9")


LONG_DAY = (
    EVENTS
    + """
A volunteer check_in  13T20:00 grid G11 -
A volunteer check_out 14T00:00 grid G11 -
A volunteer check_in  14T00:20 site S1 -
B volunteer check_in  13T06:00 site S1 -
B volunteer check_out 13T20:00 site S1 -
B volunteer check_in  14T06:00 site S1 -
C commando  check_in  14T06:00 grid G12 -
C commando  check_out 14T08:00 grid G12 -
"""
)


def test_a_change_of_post_is_no_break_and_only_the_last_24_hours_count() -> None:
    # at 08:00 A has been on for 12 hours but for 20 minutes; B worked 12 of its 14 hours of yesterday within 24, and 2 today
    answers(
        build_world(REFERENCE, PEOPLE, LONG_DAY, as_of="08:00"),
        "staffing/hours",
        """
        staff_code since_at on_duty_h worked_24h_h last_out_at
        A 13T20:00 12 11.7 -
        B 06:00    2  14   -
        C -        -  2    08:00
        """,
    )


def test_who_works_over_eight_hours_on_end_or_eleven_in_24_is_overloaded() -> None:
    world = build_world(REFERENCE, PEOPLE, LONG_DAY, as_of="08:00")
    answers(
        world,
        "staffing/overload",
        """
        staff_code role post_kind post_code post_name on_duty_h worked_24h_h is_over_shift is_over_24h found_count
        B volunteer site S1 侧贤采样点 2 14 false true 2
        A volunteer site S1 侧贤采样点 12 11.7 true true 2
        """,
    )
    answers(world, "staffing/overload", "staff_code\nB\nA", longest_shift_h=13, longest_24h_h=11)
    answers(world, "staffing/overload", "staff_code", longest_shift_h=13, longest_24h_h=14)
    answers(
        world,
        "staffing/overload_by_role",
        """
        role on_duty_count over_shift_count over_24h_count over_count longest_on_duty_h longest_24h_h
        grid_leader 0 0 0 0 -  -
        full_time   0 0 0 0 -  -
        part_time   0 0 0 0 -  -
        volunteer   2 1 2 2 12 14
        commando    0 0 0 0 -  -
        medic       0 0 0 0 -  -
        """,
    )


def test_free_are_those_of_the_role_who_are_off_duty_rested_and_were_not_there_already_nearest_first() -> None:
    # P1 lives in the grid, P2 one grid on, P3 in the town; P4 is on duty, P5 worked 12 hours, P6 was there
    people = """
    staff: staff_code role town_code community_code grid_code
    P1 part_time T1 C1 G11
    P2 part_time T1 C1 G12
    P3 part_time T1 -  -
    P4 part_time T1 C1 G11
    P5 part_time T1 C1 G11
    P6 part_time T1 C1 G11
    V1 volunteer T1 C1 G11
    """
    world = build_world(
        REFERENCE.split("staff:")[0],
        people,
        CALL,
        EVENTS
        + """
        P4 part_time check_in  08:00 grid G21 -
        P5 part_time check_in  13T18:00 grid G11 -
        P5 part_time check_out 14T06:00 grid G11 -
        P6 part_time check_in  08:05 grid G11 W
        P6 part_time check_out 08:20 grid G11 W
        P2 part_time check_in  06:00 grid G11 -
        P2 part_time check_out 07:30 grid G11 -
        """,
        as_of=AS_OF,
    )
    answers(
        world,
        "staffing/nearest_free",
        """
        staff_code home_name distance_m worked_24h_h last_out_at found_count
        P1 侧贤社区第1网格 0 0 - 3
        P3 白沙街道 0 0 - 3
        P2 侧贤社区第2网格 205.3 1.5 07:30 3
        """,
        whistle_code="W",
    )
    answers(world, "staffing/nearest_free", "staff_code\nP1\nP3\nP5\nP2", whistle_code="W", longest_24h_h=13)
    answers(world, "staffing/nearest_free", "staff_code", whistle_code="W", as_of="07:59")


def test_a_grid_without_its_leader_and_without_either_of_the_pair_has_a_gap() -> None:
    # G11: leader away, who stands in is there; G12: nobody of the two; G21: leader there, no full-time worker
    people = """
    staff: staff_code role grid_code stand_in_staff_code
    L1 grid_leader G11 L3
    L2 grid_leader G12 L1
    L3 grid_leader G21 -
    F1 full_time   G21 F2
    F2 full_time   G21 F1
    F3 full_time   L-1 -
    L4 grid_leader L-1 -
    L5 grid_leader P-9 -
    """
    here = "\n".join(
        f"{code} {role} check_in 08:00 site S1 -"
        for code, role in (("L3", "grid_leader"), ("F3", "full_time"), ("L4", "grid_leader"), ("L5", "grid_leader"))
    )
    world = build_world(
        REFERENCE.split("staff:")[0] + "round:" + REFERENCE.split("round:")[1], people, EVENTS + here, as_of=AS_OF
    )
    answers(
        world,
        "staffing/leader_gaps",
        """
        grid_code leader_staff_code is_leader_on_duty stand_in_staff_code is_stand_in_on_duty full_time_count full_time_on_duty_count gap
        G12 L2 false L1 false 0 0 nobody
        G21 L3 true  -  -     2 0 pair
        G11 L1 false L3 true  0 0 stand_in
        """,
    )
    answers(world, "staffing/leader_gaps", "grid_code", as_of="07:59")


def test_a_grid_has_a_chain_of_four_levels_and_levels_that_nobody_holds_are_counted() -> None:
    answers(
        _district(),
        "staffing/chain_levels",
        """
        grid_code street_leader_count community_cadre_count grid_leader_count grid_worker_count missing_level_count
        G11 1 1 1 3 0
        G12 1 1 1 1 0
        G21 1 0 1 0 2
        L-1 0 0 1 0 3
        P-9 0 0 0 0 4
        """,
    )


def test_a_call_for_people_goes_through_five_levels() -> None:
    world = build_world(REFERENCE, PEOPLE, MORNING, as_of=AS_OF)
    world.connection.execute("update meta set district_name = '蓬江区'")
    answers(
        world,
        "staffing/dispatch_chain",
        """
        level code name on_duty_count
        city    T100 -      0
        county  T1   蓬江区 0
        town    T1   白沙街道 6
        village C1   侧贤 4
        grid    G11  侧贤社区第1网格 3
        """,
        grid_code="G11",
    )
    answers(world, "staffing/dispatch_chain", "level", grid_code="G99")


SERVED = (
    EVENTS
    + """
A volunteer check_in  13T06:00 site S1 -
A volunteer check_out 13T10:00 site S1 -
A volunteer check_in  13T12:00 site S1 -
A volunteer check_in  13T18:00 checkpoint K1 -
A volunteer check_in  14T03:00 site S2 -
B volunteer check_in  14T06:00 site S2 -
C commando  check_in  9T17:00 zone Z2 -
C commando  check_in  9T19:00 building B38 -
C commando  check_in  16T00:10 grid G12 -
"""
)


def test_a_person_time_is_one_person_on_one_working_day_at_one_kind_of_post() -> None:
    # A's check-in at 03:00 belongs to the day before; Z2 was sealed at 18:00 on the 9th, and low from the 16th on
    answers(
        build_world(REFERENCE, PEOPLE, SERVED, as_of="16T08:00"),
        "staffing/turns",
        """
        staff_code served_on post_kind organisation_name town_code is_in_zone
        A 2022-07-13 checkpoint -         T1 false
        A 2022-07-13 site       -         T1 true
        B 2022-07-14 site       第1党支部 T1 false
        C 2022-07-09 building   -         T1 true
        C 2022-07-09 zone       -         T1 false
        C 2022-07-15 grid       -         T1 false
        """,
    )


def test_person_times_are_added_up_by_kind_of_people() -> None:
    world = build_world(REFERENCE, PEOPLE, SERVED, as_of="14T08:00")
    answers(
        world,
        "staffing/person_times",
        """
        role origin post_kind is_in_zone person_time_count day_count first_on
        commando  district      building   true  1 1 2022-07-09
        commando  district      zone       false 1 1 2022-07-09
        volunteer private_firm  site       false 1 1 2022-07-14
        volunteer retired_cadre checkpoint false 1 1 2022-07-13
        volunteer retired_cadre site       true  1 1 2022-07-13
        """,
    )
    answers(
        world,
        "staffing/person_times_by_kind",
        """
        role origin person_time_count people_count in_zone_count at_site_count today_count
        volunteer private_firm  1 1 0 1 1
        volunteer retired_cadre 2 1 1 0 0
        commando  district      2 1 1 0 0
        """,
    )
    answers(
        world,
        "staffing/organisations",
        "town_code town_name organisation_name person_time_count people_count\nT1 白沙街道 第1党支部 1 1",
    )
