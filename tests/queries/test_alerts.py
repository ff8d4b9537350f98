"""What opens an alert, what closes it, and what it says."""

from __future__ import annotations

from data.questions import ask
from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import World, answers, build_world

AS_OF = "08:40:24"
# One district round of 1,000 people, 06:00–14:00; each test adds the buckets of its grid.
ROUND = """
round: round_code round_name round_name_en scope starts_at deadline_at closes_at target_count
D3 第3轮 Round-3 district 06:00 14:00 22:00 1000
round_grid: round_code grid_code target_count household_count
D3 G 1000 400
site_bucket: bucket_start_at site_code channel registered_count sampled_count
06:00 S self 1 1
unit_event: site_code unit_no event event_at
S 1 open 06:00
grid_bucket: bucket_start_at grid_code round_code registered_person_count covered_person_count seen_household_count
"""


def _district() -> World:
    return build_world(REFERENCE, MORNING, as_of=AS_OF)


def test_the_open_alerts_come_with_place_figure_target_and_reason_those_to_act_on_first() -> None:
    # S2 is jammed at 70 minutes since the measure of 08:25 (55): half are helped to register, 2 units short of 4
    # W1 has 2 of 6 and would be full at 09:40, due 09:00; M4 and D3 were behind for a quarter of an hour, until 08:35
    answers(
        _district(),
        "alerts/open",
        """
        rule level place_kind place_code place_name grid_code since_at figure target detail_pct detail_count expected_at
        site_jammed     act   site    S2 东华名岸      G21 08:25 70   50 50   2   -
        coverage_behind watch round   M4 加密筛查      -   07:45 62.5 95 100  60  08:51:22
        coverage_behind watch round   D3 全员筛查第3轮 -   08:00 24   95 100  190 10:49:56
        whistle_late    watch whistle W1 侧贤          -   08:15 2    6  33.3 4   09:40:24
        """,
    )


def test_an_alert_says_what_to_do_and_who_answers_for_it() -> None:
    # nobody known is a street leader of all towns; of two holders the one on duty is named: L12 leads S1 and is there
    world = build_world(
        REFERENCE, MORNING, "staff: staff_code role town_code community_code\nC0 community_cadre T1 C1", as_of=AS_OF
    )
    answers(
        world,
        "alerts/open",
        """
        rule place_code town_code action responsible_role responsible_staff_code is_responsible_on_duty
        site_jammed     S2 T1 assist_registration grid_leader     L21 false
        coverage_behind M4 T1 knock_doors         street_leader   T1L false
        coverage_behind D3 -  knock_doors         street_leader   -   -
        whistle_late    W1 T1 send_people         community_cadre C0  false
        """,
    )
    on_duty = "staff_event: staff_code role event event_at post_kind post_code whistle_code\nC1C community_cadre check_in 08:00 grid G11 -"
    answers(
        build_world(REFERENCE, MORNING, on_duty, as_of=AS_OF),
        "alerts/open",
        "place_code responsible_staff_code is_responsible_on_duty\nS2 L21 false\nM4 T1L false\nD3 - -\nW1 C1C true",
    )


def test_a_jam_tells_how_many_units_would_cure_it_and_how_many_people_are_helped_to_register() -> None:
    answers(
        _district(),
        "alerts/site_jammed",
        "place_code place_name_en grid_code since_at figure target detail_pct detail_count\nS2 Donghua-Mingan G21 08:30 70 60 50 2",
        jammed_from_min=60.0,
    )


def test_an_alert_lies_where_its_place_lies() -> None:
    world = _district()
    places = {row["place_code"]: (row["lon"], row["lat"]) for row in ask(world, "alerts/open").to_pylist()}
    assert places == {"S2": (113.075, 22.584), "W1": (113.071, 22.581), "M4": (None, None), "D3": (None, None)}


