"""What the worker says about itself, and what doctor and others make of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from data.doctor import examine
from data.settings import Settings
from data.worker_state import FILE_NAME, Waiting, WorkerState, judge_worker, read_worker_state, write_worker_state


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def say(settings: Settings, problem: str = "", age_s: float = 0.0, **waiting: Waiting) -> None:
    write_worker_state(settings, WorkerState(1, time.monotonic() - age_s, waiting, problem))


def test_what_is_written_is_read(settings: Settings) -> None:
    state = WorkerState(7, 12.5, {"baisha": Waiting(3, 1000, 2.0)}, "The disk is full.", 4.0)
    write_worker_state(settings, WorkerState(7, 1.0, {"a": Waiting(), "b": Waiting()}, "x" * 5000))
    write_worker_state(settings, state)
    assert read_worker_state(settings) == state


def test_half_a_word_is_no_word(settings: Settings) -> None:
    say(settings, "The disk is full.")
    path = settings.home / FILE_NAME
    path.write_bytes(path.read_bytes()[:40])
    assert read_worker_state(settings) is None


def test_a_home_in_which_no_worker_ran_has_none(settings: Settings) -> None:
    assert judge_worker(settings).status == "absent"


def test_a_worker_at_work_is_well(settings: Settings) -> None:
    say(settings, baisha=Waiting(2, 2_000_000, 1.0))
    judged = judge_worker(settings)
    assert (judged.status, judged.waiting.file_count) == ("ok", 2)


def test_a_worker_that_fails_says_why_and_what_waits(settings: Settings) -> None:
    say(settings, "var/lake: the disk is full.", age_s=500, baisha=Waiting(1234, 5_600_000, 61.0))
    judged = judge_worker(settings)
    assert judged.status == "failing"
    assert judged.message == (
        "The worker cannot work: var/lake: the disk is full. "
        "1,234 files (5.6 MB) wait in the inbox, the oldest for 61 s."
    )


def test_a_worker_whose_files_wait_long_does_not_keep_up(settings: Settings) -> None:
    say(settings, baisha=Waiting(1, 10, 1.0), huanshi=Waiting(9, 90, 31.0))
    judged = judge_worker(settings)
    assert judged.status == "behind"
    assert "10 files" in judged.message


@pytest.mark.parametrize("age_s", [100.0, -1000.0], ids=["long ago", "before this machine started"])
def test_a_worker_that_has_said_nothing_for_long_is_silent(settings: Settings, age_s: float) -> None:
    say(settings, age_s=age_s)
    assert judge_worker(settings).status == "silent"


def test_doctor_tells_what_keeps_the_worker_from_its_work(settings: Settings) -> None:
    say(settings, "var/lake: the disk is full.")
    found = [finding for finding in examine(settings) if finding.subject == "worker"]
    assert found[0].is_broken
    assert "the disk is full" in found[0].found
