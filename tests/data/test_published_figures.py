"""The figures of two published accounts of July 2022, given back by questions over the ingested scenario.

Each test is named by the figure's id in the list of published figures. ≈ and > are bounds that can fail. Nothing here
reads the scenario's own constants: only files that went through import and ingest, by way of `queries/`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from shapely.geometry import shape

from data.questions import ask, sit_down
from data.settings import Settings
from data.situation import Situation, open_situation
from geo.coverage import unite_coverage
from geo.fault import GridMap
from geo.tiling import judge_map
from tests.benchmarks.forecasting import back_test
from tests.benchmarks.judging import Truth, compare_units, compare_waits

Row = dict[str, Any]

SHANGHAI = ZoneInfo("Asia/Shanghai")
MEDIUM_COMMUNITIES = {"侧贤社区", "会龙社区", "江边社区"}
KINDS = ("district", "town", "community", "grid")
HIGH_BUILDINGS = {"侧贤里38号", "侧贤里39号", "凤阳里117号", "中远大厦"}


@pytest.fixture(scope="module")
def situation(full_scenario: Settings) -> Iterator[Situation]:
    opened = open_situation(full_scenario.situation_path)
    yield opened
    opened.close()


def july(day: int, clock: str) -> datetime:
    """A moment of July 2022 in the district's time."""
    return datetime.fromisoformat(f"2022-07-{day:02} {clock}").replace(tzinfo=SHANGHAI)


def rows(situation: Situation, question: str, as_of: datetime | None = None, **params: Any) -> list[Row]:
    answer: list[Row] = ask(situation, question, as_of, **params).to_pylist()
    return answer


def only(found: list[Row]) -> Row:
    assert len(found) == 1
    return found[0]


def zone_sites(situation: Situation, as_of: datetime) -> list[Row]:
    """The crews of the sites in the communities of the medium-risk zone."""
    members = rows(situation, "zones/members", as_of)
    communities = {row["member_code"] for row in members if row["level"] == "medium"}
    return [row for row in rows(situation, "sites/crews", as_of) if row["community_code"] in communities]


def test_a1_six_towns_and_132_communities_are_covered_by_410_grids_without_gap_or_overlap(situation: Situation) -> None:
    district = only(rows(situation, "coverage/district"))
    assert (district["town_count"], district["community_count"]) == (6, 132)
    assert (district["grid_count"], district["grid_code_count"]) == (410, 410)
    grids = rows(situation, "map/grids")
    shapes = [shape(json.loads(row["geojson"])) for row in grids]
    assert len(shapes) == 410
    assert judge_map(GridMap(tuple(row["grid_code"] for row in grids), np.array(shapes, dtype=object))).faults == ()
    assert unite_coverage(shapes).geom_type == "Polygon"


def test_a2_389_of_the_grids_have_a_party_organisation(situation: Situation) -> None:
    assert only(rows(situation, "coverage/district"))["party_organisation_count"] == 389


def test_a3_every_grid_has_a_leader_and_the_grids_have_over_8700_workers(situation: Situation) -> None:
    grids = rows(situation, "staffing/grid_roster")
    assert sum(row["grid_leader_count"] for row in grids) == 410
    assert {row["grid_leader_count"] for row in grids} == {1}
    assert sum(row["full_time_count"] + row["part_time_count"] for row in grids) > 8700


def test_a3_over_400_workers_are_newly_recruited_and_over_400_come_from_firms(situation: Situation) -> None:
    roster = {(row["role"], row["origin"]): row["staff_count"] for row in rows(situation, "staffing/roster")}
    assert roster["full_time", "new_recruit"] > 400
    assert roster["part_time", "private_firm"] > 400


def test_a3_every_street_has_at_least_18_community_workers_for_10000_residents(situation: Situation) -> None:
    towns = rows(situation, "staffing/density")
    assert len(towns) == 6
    assert min(row["full_time_per_10000"] for row in towns) >= 18


