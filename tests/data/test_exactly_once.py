"""A worker killed at any moment, and started again, ends where one that was never killed ends."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data.ingest import ingest_paths
from data.settings import Settings
from tests.data.small_district import (
    ADA,
    BO,
    CAI,
    DI,
    differing_tables,
    lake_rows,
    line,
    make_district,
    whole_situation,
    write_log,
)
from tests.waiting import eventually

KILLS = int(os.environ.get("WANGGE_TEST_KILLS", "2"))
"""Kills in this session, half of them with each catalogue; `make soak` asks for 100."""
FILES = 40 if "WANGGE_TEST_KILLS" in os.environ else 24
WORKER = "import sys; from data.cli import main; sys.exit(main(['ingest', '--watch', '--home', sys.argv[1]]))"


def write_week(folder: Path) -> list[Path]:
    """Files in which people register, are sampled later, and are sent again."""
    chance = random.Random(7)
    paths = []
    for number in range(FILES):
        lines = []
        for _ in range(25):
            person, hour, minute = chance.choice((ADA, BO, CAI, DI)), chance.randrange(6, 21), chance.randrange(40)
            is_sampled = chance.random() < 0.5
            lines.append(line(chance.choice(("S1", "S2")), person, f"{hour:02}:{minute:02}",
                              f"{hour:02}:{minute + 19:02}" if is_sampled else "", unit="1" if is_sampled else "",
                              household=chance.choice(("H1", "H3", "H4", "")), grid=chance.choice(("G1", "G2", "G3", "G9"))))  # fmt: skip
        paths.append(write_log(folder / f"{number:03}.csv", lines))
    return paths


def start_worker(settings: Settings) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(settings.home)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def files_left(settings: Settings) -> int:
    return len({*settings.inbox_dir.rglob("*.csv")} - {*settings.done_dir.rglob("*.csv")})


def tear(settings: Settings, kills: int, chance: random.Random) -> None:
    """Starts a worker on what is in the inbox and kills it, so many times; then lets one finish."""
    for _ in range(kills):
        worker = start_worker(settings)
        left, deadline = files_left(settings), time.monotonic() + 60
        while worker.poll() is None and files_left(settings) == left and time.monotonic() < deadline:
            time.sleep(0.02)  # it works: now any moment of its work may be hit
        time.sleep(chance.random() * 0.5)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    worker = start_worker(settings)
    eventually(lambda: not files_left(settings) or worker.poll() is not None, every_s=0.1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert files_left(settings) == 0


@pytest.mark.parametrize("seed", range(max(1, KILLS // 8)))
def test_kill_9_at_random_moments_ends_in_the_same_situation(tmp_path: Path, catalogue: str, seed: int) -> None:
    calm = make_district(Settings(home=tmp_path / "calm"))
    torn = make_district(Settings(home=tmp_path / "torn", catalogue=catalogue))
    (torn.home / "settings.toml").write_text(
        f"settle_seconds = 0.0\nbatch_seconds = 0.0\nbatch_bytes = 6000\ncatalogue = {json.dumps(catalogue)}\n"
    )
    week = write_week(tmp_path / "week" / "baisha")
    shutil.copytree(tmp_path / "week" / "baisha", torn.inbox_dir / "baisha", dirs_exist_ok=True)
    ingest_paths(calm, [tmp_path / "week"])

    tear(torn, min(4, KILLS), random.Random(seed))
    ledger = "select count(*), sum(row_count), sum(accepted_count), sum(corrected_count), sum(duplicate_count) from lake.ingest_file"
    assert lake_rows(torn, ledger) == lake_rows(calm, ledger)
    assert lake_rows(torn, "select count(*) from lake.ingest_file") == [(len(week),)]
    assert whole_situation(torn) == whole_situation(calm)


@pytest.mark.soak
def test_kill_9_during_the_scenario_ends_in_the_same_situation(
    small_world: Settings, imported_world: Settings, tmp_path: Path
) -> None:
    torn = Settings(home=tmp_path / "torn")
    shutil.copytree(imported_world.home, torn.home, ignore=shutil.ignore_patterns(torn.scenario_dir.name))
    (torn.home / "settings.toml").write_text("settle_seconds = 0.0\nbatch_seconds = 0.0\nbatch_bytes = 300000\n")
    shutil.copytree(small_world.scenario_dir / "logs", torn.inbox_dir, dirs_exist_ok=True)
    tear(torn, 4, random.Random(9))
    files = "select file_name, file_sha256, row_count from lake.ingest_file order by all"
    assert lake_rows(torn, files) == lake_rows(small_world, files)
    assert differing_tables(torn, small_world) == []