def test_a_feed_is_silent_when_others_go_on_and_its_sites_are_open() -> None:
    # both feeds told their last row in the five minutes until 08:40. Baisha's open sites registered 150 people in the
    # half-hour before, 5 a minute: 7 should have come by 08:45. At Huanshi's park, which reports no units, 15 did: by 08:54
    world = _district()
    answers(
        world,
        "alerts/feed_silent",
        """
        rule level place_kind place_code place_name since_at figure target detail_count action
        feed_silent watch feed baisha  白沙 08:40 15 5 2 call_feed
        feed_silent watch feed huanshi 环市 08:40 15 5 0 call_feed
        """,
        as_of="08:55",
    )
    answers(world, "alerts/feed_silent", "place_code\nbaisha", as_of="08:45")
    answers(world, "alerts/feed_silent", "place_code", as_of="08:44:59")
    answers(world, "alerts/feed_silent", "place_code", as_of="08:45", allowance_s=60.0)
    answers(world, "alerts/feed_silent", "place_code", as_of="08:55", silence_by_chance=1e-40)


# One site whose two units are open from 06:00; each test adds what its feed told.
QUIET = """
feed: feed_code feed_name kind silent_after_min sort_order
F 白沙 registrations 5 1
site: site_code site_name feed_code is_sampling_reported
S 东华 F true
unit_event: site_code unit_no event event_at
S 1 open 06:00
S 2 open 06:00
"""


def test_the_quiet_minutes_of_a_small_feed_are_chance() -> None:
    # six people in half an hour, one in five minutes: seven should have come after 34.5 minutes
    quiet = build_world(
        QUIET,
        "feed_bucket: feed_code bucket_start_at row_count\nF 20:25 6",
        "site_bucket: bucket_start_at site_code channel registered_count sampled_count\n20:25 S self 6 6",
        as_of="21:00",
    )
    answers(quiet, "alerts/marks/feed_silent", "measured_at", as_of="21:04")
    answers(quiet, "alerts/episodes", "rule place_code since_at opened_at\nfeed_silent F 20:30 21:05", as_of="21:05")


def test_what_closed_sites_told_before_is_not_expected_of_a_feed() -> None:
    busy = (
        "feed_bucket: feed_code bucket_start_at row_count\nF 20:25 60",
        "site_bucket: bucket_start_at site_code channel registered_count sampled_count\n20:25 S self 60 60",
    )
    closing = "unit_event: site_code unit_no event event_at\nS 1 close 20:31\nS 2 close 20:37"
    answers(build_world(QUIET, *busy, as_of="20:45"), "alerts/feed_silent", "place_code since_at\nF 20:30")
    # open at 20:35 it opens; closed since 20:37 the silence is none any more, and the alert closes after five minutes
    closed = build_world(QUIET, *busy, closing, as_of="20:50")
    answers(closed, "alerts/feed_silent", "place_code\nF", as_of="20:36")
    answers(closed, "alerts/feed_silent", "place_code\nF", as_of="20:44")
    answers(closed, "alerts/feed_silent", "place_code")


def test_a_feed_of_staff_is_silent_when_the_shift_of_both_days_before_does_not_come() -> None:
    told = "feed: feed_code feed_name kind silent_after_min sort_order\nK 签到 staff 30 2\n"
    told += "feed_bucket: feed_code bucket_start_at row_count\n"
    days = "K 12T06:05 80\nK 13T06:10 70\nK 14T05:00 1"
    answers(build_world(QUIET, told + days, as_of="06:30"), "alerts/feed_silent", "place_code since_at\nK 05:05")
    answers(build_world(QUIET, told + days, as_of="06:10"), "alerts/feed_silent", "place_code")
    once = "K 13T06:10 70\nK 14T05:00 1"
    answers(build_world(QUIET, told + once, as_of="06:30"), "alerts/feed_silent", "place_code")


def test_a_silent_feed_takes_its_jam_from_the_alerts() -> None:
    answers(
        _district(),
        "alerts/open",
        "rule place_code\ncoverage_behind D3\nwhistle_late W1\nfeed_silent baisha",
        as_of="08:45",
    )


