"""What the site questions answer, from rows that can be added up by reading."""
# ruff: noqa: E501  (text tables are as wide as their columns)

from __future__ import annotations

from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import answers, build_world, moment

# One site of four units, its feed heard at 08:39; each test adds the buckets that it speaks of.
SITE = """
feed: feed_code kind silent_after_min sort_order
baisha registrations 5 1
site: site_code site_name grid_code lon lat feed_code unit_count is_sampling_reported
S1 侧贤采样点 G11 113.07 22.58 baisha 4 true
feed_state: feed_code last_event_at
baisha 08:39
feed_bucket: feed_code bucket_start_at row_count
baisha 08:35 10
"""
UNITS = """
unit_event: site_code unit_no event event_at
S1 1 open 06:00
S1 2 open 06:00
"""
BUCKETS = "site_bucket: bucket_start_at site_code channel registered_count sampled_count\n"


def test_the_wait_is_people_waiting_divided_by_the_rate_of_the_last_complete_quarter() -> None:
    # S2: 190 registered, 50 sampled since 04:00 = 140 waiting; 30 sampled 08:25–08:40 = 120 an hour; 70 minutes
    # S2 needs the larger of 240 arrivals an hour and 140 people in 25 minutes = 336 an hour: 4 units
    answers(
        build_world(REFERENCE, MORNING, as_of="08:40:24"),
        "sites/state",
        """
        site_code feed_code grid_code wait_min wait_class waiting_count registered_per_hour sampled_per_hour open_unit_count needed_unit_count assisted_pct last_event_at
        S2 baisha  G21 70 jammed  140 240 120 2 4 50   08:40
        S1 baisha  G12 0  smooth  0   160 200 2 2 16.7 08:40
        S3 huanshi L-1 -  resting 0   0   0   0 0 -    08:00
        S4 huanshi P-9 -  unknown -   60  -   - - 0    08:40
        """,
    )


def test_the_queues_of_the_district_are_the_sums_of_its_sites() -> None:
    answers(
        build_world(REFERENCE, MORNING, as_of="08:40:24"),
        "sites/queues",
        """
        smooth_count busy_count jammed_count resting_count unknown_count waiting_count longest_wait_min longest_site_code open_unit_count needed_unit_count short_unit_count short_site_count
        1 0 1 1 1 140 70 S2 4 6 2 1
        """,
    )


def test_before_anything_is_ingested_every_site_is_unknown_and_no_queue_is_zero() -> None:
    world = build_world(REFERENCE, as_of=None)
    answers(
        world,
        "sites/state",
        """
        site_code wait_min wait_class waiting_count registered_per_hour sampled_per_hour open_unit_count needed_unit_count
        S1 - unknown - - - - -
        S2 - unknown - - - - -
        S3 - unknown - - - - -
        S4 - unknown - - - - -
        """,
        as_of="08:40",
    )
    answers(
        world,
        "sites/queues",
        """
        smooth_count jammed_count resting_count unknown_count waiting_count longest_wait_min longest_site_code open_unit_count short_unit_count short_site_count
        - - - 4 - - - - - -
        """,
        as_of="08:40",
    )


def test_a_past_moment_shows_what_was_known_then() -> None:
    # at 07:03 only the buckets that began at 07:00 count; nobody was sampled in a complete bucket yet, so S2's 80
    # people wait for what 2 units can do: 80 ÷ 200 an hour = 24 minutes
    answers(
        build_world(REFERENCE, MORNING, as_of="08:40:24"),
        "sites/state",
        """
        site_code wait_min wait_class waiting_count sampled_per_hour open_unit_count needed_unit_count last_event_at
        S2 24 smooth  80 0 2 2 07:03
        S1 2  smooth  10 0 3 1 07:03
        S3 0  smooth  0  0 1 0 07:03
        S4 -  resting 0  0 - 0 -
        """,
        as_of="07:03",
    )


