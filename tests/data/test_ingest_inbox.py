"""The inbox: what is taken, what is left alone, where files go, and what a restart finds."""

from __future__ import annotations

import os
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data.errors import LakeError
from data.ingest import ingest_paths, watch_inbox
from data.lake import open_lake
from data.settings import Settings
from data.situation import publish_situation
from tests.data.small_district import ADA, BO, lake_rows, line, rows, write_log
from tests.waiting import eventually


@pytest.fixture
def district(tmp_path: Path, empty_district: Settings) -> Settings:
    shutil.copytree(empty_district.home, tmp_path / "home")
    return Settings(home=tmp_path / "home", settle_seconds=0.2)


@contextmanager
def watching(settings: Settings) -> Iterator[None]:
    """A worker in a thread, stopped at the end; its failure is the test's."""
    stop, failures = threading.Event(), []

    def work() -> None:
        try:
            watch_inbox(settings, stop)
        except BaseException as error:
            failures.append(error)
            raise

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive() and not failures


def registered(settings: Settings) -> int:
    found = rows(settings, "select coalesce(sum(registered_count), 0) from site_bucket")[0][0]
    return int(found)


def test_a_file_is_taken_published_and_moved_to_done(district: Settings) -> None:
    with watching(district):
        write_log(district.inbox_dir / "baisha" / "a.csv", [line("S1", ADA, "08:00")])
        eventually(lambda: registered(district) == 1)
        eventually(lambda: len(list(district.done_dir.glob("baisha/*/a.csv"))) == 1)
    assert not list((district.taking_dir).rglob("*.csv"))


def test_unfinished_files_are_left_alone_until_they_are_renamed(district: Settings) -> None:
    folder = district.inbox_dir / "baisha"
    with watching(district):
        for name in ("a.csv.part", ".a.csv", "a.tmp"):
            write_log(folder / name, [line("S1", ADA, "08:00")])
        write_log(folder / "whole.csv", [line("S1", BO, "08:00")])
        eventually(lambda: registered(district) == 1)
        assert {path.name for path in folder.iterdir()} == {"a.csv.part", ".a.csv", "a.tmp"}
        (folder / "a.csv.part").rename(folder / "a.csv")
        eventually(lambda: registered(district) == 2)


def test_a_file_that_still_grows_is_waited_for(district: Settings) -> None:
    path = write_log(district.inbox_dir / "baisha" / "a.csv", [line("S1", ADA, "08:00")])
    with watching(district), path.open("a", encoding="utf-8") as file:
        for minute in range(10, 20):
            file.write(f"{line('S1', BO, f'08:{minute}')}\n")
            file.flush()
            time.sleep(0.05)
        eventually(lambda: registered(district) == 11)
    assert lake_rows(district, "select count(*) from lake.ingest_file") == [(1,)]


def test_refused_files_have_their_reason_beside_them(district: Settings) -> None:
    for path in (
        district.inbox_dir / "lost.csv",
        district.inbox_dir / "nowhere" / "b.csv",
        district.inbox_dir / "baisha" / "c.csv",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a,b,c\n1,2,3\n")
    with watching(district):
        eventually(lambda: len(list(district.refused_dir.rglob("*.reason.txt"))) == 3)
    reasons = {path.name: path.read_text() for path in district.refused_dir.rglob("*.reason.txt")}
    assert "folder of its feed" in reasons["lost.csv.reason.txt"]
    assert "no feed 'nowhere'" in reasons["b.csv.reason.txt"]
    assert "no header line was found" in reasons["c.csv.reason.txt"]


def test_of_an_archive_the_good_members_are_taken_and_the_reason_names_the_others(
    district: Settings, tmp_path: Path
) -> None:
    good = write_log(tmp_path / "good.csv", [line("S1", ADA, "08:00")])
    (district.inbox_dir / "baisha").mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(tmp_path / "week.zip", "w") as archive:
        archive.write(good, "good.csv")
        archive.writestr("bad.csv", "no,log\n1,2\n")
    (tmp_path / "week.zip").rename(district.inbox_dir / "baisha" / "week.zip")
    with watching(district):
        eventually(lambda: len(list(district.refused_dir.rglob("week.zip.reason.txt"))) == 1)
        eventually(lambda: registered(district) == 1)
    reason = next(district.refused_dir.rglob("week.zip.reason.txt")).read_text(encoding="utf-8")
    refused, taken = reason.split("Members that were taken:")
    assert "bad.csv: " in refused and "good.csv" not in refused
    assert taken.split() == ["good.csv"]


def test_a_restart_takes_first_what_the_last_worker_left(district: Settings, tmp_path: Path) -> None:
    committed = write_log(tmp_path / "baisha" / "committed.csv", [line("S1", ADA, "08:00")])
    ingest_paths(district, [committed])
    taking = district.taking_dir / "baisha"
    taking.mkdir(parents=True)
    shutil.copy(committed, taking)
    write_log(taking / "claimed.csv", [line("S1", BO, "08:00")])
    with watching(district):
        eventually(lambda: len(list(district.done_dir.rglob("*.csv"))) == 2)
    assert registered(district) == 2
    assert lake_rows(district, "select sum(accepted_count), sum(duplicate_count) from lake.ingest_file") == [(2, 0)]


def test_an_import_beside_a_running_worker_is_followed(district: Settings) -> None:
    with watching(district):
        eventually(lambda: district.key_path.exists())
        with open_lake(district) as lake:
            lake.take_lease("import")
            with lake.transaction() as connection:
                connection.execute(
                    "insert into lake.site select 'S3', * exclude (site_code) from lake.site where site_code = 'S1'"
                )
            publish_situation(lake, district)
        write_log(district.inbox_dir / "baisha" / "a.csv", [line("S3", ADA, "08:00")])
        eventually(lambda: registered(district) == 1)


def test_files_wait_in_the_inbox_until_there_is_reference_data(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", settle_seconds=0.1)
    path = write_log(settings.inbox_dir / "baisha" / "a.csv", [line("S1", ADA, "08:00")])
    with watching(settings):
        eventually(lambda: settings.situation_path.exists())
        time.sleep(0.5)
    assert path.exists()


def test_while_a_worker_watches_a_second_one_is_told_so(district: Settings, tmp_path: Path) -> None:
    write_log(tmp_path / "baisha" / "a.csv", [line("S1", ADA, "08:00")])
    with watching(district):
        eventually(lambda: district.key_path.exists())
        with pytest.raises(LakeError, match=f"process {os.getpid()}.*inbox"):
            ingest_paths(district, [tmp_path / "baisha"])
