"""The built-in scenario, built small: reproducible, harmless and counted to the line."""

from __future__ import annotations

import csv
import hashlib
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from data.clock import read_clock
from data.errors import WanggeError
from data.scenario import build_scenario
from data.scenario.dirt import damage_registration
from data.scenario.geography import CEXIAN, GANGKOU, MEDIUM_ZONE, make_geography
from data.scenario.identity import format_id_numbers, spoil_check_digit
from data.scenario.manifest import Manifest, read_manifest
from data.scenario.orders import ROUNDS, local
from data.scenario.play import play
from data.scenario.population import HIGH_RISK_BUILDINGS, settle
from data.scenario.queues import serve
from data.scenario.reference import make_district
from data.scenario.visits import ASSISTED, DAY_S, GREEN, GREEN_CHANNEL_OPENS_S, plan_visits
from data.settings import read_settings

SEED, SCALE = 20220714, 0.01
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("scenario")
    build_scenario(out, SEED, SCALE)
    return out


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _log_lines(folder: Path) -> Iterator[tuple[list[str], list[str], Path]]:
    """Header, cells and file of every line of every log."""
    for path in sorted((folder / "logs").rglob("*.csv")):
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gb18030")
        header, *lines = text.splitlines()
        for line in lines:
            yield header.split(","), line.split(","), path


def _check_digit(first_17: str) -> str:
    return "10X98765432"[sum(int(d) * w for d, w in zip(first_17, WEIGHTS, strict=True)) % 11]


def test_the_same_seed_gives_the_same_bytes(scenario: Path, tmp_path: Path) -> None:
    build_scenario(tmp_path, SEED, SCALE)
    assert _digests(tmp_path) == _digests(scenario)


def test_another_seed_gives_other_people_on_the_same_map(scenario: Path, tmp_path: Path) -> None:
    build_scenario(tmp_path, SEED + 1, SCALE)
    ours, theirs = _digests(scenario), _digests(tmp_path)
    assert theirs["reference/grids.geojson"] == ours["reference/grids.geojson"]
    assert theirs["reference/households.csv"] != ours["reference/households.csv"]


def test_every_line_in_the_files_is_in_the_manifest(scenario: Path) -> None:
    manifest = read_manifest(scenario / "manifest.json")
    written: Counter[str] = Counter()
    for header, _, _ in _log_lines(scenario):
        kind = (
            "registration" if {"登记时间", "registered_at"} & set(header)
            else "whistle" if "whistle_code" in header and "raised_at" in header
            else "staff_event" if "工号" in header
            else "unit_event"
        )  # fmt: skip
        written[kind] += 1
    assert written == {kind: tally.written for kind, tally in manifest.logs.items()}


def test_written_lines_are_accepted_duplicate_corrected_or_quarantined(scenario: Path) -> None:
    for tally in read_manifest(scenario / "manifest.json").logs.values():
        parts = tally.accepted + tally.duplicate + tally.corrected + sum(tally.quarantined.values())
        assert tally.written == parts > 0


def test_identical_and_corrected_lines_are_as_many_as_the_manifest_says(scenario: Path) -> None:
    manifest = read_manifest(scenario / "manifest.json")
    places = {"site_code": "采样点编号", "registered_at": "登记时间", "id_number": "证件号码"}
    seen: dict[tuple[str, ...], Counter[tuple[str, ...]]] = {}
    for header, cells, _ in _log_lines(scenario):
        if len(cells) != len(header) or not {"登记时间", "registered_at"} & set(header):
            continue
        cell = dict(zip(header, cells, strict=True))
        key = tuple(cell.get(name, cell.get(chinese, "")) for name, chinese in places.items())
        if not all(key) or key[0] == "S9999" or key[2][17] != _check_digit(key[2][:17]):
            continue
        seen.setdefault(key, Counter())[tuple(cells)] += 1
    duplicates = sum(sum(contents.values()) - len(contents) for contents in seen.values())
    tally = manifest.logs["registration"]
    # Damaged lines with a good key remain in `seen`: each is one content more, and none is repeated elsewhere.
    assert tally.duplicate - duplicates == _damaged_lines_delivered_twice(scenario)