def test_a_late_whistle_needs_action_once_it_is_overdue() -> None:
    # late since the mark of 08:15, when its first quarter of an hour had brought one of six
    answers(
        _district(),
        "alerts/whistle_late",
        "place_code level since_at figure target detail_count expected_at\nW1 act 08:15 2 6 4 -\nW3 watch 08:53 0 20 20 -",
        as_of="09:01",
    )
    answers(_district(), "alerts/whistle_late", "place_code level\nW1 watch\nW3 watch", as_of="08:59:59")


# One whistle for four people within the hour; each test adds who came.
WHISTLE = """
whistle: whistle_code raised_at due_at place_kind place_name role needed_count
W 08:00 09:00 place 东湖广场 volunteer 4
staff_event: staff_code role event event_at post_kind post_code whistle_code
A volunteer check_in 08:02 checkpoint K W
"""


def test_a_whistle_that_fills_after_a_slow_start_is_late_no_more() -> None:
    # one in the first 15 minutes, then nobody: late since 08:15 (full at 09:00 is in time), since 08:20 really; two come
    # at 08:31 and 08:32: at 08:35 the last one is expected at 08:42
    filling = WHISTLE + "B volunteer check_in 08:31 checkpoint K W\nC volunteer check_in 08:32 checkpoint K W"
    late = "rule since_at opened_at ended_at closed_at\nwhistle_late 08:20 08:25 "
    answers(build_world(filling, as_of="08:44"), "alerts/episodes", late + "- -")
    answers(build_world(filling, as_of="08:45"), "alerts/episodes", late + "08:35 08:45")
    full = filling + "\nD volunteer check_in 08:36 checkpoint K W"
    answers(build_world(full, as_of="08:36"), "alerts/episodes", late + "08:35 08:36")


def test_a_round_is_behind_when_its_pace_leaves_too_many_out_at_the_deadline() -> None:
    # 500 of 1,000 at 10:00, 100 an hour: 400 more until 14:00 make 90 %, done at 15:00
    behind = ROUND + "06:00 G D3 475 475 200\n09:50 G D3 25 25 10"
    answers(
        build_world(behind, as_of="10:00"),
        "alerts/coverage_behind",
        """
        rule level place_kind place_code place_name since_at figure target detail_pct detail_count expected_at
        coverage_behind watch round D3 第3轮 08:00 50 95 90 500 15:00
        """,
    )


def test_a_round_is_in_time_when_the_goal_will_be_reached_by_the_deadline() -> None:
    # 120 an hour for the last quarter of an hour make 98 %; three such marks end the alert, and open one for 99 %
    in_time = ROUND + "06:00 G D3 440 440 200\n" + "".join(f"09:{minute} G D3 10 10 4\n" for minute in range(30, 60, 5))
    answers(build_world(in_time, as_of="10:00"), "alerts/coverage_behind", "place_code")
    answers(
        build_world(in_time, as_of="10:00"), "alerts/coverage_behind", "detail_pct since_at\n98 08:00",
        coverage_goal_pct=99.0,
    )  # fmt: skip


def test_a_round_is_not_judged_in_its_first_quarter() -> None:
    slow = ROUND + "06:00 G D3 1 1 1"
    answers(build_world(slow, as_of="08:14"), "alerts/coverage_behind", "place_code")
    answers(build_world(slow, as_of="08:15"), "alerts/coverage_behind", "place_code level since_at\nD3 watch 08:00")


def test_a_round_is_not_judged_by_the_pace_of_a_night() -> None:
    slow = ROUND + "06:00 G D3 1 1 1"
    closed = "unit_event: site_code unit_no event event_at\nS 1 close 09:00"
    answers(build_world(slow, closed, as_of="09:14"), "alerts/coverage_behind", "place_code\nD3")
    answers(build_world(slow, closed, as_of="09:15"), "alerts/coverage_behind", "place_code")