def test_a_site_that_began_sampling_within_the_quarter_is_rated_since_then() -> None:
    # 60 waiting, 10 sampled in 08:35–08:40 only: 120 an hour, 30 minutes, not 90
    answers(
        build_world(SITE, UNITS, BUCKETS + "08:20 S1 self 70 0\n08:35 S1 self 0 10", as_of="08:40"),
        "sites/state",
        "wait_min wait_class sampled_per_hour\n30 busy 120",
    )


def test_two_people_a_unit_wait_for_a_swab_each_not_for_an_idle_unit_to_be_busy() -> None:
    # 1 sampled in the quarter = 4 an hour; yet two units take 4 people in 4 ÷ 200 an hour
    answers(
        build_world(SITE, UNITS, BUCKETS + "08:25 S1 self 5 1", as_of="08:40"),
        "sites/state",
        "wait_min wait_class waiting_count sampled_per_hour\n1.2 smooth 4 4",
    )


def test_a_closed_site_rests_and_those_who_left_unsampled_no_longer_wait() -> None:
    closed = UNITS + "S1 1 close 08:00\nS1 2 close 08:00"
    answers(
        build_world(SITE, closed, BUCKETS + "07:50 S1 self 20 17", as_of="08:40"),
        "sites/state",
        "wait_min wait_class waiting_count open_unit_count needed_unit_count\n- resting 0 0 0",
    )


def test_people_before_a_site_that_has_no_unit_open_yet_wait_for_nobody_knows_how_long() -> None:
    answers(
        build_world(SITE, UNITS + "S1 1 close 06:30\nS1 2 close 06:30", BUCKETS + "08:30 S1 self 12 0", as_of="08:40"),
        "sites/state",
        "wait_min wait_class waiting_count\n- unknown 12",
    )


def test_a_site_without_unit_events_has_a_wait_but_no_count_of_open_units() -> None:
    answers(
        build_world(SITE, BUCKETS + "08:30 S1 self 40 20", as_of="08:40"),
        "sites/state",
        "wait_min wait_class open_unit_count needed_unit_count\n10 smooth - 2",
    )


def test_a_feed_that_falls_silent_makes_its_open_sites_unknown_unless_the_clock_allows_for_it() -> None:
    world = build_world(SITE, UNITS, BUCKETS + "08:35 S1 self 30 10", as_of="08:50")
    answers(world, "sites/state", "wait_class waiting_count open_unit_count\nunknown - 2")
    answers(world, "sites/state", "wait_class waiting_count\nbusy 20", allowance_s=600.0, busy_from_min=5.0)


def test_yesterdays_people_do_not_wait_today() -> None:
    answers(
        build_world(SITE, UNITS, BUCKETS + "13T21:00 S1 self 50 0\n08:35 S1 self 5 5", as_of="08:40"),
        "sites/state",
        "wait_min waiting_count\n0 0",
    )


def test_a_unit_is_open_until_it_closes_and_never_longer_than_sixteen_hours() -> None:
    events = """
    unit_event: site_code unit_no event event_at
    S1 1 open  06:00
    S1 2 open  06:00
    S1 2 close 07:00
    S1 3 open  13T16:39
    S1 4 open  06:00
    S1 4 close 06:00
    """
    answers(
        build_world(SITE, events, as_of="08:40"),
        "sites/open_units",
        "site_code unit_no opened_at\nS1 1 06:00",
    )


def test_the_history_measures_every_five_minutes_from_the_first_bucket_to_the_last_event() -> None:
    buckets = BUCKETS + "08:15 S1 self 20 5\n08:20 S1 self 10 5\n08:30 S1 self 0 10"
    answers(
        build_world(SITE, buckets, as_of="08:50"),
        "sites/wait_history",
        """
        site_code measured_at waiting_count sampled_per_hour wait_min
        S1 08:20 15 60 15
        S1 08:25 20 60 20
        S1 08:30 20 40 30
        S1 08:35 10 60 10
        """,
    )


