"""Numbers that name a person never leave the inbox, whatever carries them."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.cli import main
from data.ingest.reading import find_logs
from data.masking import MaskingFilter, mask_numbers
from data.settings import Settings
from tests.data.small_district import ADA, lake_rows, line, make_district, write_log

PHONE = "19900000001"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"{ADA}.csv", "***.csv"),
        ("99010119500307001X_白沙.csv", "***_白沙.csv"),
        (f"示例人{PHONE}.xlsx", "示例人***.xlsx"),
        (f"{PHONE}-{ADA}.csv", "***-***.csv"),
        ("baisha-20220714083000.csv", "baisha-20220714083000.csv"),
        ("440703002143001-0038.csv", "440703002143001-0038.csv"),
        ("12900000001.csv", "12900000001.csv"),
        ("119900000001.csv", "119900000001.csv"),
    ],
)
def test_identity_numbers_and_mobile_numbers_are_masked_and_codes_and_times_are_not(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


@given(before=st.text(max_size=5), after=st.text(max_size=5))
def test_nothing_of_a_number_is_left_whatever_stands_around_it(before: str, after: str) -> None:
    text = f"{before} {ADA} {after}"
    assert ADA not in mask_numbers(text)


def test_a_log_is_known_by_its_masked_name(tmp_path: Path) -> None:
    path = write_log(tmp_path / f"{ADA}.csv", [line("S1", ADA, "08:00")])
    assert [log.name for log in find_logs(path, "baisha")] == ["***.csv"]


def test_what_a_logger_says_is_masked() -> None:
    record = logging.LogRecord("wangge", logging.WARNING, "", 0, "refused %s: %d", (f"{ADA}.csv", 3), None)
    assert MaskingFilter().filter(record)
    assert record.getMessage() == "refused ***.csv: 3"


def test_neither_ledger_nor_command_line_shows_the_number_in_a_files_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    write_log(tmp_path / "baisha" / f"{ADA}.csv", [line("S1", ADA, "08:00")])
    (tmp_path / "baisha" / f"{PHONE}.csv").write_text("no,log\n1,2\n")
    assert main(["ingest", "--home", str(settings.home), str(tmp_path / "baisha")]) == 1
    said = "".join(capsys.readouterr())
    assert ADA not in said and PHONE not in said
    assert "refused: " in said
    assert lake_rows(settings, "select file_name from lake.ingest_file") == [("***.csv",)]