def test_a_round_is_not_judged_while_the_sites_are_still_opening() -> None:
    early = ROUND.replace("06:00 14:00 22:00 1000", "13T14:00 14:00 22:00 1000") + "06:00 G D3 1 1 1"
    world = build_world(early, as_of="10:00")
    answers(world, "alerts/coverage_behind", "place_code", as_of="07:44")
    answers(world, "alerts/coverage_behind", "place_code since_at\nD3 07:30", as_of="07:45")


def test_after_its_deadline_a_round_under_the_goal_needs_action_until_it_closes() -> None:
    late = ROUND + "06:00 G D3 900 900 380"
    world = build_world(late, as_of="22:00")
    answers(world, "alerts/coverage_behind", "level since_at figure detail_pct\nact 08:00 90 90", as_of="14:00")
    answers(world, "alerts/coverage_behind", "level", as_of="22:00")
    answers(world, "alerts/closed_today", "rule started_at ended_at\ncoverage_behind 08:00 22:00", as_of="22:00")


# A jam is ten people or more waiting for 50 minutes or more: at twelve sampled an hour, ten.
def _queue(*waiting: int, as_of: str) -> World:
    """One site with so many people waiting at the marks of 08:05, 08:10 …; one is sampled in each five minutes."""
    sites, feeds, before = [], [], 0
    for index, count in enumerate(waiting):
        at = f"{8 + index * 5 // 60:02}:{index * 5 % 60:02}"
        sites.append(f"{at} S self {count - before + 1} 1")
        feeds.append(f"F {at} 1")
        before = count
    told = ["site_bucket: bucket_start_at site_code channel registered_count sampled_count", *sites]
    return build_world(
        QUIET, "\n".join([*told, "feed_bucket: feed_code bucket_start_at row_count", *feeds]), as_of=as_of
    )


def test_one_slow_mark_is_no_jam_and_two_in_a_row_are_one() -> None:
    answers(_queue(10, 9, 9, as_of="08:30"), "alerts/episodes", "rule since_at")
    answers(_queue(9, 10, 10, as_of="08:15"), "alerts/episodes", "rule since_at opened_at\nsite_jammed 08:10 08:15")
    answers(_queue(9, 10, 10, as_of="08:14:59"), "alerts/episodes", "rule since_at")


def test_a_jam_that_flickers_is_one_alert_until_it_was_clear_for_ten_minutes() -> None:
    flapping = (10, 10, 9, 10, 9, 9, 10, 9, 10, 10)
    opened = "rule place_code since_at opened_at ended_at closed_at\nsite_jammed S 08:05 08:10 "
    for as_of in ("08:10", "08:19", "08:30", "08:40", "08:50"):
        answers(_queue(*flapping, as_of=as_of), "alerts/episodes", opened + "- -")
    calm = _queue(*flapping, 9, 9, 9, 9, as_of="09:10")
    answers(calm, "alerts/episodes", opened + "- -", as_of="09:04")
    answers(calm, "alerts/episodes", opened + "08:55 09:05", as_of="09:05")
    again = _queue(*flapping, 9, 9, 9, 10, 10, as_of="09:15")
    answers(again, "alerts/episodes", opened + "08:55 09:05\nsite_jammed S 09:10 09:15 - -")


def test_the_answer_at_a_past_moment_is_what_it_was_then() -> None:
    series = (10, 10, 9, 9, 9, 10, 10, 10, 9)
    whole = _queue(*series, as_of="08:45")
    for count in range(1, len(series) + 1):
        as_of = f"08:{5 * count:02}"
        then = ask(_queue(*series[:count], as_of=as_of), "alerts/episodes").to_pylist()
        assert ask(whole, "alerts/episodes", as_of=f"2022-07-14T{as_of}:00+08:00").to_pylist() == then


