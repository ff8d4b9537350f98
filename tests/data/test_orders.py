"""Orders on risk zones: how they come to be known, what an impossible one is told, and that none is lost or counted twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import orders as giving
from data.errors import ReferenceFileError
from data.ingest.worker import watch_inbox
from data.lake import SCHEMA_DIR, Lake, open_lake
from data.orders import GivenOrders, give_orders
from data.reference_import import ImportOptions, import_reference
from data.reference_import.check import find_problems, stage_records
from data.reference_import.kinds import ZONES
from data.reference_import.orders import judge_orders, record_orders
from data.settings import Settings
from geo.layer import LayerOptions
from tests.data.small_district import copy_of, lake_rows, rows

SEAL = {
    "order_code": "O2", "zone_code": "Z2", "zone_name": "会龙社区", "level": "medium", "extent_kind": "community", "extent_codes": "C2",
    "issued_at": "2022-07-10 08:00:00", "effective_at": "2022-07-10 09:00:00",
}  # fmt: skip
LIFT = {"order_code": "O3", "zone_code": "Z1", "level": "lifted", "effective_at": "2022-07-16 00:00:00"}
DRAWN = {
    "order_code": "O4", "zone_code": "Z4", "zone_name": "江边", "level": "高", "effective_at": "2022-07-10 09:00:00",
    "polygon": json.loads(shapely.to_geojson(shapely.box(113.002, 22.502, 113.016, 22.508))),
}  # fmt: skip
CROSSING = [[113.001, 22.501], [113.009, 22.509], [113.001, 22.509], [113.009, 22.501], [113.001, 22.501]]
AWAY = [[114.0, 22.5], [114.01, 22.5], [114.01, 22.51], [114.0, 22.51], [114.0, 22.5]]
IN_FORCE = "select order_code, version_no, level, is_withdrawn from zone_order order by all"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, empty_district: Settings) -> Iterator[Lake]:
    """A district with the one order O1 on Z1, held open: what a test records is taken away again."""
    settings = copy_of(empty_district, tmp_path_factory.mktemp("orders") / "home")
    with open_lake(settings) as opened:
        opened.take_lease("import")
        yield opened


@pytest.fixture
def own(lake: Lake) -> Iterator[Lake]:
    yield lake
    with lake.transaction() as connection:
        connection.execute("delete from lake.zone_order_version where order_code != 'O1' or recorded_at > '2022-07-10'")


def give(lake: Lake, *given: dict[str, Any], at: str = "2022-08-01 08:00:00+08:00") -> GivenOrders:
    return giving._take(lake, lake.settings, given, datetime.fromisoformat(at), "")


def versions(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.connection.execute(
        "select order_code, version_no, level, is_withdrawn from lake.zone_order_history order by all"
    ).fetchall()


FIRST = ("O1", 1, "high", False)


def test_an_order_is_recorded_once_however_often_it_is_given(own: Lake) -> None:
    assert give(own, SEAL, DRAWN) == GivenOrders(recorded_count=2)
    assert give(own, DRAWN, SEAL) == GivenOrders(known_count=2)
    assert versions(own) == [FIRST, ("O2", 1, "medium", False), ("O4", 1, "high", False)]


def test_a_correction_and_a_withdrawal_are_versions_and_nothing_is_forgotten(own: Lake) -> None:
    give(own, SEAL)
    give(own, SEAL | {"level": "high"})
    give(own, {"order_code": "O2", "is_withdrawn": True})
    assert versions(own) == [FIRST, ("O2", 1, "medium", False), ("O2", 2, "high", False), ("O2", 3, None, True)]
    assert own.connection.execute("select order_code from lake.zone_order").fetchall() == [("O1",)]


def test_what_was_withdrawn_may_be_given_again(own: Lake) -> None:
    give(own, SEAL)
    give(own, {"order_code": "O2", "is_withdrawn": True})
    assert give(own, SEAL).recorded_count == 1
    assert ("O2",) in own.connection.execute("select order_code from lake.zone_order").fetchall()


def test_a_correction_is_believed_although_the_clock_went_back(own: Lake) -> None:
    give(own, SEAL, at="2022-08-02 08:00:00+08:00")
    give(own, SEAL | {"level": "high"}, at="2022-08-01 08:00:00+08:00")
    newest = own.connection.execute("select level, recorded_at from lake.zone_order where order_code = 'O2'").fetchone()
    assert newest == ("high", datetime(2022, 8, 2, 0, 0, 0, 1, tzinfo=UTC))


def test_an_order_that_lifts_takes_its_name_from_what_it_lifts(own: Lake) -> None:
    assert give(own, LIFT).is_taken
    by_order = {
        "order_code": "O5",
        "level": "lifted",
        "replaces_order_code": "O2",
        "effective_at": "2022-07-12 00:00:00",
    }
    assert give(own, SEAL, by_order).is_taken
    names = own.connection.execute("select order_code, zone_code, zone_name from lake.zone_order order by 1").fetchall()
    assert names[1:] == [("O2", "Z2", "会龙社区"), ("O3", "Z1", "侧贤里38号"), ("O5", "Z2", "会龙社区")]


IMPOSSIBLE: list[tuple[str, list[dict[str, Any]], list[tuple[str, str]]]] = [
    ("nothing given", [], [("", "")]),
    ("ends before it starts", [SEAL | {"ends_at": "2022-07-10 09:00:00"}], [("ends_at", "ends_before_start")]),
    ("unknown level", [SEAL | {"level": "very high"}], [("level", "wrong_value")]),
    ("no level", [SEAL | {"level": ""}], [("level", "missing_value")]),
    ("a time of no calendar", [SEAL | {"effective_at": "290309-12-22 (BC) 00:00:00"}], [("effective_at", "wrong_value")]),
    ("a time without end", [SEAL | {"effective_at": "infinity"}], [("effective_at", "wrong_value")]),
    ("half a character", [SEAL | {"extent_codes": "\ud800"}], [("extent_codes", "unknown_place")]),
    ("no time of effect", [SEAL | {"effective_at": ""}], [("effective_at", "missing_value")]),
    ("unreadable time", [SEAL | {"effective_at": "soon"}], [("effective_at", "wrong_value")]),
    ("no zone", [SEAL | {"zone_code": "", "zone_name": ""}], [("zone_code", "missing_value"), ("zone_name", "missing_value")]),
    ("unknown community", [SEAL | {"extent_codes": "C2;C7"}], [("extent_codes", "unknown_place")]),
    ("unknown building", [SEAL | {"extent_kind": "building"}], [("extent_codes", "unknown_place")]),
    ("unknown grid", [SEAL | {"extent_kind": "grid"}], [("extent_codes", "unknown_place")]),
    ("no extent", [SEAL | {"extent_kind": "", "extent_codes": ""}], [("extent_kind", "missing_extent")]),
    ("no codes", [SEAL | {"extent_codes": ""}], [("extent_codes", "missing_extent")]),
    ("two extents", [DRAWN | {"extent_codes": "C1"}], [("extent_codes", "two_extents")]),
    ("polygon and communities", [SEAL | {"polygon": DRAWN["polygon"]}], [("extent_kind", "two_extents")]),
    ("radius of a community", [SEAL | {"radius_m": 50}], [("radius_m", "radius_without_buildings")]),
    ("polygon promised", [SEAL | {"extent_kind": "polygon", "extent_codes": ""}], [("polygon", "empty_polygon")]),
    ("empty polygon", [DRAWN | {"polygon": {"type": "Polygon", "coordinates": []}}], [("polygon", "empty_polygon")]),
    ("a point", [DRAWN | {"polygon": {"type": "Point", "coordinates": [113.0, 22.5]}}], [("polygon", "no_polygon")]),
    ("no geometry at all", [DRAWN | {"polygon": "drawn by hand"}], [("extent_kind", "missing_extent"), ("polygon", "no_polygon")]),
    ("crosses itself", [DRAWN | {"polygon": {"type": "Polygon", "coordinates": [CROSSING]}}], [("polygon", "crossing_polygon")]),
    ("outside", [DRAWN | {"polygon": {"type": "Polygon", "coordinates": [AWAY]}}], [("polygon", "outside_district")]),
    ("two of one code", [SEAL, SEAL], [("order_code", "code_twice")]),
    ("lifting nothing", [LIFT | {"zone_code": "Z9"}], [("level", "not_in_force")]),
    ("lifting too early", [LIFT | {"effective_at": "2022-07-09 12:00:00"}], [("level", "not_in_force")]),
    ("lifting twice", [LIFT, LIFT | {"order_code": "O9", "effective_at": "2022-07-17 00:00:00"}], [("level", "not_in_force")]),
    ("lifting a part", [LIFT | {"extent_kind": "building", "extent_codes": "B2"}], [("extent_codes", "partial_lift")]),
    ("replacing an unknown order", [SEAL | {"replaces_order_code": "O0"}], [("replaces_order_code", "unknown_order")]),
    ("replacing itself", [SEAL | {"replaces_order_code": "O2"}], [("replaces_order_code", "replaces_itself")]),
    ("replacing before it holds", [SEAL | {"replaces_order_code": "O1", "effective_at": "2022-07-08 00:00:00", "issued_at": ""}],
     [("replaces_order_code", "not_in_force")]),
    ("withdrawing nothing", [{"order_code": "O8", "is_withdrawn": True}], [("is_withdrawn", "nothing_to_withdraw")]),
    ("recorded tomorrow", [SEAL | {"recorded_at": "2199-01-01 00:00:00"}], [("recorded_at", "recorded_in_future")]),
    ("a word of another form", [SEAL | {"colour": "red"}], [("colour", "unknown_column")]),
    ("all at once", [SEAL | {"level": "x", "extent_codes": "C9", "replaces_order_code": "O0"}, LIFT | {"zone_code": "Z9"}],
     [("extent_codes", "unknown_place"), ("level", "not_in_force"), ("level", "wrong_value"), ("replaces_order_code", "unknown_order")]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "told"), [case[1:] for case in IMPOSSIBLE], ids=[case[0] for case in IMPOSSIBLE])
def test_an_impossible_order_is_refused_with_every_reason(
    own: Lake, given: list[dict[str, Any]], told: list[tuple[str, str]]
) -> None:
    answer = give(own, *given)
    assert sorted((refusal.column, refusal.reason) for refusal in answer.refusals) == told
    assert all(refusal.message for refusal in answer.refusals)
    assert versions(own) == [FIRST]


def test_what_a_later_order_rests_on_is_not_taken_away_from_under_it(own: Lake) -> None:
    give(own, SEAL, LIFT)
    (refusal,) = give(own, {"order_code": "O1", "is_withdrawn": True}).refusals
    assert (refusal.reason, refusal.value) == ("still_needed", "O3")
    assert give(own, {"order_code": "O1", "is_withdrawn": True}, {"order_code": "O3", "is_withdrawn": True}).is_taken


def test_a_polygon_that_reaches_a_little_beyond_the_district_is_told_not_refused(own: Lake) -> None:
    beyond = json.loads(shapely.to_geojson(shapely.box(113.0, 22.502, 113.01, 22.512)))
    answer = give(own, DRAWN | {"polygon": beyond})
    assert answer.is_taken
    assert "m² of the polygon lie outside of the district" in answer.notes[0]


HEADER = "order_code,zone_code,zone_name,level,extent_kind,extent_codes,issued_at,effective_at,is_withdrawn\n"
O1_ROW = "O1,Z1,侧贤里38号,high,building,B1,2022-07-09 17:30:00,2022-07-09 18:00:00,\n"
O2_ROW = "O2,Z2,会龙社区,中,社区,C2,2022-07-10 08:00:00,2022-07-10 09:00:00,\n"


def test_a_file_adds_what_is_new_in_it_and_takes_nothing_away_unasked(empty_district: Settings, tmp_path: Path) -> None:
    settings = copy_of(empty_district, tmp_path / "home")
    file = tmp_path / "zones.csv"
    file.write_text(HEADER + O2_ROW, encoding="utf-8")
    summary = import_reference(settings, "zones", file)
    assert summary.orders is not None and (summary.orders.new_count, summary.orders.known_count) == (1, 0)
    assert any("1 orders of the lake are not in the file and stay as they are (O1)" in note for note in summary.notes)
    again = import_reference(settings, "zones", file, ImportOptions(is_replacing=True))
    assert again.orders is not None
    assert (again.orders.new_count, again.orders.known_count, again.orders.withdrawn_count) == (0, 1, 1)
    assert rows(settings, IN_FORCE) == [("O1", 1, "high", False), ("O1", 2, None, True), ("O2", 1, "medium", False)]


def test_polygons_come_from_a_map_file_in_any_system(empty_district: Settings, tmp_path: Path) -> None:
    settings = copy_of(empty_district, tmp_path / "home")
    order = {name: value for name, value in DRAWN.items() if name != "polygon"}
    feature = {"type": "Feature", "properties": order, "geometry": DRAWN["polygon"]}
    file = tmp_path / "zones.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    import_reference(settings, "zones", file)
    assert rows(settings, "select place_kind, place_code, is_whole from zone_place as p inner join zone_extent as e using (extent_no)"
                " where e.extent_kind = 'polygon' order by all") == [
        ("building", "B1", True), ("building", "B2", True), ("grid", "G1", False), ("grid", "G2", False), ("site", "S1", True),
    ]  # fmt: skip
    counts = "select building_count, household_count, resident_count, site_count from zone_extent where extent_kind = 'polygon'"
    assert rows(settings, counts) == [(2, 3, 9, 1)]
    order["order_code"], order["zone_code"] = "O5", "Z5"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    import_reference(settings, "zones", file, ImportOptions(LayerOptions(crs="gcj02")))
    drawn = rows(settings, "select geojson from zone_extent where geojson is not null order by extent_no")
    shapes = [shapely.from_geojson(text) for (text,) in drawn]
    assert len(shapes) == 2 and 0.002 < shapes[0].centroid.distance(shapes[1].centroid) < 0.008


def test_a_map_file_of_a_crossing_polygon_is_refused(empty_district: Settings, tmp_path: Path) -> None:
    settings = copy_of(empty_district, tmp_path / "home")
    order = {name: value for name, value in DRAWN.items() if name != "polygon"}
    feature = {"type": "Feature", "properties": order, "geometry": {"type": "Polygon", "coordinates": [CROSSING]}}
    file = tmp_path / "zones.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    with pytest.raises(ReferenceFileError, match=r"without crossing itself at 113\.005000, 22\.505000"):
        import_reference(settings, "zones", file)


def test_without_a_worker_whoever_gives_orders_writes_them(empty_district: Settings, tmp_path: Path) -> None:
    settings = copy_of(empty_district, tmp_path / "home")
    assert give_orders(settings, [SEAL], given_by="duty officer") == GivenOrders(recorded_count=1)
    assert rows(settings, "select order_code, recorded_by from zone_order order by 1") == [
        ("O1", None), ("O2", "duty officer"),
    ]  # fmt: skip
    assert give_orders(settings, [SEAL]).known_count == 1
    assert [refusal.reason for refusal in give_orders(settings, [SEAL | {"extent_codes": "C9"}]).refusals] == [
        "unknown_place"
    ]
    assert settings.orders_dir.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in settings.orders_dir.iterdir()] == ["taking.lock"]


def test_what_cannot_be_read_is_refused_and_keeps_nobody_from_his_work(own: Lake) -> None:
    folder = own.settings.orders_dir
    folder.mkdir(exist_ok=True)
    for name, text in (
        ("1", "{"),
        ("2", '{"orders": "x"}'),
        ("3", '{"orders": [1], "asked_at": "2022-07-10T00:00:00+08:00", "given_by": ""}'),
    ):
        (folder / f"{name}.request").write_text(text, encoding="utf-8")
    giving.take_requests(own, own.settings, lambda: None)
    answers = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.answer"))]
    assert [answer["refusals"][0]["reason"] for answer in answers] == ["unreadable"] * 3
    assert not giving.has_requests(own.settings)


KILLED = """
import os, signal, sys
from data.lake import open_lake
from data.orders import take_requests
from data.settings import Settings
with open_lake(Settings(home=__import__("pathlib").Path(sys.argv[1]))) as lake:
    lake.take_lease("import")
    take_requests(lake, lake.settings, lambda: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_beside_a_running_worker_orders_are_taken_by_it_and_survive_a_kill_before_the_answer(
    empty_district: Settings, tmp_path: Path
) -> None:
    settings = copy_of(empty_district, tmp_path / "home")
    giving._drop(settings, [SEAL], "")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(settings.home)], timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert giving.has_requests(settings)  # committed, not answered
    stop = threading.Event()
    worker = threading.Thread(target=watch_inbox, args=(settings, stop))
    worker.start()
    try:
        until = time.monotonic() + 60
        while giving.has_requests(settings) and time.monotonic() < until:
            time.sleep(0.1)
        assert give_orders(settings, [LIFT], wait_s=60).recorded_count == 1
        assert give_orders(settings, [LIFT | {"zone_code": "Z9"}], wait_s=60).refusals[0].reason == "not_in_force"
        assert rows(settings, IN_FORCE) == [
            ("O1", 1, "high", False),
            ("O2", 1, "medium", False),
            ("O3", 1, "lifted", False),
        ]
    finally:
        stop.set()
        worker.join(timeout=60)
    assert lake_rows(settings, "select count(*) from lake.zone_order_version") == [(3,)]