def _damaged_lines_delivered_twice(scenario: Path) -> int:
    """Lines of the files that came twice which are not good lines: they too count as duplicates, with their file."""
    again = list((scenario / "logs").rglob("*-again.csv"))
    assert len(again) == 3
    count = 0
    for header, cells, path in _log_lines(scenario):
        if path in again:
            cell = dict(zip(header, cells, strict=False))
            id_number = cell.get("id_number", cell.get("证件号码", ""))
            site = cell.get("site_code", cell.get("采样点编号", ""))
            registered = cell.get("registered_at", cell.get("登记时间", ""))
            whole = len(cells) == len(header) and site and registered and site != "S9999"
            if not (whole and len(id_number) == 18 and id_number[17] == _check_digit(id_number[:17])):
                count += 1
    return count


def test_identity_numbers_are_valid_and_nobodys(scenario: Path) -> None:
    wrong, total = 0, 0
    for header, cells, _ in _log_lines(scenario):
        if len(cells) != len(header):
            continue
        cell = dict(zip(header, cells, strict=True))
        number = cell.get("id_number", cell.get("证件号码", ""))
        if number:
            total += 1
            assert number[:2] == "99"
            wrong += number[17] != _check_digit(number[:17])
    assert total > 30_000
    assert (
        0
        < wrong
        <= 2 * read_manifest(scenario / "manifest.json").logs["registration"].quarantined["bad_id_check_digit"]
    )


def test_telephones_lie_in_one_block_and_names_say_that_they_are_examples(scenario: Path) -> None:
    for header, cells, _ in _log_lines(scenario):
        cell = dict(zip(header, cells, strict=False))
        name = cell.get("name", cell.get("姓名"))
        if name is None or len(cells) != len(header):
            continue
        assert name.startswith("示例")
        assert cell.get("phone", cell.get("手机号")) == "" or cell.get("phone", cell.get("手机号", "")).startswith(
            "1990000"
        )


def test_an_identity_number_from_the_standard_keeps_its_check_digit() -> None:
    # 11010519491231002X is the example of GB 11643-1999; here with its division and birthday.
    assert _check_digit("11010519491231002") == "X"
    made = format_id_numbers(np.array([990101]), np.array([-7306])).to_pylist()[0]
    assert made[:14] == "99010119491231"
    assert made[17] == _check_digit(made[:17])
    assert spoil_check_digit("11010519491231002X") == "110105194912310029"


def test_a_damaged_line_is_damaged_in_one_place() -> None:
    columns = ("site_code", "registered_at", "sampled_at", "id_number", "channel")
    line = "S0201,2022-07-14 08:21:07,2022-07-14 08:49:30,990101195003070015,self\n"
    rng = np.random.default_rng(1)
    assert damage_registration(line, columns, "unknown_site", rng) == line.replace("S0201", "S9999")
    assert damage_registration(line, columns, "sampled_before_registered", rng).split(",")[1] == "2022-07-14 08:49:30"
    assert damage_registration(line, columns, "truncated_line", rng).count(",") < line.count(",")


def test_files_come_in_both_encodings_and_with_both_kinds_of_header(scenario: Path) -> None:
    dirt = read_manifest(scenario / "manifest.json").dirt
    for kind in ("gb18030_files", "utf_8_files", "utf_8_sig_files", "chinese_header_files", "english_header_files"):
        assert dirt[kind] > 50
    for kind in ("late_files", "shuffled_files", "files_delivered_twice", "duplicate_lines"):
        assert dirt[kind] >= 3
    assert next((scenario / "logs" / "tangxia").glob("*.csv")).read_bytes().startswith("采样点编号".encode("gb18030"))