ZONE = """
feed: feed_code feed_name kind silent_after_min sort_order
K 签到 staff 30 1
town: town_code town_name
T 白沙街道
community: community_code community_name town_code label_lon label_lat
C 侧贤 T 113.1 22.5
grid: grid_code grid_name community_code town_code resident_count
G 第1网格 C T 100
building: building_code grid_code lon lat resident_count
B G 113.2 22.6 30
site: site_code site_name grid_code lon lat
S 侧贤点 G 113.1 22.5
staff: staff_code role town_code community_code grid_code
L grid_leader T C G
C1 community_cadre T C -
zone_order: order_code zone_code zone_name level extent_no issued_at effective_at ends_at
O1 Z1 侧贤里38号 high 1 9T17:30 9T18:00 -
O2 Z2 侧贤 medium 2 9T17:30 05:00 -
zone_extent: extent_no extent_kind
1 building
2 community
zone_member: extent_no member_code
1 B
2 C
staff_event: staff_code role event event_at post_kind post_code
P full_time check_in 04:00 zone Z1
P full_time check_out 06:03 zone Z1
Q full_time check_in 05:05 site S
"""


def test_a_zone_without_anybody_for_half_an_hour_needs_somebody() -> None:
    # the building is left at 06:03; in the community around it somebody is at the site
    world = build_world(ZONE, as_of="06:35")
    answers(
        world,
        "alerts/open",
        """
        rule level place_kind place_code place_name grid_code since_at figure detail_count action responsible_role responsible_staff_code
        zone_without_staff act zone Z1 侧贤里38号 G 06:05 30 30 post_staff grid_leader L
        """,
    )
    answers(world, "alerts/open", "rule", as_of="06:34")


def test_a_zone_is_staffed_again_when_somebody_stayed_for_ten_minutes() -> None:
    # at 06:41 somebody looks in for four minutes; at 07:01 somebody stays
    looks_in = (
        ZONE
        + "R medic check_in 06:41 building B\nR medic check_out 06:46 building B\nR medic check_in 07:01 building B"
    )
    world = build_world(looks_in, as_of="07:15")
    since = "rule place_code since_at opened_at ended_at closed_at\nzone_without_staff Z1 06:05 06:35 "
    answers(world, "alerts/episodes", since + "- -", as_of="07:14")
    answers(world, "alerts/episodes", since + "07:05 07:15")


def test_a_community_is_watched_and_its_cadre_answers_for_it() -> None:
    # in force since 05:00, the first one inside comes at 05:05; everybody leaves at 06:00
    left = (
        ZONE
        + "Q full_time check_out 06:00 site S\nV volunteer check_in 06:21 grid G\nV volunteer check_out 06:24 grid G"
    )
    answers(
        build_world(left, as_of="06:30"),
        "alerts/zone_without_staff",
        "place_code level since_at chain_level chain_code\nZ2 watch 06:00 community_cadre C",
    )


def test_without_any_check_in_no_zone_is_said_to_be_empty() -> None:
    nobody = ZONE[: ZONE.index("staff_event:")]
    answers(build_world(nobody, as_of="08:00"), "alerts/marks/zone_without_staff", "place_code")


# S is jammed at every mark from 08:05; N has four units open, 330 m north, F as many, 2 km north.
IDLE = """
feed: feed_code feed_name kind silent_after_min sort_order
F 白沙 registrations 5 1
feed_bucket: feed_code bucket_start_at row_count
F 08:15 1
F 08:25 1
site: site_code site_name feed_code is_sampling_reported lon lat leader_staff_code
S 东华 F true 113.1 22.500 -
N 侧贤 F true 113.1 22.503 L
F 会龙 F true 113.1 22.518 -
staff: staff_code role
L full_time
unit_event: site_code unit_no event event_at
S 1 open 06:00
N 1 open 06:00
N 2 open 06:00
N 3 open 06:00
N 4 open 07:30
F 1 open 06:00
F 2 open 06:00
F 3 open 06:00
site_bucket: bucket_start_at site_code channel registered_count sampled_count
08:00 S self 21 1
08:05 S self 1 1
08:10 S self 1 1
08:15 S self 1 1
08:20 S self 1 1
08:25 S self 1 1
08:00 N self 30 30
08:05 N self 10 10
"""


