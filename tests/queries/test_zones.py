"""Which zones hold, where, and for whom."""

from __future__ import annotations

from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import World, answers, build_world, moment

# A polygon over one building of Cexian's first grid and over all of the park; a site stands in it.
DRAWN = """
zone_order: order_code zone_code zone_name level extent_no issued_at effective_at
O7 Z7 临时 high 7 12T00:00 12T00:00
zone_extent: extent_no extent_kind geojson
7 polygon {"drawn"}
zone_place: extent_no place_kind place_code is_whole
7 building B39 true
7 site S4 true
7 grid G11 false
7 grid P-9 true
"""
# What was ordered on Z8, and how that was corrected: high, no: medium, and in the end it was all a mistake.
CORRECTED = """
zone_order: order_code version_no recorded_at is_withdrawn zone_code level extent_no issued_at effective_at
O8 1 10T08:00 false Z8 high   1 10T08:00 10T09:00
O8 2 11T08:00 false Z8 medium 1 10T08:00 10T09:00
O8 3 12T08:00 true  -  -      - -        -
"""
LIFTED = """
zone_order: order_code zone_code level extent_no issued_at effective_at replaces_order_code
O9  Z9 high   1 10T08:00 10T09:00 -
O10 Z9 lifted - 11T08:00 11T09:00 -
O11 ZA medium 2 10T08:00 10T09:00 -
O12 ZB low    2 11T08:00 11T10:00 O11
"""

AS_OF = "08:40:24"
MEMBERS = """
Z1 building  B38 侧贤里38号 G11 白沙街道
Z1 building  B39 侧贤里39号 G11 白沙街道
Z2 community C1  侧贤       -   白沙街道
Z3 community C2  东华       -   白沙街道
Z6 grid      P-9 公园       P-9 环市街道
"""


def _district() -> World:
    return build_world(REFERENCE, MORNING, as_of=AS_OF)


def test_the_last_order_on_a_zone_holds_from_its_effect_to_the_next() -> None:
    answers(_district(), "zones/orders_in_force", "zone_code order_code level\nZ1 O1 high\nZ2 O2 medium\nZ3 O3 low")
    answers(_district(), "zones/orders_in_force", "zone_code", as_of="9T17:59")
    answers(
        _district(),
        "zones/orders_in_force",
        "zone_code order_code level\nZ1 O4 medium\nZ2 O5 low\nZ3 O3 low",
        as_of="16T00:00",
    )


def test_an_order_that_ended_does_not_bring_the_one_before_back() -> None:
    orders = """
    zone_order: order_code zone_code level issued_at effective_at ends_at
    O1 Z high   9T17:00 9T18:00 -
    O2 Z medium 10T17:00 10T18:00 12T00:00
    """
    answers(build_world(orders, as_of=AS_OF), "zones/orders_in_force", "order_code\nO2", as_of="11T23:59")
    answers(build_world(orders, as_of=AS_OF), "zones/orders_in_force", "order_code", as_of="12T00:00")


def test_a_zone_counts_the_people_of_its_buildings_or_communities() -> None:
    answers(
        _district(),
        "zones/in_force",
        """
        zone_code order_code level extent_kind effective_at member_count household_count resident_count sort_order
        Z1 O1 high   building  9T18:00 2 18 45  1
        Z2 O2 medium community 9T18:00 1 65 160 2
        """,
    )


def test_the_extents_are_those_of_high_and_medium_zones() -> None:
    answers(
        _district(), "zones/extents", 'order_code member_code geojson\nO1 B38 {"b38"}\nO1 B39 {"b39"}\nO2 C1 {"c1"}'
    )


def test_a_grid_takes_the_highest_level_of_the_zones_that_touch_it() -> None:
    answers(_district(), "zones/grid_levels", "grid_code zone_code level\nG11 Z1 high\nG12 Z2 medium\nG21 Z3 low")