def test_a5_every_grid_has_a_chain_of_four_levels(situation: Situation) -> None:
    chains = rows(situation, "staffing/chain_levels")
    assert len(chains) == 410
    assert {row["missing_level_count"] for row in chains} == {0}
    assert {row["grid_leader_count"] for row in chains} == {1}
    some = only([row for row in chains if row["grid_name"] == "侧贤社区第1网格"])["grid_code"]
    chain = rows(situation, "staffing/responsibility_chain", grid_code=some)
    assert list(dict.fromkeys(row["level"] for row in chain)) == [
        "street_leader",
        "community_cadre",
        "grid_leader",
        "full_time",
    ]
    assert None not in {row["staff_code"] for row in chain}


def test_a5_a_call_for_people_goes_through_five_levels(situation: Situation) -> None:
    dispatch = rows(situation, "staffing/dispatch_chain", july(14, "08:40:00"), grid_code="440703002143001")
    assert [row["level"] for row in dispatch] == ["city", "county", "town", "village", "grid"]
    assert [row["name"] for row in dispatch][1:] == ["蓬江区", "白沙街道", "侧贤社区", "侧贤社区第1网格"]
    assert min(row["on_duty_count"] for row in dispatch) > 0


def test_a6_four_buildings_are_high_risk_three_communities_medium_and_the_rest_low(situation: Situation) -> None:
    evening = july(9, "20:00:00")
    members = rows(situation, "zones/members", evening)
    assert {row["member_name"] for row in members if row["level"] == "high"} == HIGH_BUILDINGS
    assert {row["member_name"] for row in members if row["level"] == "medium"} == MEDIUM_COMMUNITIES
    assert {row["town_name"] for row in members} == {"白沙街道"}
    low = {row["member_code"] for row in members if row["level"] == "low"}
    baisha = {
        row["community_code"] for row in rows(situation, "coverage/list", evening) if row["town_name"] == "白沙街道"
    }
    medium = {row["member_code"] for row in members if row["level"] == "medium"}
    assert low == baisha - medium
    assert rows(situation, "zones/in_force", july(9, "12:00:00")) == []


def test_a7_at_midnight_before_16_july_high_becomes_medium_and_medium_becomes_low(situation: Situation) -> None:
    before = {row["zone_code"]: row["level"] for row in rows(situation, "zones/orders_in_force", july(15, "23:59:59"))}
    after = {row["zone_code"]: row["level"] for row in rows(situation, "zones/orders_in_force", july(16, "00:00:00"))}
    assert Counter(before.values())["high"] == 3
    lower = {"high": "medium", "medium": "low", "low": "low"}
    assert after == {zone: lower[level] for zone, level in before.items()}


def test_a7_follows_from_the_rules_the_case_and_the_rounds(situation: Situation) -> None:
    def released(as_of: datetime) -> set[tuple[str, str, str, bool]]:
        answer = rows(situation, "zones/release", as_of)
        return {
            (row["level"], row["next_level"], row["blocked_by"], row["earliest_release_at"] == july(16, "00:00:00"))
            for row in answer
            if row["level"] != "low"
        }

    assert released(july(14, "08:40:00")) == {
        ("high", "medium", "days;round_missing", True),
        ("medium", "low", "days;round_missing", True),
    }
    assert released(july(15, "20:00:00")) == {("high", "medium", "days", True), ("medium", "low", "days", True)}


def test_a8_the_high_risk_zone_is_three_areas_with_a_party_branch_each(situation: Situation) -> None:
    high = [row for row in rows(situation, "zones/orders_in_force", july(14, "12:00:00")) if row["level"] == "high"]
    assert len({row["party_branch_name"] for row in high}) == len(high) == 3


def test_a8_over_250_households_and_540_people_are_served_behind_their_doors(situation: Situation) -> None:
    high = [row for row in rows(situation, "zones/in_force", july(14, "12:00:00")) if row["level"] == "high"]
    assert 250 < sum(row["household_count"] for row in high) < 275
    assert 540 < sum(row["resident_count"] for row in high) < 570