def test_a_jam_lasts_from_the_first_measure_over_the_limit_to_the_first_under_it() -> None:
    history = (
        BUCKETS
        + "08:00 S1 self 60 5\n08:05 S1 self 0 5\n08:10 S1 self 0 40\n08:15 S1 self 40 2\n08:20 S1 self 0 2\n08:25 S1 self 0 2"
    )
    # waiting 55 50 10 48 46 44 at 60 60 200 188 176 24 an hour: minutes 55 50 3 15.3 15.7 110
    heard = "feed_bucket: feed_code bucket_start_at row_count\nbaisha 08:25 10"
    world = build_world(SITE, heard, history, as_of="08:31")
    answers(
        world,
        "sites/jam_episodes",
        """
        site_code started_at ended_at longest_wait_min
        S1 08:05 08:15 55
        S1 08:30 -     110
        """,
    )


def test_fewer_than_ten_people_are_no_jam() -> None:
    # 9 waiting and nobody sampled any more: the rate falls from 24 an hour to 12 and 8
    world = build_world(SITE, BUCKETS + "08:20 S1 self 11 2", as_of="08:40")
    answers(world, "sites/wait_history", "measured_at wait_min\n08:25 22.5\n08:30 45\n08:35 67.5")
    answers(world, "sites/jam_episodes", "started_at")


def test_a_silent_feed_leaves_a_jam_open() -> None:
    heard_until = SITE.replace("08:39", "08:11")
    world = build_world(heard_until, BUCKETS + "08:00 S1 self 60 5\n08:05 S1 self 0 5", as_of="08:40")
    answers(world, "sites/jam_episodes", "site_code started_at ended_at\nS1 08:05 -")


def test_the_nearest_sites_come_first_with_their_distance() -> None:
    # G12's label point is S1's place; S2 lies 0.003° of longitude (308 m at 22.58° N) and 0.004° of latitude (445 m) off
    world = build_world(REFERENCE, MORNING, as_of="08:40:24")
    answers(
        world,
        "sites/nearest",
        """
        site_code site_name distance_m wait_min wait_class open_unit_count needed_unit_count
        S1 侧贤采样点 0     0  smooth 2 2
        S2 东华名岸   541   70 jammed 2 4
        """,
        grid_code="G12",
        limit=2,
    )
    answers(world, "sites/nearest", "site_code", grid_code="nowhere")


def test_a_crew_is_everyone_who_checked_in_at_the_site_that_day() -> None:
    answers(
        build_world(REFERENCE, MORNING, as_of="08:40:24"),
        "sites/crews",
        """
        site_code community_code zone_level unit_count opened_unit_count leader_staff_code leader_role grid_leader_count part_time_count
        S1 C1 medium 4 3 L12 grid_leader 1 0
        S2 C2 low    6 2 L21 grid_leader 0 1
        S3 C3 -      2 1 L31 grid_leader 0 0
        S4 C3 -      2 0 L31 grid_leader 0 0
        """,
    )


def test_a_sites_quarters_tell_channels_and_the_mean_wait_of_those_sampled() -> None:
    answers(
        build_world(REFERENCE, MORNING, as_of="08:40:24"),
        "sites/quarters",
        """
        quarter_start_at registered_count sampled_count self_count assisted_count green_count wait_mean_min
        07:00 90 10 90 0  0  5
        08:15 70 20 40 30 0  30.8
        08:30 30 20 10 0  20 32.5
        """,
        site_code="S2",
    )


def test_the_working_day_begins_at_four_in_the_morning() -> None:
    world = build_world(as_of=None)
    answers(world, "wall/working_day", "starts_at\n04:00", as_of="04:00")
    answers(world, "wall/working_day", "starts_at\n13T04:00", as_of="03:59")
    assert moment("13T04:00") < moment("03:59")
