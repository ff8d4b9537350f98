"""What the site questions answer, from rows that can be added up by reading."""
# ruff: noqa: E501  (text tables are as wide as their columns)

from __future__ import annotations

from pathlib import Path

from data.questions import ask
from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import add_lake_rows, answers, build_world, moment

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
    # at 07:05 the buckets of 07:00 are complete and count: S2 has sampled 10 of 90 in five minutes, 120 an hour
    answers(
        build_world(REFERENCE, MORNING, as_of="08:40:24"),
        "sites/state",
        """
        site_code wait_min wait_class waiting_count sampled_per_hour open_unit_count needed_unit_count last_event_at
        S2 40  busy    80 120 2 4 07:05
        S1 1.7 smooth  10 360 3 2 07:05
        S3 0   smooth  0  360 1 2 07:05
        S4 -   resting 0  0   - 0 -
        """,
        as_of="07:05",
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


CROWD = """
site_bucket: bucket_start_at site_code channel registered_count sampled_count waited_count wait_s_sum
07:50 S1 self 40 0  0  0
08:10 S1 self 0  20 20 24000
08:30 S1 self 20 20 20 42000
"""


def test_the_kth_sampled_is_the_kth_registered_and_the_mean_of_both_times_sets_the_level() -> None:
    # the second twenty of 07:50–07:55 were sampled 08:30–08:35: between the curves 37.5 + 2.5 × place ÷ 20 minutes, 38.75 at
    # the middle; their own times say 35 minutes on average, so everything is 3.75 shorter
    answers(
        build_world(SITE, UNITS, CROWD, as_of="08:40"),
        "sites/waits",
        "site_code wait_basis sampled_count mean_wait_min median_wait_min p90_wait_min median_low_min\nS1 measured 20 35 35 36 -",
    )


def test_without_times_of_sampling_the_wait_is_inferred_from_both_counts_and_says_within_what() -> None:
    counts = BUCKETS + "07:50 S1 self 40 0\n08:10 S1 self 0 20\n08:30 S1 self 20 20"
    wanted = """
    wait_basis mean_wait_min median_wait_min p90_wait_min median_low_min median_high_min
    inferred 38.8 38.8 39.7 35 45
    """
    answers(build_world(SITE, UNITS, counts, as_of="08:40"), "sites/waits", wanted)
    answers(build_world(SITE, UNITS, CROWD, as_of="08:40"), "sites/waits", wanted, least_known_pct=101)


def test_nobody_sampled_in_the_last_quarter_leaves_the_wait_unknown() -> None:
    answers(
        build_world(SITE, UNITS, BUCKETS + "08:00 S1 self 20 20\n08:30 S1 self 20 0", as_of="08:40"),
        "sites/waits",
        "site_code wait_basis median_wait_min p90_wait_min\nS1 - - -",
    )


def test_each_quarter_that_is_over_has_its_own_median_wait() -> None:
    answers(
        build_world(SITE, UNITS, CROWD, as_of="08:40"),
        "sites/quarter_waits",
        "quarter_start_at wait_basis sampled_count median_wait_min\n08:00 measured 20 20",
        site_code="S1",
    )


def test_the_curves_count_from_four_in_the_morning() -> None:
    answers(
        build_world(
            SITE,
            BUCKETS + "03:55 S1 self 9 9\n08:00 S1 self 20 5\n08:00 S1 green 2 0\n08:10 S1 self 4 7",
            as_of="08:40",
        ),
        "sites/curves",
        """
        bucket_start_at registered_count sampled_count registered_before_count sampled_before_count
        08:00 22 5 0  0
        08:10 4  7 22 5
        """,
    )


# Two units since 06:00 that never stand idle: 10 people each five minutes, 120 an hour by two units; 100 people are before them.
PRESSED = BUCKETS + "06:30 S1 self 100 0\n" + "\n".join(
    f"{7 + minute // 60:02}:{minute % 60:02} S1 self 12 10" for minute in range(40, 100, 5)
)  # fmt: skip


def test_a_unit_that_never_stands_idle_tells_its_own_pace_and_less_than_an_hour_of_it_tells_nothing() -> None:
    world = build_world(SITE, UNITS, PRESSED, as_of="08:40")
    answers(world, "sites/unit_rates", "site_code unit_hours unit_rate_per_hour\nS1 2 60")
    answers(world, "sites/unit_rates", "unit_hours unit_rate_per_hour\n0.8 -", as_of="08:05")
    # nobody waits: what two units took is not what they could take
    idle = PRESSED.replace("100 0", "0 0").replace("12 10", "10 10")
    answers(build_world(SITE, UNITS, idle, as_of="08:40"), "sites/unit_rates", "unit_hours unit_rate_per_hour\n0 -")


def test_units_needed_follow_from_arrivals_the_queue_and_the_pace_of_a_unit() -> None:
    # 124 wait, 144 an hour come, a unit takes 60: hold 2.4 → 3; clear 124 ÷ 25 min = 297.6 an hour, 4.96 → 5; in the next
    # hour 144 come: (124 + 144) ÷ (60 × 85 min) = 3.15 → 4
    answers(
        build_world(SITE, UNITS, PRESSED, as_of="08:40"),
        "sites/needs",
        """
        unit_count open_unit_count needed_unit_count hold_unit_count clear_unit_count next_hour_unit_count expected_registered_count unit_rate_per_hour is_unit_rate_measured spare_unit_count
        4 2 5 3 5 4 144 60 true 2
        """,
    )


def test_a_site_whose_pace_is_unknown_is_judged_by_the_published_one_and_an_unknown_site_not_at_all() -> None:
    answers(
        build_world(REFERENCE, MORNING, as_of="08:40:24"),
        "sites/needs",
        """
        site_code needed_unit_count hold_unit_count clear_unit_count next_hour_unit_count unit_rate_per_hour is_unit_rate_measured
        S1 2 2 0 2 100 false
        S2 4 3 4 3 100 false
        S3 0 0 0 0 100 false
        S4 - - - - 100 false
        """,
    )


def test_a_site_closes_with_its_round_or_when_those_who_wait_are_sampled_if_that_is_later() -> None:
    # S2: 140 people by 2 units of 100 an hour: 42 minutes after 08:40:24. S1: nobody waits; M4 closes at 10:00
    world = build_world(REFERENCE, MORNING, as_of="08:40:24")
    answers(
        world,
        "sites/closing",
        """
        site_code opened_at closed_at expected_close_at close_basis round_code
        S1 06:00 - 10:00 round M4
        S2 06:30 - 22:00 round D3
        S3 06:00 08:00 - - D3
        S4 - - - - D3
        """,
    )
    # 3,140 people: 15 h 42 min
    crowd = "site_bucket: bucket_start_at site_code channel registered_count sampled_count\n08:35 S2 self 3000 0"
    late = build_world(REFERENCE, MORNING, crowd, as_of="08:40:24")
    answers(
        late,
        "sites/closing",
        "site_code expected_close_at close_basis\nS1 10:00 round\nS2 15T00:22:24 queue\nS3 - -\nS4 - -",
    )


def test_without_a_round_a_site_closes_when_it_did_at_the_latest_in_the_past_week() -> None:
    usual = (
        UNITS
        + "S1 1 open 11T06:00\nS1 1 close 11T18:00\nS1 1 open 12T06:00\nS1 1 close 12T20:00\nS1 1 open 13T06:00\nS1 1 close 13T19:00"
    )
    answers(
        build_world(SITE, usual, BUCKETS + "08:30 S1 self 5 5", as_of="08:40"),
        "sites/closing",
        "opened_at expected_close_at close_basis\n06:00 20:00 usual",
    )


# A jammed site and its neighbours to the east, and two further queues; F1 lies over a zone's border, K1 in a sealed house.
STREET = """
feed: feed_code kind silent_after_min sort_order
baisha registrations 5 1
feed_state: feed_code last_event_at
baisha 08:39
feed_bucket: feed_code bucket_start_at row_count
baisha 08:35 10
grid: grid_code community_code town_code
GA C1 T1
GB C2 T1
site: site_code site_name grid_code lon lat feed_code unit_count is_sampling_reported
A1 甲 GA 113.000 22.5 baisha 3 true
B1 乙 GA 113.003 22.5 baisha 4 true
C1 丙 GA 113.004 22.5 baisha 4 true
D1 丁 GA 113.005 22.5 baisha 4 true
E1 戊 GA 113.006 22.5 baisha 4 true
F1 己 GB 113.002 22.5 baisha 9 true
H1 辛 GA 113.0055 22.5 baisha 2 true
K1 癸 GA 113.001 22.5 baisha 9 true
unit_event: site_code unit_no event event_at
A1 1 open 06:00
A1 2 open 06:00
B1 1 open 06:00
B1 2 open 06:00
B1 3 open 06:00
C1 1 open 06:00
D1 1 open 06:00
D1 1 close 08:00
E1 1 open 13T06:00
E1 1 close 13T09:20
E1 1 open 06:00
F1 1 open 06:00
H1 1 open 06:00
H1 2 open 06:00
K1 1 open 06:00
site_bucket: bucket_start_at site_code channel registered_count sampled_count
08:00 A1 self 240 0
08:25 A1 self 20 40
08:25 B1 self 10 10
08:00 C1 self 60 0
08:25 C1 self 5 25
08:25 E1 self 5 5
08:25 F1 self 5 5
08:00 H1 self 160 0
08:25 H1 self 20 60
08:25 K1 self 5 5
08:00 D1 self 3 3
zone_order: order_code zone_code zone_name level extent_no issued_at effective_at sort_order
O1 Z1 侧贤 medium 1 9T17:30 9T18:00 1
O2 Z2 侧贤里38号 high 2 9T17:30 9T18:00 2
zone_extent: extent_no extent_kind
1 community
2 polygon
zone_member: extent_no member_code
1 C2
zone_place: extent_no place_kind place_code is_whole
2 site K1 true
"""


def test_nobody_is_sent_over_a_zones_border_or_to_a_site_that_is_full_resting_closing_or_has_a_queue() -> None:
    # three units take 100 people in 20 minutes, and none wait at B1; C1's one takes 33 and 40 wait. E1 closed at 09:20
    # yesterday. 0.003° at 22.5° N are 308.2 m, walked as 400.7
    found = ask(build_world(STREET, as_of="08:40"), "sites/reach").to_pylist()
    assert [
        (row["other_site_code"], round(row["walk_m"]), row["obstacle"], row["take_count"])
        for row in found
        if row["site_code"] == "A1"
    ] == [
        ("K1", 134, "high", 0),
        ("F1", 267, "border", 0),
        ("B1", 401, None, 100),
        ("C1", 534, "full", 0),
        ("D1", 668, "resting", 0),
        ("H1", 735, "busy", 0),
        ("E1", 801, "closing", 0),
    ]
    assert {row["obstacle"] for row in found if row["site_code"] == "K1"} == {"high"}


def test_the_move_opens_units_that_are_there_and_sends_the_queue_to_one_site_that_stays_smooth() -> None:
    # A1: 220 wait, two units of 100 an hour: six needed, one is left; 137 wait longer than 25 minutes, B1 takes 100.
    # H1: 120 wait, three needed, no unit is left, and B1 is offered to the longer queue alone: call for one
    answers(
        build_world(STREET, as_of="08:40"),
        "sites/moves",
        """
        site_code move unit_count people_count to_site_code walk_m wait_min wait_after_min to_wait_after_min
        A1 open 1 -   -  -     82.5 55 -
        A1 send - 100 B1 400.7 82.5 45 20
        H1 call 1 -   -  -     30   20 -
        """,
    )


BLOCKED = """
site_bucket: bucket_start_at site_code channel registered_count sampled_count
06:45 S1 self     20 20
07:00 S1 self     60 30
07:00 S1 assisted 40 0
07:15 S1 self     60 30
07:15 S1 assisted 40 0
07:35 S1 green    20 0
07:35 S1 self     10 90
"""


def test_a_block_lasts_while_many_need_help_and_more_come_than_are_sampled() -> None:
    # 200 registered, 80 of them with help, 60 sampled: 140 more wait, at 30 a quarter of an hour for 70 minutes
    answers(
        build_world(SITE, UNITS, BLOCKED, as_of="08:00"),
        "sites/blocks",
        """
        site_code started_at ended_at assisted_pct registered_count sampled_count kept_waiting_count longest_wait_min green_from_at
        S1 07:00 07:30 40 200 60 140 70 07:35
        """,
    )
    answers(
        build_world(SITE, UNITS, BLOCKED, as_of="07:31"), "sites/blocks", "started_at ended_at green_from_at\n07:00 - -"
    )
    answers(build_world(SITE, UNITS, BLOCKED, as_of="08:00"), "sites/blocks", "started_at", blocked_from_pct=50)


def test_the_days_of_a_site_begin_at_four_in_the_morning() -> None:
    answers(
        build_world(
            SITE,
            UNITS,
            "unit_event: site_code unit_no event event_at\nS1 7 open 13T06:00",
            "site_bucket: bucket_start_at site_code channel registered_count sampled_count waited_count wait_s_sum\n"
            "13T09:00 S1 self 30 30 30 9000\n03:55 S1 green 10 10 10 3000\n08:00 S1 self 8 4 4 480",
            as_of="08:40",
        ),
        "sites/days",
        """
        day_on registered_count sampled_count self_pct green_pct mean_wait_min first_at last_at opened_unit_count
        2022-07-14 8 4 100 0 2 08:00 08:00 2
        2022-07-13 40 40 75 25 5 13T09:00 03:55 1
        """,
        site_code="S1",
    )


def test_the_leader_of_the_grid_counts_at_its_site_and_every_unit_needs_a_medic() -> None:
    # S1 stands in G12, whose leader L12 is at the site; S2 needs 4 units and has no medic; P12 answered a whistle there
    world = build_world(REFERENCE, MORNING, as_of="08:40:24")
    answers(
        world,
        "sites/staff",
        """
        role on_duty_count needed_count missing_count
        grid_leader 0 1 1
        full_time   0 - -
        part_time   1 - -
        volunteer   0 - -
        commando    0 - -
        medic       0 4 4
        """,
        site_code="S2",
    )
    answers(
        world,
        "sites/people",
        "staff_code role is_leader checked_in_at is_on_duty is_here\nL12 grid_leader true 06:00 true true",
        site_code="S1",
    )
    answers(
        world,
        "sites/people",
        """
        staff_code role is_leader checked_in_at is_on_duty is_here
        L21 grid_leader true  -     false false
        P12 part_time   false 08:30 true  true
        """,
        site_code="S2",
    )


def test_open_and_needed_units_go_through_the_day_at_the_pace_of_now() -> None:
    answers(
        build_world(
            SITE, UNITS + "S1 2 close 08:31", BUCKETS + "08:25 S1 self 50 10\n08:30 S1 self 10 20", as_of="08:40"
        ),
        "sites/unit_history",
        """
        measured_at waiting_count wait_min open_unit_count needed_unit_count
        08:30 40 20 2 2
        08:35 30 10 1 3
        """,
        site_code="S1",
    )


def test_each_units_samplings_and_waits_are_told_by_quarter_hour_from_single_registrations(tmp_path: Path) -> None:
    world = build_world(SITE, as_of="08:40")
    add_lake_rows(
        world,
        tmp_path,
        """
        registration_version: site_code person_token registered_at sampled_at unit_no
        S1 a 08:00 08:10 1
        S1 b 08:00 08:14 1
        S1 c 08:00 08:20 -
        S1 d 08:05 08:41 1
        S2 e 08:00 08:10 1
        S1 f 13T08:00 13T08:10 1
        """,
    )
    answers(
        world,
        "sites/unit_quarters",
        "unit_no quarter_start_at sampled_count median_wait_min p90_wait_min\n1 08:00 2 12 13.6\n- 08:15 1 20 20",
        site_code="S1",
    )


def test_the_list_ranks_sites_by_wait_and_leaves_those_without_one_at_the_end() -> None:
    answers(
        build_world(REFERENCE, MORNING, as_of="08:40:24"),
        "sites/list",
        """
        rank_no site_code town_name zone_level wait_class wait_min before_wait_min median_wait_min registered_count sampled_count sampled_per_unit_hour open_unit_count needed_unit_count expected_close_at
        1 S2 白沙街道 low    jammed  70 55  32.2 60 30 60  2 4 22:00
        2 S1 白沙街道 medium smooth  0  2.5 6.6  40 50 100 2 2 10:00
        - S3 环市街道 -      resting -  0   -    0  0  -   0 0 -
        - S4 环市街道 -      unknown -  -   -    -  -  -   - - -
        """,
    )