def test_a_zone_may_consist_of_grids() -> None:
    park = """
    zone_order: order_code zone_code zone_name level extent_no issued_at effective_at
    O6 Z6 公园 high 6 13T00:00 13T00:00
    zone_extent: extent_no extent_kind
    6 grid
    zone_member: extent_no member_code
    6 P-9
    """
    world = build_world(REFERENCE, park, as_of=AS_OF)
    answers(
        world,
        "zones/in_force",
        "zone_code member_count resident_count\nZ1 2 45\nZ6 1 0\nZ2 1 160",
    )
    answers(world, "zones/members", "zone_code member_kind member_code member_name grid_code town_name" + MEMBERS)


def test_people_posted_to_a_zone_or_to_its_buildings_count_once_each() -> None:
    events = """
    staff_event: staff_code role event event_at post_kind post_code
    F12 full_time check_in 08:30 building B39
    P12 part_time check_in 08:35 zone Z1
    """
    answers(
        build_world(REFERENCE, MORNING, events, as_of=AS_OF),
        "zones/staffing",
        """
        zone_code level party_branch_name role on_duty_count posted_count
        Z1 high 第一网格区临时党支部 full_time 2 2
        Z1 high 第一网格区临时党支部 part_time 1 1
        """,
    )


def test_those_of_an_earlier_shift_are_posted_but_no_longer_on_duty() -> None:
    # F11 at the zone; F12 was at one of its buildings until 08:00
    answers(
        _district(),
        "zones/staffing",
        "zone_code role on_duty_count posted_count\nZ1 full_time 1 2",
    )


def test_without_orders_no_level_is_guessed() -> None:
    world = build_world(MORNING, as_of=AS_OF)
    answers(world, "zones/in_force", "zone_code")
    answers(world, "zones/grid_levels", "grid_code")


def test_the_schedule_names_each_moment_once_at_which_an_order_or_a_round_begins_or_ends() -> None:
    plan = """
    zone_order: order_code zone_code level issued_at effective_at ends_at
    O1 Z high   9T17:00  9T18:00  -
    O2 Z medium 10T17:00 10T18:00 12T00:00
    round: round_code starts_at deadline_at closes_at
    R1 10T18:00 11T10:00 11T12:00
    """
    answers(
        build_world(plan, as_of=AS_OF),
        "wall/schedule",
        "changes_at\n9T18:00\n10T18:00\n11T12:00\n12T00:00",
    )


def test_an_order_holds_until_another_one_on_its_zone_or_one_that_names_it() -> None:
    answers(
        build_world(LIFTED, as_of=AS_OF),
        "zones/spans",
        """
        order_code zone_code level  from_at  until_at ended_by_order_code
        O10        Z9        lifted 11T09:00 -        -
        O11        ZA        medium 10T09:00 11T10:00 O12
        O12        ZB        low    11T10:00 -        -
        O9         Z9        high   10T09:00 11T09:00 O10
        """,
    )


def test_a_lifted_zone_is_in_force_no_more() -> None:
    world = build_world(LIFTED, as_of=AS_OF)
    answers(world, "zones/orders_in_force", "zone_code order_code\nZ9 O9\nZA O11", as_of="11T08:59")
    answers(world, "zones/orders_in_force", "zone_code order_code\nZA O11", as_of="11T09:00")
    answers(world, "zones/orders_in_force", "zone_code order_code\nZB O12", as_of="11T10:00")


def test_what_was_believed_then_is_another_question_than_what_is_believed_now() -> None:
    world = build_world(CORRECTED, as_of=AS_OF)
    for known_at, levels in (
        ("2022-07-10T07:59+08:00", ""),
        ("2022-07-10T08:00+08:00", "\nhigh"),
        ("2022-07-11T08:00+08:00", "\nmedium"),
        ("2022-07-12T08:00+08:00", ""),
        (None, ""),
    ):
        answers(world, "zones/orders_in_force", f"level{levels}", as_of="10T12:00", known_at=known_at)


