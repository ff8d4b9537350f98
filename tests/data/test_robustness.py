"""What fails around the worker: it says what, loses and doubles nothing, and goes on by itself when it has passed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.clock import write_clock
from data.ingest import ingest_paths
from data.settings import Settings
from data.situation import open_situation
from data.worker_state import judge_worker
from tests.data.postgres import PostgresServer
from tests.data.small_district import ADA, BO, CAI, lake_rows, line, make_district, rows, write_log
from tests.data.worker_process import WORKER, fill_disk, read_log, small_disk, worker_at_work
from tests.waiting import eventually

TAKEN = "select count(*), sum(accepted_count), sum(duplicate_count) from lake.ingest_file"
QUICK = "settle_seconds = 0.0\nbatch_seconds = 0.1\n"


def district_in(home: Path, empty_district: Settings) -> Settings:
    shutil.copytree(empty_district.home, home)
    (home / "settings.toml").write_text(QUICK)
    return Settings(home=home, settle_seconds=0.0)


@pytest.fixture
def district(tmp_path: Path, empty_district: Settings) -> Settings:
    return district_in(tmp_path / "home", empty_district)


def deliver(settings: Settings, name: str, *lines: str) -> None:
    write_log(settings.inbox_dir / "baisha" / f"{name}.part", lines).rename(settings.inbox_dir / "baisha" / name)


def registered(settings: Settings) -> int:
    return int(rows(settings, "select coalesce(sum(registered_count), 0) from site_bucket")[0][0])


def is_done(settings: Settings, name: str) -> bool:
    return bool(list(settings.done_dir.glob(f"baisha/*/{name}")))


@pytest.fixture
def full_disk_district(tmp_path: Path, empty_district: Settings) -> Iterator[Settings]:
    with small_disk(tmp_path / "disk", 64) as problem:
        if problem:
            pytest.skip(problem)
        yield district_in(tmp_path / "disk" / "home", empty_district)


def test_on_a_full_disk_the_last_situation_stays_and_ingest_goes_on_by_itself_when_there_is_room(
    full_disk_district: Settings,
) -> None:
    settings = full_disk_district
    for name, person in (("b.csv.part", BO), ("c.csv.part", CAI)):  # on the disk before it is full
        write_log(settings.inbox_dir / "baisha" / name, [line("S1", person, "08:10")])
    with worker_at_work(settings) as worker:
        deliver(settings, "a.csv", line("S1", ADA, "08:00"))
        eventually(lambda: is_done(settings, "a.csv") and registered(settings) == 1)
        ballast = fill_disk(settings.home.parent)
        for name in ("b.csv", "c.csv"):
            (settings.inbox_dir / "baisha" / f"{name}.part").rename(settings.inbox_dir / "baisha" / name)
        eventually(lambda: judge_worker(settings).status == "failing")
        assert "the disk is full" in judge_worker(settings).message
        assert registered(settings) == 1
        time.sleep(4)  # it tries again meanwhile, in vain
        assert worker.poll() is None
        assert registered(settings) == 1
        ballast.unlink()
        eventually(lambda: registered(settings) == 3)
        eventually(lambda: judge_worker(settings).status == "ok")
        eventually(lambda: is_done(settings, "b.csv") and is_done(settings, "c.csv"))
    assert lake_rows(settings, TAKEN) == [(3, 3, 0)]
    assert "Traceback" not in read_log(settings)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing can be written below this folder for a while; skips the test where this user cannot have that."""
    bind = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, text=True, check=False)
    if bind.returncode:
        pytest.skip(f"no folder can be made read-only for this user: {bind.stderr.strip()}")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


PLACES = ("lake/data", "inbox/done", "inbox/taking")


@pytest.mark.parametrize("place", PLACES if "WANGGE_TEST_KILLS" in os.environ else PLACES[:1])  # `make soak`: each
def test_a_folder_that_is_read_only_for_a_while_is_waited_for(district: Settings, place: str) -> None:
    with worker_at_work(district) as worker:
        deliver(district, "a.csv", line("S1", ADA, "08:00"))
        eventually(lambda: is_done(district, "a.csv") and registered(district) == 1)
        with read_only(district.home / place):
            deliver(district, "b.csv", line("S1", BO, "08:00"))
            eventually(lambda: judge_worker(district).status == "failing")
            assert "cannot be written" in judge_worker(district).message
            assert worker.poll() is None
        eventually(lambda: registered(district) == 2 and is_done(district, "b.csv"))
        eventually(lambda: judge_worker(district).status == "ok")
    assert lake_rows(district, TAKEN) == [(2, 2, 0)]
    assert "Traceback" not in read_log(district)


