"""Upkeep: what is joined, summed up, expired and removed by itself, and what must not be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import data.upkeep
from data.catalogue import METADATA
from data.ingest import ingest_paths
from data.ingest.reading import find_logs
from data.ingest.take import Taker
from data.lake import Lake, open_lake
from data.lake_files import list_present_files
from data.settings import Settings
from data.situation import publish_situation
from data.upkeep import Upkeep
from tests.data.small_district import STORY, empty_lake, make_district, rows, whole_situation, write_log


class Uptime:
    """A machine's clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.lead_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def uptime(monkeypatch: pytest.MonkeyPatch) -> Uptime:
    clock = Uptime()
    monkeypatch.setattr(data.upkeep, "read_uptime_s", clock)
    monkeypatch.setattr(data.upkeep, "read_lead_s", lambda: clock.lead_s)
    return clock


@pytest.fixture
def settings(tmp_path: Path, catalogue: str) -> Settings:
    if not catalogue:
        empty_lake(tmp_path / "home")
    return Settings(home=tmp_path / "home", catalogue=catalogue, retention_s=100)


@pytest.fixture
def lake(settings: Settings) -> Iterator[Lake]:
    with open_lake(settings) as opened:
        opened.take_lease("worker")
        yield opened


def add_feed(lake: Lake, code: str) -> None:
    with lake.transaction() as connection:
        connection.execute("insert into lake.feed (feed_code) values (?)", [code])


def feed_codes(lake: Lake) -> list[str]:
    return [row[0] for row in lake.connection.execute("select feed_code from lake.feed order by 1").fetchall()]


def feed_files(lake: Lake) -> list[Path]:
    return [Path(path) for _, path in lake.list_files(["feed"])]


def snapshot_count(lake: Lake) -> int:
    row = lake.connection.execute(f"select count(*) from {METADATA}.ducklake_snapshot").fetchone()
    assert row
    return int(row[0])


def test_small_files_are_joined_at_once_and_go_when_their_time_has_come(
    lake: Lake, settings: Settings, uptime: Uptime
) -> None:
    for number in range(5):
        add_feed(lake, f"f{number}")
    small = feed_files(lake)
    upkeep = Upkeep(lake, settings)
    assert upkeep.work().joined_files >= 5
    assert len(feed_files(lake)) == 1 and all(path.exists() for path in small)
    uptime.now_s += 99
    assert upkeep.work().removed_files == 0
    uptime.now_s += 1
    assert upkeep.work().removed_files >= 5
    assert not any(path.exists() for path in small)
    assert feed_codes(lake) == ["f0", "f1", "f2", "f3", "f4"] and lake.has_lease


def test_a_file_that_the_situation_in_place_names_stays_however_long(
    lake: Lake, settings: Settings, uptime: Uptime
) -> None:
    for number in range(3):
        with lake.transaction() as connection:
            connection.execute("insert into lake.household (household_code) values (?)", [f"H{number}"])
    publish_situation(lake, settings)
    named = [Path(path) for _, path in lake.list_files(["household"])]
    upkeep = Upkeep(lake, settings)
    for _ in range(3):
        upkeep.work()
        uptime.now_s += 1000
    assert len(named) == 3 and all(path.exists() for path in named)
    publish_situation(lake, settings)
    upkeep.work()
    assert all(path.exists() for path in named)
    uptime.now_s += 100
    upkeep.work()
    assert not any(path.exists() for path in named)


def test_a_file_left_by_a_killed_transaction_goes_in_its_time_and_others_never(
    lake: Lake, settings: Settings, uptime: Uptime
) -> None:
    add_feed(lake, "kept")
    upkeep = Upkeep(lake, settings)
    upkeep.work()
    orphan = settings.lake_data_dir / "main" / "feed" / "ducklake-left.parquet"
    orphan.write_bytes(b"half a file")
    foreign = settings.lake_data_dir / "notes.txt"
    foreign.write_text("not ours")
    assert upkeep.work().orphan_files == 1
    uptime.now_s += 100
    upkeep.work()
    assert (orphan.exists(), foreign.exists(), feed_codes(lake)) == (False, True, ["kept"])