def test_every_version_of_an_order_is_listed_and_the_one_that_counts_is_marked() -> None:
    expected = """
    order_code version_no recorded_at is_withdrawn is_believed level  from_at
    O8         1          10T08:00    false        false       high   -
    O8         2          11T08:00    false        {}       medium {}
    """
    withdrawn = "O8 3 12T08:00 true false - -"
    world = build_world(CORRECTED, as_of=AS_OF)
    answers(world, "zones/orders", expected.format("false", "-").rstrip() + "\n" + withdrawn)
    answers(world, "zones/orders", expected.format("true ", "10T09:00"), known_at="2022-07-11T09:00+08:00")


def test_a_polygon_holds_the_buildings_sites_and_grids_in_it() -> None:
    world = build_world(REFERENCE, MORNING, DRAWN, as_of=AS_OF)
    answers(
        world,
        "zones/buildings_inside",
        """
        zone_code building_code level  resident_count is_decisive
        Z1        B38           high   25             true
        Z1        B39           high   20             true
        Z2        B38           medium 25             false
        Z2        B39           medium 20             false
        Z3        B117          low    30             true
        Z7        B39           high   20             false
        """,
    )
    answers(world, "zones/sites_inside", "zone_code site_code unit_count\nZ2 S1 4\nZ3 S2 6\nZ7 S4 2")
    answers(
        world, "zones/grid_levels", "grid_code zone_code level\nG11 Z1 high\nG12 Z2 medium\nG21 Z3 low\nP-9 Z7 high"
    )


def test_inside_a_zone_are_its_people_sites_and_staff() -> None:
    # P12 works at the site in Donghua; L12 at the one in Cexian; L11 at a grid; F11 at the zone itself
    answers(
        build_world(REFERENCE, MORNING, DRAWN, as_of=AS_OF),
        "zones/inside",
        """
        zone_code level  extent_kind building_count household_count resident_count vulnerable_count on_duty_count
        Z1        high   building    2              18              45             5                1
        Z7        high   polygon     1              8               20             2                0
        Z2        medium community   3              65              160            17               2
        Z3        low    community   2              80              200            30               1
        """,
    )


def test_under_its_highest_level_everyone_counts_once() -> None:
    answers(
        build_world(REFERENCE, MORNING, DRAWN, as_of=AS_OF),
        "zones/by_level",
        """
        level  zone_count building_count household_count resident_count vulnerable_count
        high   2          2              18              45             5
        medium 1          0              0               0              0
        low    1          1              12              30             4
        """,
    )


def test_a_building_learns_which_order_holds_for_it_and_since_when() -> None:
    answers(
        build_world(REFERENCE, DRAWN, as_of=AS_OF),
        "zones/at_building",
        """
        zone_code order_code level  from_at  until_at is_decisive
        Z1        O1         high   9T18:00  16T00:00 true
        Z7        O7         high   12T00:00 -        false
        Z2        O2         medium 9T18:00  16T00:00 false
        """,
        building_code="B39",
    )
    answers(build_world(REFERENCE, as_of=AS_OF), "zones/at_building", "zone_code", building_code="B999")


def test_a_grid_learns_which_zones_reach_into_it_and_how_far() -> None:
    answers(
        build_world(REFERENCE, DRAWN, as_of=AS_OF),
        "zones/at_grid",
        """
        zone_code order_code level  is_whole building_count resident_count
        Z1        O1         high   false    2              45
        Z7        O7         high   false    1              20
        Z2        O2         medium true     2              45
        """,
        grid_code="G11",
    )


def test_an_extent_touches_the_grids_of_its_buildings_and_all_of_a_community() -> None:
    answers(
        build_world(REFERENCE, DRAWN, as_of=AS_OF),
        "zones/extent_grids",
        "extent_no grid_code is_whole\n1 G11 false\n2 G11 true\n2 G12 true\n3 G21 true\n7 G11 false\n7 P-9 true",
    )


