"""Erasure: what is destroyed is nowhere any more, what is counted stays counted, and the certificate says so."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

import data.erasure
from data import cli
from data.catalogue import METADATA
from data.certificate import CertificateError, list_certificates, verify_certificate
from data.doctor import examine
from data.erasure import ErasureError, Scope, erase, find_scope, find_unfinished, preview_erasure
from data.ingest import ingest_paths, watch_inbox
from data.ingest.quarantine import Selection
from data.ingest.take import Taker
from data.lake import open_lake
from data.questions import ask, read_note
from data.settings import Settings
from data.situation import open_situation
from tests.data.killed import HOMES, tear
from tests.data.small_district import (
    ADA,
    BO,
    CAI,
    DI,
    NAME,
    PHONE,
    copy_of,
    lake_rows,
    line,
    make_district,
    rows,
    whole_situation,
    write_log,
)
from tests.waiting import eventually

ERASURES = ("erasure", "erased_round", "lake_file")
MORNING = [
    line("S1", ADA, "08:00", "08:20", unit="1", household="H1", tube="TUBE-M-ADA"),
    line("S1", DI, "09:00", "09:40", unit="2", household="H3", grid="G2", tube="TUBE-M-DI"),
    line("S9", DI, "09:01"),
]
"""Round M; the last line is quarantined."""
NOON = [
    line("S1", BO, "12:00", "12:10", unit="1", household="H2", tube="TUBE-D-BO"),
    line("S2", CAI, "12:30", household="H4", tube="TUBE-D-CAI"),
]
"""Round D."""
MIXED = [
    line("S1", DI, "09:20", household="H3", grid="G2", tube="TUBE-M-DI2"),
    line("S1", BO, "13:00", household="H2", tube="TUBE-D-BO2"),
]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The small district after a day: three files in `done/`, as a worker leaves them."""
    settings = make_district(Settings(home=tmp_path_factory.mktemp("day") / "home"))
    for name, lines in (("morning", MORNING), ("noon", NOON), ("mixed", MIXED)):
        path = write_log(settings.done_dir / "baisha" / "2022-07-14" / f"{name}.csv", lines)
        ingest_paths(settings, [path])
    return settings


@pytest.fixture
def home(day: Settings, tmp_path: Path) -> Settings:
    """That day, to be erased."""
    shutil.copytree(day.home, tmp_path / "home")
    return Settings(home=tmp_path / "home")


