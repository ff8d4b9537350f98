"""The lake: opening, migrations, the lease, and what it says when something is wrong."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from data.catalogue import METADATA
from data.errors import LakeError
from data.lake import SCHEMA_DIR, LeaseLost, open_lake
from data.lake_errors import CatalogueLost, loss_explained
from data.lake_files import COMPARED_AS
from data.questions import Question, accepted_params, ask, read_questions
from data.settings import Settings
from data.situation import open_situation, publish_situation
from data.upkeep import Upkeep
from tests.data.postgres import PostgresServer


@pytest.fixture
def settings(tmp_path: Path, catalogue: str) -> Settings:
    return Settings(home=tmp_path / "home", catalogue=catalogue)


@pytest.fixture
def embedded(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def feed_codes(settings: Settings) -> list[str]:
    with open_lake(settings, is_read_only=True) as lake:
        return [row[0] for row in lake.connection.execute("select feed_code from lake.feed order by 1").fetchall()]


def test_the_schema_is_applied_once_and_recorded(settings: Settings) -> None:
    for _ in range(2):
        with open_lake(settings) as lake:
            found = lake.connection.execute("select number, file_name from lake.migration").fetchall()
            assert found == [(int(file.name[:3]), file.name) for file in sorted(SCHEMA_DIR.glob("*_*.sql"))]


def test_migrations_that_arrive_out_of_turn_are_applied_each_once(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "schema"
    folder.mkdir()
    monkeypatch.setattr("data.lake.SCHEMA_DIR", folder)
    for number, statement in (
        (1, (SCHEMA_DIR / "001_lake.sql").read_text()),
        (2, "create table second (x integer); insert into second values (2);"),
        (4, "alter table second add column y integer; update second set y = 4;"),
        (3, "create table third as select x, y from second;"),
    ):
        (folder / f"{number:03}_step.sql").write_text(statement)
        with open_lake(settings) as lake:
            applied = lake.connection.execute("select number from lake.migration order by applied_at").fetchall()
    assert applied == [(1,), (2,), (4,), (3,)]
    with open_lake(settings, is_read_only=True) as lake:
        assert lake.connection.execute("select x, y from lake.third").fetchall() == [(2, 4)]


def needed_params(question: Question) -> list[str]:
    """The parameters that must be given, besides the moment."""
    accepted = accepted_params(question, read_questions())
    return [name for name, param in accepted.items() if not param.has_default and name != "as_of"]


def test_questions_over_single_rows_read_files_that_are_older_than_their_columns(
    embedded: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "schema").mkdir()
    shutil.copy(SCHEMA_DIR / "001_lake.sql", tmp_path / "schema")
    with monkeypatch.context() as earlier:
        earlier.setattr("data.lake.SCHEMA_DIR", tmp_path / "schema")
        with open_lake(embedded) as lake:
            lake.take_lease("worker")
            with lake.transaction() as connection:
                connection.execute("""
                    insert into lake.registration_version values
                    ('S1', 'token'::blob, '2022-07-14 08:00:00+08', null, null, null, 'G1', null, null, null, 'baisha', 1, now())
                """)
    with open_lake(embedded) as lake:
        publish_situation(lake, embedded)
    situation = open_situation(embedded.situation_path)
    try:
        places = {"grid_code": "G1", "site_code": "S1", "round_code": "D"}
        answers = {
            name: ask(situation, name, "2022-07-14 12:00", **{one: places[one] for one in needed_params(question)})
            for name, question in read_questions().items()
            if question.reads == "rows"
        }
    finally:
        situation.close()
    assert answers["quality/registrations"].num_rows == 1
    assert answers["quality/withdrawals"].num_rows == 0


def test_a_migration_that_fails_leaves_nothing_behind(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "schema"
    folder.mkdir()
    monkeypatch.setattr("data.lake.SCHEMA_DIR", folder)
    (folder / "001_lake.sql").write_text((SCHEMA_DIR / "001_lake.sql").read_text())
    broken = folder / "002_broken.sql"
    broken.write_text("create table half (x integer); insert into half select no_such_column;")
    with pytest.raises(LakeError), open_lake(settings):
        pass
    broken.write_text("create table half (x integer);")
    with open_lake(settings) as lake:
        assert lake.connection.execute("select count(*) from lake.half").fetchone() == (0,)


def test_tables_that_never_held_a_row_are_known_to_be_empty_and_their_first_rows_are_found(settings: Settings) -> None:
    with open_lake(settings) as lake:
        unknown = (
            f"select count(*) from {METADATA}.ducklake_table where end_snapshot is null and table_id not in"
            f" (select table_id from {METADATA}.ducklake_table_stats)"
        )
        assert lake.connection.execute(unknown).fetchall() == [(0,)]
        lake.connection.execute("alter table lake.unit_event add column remark varchar")  # as a later release may
        lake.take_lease("import")
        for unit_no, event_at in ((5, "2022-07-14 08:00:00+08"), (9, "2022-07-12 08:00:00+08"), (1, None)):
            with lake.transaction() as connection:
                connection.execute(
                    "insert into lake.unit_event (site_code, unit_no, event_at, remark) values ('S', $no, $at, 'r' || $no)",
                    {"no": unit_no, "at": event_at},
                )
        for condition, found in (
            ("unit_no = 9", [9]), ("event_at < '2022-07-13'", [9]), ("event_at is null", [1]), ("remark = 'r5'", [5]),
        ):  # fmt: skip
            rows = lake.connection.execute(f"select unit_no from lake.unit_event where {condition}").fetchall()
            assert [row[0] for row in rows] == found, condition


def test_a_lake_of_a_newer_release_is_left_alone(settings: Settings) -> None:
    with open_lake(settings) as lake:
        lake.connection.execute("insert into lake.migration values (999, '999_later.sql', now())")
    with pytest.raises(LakeError, match="newer Wangge"), open_lake(settings):
        pass


def test_a_transaction_is_all_or_nothing(settings: Settings) -> None:
    with open_lake(settings) as lake:
        lake.take_lease("import")
        with pytest.raises(RuntimeError), lake.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values ('lost')")
            raise RuntimeError
        with lake.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values ('kept')")
    assert feed_codes(settings) == ["kept"]


def test_after_an_erasure_rows_are_found_by_columns_that_some_files_have_no_value_in(embedded: Settings) -> None:
    columns = "site_code, unit_no, sampled_at, is_withdrawn"
    with open_lake(embedded) as lake:
        lake.take_lease("worker")
        for change, rows in (
            (None, "('nothing known', null, null, null)"),
            (None, "('early', 1, '2022-07-14 01:00:00+00', false), ('late', 11, '2022-07-14 23:00:00+00', true), ('gone', 2, null, null)"),
            ("alter table lake.registration_version add column remark varchar", "('narrow', 9, '2022-07-14 12:00:00+00', false)"),
        ):  # fmt: skip
            if change:
                lake.connection.execute(change)
                with lake.transaction() as connection:
                    connection.execute("delete from lake.registration_version where site_code = 'gone'")
                lake.destroy_history()
            with lake.transaction() as connection:
                connection.execute(f"insert into lake.registration_version ({columns}) values {rows}")
        for where, site_code in (
            ("unit_no = 11", "late"), ("unit_no = 1", "early"), ("sampled_at > '2022-07-14 20:00:00+00'", "late"),
            ("sampled_at < '2022-07-14 02:00:00+00'", "early"), ("is_withdrawn", "late"),
        ):  # fmt: skip
            found = lake.connection.execute(f"select site_code from lake.registration_version where {where}").fetchall()
            assert found == [(site_code,)], where
        kinds = lake.connection.execute(f"select distinct column_type from {METADATA}.ducklake_column").fetchall()
        assert {kind for (kind,) in kinds} <= COMPARED_AS.keys() | {"list"}


def test_who_lost_the_lease_can_write_nothing(settings: Settings) -> None:
    with open_lake(settings) as worker, open_lake(settings) as importer:
        worker.take_lease("worker")
        importer.take_lease("import")
        with importer.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values ('import')")
        assert not worker.has_lease
        with pytest.raises(LeaseLost), worker.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values ('worker')")
    assert feed_codes(settings) == ["import"]


def test_a_transaction_without_a_lease_is_refused(settings: Settings) -> None:
    with open_lake(settings) as lake, pytest.raises(LeaseLost), lake.transaction() as connection:
        connection.execute("insert into lake.feed (feed_code) values ('x')")


@pytest.mark.parametrize("erased", ["feed_code like 'erased%'", "true"])
def test_destroying_history_leaves_no_byte_of_what_was_deleted(
    settings: Settings, postgres_server: PostgresServer, erased: str
) -> None:
    with open_lake(settings) as lake:
        lake.take_lease("import")
        for number in range(3):
            with lake.transaction() as connection:
                connection.execute(
                    "insert into lake.feed (feed_code) values (?), (?)", [f"erased-{number}", f"kept-{number}"]
                )
        Upkeep(lake, settings).work()
        orphan = settings.lake_data_dir / "main" / "feed" / "ducklake-left-by-a-kill.parquet"
        orphan.write_bytes(b"erased-orphan")
        with lake.transaction() as connection:
            connection.execute(f"delete from lake.feed where {erased}")
        destroyed = lake.destroy_history()
        assert destroyed.file_count > 2 and destroyed.snapshot_count > 0 and destroyed.byte_count > 1000
        with lake.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values ('later')")
    assert feed_codes(settings) == (["later"] if erased == "true" else ["kept-0", "kept-1", "kept-2", "later"])
    assert [path for path in settings.home.rglob("*") if path.is_file() and b"erased-" in path.read_bytes()] == []
    if settings.catalogue:
        database = settings.catalogue.partition("dbname=")[2].split()[0]
        assert postgres_server.holds(b"later", database) != []
        assert postgres_server.holds(b"erased-", database) == []


def test_history_is_destroyed_by_the_writer_only(settings: Settings) -> None:
    with open_lake(settings) as lake, pytest.raises(LeaseLost):
        lake.destroy_history()


def test_a_home_may_be_moved_as_a_whole(settings: Settings, tmp_path: Path) -> None:
    with open_lake(settings) as lake:
        lake.take_lease("import")
        with lake.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values ('kept')")
    settings.home.rename(tmp_path / "moved")
    assert feed_codes(replace(settings, home=tmp_path / "moved")) == ["kept"]


def test_reading_where_there_is_no_lake_names_the_next_step(settings: Settings) -> None:
    with pytest.raises(LakeError, match=r"There is no lake.*wangge import"), open_lake(settings, is_read_only=True):
        pass


def test_a_damaged_catalogue_is_told_from_other_troubles(embedded: Settings) -> None:
    embedded.lake_dir.mkdir(parents=True)
    (embedded.lake_dir / "catalogue.sqlite").write_bytes(b"no database at all" * 1000)
    with pytest.raises(LakeError, match=r"is damaged.*backup"), open_lake(embedded):
        pass


def test_an_error_quotes_no_value(settings: Settings) -> None:
    with open_lake(settings) as lake:
        lake.take_lease("import")
        with pytest.raises(LakeError) as caught, lake.transaction() as connection:
            connection.execute("insert into lake.household (resident_count) values ('19900000001')")
    assert "19900000001" not in str(caught.value)


def test_orders_of_an_older_lake_become_first_versions_known_since_they_were_issued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, catalogue: str
) -> None:
    older = tmp_path / "older"
    older.mkdir()
    for file in SCHEMA_DIR.glob("00[1-6]_*.sql"):
        shutil.copy(file, older)
    settings = Settings(home=tmp_path / "home", catalogue=catalogue)
    with monkeypatch.context() as patch:
        patch.setattr("data.lake.SCHEMA_DIR", older)
        with open_lake(settings) as lake:
            lake.connection.execute(
                """
                insert into lake.zone_order values
                    ('O1', 'Z1', '侧贤里38号、39号', null, 'high', 'building', '2022-07-09 17:30:00+08', '2022-07-09 18:00:00+08', null,
                        '党支部', 1);
                insert into lake.zone_extent values ('O1', 'B2'), ('O1', 'B1')
                """
            )
    with open_lake(settings) as lake:
        found = lake.connection.execute(
            "select order_code, version_no, recorded_at = issued_at, is_withdrawn, extent_codes, party_branch_name from lake.zone_order"
        ).fetchall()
        members = lake.connection.execute("select * from lake.zone_member order by all").fetchall()
    assert found == [("O1", 1, True, False, ["B1", "B2"], "党支部")]
    assert members == [("O1", "building", "B1"), ("O1", "building", "B2")]


def test_a_server_that_goes_away_in_any_statement_is_told_as_lost_and_other_failures_stay_what_they_are() -> None:
    with pytest.raises(CatalogueLost, match="the connection to it broke"), loss_explained("PostgreSQL, db:5432/lake"):
        raise duckdb.TransactionException('Failed to commit: Failed to execute query "ROLLBACK": ')
    with pytest.raises(duckdb.CatalogException), loss_explained("PostgreSQL, db:5432/lake"):
        raise duckdb.CatalogException("Table with name nothing does not exist!")
    with pytest.raises(duckdb.TransactionException), loss_explained(""):
        raise duckdb.TransactionException('Failed to execute query "ROLLBACK": ')