def test_a8_about_60_workers_have_a_fixed_post_in_the_high_risk_zone_day_and_night(situation: Situation) -> None:
    for day in range(10, 16):
        posted = [row for row in rows(situation, "zones/staffing", july(day, "23:00:00")) if row["level"] == "high"]
        assert 54 <= sum(row["posted_count"] for row in posted) <= 66
        assert {row["role"] for row in posted} == {"full_time", "part_time"}
    for clock in ("03:00:00", "12:00:00"):
        on_duty = [row for row in rows(situation, "zones/staffing", july(13, clock)) if row["level"] == "high"]
        assert {row["zone_name"] for row in on_duty if row["on_duty_count"]} != set()


@pytest.mark.parametrize(("day", "clock"), [(9, "18:00:00"), (16, "00:00:00")])
def test_a6_a7_a8_the_zones_are_right_at_every_minute_around_each_change(
    situation: Situation, day: int, clock: str
) -> None:
    change = july(day, clock)
    with sit_down(situation, change) as sitting:
        names = {row["zone_code"]: row["member_name"] for row in sitting.ask("zones/members").to_pylist()}
        by_level = {row["level"]: row for row in sitting.ask("zones/by_level").to_pylist()}
    assert len(names) == 7
    for minute in range(-30, 31):
        held = rows(situation, "zones/orders_in_force", change + timedelta(minutes=minute))
        named = {
            level: {names[row["zone_code"]] for row in held if row["level"] == level} for level in ("high", "medium")
        }
        is_sealed = (day, minute) >= (9, 0) and (day, minute) < (16, 0)
        places = [names[row["zone_code"]] for row in held if row["extent_kind"] == "building"]
        if is_sealed:
            assert len(named["high"]) == 3 and set(places) <= HIGH_BUILDINGS
            assert named["medium"] == MEDIUM_COMMUNITIES
            assert [row["party_branch_name"] for row in held if row["level"] == "high"].count(None) == 0
        elif day == 9:
            assert held == []
        else:
            assert named["high"] == set() and set(named["medium"]) == set(places)
            assert {names[row["zone_code"]] for row in held if row["level"] == "low"} >= MEDIUM_COMMUNITIES
    if day == 9:
        assert 250 < by_level["high"]["household_count"] < 275 and 540 < by_level["high"]["resident_count"] < 570


def test_a7_what_was_ordered_on_the_evening_of_the_15th_was_not_known_before(situation: Situation) -> None:
    for known_at, levels in (("20:59:59", {"high", "medium", "low"}), ("21:00:00", {"medium", "low"})):
        held = rows(situation, "zones/orders_in_force", july(16, "08:00:00"), known_at=july(15, known_at))
        assert {row["level"] for row in held} == levels


def test_a9_gangkou_has_three_grids_of_a_leader_two_full_time_and_twelve_part_time_workers(
    situation: Situation,
) -> None:
    gangkou = [row for row in rows(situation, "staffing/grid_roster") if row["community_name"] == "港口社区"]
    crews = [(row["grid_leader_count"], row["full_time_count"], row["part_time_count"]) for row in gangkou]
    assert crews == [(1, 2, 12)] * 3
    zhongyuan = only(
        [row for row in rows(situation, "zones/members", july(14, "12:00:00")) if row["member_name"] == "中远大厦"]
    )
    assert zhongyuan["grid_code"] == min(row["grid_code"] for row in gangkou)


def test_a10_over_20000_people_of_the_medium_risk_zone_are_sampled_within_three_hours(situation: Situation) -> None:
    morning = [
        row
        for row in rows(situation, "coverage/rounds", july(14, "10:00:00"))
        if row["scope"] == "community" and row["starts_at"].astimezone(SHANGHAI).day == 14
    ]
    zone_round = only(morning)
    assert zone_round["starts_at"] + timedelta(hours=3) <= july(14, "10:00:00")
    assert zone_round["covered_person_count"] > 20000