def test_a_shape_is_the_members_own_or_the_polygon_that_was_drawn() -> None:
    answers(
        build_world(REFERENCE, DRAWN, as_of=AS_OF),
        "zones/shapes",
        """
        zone_code order_code level  member_kind member_code geojson
        Z1        O1         high   building    B38         {"b38"}
        Z1        O1         high   building    B39         {"b39"}
        Z2        O2         medium community   C1          {"c1"}
        Z3        O3         low    community   C2          {"c2"}
        Z7        O7         high   polygon     O7          {"drawn"}
        """,
    )


def test_places_are_found_by_code_and_by_any_part_of_their_name() -> None:
    world = build_world(REFERENCE, as_of=AS_OF)
    answers(world, "zones/find_places", "place_kind place_code grid_code\nbuilding B38 G11", text=" b38 ")
    answers(world, "zones/find_places", "place_kind place_code\nbuilding B117", text="凤阳里")
    answers(
        world,
        "zones/find_places",
        "place_kind place_code\ncommunity C3\nsite S3\ngrid L-1",
        text="丽苑",
    )
    answers(world, "zones/find_places", "place_kind", text="  ")


def test_the_history_of_a_grid_has_every_order_that_touched_it_and_what_ended_it() -> None:
    answers(
        build_world(REFERENCE, CORRECTED, as_of=AS_OF),
        "zones/grid_history",
        """
        order_code version_no level  is_believed is_withdrawn is_touched is_whole building_count from_at  until_at
        O1         1          high   true        false        true       false    2              9T18:00  16T00:00
        O2         1          medium true        false        true       true     -              9T18:00  16T00:00
        O8         1          high   false       false        true       false    2              -        -
        O8         2          medium false       false        true       false    2              -        -
        O8         3          -      false       true         false      -        -              -        -
        O4         1          medium true        false        true       false    2              16T00:00 -
        O5         1          low    true        false        true       true     -              16T00:00 -
        """,
        grid_code="G11",
    )
    answers(build_world(REFERENCE, as_of=AS_OF), "zones/grid_history", "order_code", grid_code="P-9")


def test_an_order_that_lifts_is_part_of_the_history_of_what_it_lifted() -> None:
    world = build_world(REFERENCE, LIFTED, as_of=AS_OF)
    answers(
        world, "zones/grid_history", "order_code level\nO1 high\nO2 medium\nO11 medium\nO9 high\nO10 lifted\nO12 low\nO4 medium\nO5 low",
        grid_code="G11",
    )  # fmt: skip


def test_between_two_moments_zones_are_sealed_raised_lowered_renewed_and_released() -> None:
    world = build_world(REFERENCE, LIFTED, as_of=AS_OF)
    answers(
        world,
        "zones/changes",
        """
        zone_code change   level_before level_after order_code_before order_code_after changed_at resident_count_after
        Z9        released high         -           O9                -                11T09:00   -
        ZA        released medium       -           O11               -                11T10:00   -
        ZB        sealed   -            low         -                 O12              11T10:00   160
        """,
        since=moment("11T08:59"),
        as_of="12T00:00",
    )
    answers(
        world,
        "zones/changes",
        """
        zone_code change  level_before level_after is_extent_changed
        Z1        lowered high         medium      false
        Z2        lowered medium       low         false
        """,
        since=moment("15T23:59:59"),
        as_of="16T00:00",
    )
    answers(world, "zones/changes", "zone_code", since=moment("12T00:00"), as_of="12T00:01")


def test_a_community_learns_which_zones_reach_into_it_and_how_far() -> None:
    answers(
        build_world(REFERENCE, DRAWN, as_of=AS_OF),
        "zones/at_community",
        """
        zone_code order_code level  is_whole grid_count
        Z1        O1         high   false    1
        Z7        O7         high   false    1
        Z2        O2         medium true     2
        """,
        community_code="C1",
    )
    answers(build_world(REFERENCE, as_of=AS_OF), "zones/at_community", "zone_code", community_code="C3")
