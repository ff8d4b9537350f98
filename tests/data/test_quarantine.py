"""Lines set aside: sealed, listed without a digit of them, and taken again once they can be right."""

from __future__ import annotations

import csv
import io
import json
import shutil
import stat
import threading
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.cli import main
from data.clock import write_clock
from data.doctor import examine
from data.ingest import ingest_paths, retry_quarantine, watch_inbox
from data.ingest.checks import MASK_SQL
from data.ingest.quarantine import RetrySummary, Selection
from data.ingest.sealing import Sealer
from data.lake import Lake, open_lake
from data.settings import Settings
from tests.data.killed import HOMES, tear
from tests.data.small_district import (
    ADA,
    BO,
    CAI,
    DI,
    NAME,
    PHONE,
    copy_of,
    differing_tables,
    lake_rows,
    line,
    make_district,
    rows,
    write_log,
)
from tests.waiting import eventually

NEW_SITE = "insert into lake.site values ('S9', '新点', 'New', 'G2', 113.015, 22.506, 'baisha', 4, true, null, null)"
EVERYTHING = Selection()


@pytest.fixture
def district(tmp_path: Path, empty_district: Settings) -> Settings:
    shutil.copytree(empty_district.home, tmp_path / "home")
    return Settings(home=tmp_path / "home", retry_after_import=False)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "baisha"


def mend(district: Settings, statement: str = NEW_SITE) -> None:
    with open_lake(district) as lake:
        lake.take_lease("import")
        with lake.transaction() as connection:
            connection.execute(statement)


def open_reasons(district: Settings) -> list[tuple[object, ...]]:
    return lake_rows(district, "select line_no, reason, column_name from lake.open_quarantine order by line_no")


def sealed_files(district: Settings) -> list[Path]:
    return sorted(district.quarantine_dir.rglob("*.sealed"))


def test_after_the_site_was_imported_its_lines_are_taken_as_if_they_came_now(
    district: Settings, logs: Path, tmp_path: Path
) -> None:
    lines = [
        line("S1", ADA, "08:00"),
        line("S9", BO, "08:01", "08:20", unit="2"),
        line("S9", CAI, "08:02", unit="7"),
        line("S8", DI, "08:03"),
    ]
    write_log(logs / "a.csv", lines)
    ingest_paths(district, [logs])
    mend(district)
    assert retry_quarantine(district, EVERYTHING) == RetrySummary(tried=3, taken=1)
    # S9 has four units, S8 is still unknown
    assert open_reasons(district) == [(4, "unknown_unit", "unit_no"), (5, "unknown_site", "site_code")]
    assert rows(district, "select reason, row_count from quarantine_count order by 1") == [
        ("unknown_site", 1),
        ("unknown_unit", 1),
    ]

    told_at_once = Settings(home=tmp_path / "once")
    shutil.copytree(make_district(Settings(home=tmp_path / "fresh")).home, told_at_once.home)
    mend(told_at_once)
    ingest_paths(told_at_once, [logs])
    assert differing_tables(district, told_at_once) == []


def test_a_retry_adds_to_the_ledger_and_takes_nothing_twice(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S1", ADA, "08:00"), line("S9", BO, "08:01"), line("S9", BO, "08:01")])
    ingest_paths(district, [logs])
    mend(district)
    assert retry_quarantine(district, EVERYTHING) == RetrySummary(tried=2, taken=2)
    assert retry_quarantine(district, EVERYTHING) == RetrySummary()
    counts = "file_name, part_no, row_count, accepted_count, duplicate_count, quarantined_count"
    assert lake_rows(district, f"select {counts} from lake.ingest_file order by ingest_no") == [
        ("a.csv", 0, 3, 1, 0, 2),
        ("a.csv", -1, 0, 1, 1, -2),
    ]
    assert lake_rows(district, "select line_no, reason, is_taken from lake.quarantine_release order by 1") == [
        (3, "unknown_site", True), (4, "unknown_site", True),
    ]  # fmt: skip
    assert sealed_files(district) == []
    assert ingest_paths(district, [logs]).lines == 0
    assert rows(district, "select file_count, row_count, accepted_count, quarantined_count from feed_state where feed_code = 'baisha'") == [
        (1, 3, 2, 0)
    ]  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(HOMES))