def test_a10_210_part_time_workers_are_in_place_within_an_hour(situation: Situation) -> None:
    called = [row for row in rows(situation, "staffing/musters", july(14, "12:00:00")) if row["needed_count"] == 210]
    muster = only(called)
    assert muster["role"] == "part_time"
    assert muster["arrived_count"] >= 210
    assert 0 < muster["full_after_min"] <= 60


def test_a10_they_work_in_teams_of_ten_each_with_whole_buildings(situation: Situation) -> None:
    as_of = july(14, "12:00:00")
    whistle = only([row for row in rows(situation, "staffing/musters", as_of) if row["needed_count"] == 210])
    teams = [
        row
        for row in rows(situation, "staffing/building_teams", as_of)
        if row["whistle_code"] == whistle["whistle_code"]
    ]
    assert sum(row["team_count"] for row in teams) == 210
    assert {row["team_count"] for row in teams} == {10}
    places = {row["grid_code"]: row["community_name"] for row in rows(situation, "coverage/list", as_of)}
    assert {places[row["grid_code"]] for row in teams} == MEDIUM_COMMUNITIES


def test_a10_half_and_nine_tenths_of_the_210_came_before_the_last(situation: Situation) -> None:
    told = rows(situation, "staffing/muster_shares", july(14, "12:00:00"))
    muster = only([row for row in told if row["needed_count"] == 210])
    assert 0 < muster["half_after_min"] < muster["ninety_after_min"] < muster["full_after_min"] <= 60
    curve = rows(situation, "staffing/muster_curve", july(14, "12:00:00"), whistle_code=muster["whistle_code"])
    assert [row["arrived_count"] for row in curve] == sorted(row["arrived_count"] for row in curve)
    assert curve[-1]["arrived_count"] == 210


def test_a11_fifteen_sites_of_two_to_ten_units_stand_in_the_medium_risk_zone_one_a_grid(situation: Situation) -> None:
    sites = zone_sites(situation, july(14, "10:00:00"))
    assert len(sites) == 15
    assert len({row["grid_code"] for row in sites}) == 15
    assert all(2 <= row["opened_unit_count"] <= row["unit_count"] <= 10 for row in sites)


def test_a11_sites_with_more_people_around_have_more_units(situation: Situation) -> None:
    as_of = july(14, "10:00:00")
    residents = {row["grid_code"]: row["resident_count"] for row in rows(situation, "coverage/list", as_of)}
    by_people = sorted(zone_sites(situation, as_of), key=lambda row: residents[row["grid_code"]])
    fewest, most = by_people[:5], by_people[-5:]
    assert sum(row["unit_count"] for row in fewest) < sum(row["unit_count"] for row in most)


def test_a11_348_part_time_workers_are_at_the_sites_of_the_zone_that_morning(situation: Situation) -> None:
    assert sum(row["part_time_count"] for row in zone_sites(situation, july(14, "11:00:00"))) == 348


def test_a12_over_100_sites_have_a_party_branch_and_a_grid_leader_each(situation: Situation) -> None:
    sites = rows(situation, "sites/crews")
    assert len(sites) > 100
    assert len({row["party_branch_name"] for row in sites}) == len(sites)
    assert {row["leader_role"] for row in sites} == {"grid_leader"}
    assert all(2 <= row["unit_count"] <= 10 for row in sites)


@pytest.mark.parametrize("day", [10, 12, 14])
def test_a12_every_site_has_full_time_and_part_time_workers_in_a_district_round(situation: Situation, day: int) -> None:
    sites = rows(situation, "sites/crews", july(day, "21:00:00"))
    assert [row["site_name"] for row in sites if row["full_time_count"] == 0 or row["part_time_count"] == 0] == []


