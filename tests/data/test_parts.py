"""A long file is taken part by part; whatever interrupts it, each of its lines is taken once."""

from __future__ import annotations

import io
import itertools
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from tqdm import tqdm

import data.commands.taking
import data.ingest.batch
import data.ingest.reading.delimited
from data.cli import main
from data.errors import LakeError
from data.ingest import IngestSummary
from data.ingest.batch import ReadBatch, let_go
from data.ingest.reading import find_logs
from data.ingest.reading.encodings import TextBlocks
from data.ingest.take import Taker
from data.lake import open_lake
from data.settings import Settings
from tests.data.small_district import (
    ADA,
    BO,
    CAI,
    DI,
    differing_tables,
    lake_rows,
    line,
    rows,
    whole_situation,
    write_log,
)
from tests.waiting import eventually

PART_BYTES, BLOCK_BYTES = 2_000, 500
LEDGER = """
select sum(row_count), sum(accepted_count), sum(corrected_count), sum(duplicate_count), sum(quarantined_count) from lake.ingest_file
"""


class Interrupted(Exception):
    """The worker was stopped between two transactions."""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data.ingest.reading.delimited, "PART_BYTES", PART_BYTES)
    monkeypatch.setattr(data.ingest.batch, "PART_BYTES", PART_BYTES)
    monkeypatch.setattr(TextBlocks.__init__, "__defaults__", (BLOCK_BYTES,))


def copy_of(district: Settings, home: Path) -> Settings:
    shutil.copytree(district.home, home)
    return Settings(home=home, batch_bytes=PART_BYTES)


@pytest.fixture
def district(tmp_path: Path, empty_district: Settings) -> Settings:
    return copy_of(empty_district, tmp_path / "home")


def write_long_log(path: Path, lines: int = 120) -> Path:
    """Four people again and again: corrections, repeats and bad lines lie in other parts than what they repeat."""
    told = []
    for number in range(lines):
        person, hour, minute = (ADA, BO, CAI, DI)[number % 4], 7 + number % 3, number % 30
        sampled = f"{hour:02}:{minute + 20:02}" if number > lines // 2 else ""
        told.append(line("S9" if number % 29 == 0 else "S1", person, f"{hour:02}:{minute:02}", sampled, household="H1"))
    return write_log(path, told)


def take(home: Settings, path: Path, transactions: int = 1000) -> IngestSummary:
    """Takes the file and publishes; stops after so many transactions."""
    left = iter(range(transactions - 1))

    def stop_at_last(_: IngestSummary) -> None:
        if next(left, None) is None:
            raise Interrupted

    with open_lake(home) as lake:
        taker = Taker(lake, home)
        try:
            taker.load()
            summary = taker.take(find_logs(path, "baisha"), stop_at_last)
            taker.publish()
            return summary
        finally:
            taker.close()


def test_a_long_file_is_committed_part_by_part_and_counts_as_one_file(district: Settings, tmp_path: Path) -> None:
    summary = take(district, write_long_log(tmp_path / "long.csv"))
    parts = lake_rows(
        district, "select part_no, last_line_no, is_last, byte_count > 0 from lake.ingest_file order by part_no"
    )
    assert len(parts) > 4
    assert [part for part, *_ in parts] == list(range(len(parts)))
    assert [is_last for *_, is_last, _ in parts] == [False] * (len(parts) - 1) + [True]
    assert [has_bytes for *_, has_bytes in parts] == [True] + [False] * (len(parts) - 1)
    assert parts[-1][1] == 121
    assert (summary.files, summary.lines) == (1, 120)
    assert rows(district, "select file_count, row_count from feed_state where feed_code = 'baisha'") == [(1, 120)]


def overtake(monkeypatch: pytest.MonkeyPatch, home: Settings, calls: Sequence[int], then: Callable[[], object]) -> None:
    """Has an import become the writer, and something else happen, just after the batches of these numbers were checked."""
    number = itertools.count()

    def let_go_and_lose(batch: ReadBatch) -> None:
        let_go(batch)
        if next(number) in calls:
            then()
            with open_lake(home) as lake:
                lake.take_lease("import")

    monkeypatch.setattr("data.ingest.take.let_go", let_go_and_lose)