def test_killed_at_any_moment_and_asked_again_a_retry_takes_every_line_once(
    district: Settings, logs: Path, tmp_path: Path, seed: int
) -> None:
    for number, person in enumerate((ADA, BO, CAI, DI)):
        write_log(logs / f"{number}.csv", [line("S9", person, f"08:0{minute}") for minute in range(5)])
        ingest_paths(district, [logs])
    mend(district)
    calm = copy_of(district, tmp_path / "calm")
    imports = "from data.ingest import retry_quarantine\nfrom data.ingest.quarantine import Selection"
    tear(calm, district, imports, "retry_quarantine(settings, Selection())", seed)
    assert lake_rows(district, "select count(*) from lake.open_quarantine") == [(0,)]
    assert sealed_files(district) == []
    ledger = "select file_name, part_no, row_count, accepted_count, duplicate_count, quarantined_count from lake.ingest_file order by all"
    assert lake_rows(district, ledger) == lake_rows(calm, ledger)
    assert lake_rows(district, "select count(*) from lake.registration_version") == [(20,)]
    assert differing_tables(district, calm) == []


def test_a_line_that_the_site_sent_again_meanwhile_is_a_duplicate_when_it_is_retried(
    district: Settings, logs: Path
) -> None:
    write_log(logs / "a.csv", [line("S9", BO, "08:01")])
    ingest_paths(district, [logs])
    mend(district)
    write_log(logs / "b.csv", [line("S9", BO, "08:01"), line("S1", ADA, "08:00")])
    ingest_paths(district, [logs])
    assert retry_quarantine(district, EVERYTHING).taken == 1
    assert lake_rows(
        district, "select sum(accepted_count), sum(duplicate_count), sum(quarantined_count) from lake.ingest_file"
    ) == [(2, 1, 0)]