def test_a12_several_rounds_go_through_the_whole_district(situation: Situation) -> None:
    rounds = [row for row in rows(situation, "coverage/rounds") if row["scope"] == "district"]
    assert len(rounds) >= 2
    assert min(row["coverage_pct"] for row in rounds) > 95
    assert min(row["covered_person_count"] for row in rounds) > 750_000


def test_a14_thirty_people_answer_a_whistle_within_an_hour(situation: Situation) -> None:
    full = [row for row in rows(situation, "staffing/musters") if row["needed_count"] == 30]
    assert full != []
    assert all(0 < row["full_after_min"] <= 60 for row in full)


def test_a14_seven_people_are_in_liyuan_within_ten_minutes(situation: Situation) -> None:
    liyuan = only([row for row in rows(situation, "staffing/musters") if row["place_name"] == "丽苑"])
    assert liyuan["needed_count"] == liyuan["arrived_count"] == 7
    assert 0 < liyuan["full_after_min"] <= 10


def test_a14_twenty_people_come_to_donghu_square(situation: Situation) -> None:
    square = only([row for row in rows(situation, "staffing/musters") if row["place_name"] == "东湖广场"])
    assert square["needed_count"] == square["arrived_count"] == 20
    assert square["full_at"] <= square["due_at"]


def person_times(situation: Situation, role: str, origin: str | None = None) -> list[Row]:
    """Person-times of the whole week by kind of people and post."""
    told = rows(situation, "staffing/person_times")
    return [row for row in told if row["role"] == role and origin in (None, row["origin"])]


def test_a15_volunteers_served_about_7000_person_times(situation: Situation) -> None:
    assert 6_650 < sum(row["person_time_count"] for row in person_times(situation, "volunteer")) < 7_350


def test_a15_the_citys_commandos_served_about_6000_person_times(situation: Situation) -> None:
    assert 5_700 < sum(row["person_time_count"] for row in person_times(situation, "commando", "city")) < 6_300


def test_a15_the_districts_commandos_served_over_680_in_risk_zones_and_over_2000_at_sites(situation: Situation) -> None:
    told = person_times(situation, "commando", "district")
    in_zones = [row for row in told if row["post_kind"] == "zone"]
    assert {row["is_in_zone"] for row in in_zones} == {True}
    assert 680 < sum(row["person_time_count"] for row in in_zones) < 750
    assert 2_000 < sum(row["person_time_count"] for row in told if row["post_kind"] == "site") < 2_200


def test_a15_28_organisations_of_firms_served_over_180_person_times_in_huanshi(situation: Situation) -> None:
    told = [row for row in rows(situation, "staffing/organisations") if row["town_name"] == "环市街道"]
    assert len({row["organisation_name"] for row in told}) == 28
    assert 180 < sum(row["person_time_count"] for row in told) < 220


def test_a15_about_300_retired_cadres_served_in_the_silver_age_team(situation: Situation) -> None:
    told = rows(situation, "staffing/person_times_by_kind")
    silver = only([row for row in told if (row["role"], row["origin"]) == ("volunteer", "retired_cadre")])
    assert 285 < silver["people_count"] < 315


def donghua(situation: Situation) -> tuple[str, list[Row]]:
    """The site of Donghua Mingan and its quarters of the evening of 9 July."""
    site = only([row for row in rows(situation, "sites/crews") if row["site_name"] == "东华名岸"])["site_code"]
    return site, rows(situation, "sites/quarters", july(9, "23:00:00"), site_code=site)


def test_a16_on_the_first_evening_the_queue_at_donghua_mingan_jams(situation: Situation) -> None:
    site, _ = donghua(situation)
    jams = [row for row in rows(situation, "sites/jam_episodes", july(9, "23:00:00")) if row["site_code"] == site]
    assert len(jams) >= 1
    assert max(row["longest_wait_min"] for row in jams) >= 50


