"""The situation file: what a reader may rely on, and what it says when it cannot be read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import shapely

import data.publication
from data.errors import LakeError, SituationError
from data.ingest import ingest_paths
from data.ingest.reading import find_logs
from data.ingest.take import Taker
from data.lake import open_lake
from data.publication import SCHEMA_FILE, Publisher
from data.questions import ask
from data.settings import Settings
from data.situation import Situation, SituationEngine, mark_orders, open_situation, publish_situation
from tests.data.small_district import (
    ADA,
    BO,
    CAI,
    DI,
    line,
    make_district,
    rows,
    shared_district,
    whole_situation,
    write_log,
)


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_district(Settings(home=tmp_path_factory.mktemp("situation") / "home"))


def test_before_any_log_it_holds_the_reference_data_and_no_moment(district: Settings) -> None:
    situation = open_situation(district.situation_path)
    assert (situation.as_of, situation.is_synthetic) == (None, True)
    assert situation.published_at <= datetime.now(UTC)
    situation.close()
    assert rows(district, "select grid_code, town_code, resident_count, household_count, building_count, vulnerable_count from grid") == [
        ("G1", "T1", 5, 2, 1, 1), ("G2", "T1", 4, 1, 1, 0), ("G3", "T1", 10, 1, 1, 2),
    ]  # fmt: skip


def test_a_grid_belongs_to_the_target_of_the_narrowest_of_overlapping_rounds(district: Settings) -> None:
    assert rows(district, "select round_code, grid_code, target_count, household_count from round_grid order by all") == [
        ("D", "G3", 10, 1), ("M", "G1", 5, 2), ("M", "G2", 4, 1),
    ]  # fmt: skip
    assert rows(district, "select round_code, target_count from round order by 1") == [("D", 10), ("M", 9)]


def test_neighbours_share_their_vertices_and_grids_make_up_their_community_and_the_district(district: Settings) -> None:
    shapes = {
        (kind, code): shapely.from_geojson(text)
        for kind, code, text in rows(district, "select kind, code, geojson from geometry where kind <> 'grid_ranks'")
    }
    assert shapes["grid", "G1"].intersection(shapes["grid", "G2"]).geom_type == "LineString"
    for kind, code, grids in (("community", "C1", ("G1", "G2")), ("district", "", ("G1", "G2", "G3"))):
        assert shapes[kind, code].equals(shapely.union_all([shapes["grid", grid] for grid in grids]))
    ground = json.loads(rows(district, "select geojson from zone_member")[0][0])
    assert ground["type"] == "Polygon" and len(ground["coordinates"][0]) == 17


def test_a_reader_keeps_the_state_it_opened_while_a_newer_one_takes_its_place(tmp_path: Path) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    before = open_situation(settings.situation_path)
    write_log(tmp_path / "baisha" / "a.csv", [line("S1", ADA, "08:01")])
    ingest_paths(settings, [tmp_path / "baisha"])
    after = open_situation(settings.situation_path)
    assert after.sequence > before.sequence
    assert after.geometry_hash == before.geometry_hash
    counts = [state.connection.execute("select count(*) from site_bucket").fetchone() for state in (before, after)]
    assert counts == [(0,), (1,)]
    for state in (before, after):
        with pytest.raises(duckdb.Error, match="read-only"):
            state.connection.execute("delete from site_bucket")
        state.close()


def test_one_engine_has_a_file_open_beside_the_one_it_replaced_and_outlives_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "situation.duckdb"

    def put(statement: str) -> None:
        aside = tmp_path / "aside.duckdb"
        shutil.copy(shared_district().situation_path, aside)
        with duckdb.connect(str(aside)) as connection:
            connection.execute(statement)
        aside.replace(path)

    def name_towns(situation: Situation) -> set[str]:
        return {row["town_name"] for row in ask(situation, "map/towns").to_pylist()}

    engine = SituationEngine()
    put("update town set town_name = 'older'")
    older = engine.open(path)
    put("update town set town_name = 'newer'; update zone_order set level = 'low'")
    newer = engine.open(path)
    assert (name_towns(older), name_towns(newer)) == ({"older"}, {"newer"})
    assert mark_orders(older) != mark_orders(newer)
    older.close()
    older.close()
    (tmp_path / "aside.duckdb").write_bytes(b"not a database")
    (tmp_path / "aside.duckdb").replace(path)
    with pytest.raises(SituationError, match="damaged"):
        engine.open(path)
    assert name_towns(newer) == {"newer"}
    newer.close()
    put("update town set town_name = 'newest'")
    newest = engine.open(path)
    assert name_towns(newest) == {"newest"}
    newest.close()


def test_publishing_anew_from_the_lake_gives_what_the_worker_published(tmp_path: Path) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    write_log(tmp_path / "baisha" / "a.csv", [line("S1", ADA, "08:01", "08:20", unit="1"), line("S2", BO, "20:00")])
    ingest_paths(settings, [tmp_path / "baisha"])
    query = "select * from site_bucket union all select round_code, site_code, channel, 0, 0, unit_no, 0 from round_unit order by all"
    query = query.replace("round_code, site_code", "null, site_code")
    worker = rows(settings, query)
    with open_lake(settings) as lake:
        publish_situation(lake, settings)
    assert rows(settings, query) == worker


def test_a_check_in_counts_in_the_grid_of_its_post_and_elsewhere_at_home(tmp_path: Path) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    posts = {"site": "S2", "building": "B2", "grid": "G3", "vehicle": "V1"}
    lines = [
        f"P1,check_in,2022-07-14 08:0{i}:00,{kind},{code}," for i, (kind, code) in enumerate(posts.items(), start=1)
    ]
    write_log(
        tmp_path / "checkin" / "a.csv", lines, header="staff_code,event,event_at,post_kind,post_code,whistle_code"
    )
    ingest_paths(settings, [tmp_path / "checkin"])
    assert rows(settings, "select post_kind, grid_code from staff_event order by event_at") == [
        ("site", "G3"), ("building", "G2"), ("grid", "G3"), ("vehicle", "G1"),
    ]  # fmt: skip


def test_the_geometry_hash_changes_with_a_name_on_the_map(tmp_path: Path) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    hashes = []
    for name in ("东华名岸", "东华名苑"):
        with open_lake(settings) as lake:
            lake.take_lease("import")
            with lake.transaction() as connection:
                connection.execute("update lake.site set site_name = ? where site_code = 'S1'", [name])
            publish_situation(lake, settings)
        situation = open_situation(settings.situation_path)
        hashes.append(situation.geometry_hash)
        situation.close()
    assert hashes[0] != hashes[1]


def test_it_names_the_parquet_files_that_hold_the_rows(tmp_path: Path) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    write_log(tmp_path / "baisha" / "a.csv", [line("S1", ADA, "08:01")])
    ingest_paths(settings, [tmp_path / "baisha"])
    files = [path for (path,) in rows(settings, "select path from lake_file where table_name = 'registration_version'")]
    assert duckdb.sql(f"select count(*) from read_parquet({files})").fetchone() == (1,)


def test_a_missing_a_damaged_and_a_foreign_file_each_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SituationError, match=r"There is no situation yet.*wangge run --demo"):
        open_situation(tmp_path / "situation.duckdb")
    damaged = tmp_path / "damaged.duckdb"
    damaged.write_bytes(b"no database at all" * 1000)
    with pytest.raises(SituationError, match=r"damaged.*Remove it"):
        open_situation(damaged)
    foreign = tmp_path / "foreign.duckdb"
    with duckdb.connect(str(foreign)) as connection:
        connection.execute("create table something (x integer)")
    with pytest.raises(SituationError, match="no situation file"):
        open_situation(foreign)
    newer = tmp_path / "newer.duckdb"
    with duckdb.connect(str(newer)) as connection:
        connection.execute(SCHEMA_FILE.read_text(encoding="utf-8"))
        connection.execute("insert into meta (schema_version) values (999)")
    with pytest.raises(SituationError, match=r"has schema 999.*publishes the situation anew"):
        open_situation(newer)


def test_a_home_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(LakeError, match=r"cannot be written.*--home"),
        open_lake(Settings(home=tmp_path / "file" / "home")),
    ):
        pass


def test_files_that_come_late_one_by_one_write_the_old_buckets_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    written: list[bool] = []
    write_base = Publisher._write_base

    def note(publisher: Publisher, as_of: datetime | None) -> None:
        written.append(True)
        write_base(publisher, as_of)

    monkeypatch.setattr(Publisher, "_write_base", note)
    with open_lake(settings) as lake:
        taker = Taker(lake, settings)
        for number, moment in enumerate(("20:00", "07:10", "07:40", "08:10")):
            path = write_log(tmp_path / f"{number}.csv", [line("S1", ADA, moment, f"{moment[:3]}50", unit="1")])
            taker.take(find_logs(path, "baisha"))
            taker.publish()
        taker.close()
    query = "select bucket_start_at, registered_count, sampled_count from site_bucket order by all"
    worker = rows(settings, query)
    assert len(written) == 2
    with open_lake(settings) as lake:
        publish_situation(lake, settings)
    assert len(worker) == 7
    assert rows(settings, query) == worker


def test_old_buckets_are_written_from_the_first_that_changed_on_and_say_the_same_as_all_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.publication.RECENT_ROWS_MAX", 0)  # every publication moves the cut to two hours ago
    monkeypatch.setattr("data.publication.LATE_ROWS_MAX", 0)
    settings = make_district(Settings(home=tmp_path / "home"))
    rewritten: list[tuple[bool, bool]] = []
    execute_each = data.publication.execute_each

    def note(connection: duckdb.DuckDBPyConnection, script: str, values: Mapping[str, datetime | str | None]) -> None:
        is_deleting = script == data.publication.DELETE_BUCKETS
        before = _count_old(connection) if is_deleting else 0
        execute_each(connection, script, values)
        if is_deleting:
            left = _count_old(connection)
            rewritten.append((left < before, left > 0))

    monkeypatch.setattr("data.publication.execute_each", note)
    with open_lake(settings) as lake:
        taker = Taker(lake, settings)
        for number, (moment, person) in enumerate(
            [("07:30", ADA), ("11:00", BO), ("19:00", CAI), ("09:10", DI), ("21:00", DI), ("06:40", BO)]
        ):  # fmt: skip
            write_log(
                tmp_path / f"{number}.csv", [line("S1", person, moment, f"{moment[:3]}50", unit="1", household="H1")]
            )
            (tmp_path / f"{number}.staff.csv").write_text(
                f"staff_code,event,event_at,post_kind,post_code\nP1,check_in,2022-07-14 {moment}:01,site,S1\n"
            )
            (tmp_path / f"{number}.unit.csv").write_text(
                f"site_code,unit_no,event,event_at\nS1,1,open,2022-07-14 {moment}:02\n"
            )
            names = (f"{number}.csv", f"{number}.staff.csv", f"{number}.unit.csv")
            taker.take([log for name in names for log in find_logs(tmp_path / name, "baisha")])
            taker.publish()
        taker.close()
    none, some, all_rows = (False, True), (True, True), (True, False)
    assert rewritten == [(False, False), none, some, none, all_rows]
    worker = whole_situation(settings)
    with open_lake(settings) as lake:
        publish_situation(lake, settings)
    assert len(worker["staff_event"]) == len(worker["unit_event"]) == 6
    assert whole_situation(settings) == worker


def _count_old(connection: duckdb.DuckDBPyConnection) -> int:
    """Rows of all buckets and events in the file that is being written."""
    tables = ("site_bucket", "grid_bucket", "feed_bucket", "staff_event", "unit_event", "round_unit")
    counts = " + ".join(f"(select count(*) from aside.{table})" for table in tables)
    return int(connection.execute(f"select {counts}").fetchone()[0])  # type: ignore[index]


def test_a_new_order_costs_its_own_extent_and_leaves_the_map_as_it_is(tmp_path: Path) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    insert = """
        insert into lake.zone_order_version by name select 'O2' as order_code, now() as recorded_at, false as is_withdrawn,
            'Z2' as zone_code, '会龙' as zone_name, 'low' as level, 'building' as extent_kind, ['B3'] as extent_codes,
            now() as issued_at, now() as effective_at
        """
    orders = "select order_code, member_code from zone_order inner join zone_member using (extent_no) order by all"
    with open_lake(settings) as lake:
        lake.take_lease("import")
        publisher = Publisher(lake, settings)
        publisher.load()
        publisher.publish()
        before = rows(settings, "select geometry_hash from meta")
        with lake.transaction() as connection:
            connection.execute(insert)
        publisher.expect_orders()
        publisher.publish()
        at_once = rows(settings, orders)
        publisher.load()  # as after an import of something else
        publisher.publish()
        publisher.close()
    assert rows(settings, "select geometry_hash from meta") == before
    assert publisher.drawn_count == 2
    assert at_once == rows(settings, orders) == [("O1", "B1"), ("O2", "B3")]