def test_only_the_lines_of_the_file_and_the_reason_named_are_retried(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S9", ADA, "08:00"), line("S1", ADA, "08:00", grid="G9")])
    write_log(logs / "b.csv", [line("S9", BO, "08:00")])
    ingest_paths(district, [logs])
    mend(district)
    assert retry_quarantine(district, Selection(reasons=("unknown_grid",))) == RetrySummary(tried=1)
    assert retry_quarantine(district, Selection(file="b.csv")) == RetrySummary(tried=1, taken=1)
    assert retry_quarantine(district, Selection(reasons=("unknown_site",))) == RetrySummary(tried=1, taken=1)


def test_events_and_whistles_are_retried_too(district: Settings, logs: Path) -> None:
    write_log(
        logs / "staff.csv", ["P9,签到,2022-07-14 06:02:11,采样点,S9,"], "工号,动作,时间,岗位类别,岗位编号,吹哨编号"
    )
    write_log(logs / "units.csv", ["S9,1,启用,2022-07-14 06:00:00"], "采样点编号,采样台,动作,时间")
    ingest_paths(district, [logs])
    mend(district)
    assert retry_quarantine(district, EVERYTHING) == RetrySummary(tried=2, taken=1)
    mend(district, "insert into lake.staff values ('P9', 'medic', null, null, null, null, null, null)")
    assert retry_quarantine(district, EVERYTHING) == RetrySummary(tried=1, taken=1)
    assert lake_rows(district, "select staff_code, post_code from lake.staff_event") == [("P9", "S9")]
    assert rows(district, "select * from quarantine_count") == []


def test_a_line_that_never_became_cells_keeps_its_place_and_cannot_be_retried(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", ["S1,,", line("S1", ADA, "08:00")])
    ingest_paths(district, [logs])
    assert retry_quarantine(district, EVERYTHING) == RetrySummary()
    assert open_reasons(district) == [(2, "truncated_line", None)]


def test_the_seal_hides_every_cell_and_opens_with_its_key_only(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S9", BO, "08:01")])
    ingest_paths(district, [logs])
    (sealed,) = sealed_files(district)
    content = sealed.read_bytes()
    assert not any(secret.encode() in content for secret in (BO, PHONE, NAME, "2022-07-14"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in (sealed, district.quarantine_key_path)] == [0o600, 0o600]
    mend(district)
    key = district.quarantine_key_path.read_bytes()
    district.quarantine_key_path.unlink()  # a new one is made: what it did not seal stays shut, and is said
    assert retry_quarantine(district, EVERYTHING) == RetrySummary(shut=1)
    assert main(["quarantine", "--retry", "--home", str(district.home)]) == 1
    district.quarantine_key_path.write_bytes(key)
    assert retry_quarantine(district, EVERYTHING) == RetrySummary(tried=1, taken=1)


def test_a_damaged_or_exchanged_sealed_file_stays_shut(district: Settings, logs: Path) -> None:
    for number, person in enumerate((ADA, BO)):
        write_log(logs / f"{number}.csv", [line("S9", person, "08:01")])
        ingest_paths(district, [logs])
    one, other = sealed_files(district)
    content = other.read_bytes()
    one.write_bytes(content)
    other.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    mend(district)
    assert retry_quarantine(district, EVERYTHING) == RetrySummary(shut=2)


def look_at_quarantine_key(settings: Settings) -> tuple[bool, str, str]:
    (finding,) = (finding for finding in examine(settings) if finding.subject == "quarantine key")
    return finding.is_broken, finding.found, finding.cure


def test_doctor_says_whether_the_key_opens_what_was_sealed(tmp_path: Path) -> None:
    district = Settings(home=tmp_path / "bare")
    assert "quarantine key" not in {finding.subject for finding in examine(district)}  # nothing was ever sealed
    sealer = Sealer(district)
    for value in ("earlier", "newest"):
        name = sealer.seal(pa.table({"name": [value], "line_no": [1]}))
    is_broken, found, _ = look_at_quarantine_key(district)
    assert not is_broken
    assert "opens the newest sealed file" in found
    key = district.quarantine_key_path
    key.chmod(0o640)
    assert look_at_quarantine_key(district)[::2] == (True, f"chmod 600 {key}")
    key.chmod(0o600)
    kept = key.read_bytes()
    key.write_bytes(kept[::-1])
    is_broken, found, _ = look_at_quarantine_key(district)
    assert is_broken
    assert f"does not open {district.quarantine_dir / name}" in found
    key.write_bytes(kept[:7])
    assert "is damaged" in look_at_quarantine_key(district)[1]
    key.unlink()
    is_broken, found, _ = look_at_quarantine_key(district)
    assert is_broken
    assert "is missing, and 2 sealed files lie in quarantine" in found
    assert not key.exists()  # it only looks


def test_sealed_lines_can_be_destroyed_one_by_one(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S9", person, "08:01") for person in (ADA, BO, CAI)])
    ingest_paths(district, [logs])
    (path,) = sealed_files(district)
    name = f"{path.parent.name}/{path.name}"
    sealer = Sealer(district)
    sealer.destroy({name: {0, 2}})
    lines = sealer.open(name)
    assert lines is not None and lines["id_number"].to_pylist() == [None, BO, None]
    sealer.destroy({name: {0, 1, 2}})
    assert sealed_files(district) == []


def test_a_sealed_file_that_no_line_names_is_removed_at_the_next_start(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S9", BO, "08:01")])
    ingest_paths(district, [logs])
    (named,) = sealed_files(district)
    shutil.copy(named, named.with_name("0123456789abcdef.sealed"))  # as a worker killed before its commit leaves one
    ingest_paths(district, [logs])
    assert sealed_files(district) == [named]


def test_after_a_failed_commit_the_lines_are_there_once_when_they_are_taken_again(
    district: Settings, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(logs / "a.csv", [line("S9", BO, "08:01"), line("S9", BO, "08:02")])
    ingest_paths(district, [logs])
    mend(district)
    insert = Lake.transaction

    def fail(self: Lake) -> object:
        raise duckdb.IOException("disk full")

    monkeypatch.setattr(Lake, "transaction", fail)
    with pytest.raises(duckdb.IOException):
        retry_quarantine(district, EVERYTHING)
    monkeypatch.setattr(Lake, "transaction", insert)
    assert retry_quarantine(district, EVERYTHING) == RetrySummary(tried=2, taken=2)
    assert lake_rows(district, "select count(*) from lake.registration_version") == [(2,)]


def test_lines_from_the_future_are_taken_when_their_time_has_come(district: Settings, logs: Path) -> None:
    morning = datetime(2022, 7, 14, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    write_clock(district.home, morning, 0.0, None)
    write_log(logs / "a.csv", [line("S1", ADA, "08:10"), line("S1", BO, "08:04"), line("S1", CAI, "08:00", "08:30")])
    ingest_paths(district, [logs])
    assert open_reasons(district) == [(2, "in_future", "registered_at"), (4, "in_future", "sampled_at")]
    for minutes, left in ((4, [2, 4]), (5, [4]), (24, [4]), (25, [])):
        write_clock(district.home, morning + timedelta(minutes=minutes), 0.0, None)
        ingest_paths(district, [logs])
        assert [number for number, *_ in open_reasons(district)] == left
    assert lake_rows(district, "select count(*) from lake.registration") == [(3,)]


def test_the_worker_takes_lines_again_after_an_import_and_when_it_is_asked_to(
    district: Settings, tmp_path: Path
) -> None:
    home = Settings(home=district.home, settle_seconds=0.0)
    write_log(home.inbox_dir / "baisha" / "a.csv", [line("S9", BO, "08:01"), line("S1", CAI, "08:00", grid="G9")])
    stop = threading.Event()
    worker = threading.Thread(target=watch_inbox, args=(home, stop))
    worker.start()
    try:
        eventually(lambda: open_lines_of(home) == 2, every_s=0.4)
        mend(home)
        eventually(lambda: open_lines_of(home) == 1, every_s=0.4)
        assert retry_quarantine(home, EVERYTHING) == RetrySummary(tried=1)
    finally:
        stop.set()
        worker.join(60)
    assert lake_rows(home, "select site_code from lake.registration") == [("S9",)]


def open_lines_of(home: Settings) -> int:
    return int(lake_rows(home, "select count(*) from lake.open_quarantine")[0][0])


def test_the_command_lists_by_file_and_reason_and_line_by_line(
    district: Settings, logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(logs / "a.csv", [line("S9", ADA, "08:00"), line("S1", ADA, "08:61"), line("S9", BO, "08:00"), "S1"])
    ingest_paths(district, [logs])
    home = ["--home", str(district.home)]
    assert main(["quarantine", "--format", "csv", *home]) == 0
    listed = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    names = ("file_name", "reason", "line_count", "first_line_no", "last_line_no", "retriable_count")
    assert [tuple(row[name] for name in names) for row in listed] == [
        ("a.csv", "truncated_line", "1", "5", "5", "0"),
        ("a.csv", "unknown_site", "2", "2", "4", "2"),
        ("a.csv", "unparsable_time", "1", "3", "3", "1"),
    ]
    assert main(["quarantine", "--lines", "--reason", "unknown_site", "--format", "json", *home]) == 0
    assert [(r["line_no"], r["column_name"], r["masked_value"]) for r in json.loads(capsys.readouterr().out)] == [
        (2, "site_code", "x#"), (4, "site_code", "x#"),
    ]  # fmt: skip
    assert main(["quarantine", "--file", "b.csv", *home]) == 0
    assert "0 rows" in capsys.readouterr().out
    mend(district)
    assert main(["quarantine", "--retry", *home]) == 0
    assert "3 lines checked again: 2 taken, 1 stay set aside." in capsys.readouterr().out
    assert main(["quarantine", "--reason", "unknown_sight", *home]) == 1
    assert "Perhaps: unknown_site" in capsys.readouterr().err


def test_rows_kept_without_an_unknown_household_are_counted_and_said(
    district: Settings, logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(
        logs / "a.csv",
        [line("S1", ADA, "08:00", household="H99"), line("S1", BO, "08:00", household="H1"), line("S1", CAI, "08:00")],
    )
    assert ingest_paths(district, [logs]).unknown_households == 1
    assert lake_rows(district, "select unknown_household_count from lake.ingest_file") == [(1,)]
    assert main(["quarantine", "--home", str(district.home)]) == 0
    assert "1 lines were taken without the household they name" in capsys.readouterr().out


@pytest.mark.parametrize("secrets", [[f"QZ甲{number:02}乙7731946K" for number in range(11)]])
def test_whatever_a_cell_holds_nothing_that_is_listed_logged_or_stored_shows_it(
    empty_district: Settings,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    secrets: list[str],
) -> None:
    folder = tmp_path_factory.mktemp("leak")
    home = Settings(home=folder / "home")
    shutil.copytree(empty_district.home, home.home)
    good = line(
        "S1", ADA, "08:00", "08:10", unit="1", household="H1", grid="G1", channel="协助", id_type="居民身份证"
    ).split(",")
    places = [place for place in range(len(good)) if place != 4]  # the name is never read
    lines = [
        ",".join([*good[:place], secret, *good[place + 1 :]]) for place, secret in zip(places, secrets, strict=True)
    ]
    path = write_log(folder / "logs" / "baisha" / "a.csv", lines)
    capsys.readouterr()
    assert main(["ingest", str(path), "--home", str(home.home)]) == 0
    assert main(["quarantine", "--lines", "--format", "csv", "--home", str(home.home)]) == 0
    assert main(["quarantine", "--retry", "--home", str(home.home)]) == 0
    said = capsys.readouterr()
    assert "site_code" in said.out
    shown = said.out + said.err + caplog.text
    assert [secret for secret in secrets if secret in shown] == []
    # tube numbers are kept, and nothing else that is not a code of the reference files
    kept = dict(zip(places, secrets, strict=True))[len(good) - 1]
    stored = [file.read_bytes() for file in home.home.rglob("*") if file.is_file()]
    assert [
        secret for secret in secrets if secret != kept and any(secret.encode() in content for content in stored)
    ] == []


@settings(max_examples=30)
@given(values=st.lists(st.text(max_size=60), min_size=20, max_size=20))
def test_a_mask_never_shows_a_letter_or_a_digit_of_the_value(values: list[str]) -> None:
    with duckdb.connect() as engine:
        masks = engine.execute(f"select {MASK_SQL.format(value='v')} from (select unnest(?::varchar[]) as v)", [values])
        shown = "".join(mask for (mask,) in masks.fetchall())
    shown = shown.replace("#", "").replace("字", "").replace("x", "")
    assert [character for character in shown if character.isalnum() or ord(character) > 127] == []