def test_what_was_found_unneeded_is_remembered_over_a_restart_and_not_over_a_reboot(
    lake: Lake, settings: Settings, uptime: Uptime, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan = settings.lake_data_dir / "ducklake-left.parquet"
    orphan.write_bytes(b"half a file")
    Upkeep(lake, settings).work()
    uptime.now_s += 99
    monkeypatch.setattr(data.upkeep, "_read_boot", lambda: "another boot")
    Upkeep(lake, settings).work()
    uptime.now_s += 1
    Upkeep(lake, settings).work()
    assert orphan.exists()
    uptime.now_s += 99
    Upkeep(lake, settings).work()
    assert not orphan.exists()


def test_the_system_clock_may_jump_by_years_and_removes_nothing_early(
    lake: Lake, settings: Settings, uptime: Uptime, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_feed(lake, "a")
    add_feed(lake, "b")
    small = feed_files(lake)
    day = settings.done_dir / "baisha" / f"{datetime.now(UTC):%Y-%m-%d}"
    write_log(day / "a.csv", STORY)
    upkeep = Upkeep(lake, settings)
    upkeep.work()
    uptime.now_s += 4000
    upkeep.work()

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime(2036, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(data.upkeep, "datetime", Later)
    uptime.lead_s += 10 * 365 * 86_400
    uptime.now_s += 10
    add_feed(lake, "c")
    upkeep.work()
    assert day.exists() and snapshot_count(lake) > 1
    assert not any(path.exists() for path in small)


def test_snapshots_are_expired_after_the_retention(lake: Lake, settings: Settings, uptime: Uptime) -> None:
    upkeep = Upkeep(lake, settings)
    for number in range(6):
        add_feed(lake, f"f{number}")
    upkeep.work()
    assert snapshot_count(lake) > 6
    uptime.now_s += 100
    assert upkeep.work().expired_snapshots > 6
    assert snapshot_count(lake) < 5
    assert len(feed_codes(lake)) == 6


def test_large_files_are_joined_only_when_there_are_many(
    lake: Lake, settings: Settings, uptime: Uptime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data.upkeep, "LEVELS_BYTES", (10, 50_000, 100_000))
    upkeep = Upkeep(lake, settings)
    counts = []
    for number in range(data.upkeep.LEVEL_FILES):
        add_feed(lake, f"f{number}")
        upkeep.work()
        counts.append(len(feed_files(lake)))
    assert counts == [1, 2, 3, 4, 5, 6, 7, 1]


@pytest.mark.parametrize("catalogue", ["sqlite", pytest.param("postgres", marks=pytest.mark.soak)], indirect=True)
def test_deltas_are_summed_up_when_they_have_doubled_and_every_figure_stays(
    tmp_path: Path, catalogue: str, uptime: Uptime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data.upkeep, "SUM_ROWS_MIN", 2)
    settings = make_district(Settings(home=tmp_path / "home", catalogue=catalogue))
    with open_lake(settings) as lake:
        taker = Taker(lake, settings)
        for number, text in enumerate(STORY):
            taker.take(find_logs(write_log(tmp_path / "baisha" / f"{number:02}.csv", [text]), "baisha"))
        taker.publish()
        taker.close()
    before = whole_situation(settings)
    counted = "select (select count(*) from lake.site_bucket_delta) + (select count(*) from lake.grid_bucket_delta)"
    with open_lake(settings) as lake:
        lake.take_lease("worker")
        many = lake.connection.execute(counted).fetchone()
        Upkeep(lake, settings).work()
        few = lake.connection.execute(counted).fetchone()
        publish_situation(lake, settings)
    assert many and few and few[0] < many[0]
    assert whole_situation(settings) == before
    write_log(tmp_path / "baisha" / "again.csv", STORY)
    assert ingest_paths(settings, [tmp_path / "baisha" / "again.csv"]).accepted == 0
    assert whole_situation(settings, ["feed_state", "quarantine_count"]) == {
        name: table for name, table in before.items() if name not in ("feed_state", "quarantine_count")
    }


def test_days_of_done_files_go_after_keep_done_days(lake: Lake, settings: Settings, uptime: Uptime) -> None:
    today = datetime.now(UTC).date()
    for age in (0, 29, 31, 400):
        write_log(settings.done_dir / "baisha" / f"{today - timedelta(days=age)}" / "a.csv", STORY)
    write_log(settings.done_dir / "baisha" / "by hand" / "a.csv", STORY)
    forever = Upkeep(lake, replace(settings, keep_done_days=0))
    upkeep = Upkeep(lake, settings)
    for each in (forever, upkeep):
        assert each.work().removed_logs == 0
    uptime.now_s += 3601
    assert forever.work().removed_logs == 0
    assert upkeep.work().removed_logs == 2
    assert sorted(path.name for path in (settings.done_dir / "baisha").iterdir()) == [
        f"{today - timedelta(days=29)}", f"{today}", "by hand",
    ]  # fmt: skip


def test_it_is_due_after_many_commits_or_some_and_a_while_also_over_restarts(
    lake: Lake, settings: Settings, uptime: Uptime
) -> None:
    upkeep = Upkeep(lake, settings)
    assert not upkeep.is_due
    upkeep.work()
    for _ in range(data.upkeep.COMMITS - 1):
        upkeep.note_commit()
    upkeep.close()
    again = Upkeep(lake, settings)
    assert not again.is_due
    again.note_commit()
    assert again.is_due
    again.work()
    again.note_commit()
    uptime.now_s += 601
    assert again.is_due


@pytest.mark.soak
def test_the_state_of_upkeep_holds_no_more_than_what_waits(lake: Lake, settings: Settings, uptime: Uptime) -> None:
    upkeep = Upkeep(lake, settings)
    for number in range(20):
        add_feed(lake, f"f{number}")
        upkeep.work()
        uptime.now_s += 50
    state = json.loads((settings.lake_dir / data.upkeep.STATE_FILE).read_text())
    assert len(state["unneeded"]) < 25 and len(state["snapshots"]) <= 2
    assert len(list_present_files(settings.lake_data_dir)) < 35
    assert snapshot_count(lake) < 15


@pytest.mark.soak
def test_questions_over_rows_are_answered_after_upkeep(tmp_path: Path, catalogue: str, uptime: Uptime) -> None:
    settings = make_district(Settings(home=tmp_path / "home", catalogue=catalogue))
    for number, text in enumerate(STORY):
        write_log(tmp_path / "baisha" / f"{number:02}.csv", [text])
    ingest_paths(settings, [tmp_path / "baisha"])
    with open_lake(settings) as lake:
        lake.take_lease("worker")
        Upkeep(lake, settings).work()
        publish_situation(lake, settings)
    files = [path for (path,) in rows(settings, "select path from lake_file where table_name = 'registration_version'")]
    assert duckdb.sql(f"select count(*) from read_parquet({files})").fetchone() == (13,)
    assert all(Path(path).exists() for path in files)