def test_a16_many_there_cannot_register_by_smartphone(situation: Situation) -> None:
    _, quarters = donghua(situation)
    first_hour = [row for row in quarters if row["quarter_start_at"] < july(9, "19:30:00")]
    registered = sum(row["registered_count"] for row in first_hour)
    assert sum(row["assisted_count"] for row in first_hour) / registered > 0.3
    assert sum(row["green_count"] for row in first_hour) == 0


def test_a16_a_green_channel_and_helpers_clear_the_queue_the_same_evening(situation: Situation) -> None:
    site, quarters = donghua(situation)
    first_green = min(row["quarter_start_at"] for row in quarters if row["green_count"] > 0)
    helped = only([row for row in rows(situation, "staffing/musters") if row["place_code"] == site])
    assert helped["full_at"] <= first_green + timedelta(minutes=15)
    before = [row["wait_mean_min"] for row in quarters if row["quarter_start_at"] < first_green]
    last_hour = [row["wait_mean_min"] for row in quarters if row["quarter_start_at"] >= july(9, "21:45:00")]
    assert max(last_hour) < 25 < max(before)
    pace = {row["quarter_start_at"]: row["sampled_count"] for row in quarters}
    assert pace[first_green + timedelta(hours=1)] > 1.3 * pace[first_green - timedelta(hours=1)]


def test_a16_help_with_registering_blocked_that_site_alone_until_its_green_channel_opened(situation: Situation) -> None:
    site, _ = donghua(situation)
    block = only(rows(situation, "sites/blocks", july(9, "22:50:00")))
    assert block["site_code"] == site
    assert block["assisted_pct"] > 30
    assert block["kept_waiting_count"] > 300
    assert block["started_at"] < block["green_from_at"] <= block["ended_at"]


def test_a11_a12_every_sites_page_knows_its_units_leader_and_zone(situation: Situation) -> None:
    sites = rows(situation, "sites/list", july(14, "08:40:00"))
    assert len(sites) > 100
    assert Counter(row["zone_level"] for row in sites)["medium"] == 15
    assert all(2 <= row["unit_count"] <= 10 for row in sites)
    leaders = [
        rows(situation, "sites/people", july(14, "08:40:00"), site_code=row["site_code"])[0] for row in sites[:10]
    ]
    assert all(row["is_leader"] and row["role"] == "grid_leader" for row in leaders)


def test_waits_and_units_are_near_what_happened_with_and_without_times_of_sampling(
    situation: Situation, full_scenario: Settings
) -> None:
    truth = Truth(full_scenario.scenario_dir / "truth")
    try:
        moments = [july(12, "10:00:00"), july(14, "08:40:00"), july(14, "16:00:00")]
        for least_known_pct in (50.0, 101.0):
            median, p90 = compare_waits(situation, truth, moments, least_known_pct)
            assert len(median.true) > 100
            assert median.within_pct(0.2) > 98 and p90.within_pct(0.2) > 98
        units = compare_units(situation, truth, moments)
        assert units.within_one_pct() > 80
    finally:
        truth.close()


def test_a21_cexians_first_grid_has_a_leader_two_who_stand_in_for_each_other_and_14_part_time(
    situation: Situation,
) -> None:
    cexian = [row for row in rows(situation, "staffing/grid_roster") if row["community_name"] == "侧贤社区"]
    first = min(cexian, key=lambda row: str(row["grid_code"]))
    assert (first["grid_leader_count"], first["full_time_count"], first["part_time_count"]) == (1, 2, 14)
    assert first["stand_in_pair_count"] == 1


def test_a21_cexian_has_over_3000_households(situation: Situation) -> None:
    cexian = only([row for row in rows(situation, "coverage/places") if row["name"] == "侧贤社区"])
    assert cexian["household_count"] > 3_000