@pytest.fixture(scope="module")
def without_m(day: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """That day with round M erased."""
    settings = Settings(home=Path(shutil.copytree(day.home, tmp_path_factory.mktemp("without-m") / "home")))
    destroy(settings, "round", round_code="M")
    return settings


@pytest.fixture
def erased(without_m: Settings, tmp_path: Path) -> Settings:
    """That erased day, to be changed further."""
    return Settings(home=Path(shutil.copytree(without_m.home, tmp_path / "home")))


def destroy(settings: Settings, kind: str, **given: Any) -> dict[str, Any]:
    """Erases; gives the body of the certificate, verified."""
    path = erase(settings, find_scope(settings, kind, **given))
    verdict = verify_certificate(settings, path)
    assert verdict.is_own
    return verdict.body


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(f"2022-07-{text}:00+08:00")


def token_of(settings: Settings, person_time: str) -> bytes:
    """The token of whoever registered at that time."""
    ((token,),) = lake_rows(
        settings,
        f"select distinct person_token from lake.registration_version where registered_at = '2022-07-14 {person_time}:00+08'",
    )
    return bytes(token)


def every_value(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Every value of every Parquet, DuckDB and SQLite file of the home, and of every other file its bytes: as hexadecimal digits."""
    with duckdb.connect() as engine:
        for path in sorted(settings.home.rglob("*")):
            if not path.is_file():
                continue
            yield path, path.read_bytes().hex()
            if path.suffix == ".parquet":
                for row in engine.execute(f"from read_parquet('{path}')").fetchall():
                    yield path, as_hex(row)
            elif path.suffix == ".duckdb":
                engine.execute(f"attach '{path}' as one (read_only)")
                tables = "select table_name from duckdb_tables() where database_name = 'one'"
                for (table,) in engine.execute(tables).fetchall():
                    for row in engine.execute(f'from one."{table}"').fetchall():
                        yield path, as_hex(row)
                engine.execute("detach one")
            elif path.suffix == ".sqlite":
                with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as catalogue:
                    for (table,) in catalogue.execute("select name from sqlite_master where type = 'table'").fetchall():
                        for row in catalogue.execute(f'select * from "{table}"').fetchall():
                            yield path, as_hex(row)


def as_hex(row: tuple[Any, ...]) -> str:
    return "|".join((value if isinstance(value, bytes) else str(value).encode()).hex() for value in row)


def places_of(settings: Settings, *needles: str | bytes) -> set[tuple[str, str]]:
    """Each of them that is found, and the file it stands in: as it is, or as the hexadecimal digits a catalogue would write."""
    forms = {}
    for needle in needles:
        raw = needle if isinstance(needle, bytes) else needle.encode()
        forms[str(needle)] = (raw.hex(), raw.hex().encode().hex(), raw.hex().upper().encode().hex())
    return {
        (needle, path.name)
        for path, value in every_value(settings)
        for needle, written in forms.items()
        if any(form in value for form in written)
    }


def files_with(settings: Settings, needle: str | bytes) -> set[str]:
    """The names of the files in which it stands."""
    return {name for _, name in places_of(settings, needle)}


def situation_without_erasures(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    return whole_situation(settings, ignored=ERASURES)


@pytest.mark.soak
def test_the_scan_finds_what_is_there(home: Settings) -> None:
    assert any(name.endswith(".parquet") for name in files_with(home, token_of(home, "12:00")))
    assert "catalogue.sqlite" in files_with(home, "TUBE-M-ADA")  # the least tube of a file is one of its statistics
    assert {"morning.csv"} <= files_with(home, ADA)


def test_of_an_erased_round_no_token_tube_or_raw_line_is_left_in_any_byte_of_the_home(
    day: Settings, without_m: Settings
) -> None:
    gone = [token_of(day, "08:00"), token_of(day, "09:00"), "TUBE-M-ADA", "TUBE-M-DI", "TUBE-M-DI2", ADA, DI]
    kept = token_of(day, "12:00")
    assert {needle for needle, _ in places_of(without_m, *gone, kept)} == {str(kept)}
    assert [row[0] for row in lake_rows(without_m, "select tube_code from lake.registration order by 1")] == [
        "TUBE-D-BO", "TUBE-D-BO2", "TUBE-D-CAI",
    ]  # fmt: skip


def test_every_figure_of_the_situation_is_the_same_as_before(home: Settings) -> None:
    before = situation_without_erasures(home)
    destroy(home, "round", round_code="M")
    assert situation_without_erasures(home) == before
    destroy(home, "before", before=shanghai("14 12:15"))
    assert situation_without_erasures(home) == before
    destroy(home, "all")
    assert situation_without_erasures(home) == before
    assert rows(home, "select scope, round_code from erasure") == [("round", "M"), ("before", None), ("all", None)]


def test_questions_over_single_rows_give_none_of_the_round_and_say_why(day: Settings, without_m: Settings) -> None:
    def rounds(home: Settings) -> list[str]:
        situation = open_situation(home.situation_path)
        try:
            answer = ask(situation, "quality/registrations")
            notes.append(read_note(answer))
            missing = ask(situation, "coverage/missing_households", "2022-07-14 09:30", grid_code="G1")
            households.append(missing.column("household_code").to_pylist())
            assert ask(situation, "checks/rows_against_buckets").num_rows == 0
            return sorted(set(answer.column("round_code").to_pylist()))
        finally:
            situation.close()

    notes: list[str] = []
    households: list[list[str]] = []
    assert rounds(day) == ["D", "M"]
    assert rounds(without_m) == ["D"]
    assert households == [["H1", "H2"], []]
    assert notes[0] == ""
    assert "of round M" in notes[1]
    assert "0001-round-M" in notes[1]


def test_raw_files_that_held_the_round_go_and_others_stay(without_m: Settings) -> None:
    (certificate,) = list_certificates(without_m)
    body = verify_certificate(without_m, certificate).body
    assert [path.name for path in without_m.done_dir.rglob("*.csv")] == ["noon.csv"]
    assert (body["destroyed"]["raw_file_count"], body["destroyed"]["mixed_file_count"]) == (2, 1)
    assert body["destroyed"]["version_count"] == 3
    assert body["destroyed"]["quarantined_count"] == 1
    assert body["left"]["elsewhere_file_count"] == 0
    assert lake_rows(without_m, "select count(*) from lake.quarantine") == [(0,)]


def test_a_copy_of_the_same_lines_under_another_name_goes_too(home: Settings) -> None:
    again = write_log(home.done_dir / "baisha" / "late" / "again.csv", MORNING[:2])
    assert ingest_paths(home, [again]).duplicate == 2
    twin = write_log(home.scenario_dir / "logs" / "baisha" / "twin.csv", MORNING)
    destroy(home, "round", round_code="M")
    assert not again.exists()
    assert not twin.exists()


def test_late_lines_of_what_was_erased_are_set_aside_and_double_nothing(day: Settings, erased: Settings) -> None:
    before = situation_without_erasures(day)
    late = write_log(
        erased.home.parent / "baisha" / "late.csv", [*MORNING[:2], line("S1", CAI, "09:50"), line("S1", CAI, "14:00")]
    )
    summary = ingest_paths(erased, [late])
    assert (summary.accepted, summary.corrected, summary.duplicate, summary.quarantined) == (1, 0, 0, 3)
    assert lake_rows(erased, "select reason, column_name, count(*) from lake.quarantine group by all") == [
        ("erased", "registered_at", 3)
    ]
    after = situation_without_erasures(erased)
    buckets = "select sum(registered_count) from site_bucket where bucket_start_at < '2022-07-14 10:00:00+08'"
    assert after["round_unit"] != before["round_unit"]  # the one of 14:00
    assert rows(erased, buckets) == [(3,)]
    assert lake_rows(erased, "select count(*) from lake.registration_version where round_code = 'M'") == [(0,)]
    assert any("3 lines of what was erased came later, in 1 files" in finding.found for finding in examine(erased))


def test_the_very_same_file_again_is_a_copy(erased: Settings) -> None:
    copy = write_log(erased.home.parent / "baisha" / "morning.csv", MORNING)
    summary = ingest_paths(erased, [copy])
    assert (summary.accepted, summary.quarantined) == (0, 0)
    assert lake_rows(erased, "select count(*) from lake.quarantine") == [(0,)]


def test_a_second_erasure_of_the_round_takes_what_came_late(erased: Settings) -> None:
    late = write_log(erased.done_dir / "baisha" / "late" / "late.csv", [line("S1", CAI, "09:50")])
    ingest_paths(erased, [late])
    before = situation_without_erasures(erased)
    body = destroy(erased, "round", round_code="M")
    assert not late.exists()
    assert body["destroyed"]["quarantined_count"] == 1
    assert body["previous"]["name"] == "0001-round-M.json"
    assert situation_without_erasures(erased) == before


def test_before_a_moment_takes_the_rows_and_closes_the_round_it_cuts(home: Settings) -> None:
    destroy(home, "before", before=shanghai("14 12:15"))
    assert lake_rows(home, "select tube_code from lake.registration_version order by 1") == [
        ("TUBE-D-BO2",),
        ("TUBE-D-CAI",),
    ]
    late = write_log(
        home.home.parent / "baisha" / "late.csv",
        [line("S1", DI, "11:00"), line("S1", BO, "15:00"), line("S1", BO, "23:00")],
    )
    summary = ingest_paths(home, [late])
    assert (summary.accepted, summary.quarantined) == (1, 2)  # only the one outside every round can be told for certain


def test_a_registration_of_which_one_line_fell_into_the_round_goes_whole(home: Settings) -> None:
    moved = [
        line("S1", CAI, "09:10", grid="G3", tube="TUBE-X"),
        line("S1", CAI, "09:10", "09:20", unit="1", grid="G1", tube="TUBE-Y"),
    ]
    ingest_paths(home, [write_log(home.done_dir / "baisha" / "moved.csv", moved)])
    destroy(home, "round", round_code="M")
    assert lake_rows(
        home, "select count(*) from lake.registration_version where registered_at = '2022-07-14 09:10:00+08'"
    ) == [(0,)]
    assert places_of(home, "TUBE-X", "TUBE-Y") == set()


def test_all_destroys_the_key_too_and_ingest_goes_on_with_a_new_one(home: Settings) -> None:
    key = home.key_path.read_bytes()
    tokens = [
        bytes(token) for (token,) in lake_rows(home, "select distinct person_token from lake.registration_version")
    ]
    body = destroy(home, "all")
    assert not home.key_path.exists()
    assert places_of(home, key, *tokens, ADA, BO, CAI, DI, NAME, PHONE) == set()
    assert body["destroyed"]["key_count"] == 2
    assert not list(home.done_dir.rglob("*.csv"))
    late = write_log(home.home.parent / "baisha" / "late.csv", [line("S1", ADA, "08:00")])
    assert ingest_paths(home, [late]).quarantined == 1
    assert home.key_path.read_bytes() != key


def test_without_its_key_a_token_is_a_stranger_to_the_same_person(home: Settings) -> None:
    before = lake_rows(home, "select count(*) from lake.registration_version")
    destroy(home, "key")
    assert lake_rows(home, "select count(*) from lake.registration_version") == before
    assert len(list(home.done_dir.rglob("*.csv"))) == 3
    late = write_log(home.home.parent / "baisha" / "late.csv", [line("S1", BO, "12:00", "12:10", unit="1")])
    assert ingest_paths(home, [late]).quarantined == 1  # it could not be told from the one that is counted


def test_an_open_round_a_time_to_come_and_an_unknown_round_are_refused(home: Settings) -> None:
    with pytest.raises(ErasureError, match=r"no round 'X'.*Rounds: D, M"):
        find_scope(home, "round", "X")
    with pytest.raises(ErasureError, match="still to come"):
        find_scope(home, "before", before=datetime.fromisoformat("2999-01-01T00:00:00+08:00"))
    (home.home / "clock.json").write_text(
        json.dumps(
            {
                "starts_at": "2022-07-14T12:30:00+08:00",
                "started_at": "2022-07-14T12:30:00+08:00",
                "ends_at": None,
                "speed": 0,
            }
        )
    )
    with pytest.raises(ErasureError, match="open until 2022-07-14 22:00"):
        find_scope(home, "round", "D")
    with pytest.raises(ErasureError, match=r"Round D is still open.*2022-07-14 06:00 or earlier"):
        find_scope(home, "before", before=shanghai("14 12:00"))
    assert find_scope(home, "round", "M").until_at == shanghai("14 10:00")


def test_a_preview_counts_the_same_and_touches_nothing(home: Settings) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in home.done_dir.rglob("*"))
    preview = preview_erasure(home, find_scope(home, "round", "M"))
    assert sorted((path, path.stat().st_mtime_ns) for path in home.done_dir.rglob("*")) == before
    assert preview.counts == {
        "version_count": 3, "registration_count": 3, "person_count": 2, "quarantined_count": 1, "sealed_line_count": 1,
        "raw_file_count": 2, "key_count": 0,
    }  # fmt: skip
    assert any("1 raw files also hold rows that are kept" in note for note in preview.notes)


STEPS = ("destroy_key", "delete_rows", "purge", "destroy_raw", "publish", "issue_certificate")


@pytest.mark.parametrize("step", STEPS if "WANGGE_TEST_KILLS" in os.environ else STEPS[3:4])  # `make soak`: every step
def test_broken_off_before_any_step_the_same_command_ends_the_erasure(
    home: Settings, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = situation_without_erasures(home)
    token = token_of(home, "08:00")

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(data.erasure, step, die)
    with pytest.raises(KeyboardInterrupt):
        erase(home, find_scope(home, "all"))
    monkeypatch.undo()
    assert find_unfinished(home) is not None
    assert any(finding.is_broken and "wangge erase --all" in finding.cure for finding in examine(home))
    with pytest.raises(ErasureError, match="not finished: all"):
        erase(home, Scope("round", "M"))
    body = destroy(home, "all")
    assert find_unfinished(home) is None
    assert (
        body["destroyed"]["version_count"],
        body["destroyed"]["raw_file_count"],
        body["destroyed"]["key_count"],
    ) == (6, 3, 2)
    assert lake_rows(home, "select scope from lake.erasure") == [("all",)]
    assert places_of(home, token, "TUBE-D-CAI") == set()
    assert situation_without_erasures(home) == before


ERASE = """
            unfinished = find_unfinished(settings)
            if unfinished or not list_certificates(settings):
                erase(settings, unfinished or find_scope(settings, "round", round_code="M"))
"""


@pytest.mark.parametrize("seed", range(HOMES))
def test_killed_at_any_moment_the_same_command_ends_the_erasure_and_destroys_no_more_than_it_should(
    home: Settings, tmp_path: Path, seed: int
) -> None:
    before = situation_without_erasures(home)
    calm = copy_of(home, tmp_path / "calm")
    imports = (
        "from data.certificate import list_certificates\nfrom data.erasure import erase, find_scope, find_unfinished"
    )
    tear(calm, home, imports, ERASE.strip(), seed)
    bodies = []
    for settings in (calm, home):
        (certificate,) = list_certificates(settings)
        verdict = verify_certificate(settings, certificate)
        assert verdict.is_own
        bodies.append(verdict.body["destroyed"])
    assert bodies[0].keys() == bodies[1].keys()
    for counted in ("version_count", "raw_file_count", "key_count"):
        assert bodies[1][counted] == bodies[0][counted]
    assert find_unfinished(home) is None
    assert {needle for needle, _ in places_of(home, "TUBE-M-ADA", "TUBE-M-DI", "TUBE-D-BO")} == {"TUBE-D-BO"}
    assert situation_without_erasures(home) == before


def test_a_certificate_holds_no_identity_and_tells_when_it_was_changed(erased: Settings) -> None:
    destroy(erased, "before", before=shanghai("14 12:15"))
    first, second = list_certificates(erased)
    text = first.read_text(encoding="utf-8") + first.with_suffix(".html").read_text(encoding="utf-8")
    assert not any(one in text for one in (ADA, BO, CAI, DI, NAME, PHONE, "morning", "TUBE"))
    assert "数据销毁证书" in text
    assert "1 before it, unbroken" in verify_certificate(erased, second).notes
    page = first.with_suffix(".html")
    page.write_text(page.read_text(encoding="utf-8").replace("<td>3</td>", "<td>2</td>"), encoding="utf-8")
    with pytest.raises(CertificateError, match="does not say what"):
        verify_certificate(erased, first)
    page.unlink()
    first.write_text(
        first.read_text(encoding="utf-8").replace('"version_count": 3', '"version_count": 2'), encoding="utf-8"
    )
    for path in (first, second):
        with pytest.raises(CertificateError, match="something in it was changed"):
            verify_certificate(erased, path)


def test_another_homes_certificate_is_told_apart(without_m: Settings, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "other")
    (path,) = list_certificates(without_m)
    assert verify_certificate(other, path).is_own is None
    shutil.copytree(without_m.home, other.home)
    (other.home / "keys" / "certificate.key").write_bytes(b"k" * 32)
    assert verify_certificate(other, path).is_own is False


def run_cli(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = cli.main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_command_shows_asks_destroys_and_verifies(
    home: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ("--home", home.home)
    code, out, _ = run_cli(capsys, "erase", "--round", "M", "--dry-run", *here)
    assert (code, "3 versions" in out, "note:" in out) == (0, True, True)
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    code, _, err = run_cli(capsys, "erase", "--round", "M", *here)
    assert (code, "Nothing was destroyed." in err) == (1, True)
    assert lake_rows(home, "select count(*) from lake.registration_version where round_code = 'M'") == [(3,)]
    monkeypatch.setattr("builtins.input", lambda _: "round M")
    code, out, _ = run_cli(capsys, "erase", "--round", "M", *here)
    assert (code, "0001-round-M.json" in out) == (0, True)
    code, out, _ = run_cli(capsys, "erase", "--before", "2022-07-14 12:15", "--yes", *here)
    assert code == 0
    code, out, _ = run_cli(capsys, "erase", "--verify", list_certificates(home)[1], *here)
    assert (code, "before 2022-07-14 12:15" in out, "1 before it, unbroken" in out) == (0, True, True)
    code, _, err = run_cli(capsys, "ask", "quality/registrations", *here)
    assert (code, "Single registrations were destroyed: of round M" in err) == (0, True)


def test_a_compressed_copy_of_an_erased_log_goes_too(home: Settings) -> None:
    packed = home.done_dir / "baisha" / "2022-07-15" / "morning.csv.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress((home.done_dir / "baisha" / "2022-07-14" / "morning.csv").read_bytes()))
    destroy(home, "round", round_code="M")
    assert not packed.exists()


def test_a_running_worker_forgets_what_was_erased_and_goes_on(home: Settings) -> None:
    (home.inbox_dir / "baisha").mkdir(exist_ok=True)
    stop = threading.Event()
    worker = threading.Thread(target=watch_inbox, args=(Settings(home=home.home, settle_seconds=0.1), stop))
    worker.start()
    try:
        first = write_log(home.home / "x.csv", [line("S1", CAI, "09:45", tube="TUBE-LATE")])
        first.rename(home.inbox_dir / "baisha" / "first.csv")
        eventually(lambda: lake_rows(home, "select count(*) from lake.registration_version") == [(7,)], every_s=0.4)
        destroy(home, "all")
        before = situation_without_erasures(home)
        again = write_log(home.home / "x.csv", [line("S1", CAI, "09:45", tube="TUBE-LATE"), line("S1", ADA, "08:00")])
        again.rename(home.inbox_dir / "baisha" / "again.csv")
        eventually(
            lambda: lake_rows(home, "select count(*) from lake.quarantine where reason = 'erased'") == [(2,)],
            every_s=0.4,
        )
        eventually(
            lambda: rows(home, "select sum(row_count) from quarantine_count where reason = 'erased'") == [(2,)],
            every_s=0.4,
        )
    finally:
        stop.set()
        worker.join(60)
    assert lake_rows(home, "select count(*) from lake.registration_version") == [(0,)]
    for table in ("site_bucket", "grid_bucket", "round_unit"):
        assert situation_without_erasures(home)[table] == before[table]


def test_erasure_over_a_server_leaves_nothing_in_its_tables(tmp_path: Path, postgres_catalogue: str) -> None:
    settings = make_district(Settings(home=tmp_path / "home", catalogue=postgres_catalogue))
    path = write_log(settings.done_dir / "baisha" / "morning.csv", MORNING[:2])
    ingest_paths(settings, [path])
    before = situation_without_erasures(settings)
    token = token_of(settings, "08:00")
    assert destroy(settings, "round", round_code="M")["destroyed"]["version_count"] == 2
    assert places_of(settings, token, ADA) == set()
    with open_lake(settings, is_read_only=True) as lake:
        for name in ("ducklake_file_column_stats", "ducklake_table_column_stats"):
            found = lake.connection.execute(f"from {METADATA}.{name}").fetchall()
            assert not [row for row in found if "TUBE-M" in str(row) or token.hex().upper() in str(row)]
    assert situation_without_erasures(settings) == before


def test_quarantined_lines_go_one_by_one_and_those_of_other_rounds_can_still_be_taken(home: Settings) -> None:
    early, late = line("S8", ADA, "08:30", grid="G1"), line("S8", BO, "18:30", grid="G1")
    nowhen = line("S8", CAI, "").replace("2022-07-14 ", "")
    ingest_paths(home, [write_log(home.done_dir / "baisha" / "S8.csv", [early, late, nowhen])])
    sealed = {path: path.read_bytes() for path in home.quarantine_dir.rglob("*.sealed")}
    before = situation_without_erasures(home)
    body = destroy(home, "round", round_code="M")
    assert (body["destroyed"]["quarantined_count"], body["destroyed"]["sealed_line_count"]) == (3, 3)
    assert situation_without_erasures(home) == before
    with open_lake(home) as lake:
        lake.take_lease("import")
        with lake.transaction() as connection:
            connection.execute(
                "insert into lake.site select 'S8', site_name, site_name_en, grid_code, lon, lat, feed_code, unit_count,"
                " is_sampling_reported, leader_staff_code, party_branch_name from lake.site where site_code = 'S1'"
            )
        taker = Taker(lake, home)
        try:
            assert taker.retry(Selection()).taken == 1
        finally:
            taker.close()
    assert lake_rows(home, "select count(*) from lake.registration where site_code = 'S8'") == [(1,)]
    remaining = {path: path.read_bytes() for path in home.quarantine_dir.rglob("*.sealed")}
    assert not [path for path, content in sealed.items() if remaining.get(path) == content]


def test_all_leaves_nothing_sealed_and_no_key_to_open_it(home: Settings) -> None:
    assert list(home.quarantine_dir.rglob("*.sealed"))
    key = home.quarantine_key_path.read_bytes()
    body = destroy(home, "all")
    assert not list(home.quarantine_dir.rglob("*.sealed"))
    assert places_of(home, key) == set()
    assert body["destroyed"]["key_count"] == 2