def test_parts_that_an_import_comes_before_are_read_again_and_taken_once(
    district: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_long_log(tmp_path / "long.csv", lines=70)
    undisturbed = copy_of(district, tmp_path / "undisturbed")
    take(undisturbed, path)
    overtake(monkeypatch, district, [0, 3], then=int)
    take(district, path)
    assert differing_tables(district, undisturbed) == []
    assert lake_rows(district, LEDGER) == lake_rows(undisturbed, LEDGER)


def test_a_part_that_says_something_else_when_it_is_read_again_is_not_taken(
    district: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_long_log(tmp_path / "long.csv", lines=70)
    overtake(monkeypatch, district, [1], then=lambda: write_long_log(path, lines=30))
    with pytest.raises(LakeError, match=r"long\.csv was changed while it was being taken"):
        take(district, path)
    assert lake_rows(district, "select count(*) from lake.ingest_file") == [(1,)]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.soak
def test_a_long_file_shows_bytes_and_rows_on_a_terminal_part_by_part_and_nothing_elsewhere(
    district: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_long_log(tmp_path / "long.csv")
    (district.home / "settings.toml").write_text(f"batch_bytes = {PART_BYTES}\n")
    command = ["ingest", "--home", str(district.home), "--feed", "baisha", str(path)]
    monkeypatch.setattr(data.commands.taking, "tqdm", partial(tqdm, mininterval=0, ncols=200))
    with monkeypatch.context() as patch:
        terminal = Terminal()
        patch.setattr(sys, "stderr", terminal)
        assert main(command) == 0
        shown = terminal.getvalue()
    rows_shown = [int(count) for count in re.findall(r"(\d+) rows, [\d,]+ rows/s", shown)]
    assert rows_shown[-1] == 120
    assert len(set(rows_shown)) > 4
    assert rows_shown == sorted(rows_shown)
    assert "100%" in shown
    assert main(command) == 0
    assert capsys.readouterr().err == ""


def test_in_parts_or_at_once_a_file_gives_the_same_situation_and_the_same_counts(
    district: Settings, empty_district: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_long_log(tmp_path / "long.csv")
    in_parts = take(district, path)
    monkeypatch.setattr(data.ingest.reading.delimited, "PART_BYTES", 10**9)
    at_once = copy_of(empty_district, tmp_path / "at-once")
    assert take(at_once, path) == in_parts
    assert lake_rows(at_once, "select count(*) from lake.ingest_file") == [(1,)]
    assert whole_situation(at_once) == whole_situation(district)


@pytest.mark.parametrize("transactions", [1, pytest.param(3, marks=pytest.mark.soak)])
def test_a_file_half_taken_is_gone_on_with_where_it_stopped(
    district: Settings, empty_district: Settings, tmp_path: Path, transactions: int
) -> None:
    path = write_long_log(tmp_path / "long.csv")
    calm = copy_of(empty_district, tmp_path / "calm")
    take(calm, path)
    with pytest.raises(Interrupted):
        take(district, path, transactions)
    assert lake_rows(district, "select count(*), bool_or(is_last) from lake.ingest_file") == [(transactions, False)]
    rest = take(district, path)
    assert 0 < rest.lines < 120
    assert lake_rows(district, LEDGER) == lake_rows(calm, LEDGER)
    assert whole_situation(district) == whole_situation(calm)
    assert take(district, path) == IngestSummary()


@pytest.mark.soak
def test_a_copy_that_comes_while_the_first_is_half_taken_ends_it_and_counts_as_duplicates(
    district: Settings, empty_district: Settings, tmp_path: Path
) -> None:
    path = write_long_log(tmp_path / "first.csv")
    copy = shutil.copy(path, tmp_path / "copy.csv")
    calm = copy_of(empty_district, tmp_path / "calm")
    take(calm, path)
    take(calm, copy)
    with pytest.raises(Interrupted):
        take(district, path, 2)
    take(district, copy)
    names = "select file_name, sum(row_count), sum(accepted_count), sum(duplicate_count) from lake.ingest_file group by 1 order by 1"
    assert lake_rows(district, names) == lake_rows(calm, names)
    assert lake_rows(district, names)[0] == ("copy.csv", 120, 0, 120)
    assert take(district, path) == take(district, copy) == IngestSummary()
    assert whole_situation(district) == whole_situation(calm)


def test_copies_in_one_delivery_wait_for_the_first(district: Settings, tmp_path: Path) -> None:
    path = write_long_log(tmp_path / "first.csv")
    copies = [Path(shutil.copy(path, tmp_path / f"copy{number}.csv")) for number in range(2)]
    with open_lake(district) as lake:
        taker = Taker(lake, district)
        taker.load()
        early = taker.read(find_logs(copies[0], "baisha"))  # read ahead, before anything of the first was taken
        logs = [log for file in (path, copies[1]) for log in find_logs(file, "baisha")]
        first, second = taker.take(logs), taker.take(early)
        taker.close()
    assert (first.files, first.lines, first.duplicate - second.duplicate) == (2, 240, first.duplicate - 120)
    assert (second.files, second.accepted, second.duplicate) == (1, 0, 120)


WORKER = f"""
import sys
import data.ingest.batch, data.ingest.reading.delimited
from data.ingest.reading.encodings import TextBlocks
data.ingest.batch.PART_BYTES = data.ingest.reading.delimited.PART_BYTES = {PART_BYTES}
TextBlocks.__init__.__defaults__ = ({BLOCK_BYTES},)
from data.ingest import ingest_paths
from data.settings import Settings
from pathlib import Path
ingest_paths(Settings(home=Path(sys.argv[1]), batch_bytes={PART_BYTES}), [sys.argv[2]], feed="baisha")
"""


@pytest.mark.soak
def test_kill_9_in_the_middle_of_a_long_file_neither_loses_nor_doubles(
    district: Settings, empty_district: Settings, tmp_path: Path
) -> None:
    path = write_long_log(tmp_path / "long.csv", lines=400)
    calm = copy_of(empty_district, tmp_path / "calm")
    take(calm, path)
    for delay_s in (0.0, 0.1):
        worker = subprocess.Popen([sys.executable, "-c", WORKER, str(district.home), str(path)])
        before = count_parts(district)
        eventually(
            lambda before=before, worker=worker: worker.poll() is not None or count_parts(district) != before,
            every_s=0.02,
        )
        time.sleep(delay_s)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert 0 < count_parts(district) < count_parts(calm)
    take(district, path)
    assert lake_rows(district, LEDGER) == lake_rows(calm, LEDGER)
    assert lake_rows(district, "select count(*) from lake.registration_version") == lake_rows(
        calm, "select count(*) from lake.registration_version"
    )
    assert whole_situation(district) == whole_situation(calm)


def count_parts(home: Settings) -> int:
    return int(lake_rows(home, "select count(*) from lake.ingest_file")[0][0])