def test_a10_the_round_of_the_zone_ended_in_time_and_its_doors_go_to_teams_by_whole_buildings(
    situation: Situation,
) -> None:
    ended = {
        (row["kind"], row["name"]): row
        for row in rows(situation, "coverage/round_places", july(14, "10:00:00"), round_code="M4")
    }
    zone = only([row for (kind, _), row in ended.items() if kind == "district"])
    assert zone["covered_person_count"] > 20_000
    assert zone["coverage_at_deadline_pct"] == zone["coverage_pct"] > 95
    assert {name for kind, name in ended if kind == "community"} == MEDIUM_COMMUNITIES
    assert ended["community", "侧贤社区"]["household_count"] > 3000  # A21
    early = july(14, "07:40:00")
    grids = [row for row in rows(situation, "coverage/round_places", early, round_code="M4") if row["kind"] == "grid"]
    doors = rows(situation, "coverage/missing_households", early, round_code="M4", grid_code=grids[0]["code"])
    assert sum(row["household_state"] == "unseen" for row in doors) == grids[0]["unseen_household_count"]
    teams = {(row["building_code"], row["team_no"]) for row in doors}
    assert len({building for building, _ in teams}) == len(teams)
    assert len({team for _, team in teams}) > 1


def test_the_band_of_the_forecast_holds_what_came_nine_times_in_ten(situation: Situation) -> None:
    # every half hour in `make bench`, with its width and beside the pace carried on
    tallies = back_test(situation, every=timedelta(hours=3))
    assert {kind: tally.held_share >= 0.85 for kind, tally in tallies.items()} == dict.fromkeys(KINDS, True)
    district = tallies["district"]
    assert sum(district.errors) < sum(district.baseline_errors)


def test_list_map_and_total_of_the_households_agree(situation: Situation) -> None:
    assert rows(situation, "checks/households_agree", july(14, "08:40:24")) == []


@pytest.mark.soak
def test_map_list_chart_and_single_rows_agree_at_every_hour(situation: Situation) -> None:
    moment = july(9, "18:00:00")
    while moment <= july(15, "23:00:00"):
        for name in ("coverage_agrees", "rounds_agree", "households_agree"):
            assert (moment, name, rows(situation, f"checks/{name}", moment)) == (moment, name, [])
        for screening in rows(situation, "coverage/rounds", moment):
            given = {"round_code": screening["round_code"]}
            found = rows(situation, "checks/round_places_agree", moment, **given)
            assert (moment, given, found) == (moment, given, [])
        moment += timedelta(hours=1)


def test_every_line_that_was_written_was_accepted_a_duplicate_a_correction_or_quarantined(
    situation: Situation, full_scenario: Settings
) -> None:
    manifest = json.loads((full_scenario.scenario_dir / "manifest.json").read_text(encoding="utf-8"))
    logs = manifest["logs"].values()
    refused: Counter[str] = Counter()
    for told in logs:
        refused.update(told["quarantined"])
    totals = only(rows(situation, "quality/totals"))
    assert totals == {
        "file_count": sum(told["files"] for told in logs),
        "row_count": sum(told["written"] for told in logs),
        "accepted_count": sum(told["accepted"] for told in logs),
        "duplicate_count": sum(told["duplicate"] for told in logs),
        "corrected_count": sum(told["corrected"] for told in logs),
        "quarantined_count": sum(refused.values()),
    }
    found: Counter[str] = Counter()
    for row in rows(situation, "quality/quarantine"):
        found[row["reason"]] += row["row_count"]
    assert found == refused


@pytest.mark.parametrize(
    "check",
    [
        "channels_against_units",
        "coverage_agrees",
        "covered_were_registered",
        "feed_counts",
        "queues_agree",
        "rounds_agree",
        "rows_against_buckets",
        "needs_agree",
        "sites_agree",
        "staff_agree",
        "targets",
        "zones_known",
    ],
)
@pytest.mark.parametrize("as_of", [july(12, "22:30:00"), july(14, "08:40:24"), None])
def test_the_scenarios_figures_agree_with_each_other(situation: Situation, check: str, as_of: datetime | None) -> None:
    assert rows(situation, f"checks/{check}", as_of) == []