def _memory_lake() -> duckdb.DuckDBPyConnection:
    """The lake's tables in memory: what orders become does not depend on where they lie."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as lake; use lake")
    for path in sorted(SCHEMA_DIR.glob("[0-9]*_*.sql")):
        connection.execute(path.read_text(encoding="utf-8"))
    connection.execute(
        "insert into lake.community (community_code) values ('C1'), ('C2'); use memory; create schema staged"
    )
    return connection


def record(connection: duckdb.DuckDBPyConnection, given: list[dict[str, Any]]) -> None:
    records = giving._make_records(given)
    stage_records(connection, records, ZONES)
    findings = find_problems(connection, records, ZONES)
    judge_orders(connection, findings, records, datetime(2022, 8, 1, tzinfo=UTC))
    assert findings.problems == []
    record_orders(connection, datetime(2022, 8, 1, tzinfo=UTC))


stated = st.builds(
    lambda code, zone, level, day, hour, is_withdrawn: {
        "order_code": code, "zone_code": zone, "zone_name": zone, "level": level, "extent_kind": "community", "extent_codes": "C1",
        "effective_at": f"2022-07-{day:02} 00:00:00", "recorded_at": f"2022-07-10 {hour:02}:00:00", "is_withdrawn": is_withdrawn,
    },
    st.sampled_from("ABC"), st.sampled_from(("Z1", "Z2")), st.sampled_from(("high", "medium")), st.integers(1, 9), st.integers(0, 3),
    st.just(False),
)  # fmt: skip


@pytest.fixture(scope="module")
def memory_lake() -> duckdb.DuckDBPyConnection:
    return _memory_lake()


EXAMPLES = max(4, int(os.environ.get("WANGGE_TEST_ORDERS", "0")) // 20)
"""Sets of orders that are told in several orders; `make soak` asks for 50."""


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(given_orders=st.lists(stated, min_size=2, max_size=5), shuffle=st.randoms())
def test_whatever_the_order_of_files_the_same_is_believed(
    memory_lake: duckdb.DuckDBPyConnection, given_orders: list[dict[str, Any]], shuffle: Any
) -> None:
    shuffled = list(given_orders)
    shuffle.shuffle(shuffled)
    found = []
    for files in (given_orders, shuffled, [*shuffled, *given_orders]):
        memory_lake.execute("delete from lake.zone_order_version")
        for order in files:
            record(memory_lake, [order])
        found.append(
            memory_lake.execute("select * from lake.zone_order_history order by order_code, version_no").fetchall()
        )
    assert found[0] == found[1] == found[2]
