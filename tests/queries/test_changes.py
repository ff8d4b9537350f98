"""What changed since a moment, from a morning that can be read at a glance."""

from __future__ import annotations

from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import World, answers, build_world, moment

NIGHT = "staff_event: staff_code role event event_at post_kind post_code whistle_code\nL11 grid_leader check_in 15T20:00 zone Z1 -"


def _district() -> World:
    return build_world(REFERENCE, MORNING, as_of="08:40:24")


def test_what_changed_is_listed_the_latest_first_with_the_place_it_leads_to() -> None:
    # W2 was raised at 08:10 itself: not after it
    answers(
        _district(),
        "changes/list",
        """
        changed_at kind change place_kind place_code grid_code community_code town_code person_count duration_min
        08:40 feed_silent     closed feed    baisha - -  T1 -  10
        08:38 whistle         raised place   W3     - -  -  20 -
        08:30 feed_silent     opened feed    baisha - -  T1 -  -
        08:30 site_jammed     opened site    S2     G21 - - -  -
        08:25 feed_silent     closed feed    baisha - -  T1 -  75
        08:20 whistle         filled site    W2     G21 - - 1  10
        08:20 whistle_late    opened whistle W1     - C1 -  6  -
        08:15 coverage_behind opened round   D3     - -  -  -  -
        """,
        since=moment("08:10"),
    )


def test_rounds_that_begin_and_zones_that_change_their_level_are_changes() -> None:
    answers(
        _district(),
        "changes/list",
        "changed_at kind change place_code person_count\n07:00 round begun M4 160",
        as_of="07:05",
        since=moment("06:59"),
    )
    answers(
        build_world(REFERENCE, NIGHT, as_of="16T00:10"),
        "changes/list",
        """
        changed_at kind change place_code level person_count
        16T00:00 zone lowered Z1 medium 45
        16T00:00 zone lowered Z2 low 160
        """,
        since=moment("15T23:00"),
    )


def test_each_town_is_told_from_what_share_to_what_share_it_came() -> None:
    # Baisha at 08:00: 80 + 60 + 190 of 360 missing; now 60 + 0 + 170. The park's two people are too many, and hide nobody
    answers(
        _district(),
        "changes/coverage",
        """
        town_code covered_since_count coverage_before_pct coverage_pct missing_count
        T1 102 8.3 36.1 230
        T2 2   60  60   20
        """,
        since=moment("08:00"),
    )
    answers(
        build_world(REFERENCE, as_of=None),
        "changes/coverage",
        "town_code covered_since_count coverage_before_pct missing_count\nT1 - - -\nT2 - - -",
        as_of="08:40",
        since=moment("08:00"),
    )