def test_a_home_that_is_a_file_or_cannot_be_made_is_told_in_one_paragraph(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    done = subprocess.run(
        [sys.executable, "-c", WORKER, str(tmp_path / "home")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_lost_database_is_waited_for_and_nothing_is_lost_or_doubled(
    tmp_path: Path, postgres_server: PostgresServer, postgres_catalogue: str
) -> None:
    settings = make_district(Settings(home=tmp_path / "home", catalogue=postgres_catalogue))
    (settings.home / "settings.toml").write_text(f'{QUICK}catalogue = "{postgres_catalogue}"\n')
    with worker_at_work(settings) as worker:
        deliver(settings, "0.csv", line("S1", ADA, "08:00"))
        eventually(lambda: is_done(settings, "0.csv"))
        for number in range(1, 9):
            deliver(settings, f"{number}.csv", line("S1", BO, f"08:{number:02}"))
            if number % 4 == 0:
                postgres_server.drop_connections()
            time.sleep(0.3)
        eventually(lambda: registered(settings) == 9)
        postgres_server.stop()
        deliver(settings, "9.csv", line("S1", CAI, "08:00"))
        eventually(lambda: judge_worker(settings).status == "failing")
        assert registered(settings) == 9
        assert worker.poll() is None
        postgres_server.start()
        eventually(lambda: registered(settings) == 10)
        eventually(lambda: judge_worker(settings).status == "ok")
    assert lake_rows(settings, TAKEN) == [(10, 10, 0)]
    assert "Traceback" not in read_log(settings)


def test_a_second_worker_of_the_same_machine_is_refused_and_names_the_first(district: Settings) -> None:
    with worker_at_work(district) as first:
        deliver(district, "a.csv", line("S1", ADA, "08:00"))
        eventually(lambda: is_done(district, "a.csv"))
        second = subprocess.run(
            [sys.executable, "-c", WORKER, str(district.home)], capture_output=True, text=True, check=False, timeout=120
        )
        assert second.returncode == 1
        assert f"process {first.pid}" in second.stderr
        deliver(district, "b.csv", line("S1", BO, "08:00"))
        eventually(lambda: is_done(district, "b.csv"))
    assert lake_rows(district, TAKEN) == [(2, 2, 0)]


SHIFTED = """
import sys, datetime as module, data.clock
real = module.datetime
class shifted(real):
    @classmethod
    def now(cls, tz=None):
        return real.now(tz) + module.timedelta(days=DAYS)
data.clock.datetime = shifted
import data.ingest.inbox; data.ingest.inbox.datetime = shifted
from data.cli import main; sys.exit(main(['ingest', '--watch', '--home', sys.argv[1]]))
"""
"""A worker on a machine whose clock is DAYS wrong."""


@pytest.mark.soak
def test_a_clock_that_jumps_a_year_and_back_loses_nothing(district: Settings) -> None:
    for name, days, person in (("a.csv", 0, ADA), ("b.csv", 365, BO), ("c.csv", 0, CAI)):
        with worker_at_work(district, SHIFTED.replace("DAYS", str(days))):
            deliver(district, name, line("S1", person, "08:00"))
            eventually(lambda name=name: is_done(district, name))  # type: ignore[misc]
    assert lake_rows(district, TAKEN) == [(3, 3, 0)]
    assert registered(district) == 3
    situation = open_situation(district.situation_path)
    try:
        assert situation.as_of is not None and situation.as_of.year == 2022
    finally:
        situation.close()


def test_lines_that_lie_ahead_of_a_clock_that_fell_back_are_set_aside_and_not_lost(
    district: Settings, tmp_path: Path
) -> None:
    write_log(tmp_path / "logs" / "baisha" / "a.csv", [line("S1", ADA, "08:00"), line("S1", BO, "23:00")])

    write_clock(district.home, datetime(2022, 7, 14, 1, tzinfo=UTC), 0.0, None)
    summary = ingest_paths(district, [tmp_path / "logs"])
    assert (summary.accepted, summary.quarantined) == (1, 1)
    assert lake_rows(district, "select reason from lake.quarantine") == [("in_future",)]