def test_households_hold_857_043_people_at_full_scale() -> None:
    people = settle(make_geography(), 1.0, np.random.default_rng(1))
    geography = make_geography()
    assert int(people.household_size.sum()) == 857_043
    assert 295_000 < len(people.household_size) < 305_000
    zone = [i for code in MEDIUM_ZONE for i in geography.positions(code)]
    assert people.residents_by_grid(410)[zone].sum() == pytest.approx(21_400, abs=100)
    assert np.isin(people.household_grid, geography.positions(CEXIAN)).sum() > 3_000
    sealed = np.isin(people.household_building, people.high_risk_buildings)
    assert sealed.sum() == sum(b.household_count for b in HIGH_RISK_BUILDINGS) > 250
    assert people.household_size[sealed].sum() > 540


def test_the_roster_is_the_published_one_at_full_scale() -> None:
    district = make_district(SEED, 1.0)
    roles = Counter(district.staff.role)
    assert roles["grid_leader"] == 410
    assert roles["full_time"] + roles["part_time"] > 8_700
    assert roles["full_time"] / 857_043 * 10_000 >= 18
    origins = Counter(zip(district.staff.role, district.staff.origin, strict=True))
    assert origins["full_time", "new_recruit"] > 400
    assert origins["part_time", "private_firm"] > 400
    first_of_cexian = district.geography.positions(CEXIAN)[0]
    at_home = [i for i, grid in enumerate(district.staff.grid) if grid == first_of_cexian]
    assert Counter(district.staff.role[i] for i in at_home) == {"grid_leader": 1, "full_time": 2, "part_time": 14}
    stand_ins = {
        district.staff.code[i]: district.staff.stand_in[i] for i in at_home if district.staff.role[i] == "full_time"
    }
    assert stand_ins == {"BS-4311": "BS-4312", "BS-4312": "BS-4311"}
    for grid in district.geography.positions(GANGKOU):
        here = Counter(
            role for role, home in zip(district.staff.role, district.staff.grid, strict=True) if home == grid
        )
        assert here == {"grid_leader": 1, "full_time": 2, "part_time": 12}


def test_fifteen_of_120_sites_stand_in_the_medium_risk_zone_with_two_to_ten_units() -> None:
    sites = make_district(SEED, 1.0).sites
    assert len(sites.code) == len(set(sites.code)) == 120
    assert sites.in_zone.sum() == 15
    assert sites.unit_count.min() >= 2
    assert sites.unit_count.max() <= 10
    assert (~sites.is_sampling_reported).sum() == 2


def test_zone_orders_seal_on_9_july_and_ease_on_16_july(scenario: Path) -> None:
    with (scenario / "reference" / "zones.csv").open(encoding="utf-8", newline="") as file:
        orders = list(csv.DictReader(file))
    sealed = {row["zone_name"]: row["level"] for row in orders if row["effective_at"] == "2022-07-09 18:00:00"}
    assert sealed == {
        "侧贤里38号、39号": "high", "凤阳里117号": "high", "中远大厦": "high",
        "侧贤社区": "medium", "会龙社区": "medium", "江边社区": "medium", "白沙街道其余区域": "low",
    }  # fmt: skip
    eased = {row["zone_name"]: row["level"] for row in orders if row["effective_at"] == "2022-07-16 00:00:00"}
    assert eased == {
        "侧贤里38号、39号": "medium", "凤阳里117号": "medium", "中远大厦": "medium",
        "侧贤社区": "low", "会龙社区": "low", "江边社区": "low",
    }  # fmt: skip


def test_several_rounds_cover_the_whole_district() -> None:
    assert [screening.code for screening in ROUNDS if screening.scope == "district"] == ["D1", "D2", "D3"]


def test_nobody_waits_less_than_the_walk_and_queues_are_first_come_first_served(scenario: Path) -> None:
    truth = pq.read_table(scenario / "truth" / "registrations.parquet").to_pandas()
    sampled = truth.dropna(subset="sampled_at")
    assert len(sampled) > 0.97 * len(truth)
    assert sampled["wait_s"].min() >= 45
    one_site = sampled[(sampled["site_code"] == "S0301") | (sampled["site_code"] == "S0601")]
    order = one_site.sort_values(["site_code", "registered_at", "sampled_at"])
    for _, day in order.groupby([order["site_code"].astype(str), order["registered_at"].dt.date]):
        assert day["sampled_at"].is_monotonic_increasing


