"""A file over which workers die is found among those at work with it, and set aside; all others are taken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from data.ingest.inbox import Claim, Inbox
from data.ingest.suspects import Suspects
from data.settings import Settings
from tests.data.small_district import ADA, BO, CAI, copy_of, lake_rows, line, write_log

POISON = "poison.csv"
# one process that starts a worker again and again, as the supervisor does; the modules are loaded once
WORKERS = """
import os, signal, sys, threading, time
from pathlib import Path
import data.ingest.deliveries
from data.ingest.worker import watch_inbox
from data.settings import Settings

settings, whole = Settings(home=Path(sys.argv[1]), settle_seconds=0.0, batch_seconds=0.0), data.ingest.deliveries.find_logs

def read(path, feed_code):
    if "poison" in path.name:
        os.kill(os.getpid(), signal.SIGKILL)  # as the system does when memory is out
    return whole(path, feed_code)

def work():
    data.ingest.deliveries.find_logs = read
    stop = threading.Event()
    def end_when_empty():
        while not stop.is_set():
            left = [path for path in settings.inbox_dir.rglob("*.csv") if {"done", "refused"}.isdisjoint(path.parts)]
            if not left:
                stop.set()
            time.sleep(0.05)
    threading.Thread(target=end_when_empty, daemon=True).start()
    watch_inbox(settings, stop)

for start in range(int(sys.argv[2])):
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture
def district(tmp_path: Path, empty_district: Settings) -> Settings:
    return copy_of(empty_district, tmp_path / "home")


def start_workers(settings: Settings, count: int) -> list[str]:
    """How each of so many workers ended, one started after the other: "9" by a kill, "0" when nothing was left."""
    command = [sys.executable, "-c", WORKERS, str(settings.home), str(count)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_a_file_that_kills_the_worker_is_set_aside_and_all_others_are_taken(district: Settings) -> None:
    inbox = district.inbox_dir / "baisha"
    for number, person in enumerate((ADA, BO, CAI)):
        write_log(inbox / f"{number}.csv", [line("S1", person, "08:00")])
    write_log(inbox / POISON, [line("S1", ADA, "08:30")])
    assert start_workers(district, 5) == ["9", "9", "9", "9", "0"]
    assert lake_rows(district, "select file_name, accepted_count from lake.ingest_file order by 1") == [
        (f"{number}.csv", 1) for number in range(3)
    ]
    refused = district.refused_dir / "baisha" / POISON
    assert refused.is_file()
    reason = refused.with_name(f"{POISON}.reason.txt").read_text(encoding="utf-8")
    assert "died 4 times while it took this file, 3 times with no other" in reason
    assert "put it back into the folder of its feed" in reason


def claims_of(settings: Settings, *names: str) -> list[Claim]:
    """Files that a dead worker left."""
    for name in names:
        write_log(settings.taking_dir / "baisha" / name, [])
    return Inbox(settings).left


def die(settings: Settings, *at_work: str) -> Suspects:
    """What the next worker knows after one died that had these files at work."""
    left = claims_of(settings)
    before = Suspects(settings)
    before.count_deaths(left)
    before.begin([claim for claim in left if claim.name in at_work])
    after = Suspects(settings)
    after.count_deaths(left)
    return after


def test_the_company_of_a_suspect_becomes_smaller_with_every_death(district: Settings) -> None:
    names = [f"{number:03}" for number in range(300)]
    left = claims_of(district, *names)
    assert [len(group) for group in die(district, *names).group(left)] == [18] * 16 + [12]
    assert [len(group) for group in die(district, *names[:18]).group(left)][-18:] == [1] * 18


def test_a_file_that_was_never_alone_is_not_condemned_and_one_that_was_twice_neither(district: Settings) -> None:
    (one, other) = claims_of(district, "one", "other")
    for _ in range(9):
        suspects = die(district, "one", "other")
    assert (suspects.condemn(one), suspects.condemn(other)) == ("", "")
    for _ in range(2):
        assert die(district, "one").condemn(one) == ""
    suspects = die(district, "one")
    assert (suspects.condemn(one) != "", suspects.condemn(other)) == (True, "")


def test_what_came_through_or_was_committed_in_part_is_no_suspect_any_more(district: Settings) -> None:
    (one, other) = claims_of(district, "one", "other")
    suspects = die(district, "one", "other")
    suspects.end([one])
    suspects.absolve([other])
    assert suspects.group([one, other]) == []
    assert die(district).group([one, other]) == []


def test_an_orderly_end_leaves_no_suspect(district: Settings) -> None:
    (one,) = claims_of(district, "one")
    suspects = die(district)
    suspects.begin([one])
    suspects.close()
    assert die(district).group([one]) == []


def test_a_note_that_cannot_be_read_suspects_nobody(district: Settings) -> None:
    (one,) = claims_of(district, "one")
    (district.inbox_dir / ".at_work").write_bytes(b'{"at_work": ["baisha/on')
    suspects = Suspects(district)
    suspects.count_deaths([one])
    assert suspects.group([one]) == []