def test_idle_units_are_told_while_a_neighbour_has_a_long_queue() -> None:
    # N registered 40 people in the quarter of an hour until 08:15, 160 an hour: two of four units would do; nobody since
    world = build_world(IDLE, as_of="08:30")
    answers(
        world,
        "alerts/unit_idle",
        """
        rule level place_kind place_code place_name since_at figure target action neighbour_name
        unit_idle watch site N 侧贤 08:05 4 4 move_units 东华
        """,
    )
    answers(
        world,
        "alerts/marks/unit_idle",
        "measured_at is_met idle_unit_count\n08:05 true 2\n08:10 true 2\n08:15 true 2",
        as_of="08:19",
    )
    answers(world, "alerts/unit_idle", "place_code", as_of="08:19")
    answers(world, "alerts/unit_idle", "place_code", idle_within_m=300.0)
    answers(world, "alerts/unit_idle", "place_code", idle_least_units=5)


def test_figures_that_contradict_each_other_need_action() -> None:
    # the round says 1,000 people, its grids 900
    wrong = ROUND.replace("D3 G 1000 400", "D3 G 900 400") + "06:00 G D3 990 990 400"
    answers(
        build_world(wrong, as_of="10:00"),
        "alerts/sum_mismatch",
        "rule level place_kind place_code since_at figure action\nsum_mismatch act check targets 04:00 2 tell_operator",
    )


def test_nothing_ingested_opens_no_alert() -> None:
    answers(build_world(REFERENCE, as_of=None), "alerts/open", "rule", as_of="09:00")


def test_what_is_over_today_is_told_with_its_duration_the_latest_first() -> None:
    # baisha told nothing 08:25–08:35 and 07:05–08:20, huanshi 07:05–08:00, when its unit closed; W2 was filled at 08:20.
    # S2's first wave was jammed 07:10–07:20; then nobody was sampled, and half an hour later it is none any more
    answers(
        _district(),
        "alerts/closed_today",
        """
        rule place_kind place_code place_name role needed_count started_at ended_at duration_min
        feed_silent        feed    baisha  白沙     -         - 08:25 08:35 10
        feed_silent        feed    baisha  白沙     -         - 07:05 08:20 75
        whistle_filled     whistle W2      东华名岸 volunteer 1 08:10 08:20 10
        feed_silent        feed    huanshi 环市     -         - 07:05 08:00 55
        site_jammed        site    S2      东华名岸 -         - 07:10 07:45 35
        zone_without_staff zone    Z1      侧贤里38号、39号 - - 04:00 06:10 130
        zone_without_staff zone    Z2      侧贤     -         - 04:00 06:00 120
        """,
    )


def test_what_ended_yesterday_is_not_told_today() -> None:
    answers(_district(), "alerts/closed_today", "rule", as_of="15T04:00")


def test_the_marks_say_when_a_condition_held_and_when_nobody_could_tell() -> None:
    # nobody was sampled at S2 from 07:20 on; half an hour after the last judgement it is jammed no more
    marks = ask(_district(), "alerts/marks/site_jammed").to_pylist()
    said = {f"{row['measured_at']:%H:%M}": row["is_met"] for row in marks if row["place_code"] == "S2"}
    assert [said[at] for at in ("07:05", "07:10", "07:15", "07:20", "07:40", "07:45", "08:25")] == [
        False, True, True, None, None, False, True,
    ]  # fmt: skip
    answers(
        build_world(WHISTLE, as_of="08:30"),
        "alerts/marks/whistle_late",
        "measured_at is_met\n08:05 false\n08:10 false\n08:15 false\n08:20 true\n08:25 true\n08:30 true",
    )
    slow = build_world(ROUND + "06:00 G D3 1 1 1", as_of="08:05")
    judged = [row["is_met"] for row in ask(slow, "alerts/marks/coverage_behind").to_pylist()]
    assert judged == [False] * 24 + [True, True]
    assert ask(_district(), "alerts/marks/sum_mismatch").num_rows == 0