def test_the_block_at_donghua_mingan_is_cured_by_the_green_channel() -> None:
    district = make_district(SEED, 1.0)
    rng = np.random.default_rng([SEED, 2])
    visits = plan_visits(district, rng)
    service = serve(district, visits, rng)
    here = (visits.site == 0) & (visits.registered_s < DAY_S)
    assert district.sites.name[0] == "东华名岸"
    blocked = here & (visits.registered_s < GREEN_CHANNEL_OPENS_S)
    cured = here & (visits.registered_s > GREEN_CHANNEL_OPENS_S + 3600)
    wait_min = (service.sampled_s - visits.registered_s) / 60
    assert (visits.channel[blocked] == ASSISTED).mean() > 0.35
    assert not (visits.channel[blocked] == GREEN).any()
    assert wait_min[blocked].max() > 50
    assert (visits.channel[here] == GREEN).sum() > 20
    assert wait_min[cured].mean() < 25


def test_a_scale_that_cannot_be_built_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WanggeError, match="scale 0"):
        build_scenario(tmp_path, SEED, 0)


@pytest.fixture(scope="module")
def unplayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("unplayed")
    build_scenario(out, SEED, SCALE, play_from=local(14, 6, 30))
    return out


@pytest.fixture(scope="module")
def played_home(unplayed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(unplayed, read_settings(home).scenario_dir)
    manifest = read_manifest(unplayed / "manifest.json")
    # Speed 2e6: the day and a half passes within the first real second.
    play(read_settings(home), 2e6, threading.Event())
    play(read_settings(home), 2e6, threading.Event())
    return home, manifest


def test_playing_sends_every_line_once(played_home: tuple[Path, Manifest]) -> None:
    home, manifest = played_home
    sent = 0
    for path in (home / "inbox").glob("*/*.csv"):
        sent += len(path.read_bytes().splitlines()) - 1
    assert sent == sum(tally.written for tally in manifest.played.values())


def test_logs_and_play_hold_the_same_registrations_as_logs_alone(
    played_home: tuple[Path, Manifest], scenario: Path
) -> None:
    _, split = played_home
    whole = read_manifest(scenario / "manifest.json")
    together = split.logs["registration"].accepted + split.played["registration"].accepted
    assert together == whole.logs["registration"].accepted == whole.registrations


def test_the_clock_stops_when_the_scenario_ends(played_home: tuple[Path, Manifest]) -> None:
    home, _ = played_home
    assert read_clock(home).now() == local(16, 1)


def test_a_stopped_play_goes_on_where_it_stopped(unplayed: Path, tmp_path: Path) -> None:
    shutil.copytree(unplayed, read_settings(tmp_path).scenario_dir)
    stop = threading.Event()
    stop.set()
    play(read_settings(tmp_path), 60.0, stop)
    first = read_clock(tmp_path)
    assert first.starts_at == local(14, 6, 30)
    play(read_settings(tmp_path), 60.0, stop)
    again = read_clock(tmp_path)
    assert again.starts_at is not None
    assert timedelta(0) <= again.starts_at - local(14, 6, 30) < timedelta(minutes=1)


def test_chaolian_sends_nothing_for_forty_minutes_and_then_everything(unplayed: Path) -> None:
    lines = pq.read_table(unplayed / "play" / "lines.parquet").to_pandas()
    silent = lines[lines["feed_code"] == "chaolian"]
    between = silent[(silent["deliver_at"] >= local(14, 8, 29)) & (silent["deliver_at"] < local(14, 9, 9))]
    assert between.empty
    backlog = silent[(silent["deliver_at"] >= local(14, 9, 9)) & (silent["deliver_at"] < local(14, 9, 10))]
    assert backlog["line"].str.contains(r"2022-07-14 08:[2-5]").any()


def test_playing_without_a_scenario_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WanggeError, match=r"lines\.parquet is missing"):
        play(read_settings(tmp_path), 60.0, threading.Event())
