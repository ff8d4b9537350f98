"""Which zones hold, where, and for whom."""

from __future__ import annotations

from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import World, answers, build_world

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
    zone_order: order_code zone_code level extent_kind issued_at effective_at ends_at
    O1 Z high   building 9T17:00 9T18:00 -
    O2 Z medium building 10T17:00 10T18:00 12T00:00
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
    zone_order: order_code zone_code zone_name level extent_kind issued_at effective_at
    O6 Z6 公园 high grid 13T00:00 13T00:00
    zone_extent: order_code member_code
    O6 P-9
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
    zone_order: order_code zone_code level extent_kind issued_at effective_at ends_at
    O1 Z high   building 9T17:00  9T18:00  -
    O2 Z medium building 10T17:00 10T18:00 12T00:00
    round: round_code starts_at deadline_at closes_at
    R1 10T18:00 11T10:00 11T12:00
    """
    answers(
        build_world(plan, as_of=AS_OF),
        "wall/schedule",
        "changes_at\n9T18:00\n10T18:00\n11T12:00\n12T00:00",
    )
