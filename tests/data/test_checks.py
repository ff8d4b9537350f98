"""What makes a line fail, reason by reason; the tolerances; and that the reasons are told where people look for them."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data.ingest import ingest_paths
from data.ingest.checks import LOG_KINDS, _is_bad_phone, check_sql, read_reasons
from data.lake import open_lake
from data.settings import PROJECT_ROOT, Settings, read_settings
from tests.data.small_district import ADA, BO, PHONE, lake_rows, line, write_log

READER_REASONS = {
    "bad_json",
    "line_too_long",
    "repeated_header",
    "truncated_line",
    "unclosed_quote",
    "too_many_cells",
    "bad_encoding",
}


@pytest.fixture
def district(tmp_path: Path, empty_district: Settings) -> Settings:
    shutil.copytree(empty_district.home, tmp_path / "home")
    return Settings(home=tmp_path / "home")


def reasons_of(district: Settings, tmp_path: Path, lines: list[str], **tolerances: Any) -> list[tuple[int, str, str]]:
    """Line, reason and column of each line that is set aside; the header is line 1."""
    settings = replace(district, **tolerances)
    ingest_paths(settings, [write_log(tmp_path / "logs" / "baisha" / "a.csv", lines)])
    return lake_rows(settings, "select line_no, reason, column_name from lake.quarantine order by line_no")


def on(day: str, text: str) -> str:
    return text.replace("2022-07-14", day)


def test_a_registration_far_from_every_round_of_its_grid_is_set_aside(district: Settings, tmp_path: Path) -> None:
    # round D holds every grid on the 14th from 06:00 to 22:00; the tolerance is two days
    lines = [on(day, line("S1", ADA, clock)) for day, clock in (
        ("2022-07-12", "06:00"), ("2022-07-12", "05:59"), ("2022-07-16", "22:00"), ("2022-07-16", "22:01"), ("2021-07-14", "08:00"),
    )]  # fmt: skip
    assert reasons_of(district, tmp_path, lines) == [
        (3, "outside_rounds", "registered_at"),
        (5, "outside_rounds", "registered_at"),
        (6, "outside_rounds", "registered_at"),
    ]


def test_a_round_of_some_communities_says_nothing_about_the_grids_of_others(district: Settings, tmp_path: Path) -> None:
    forget(district, "delete from lake.round where round_code = 'D'")  # M remains: community C1, 07:00 to 10:00
    lines = [
        line("S1", ADA, "06:50"),
        line("S1", ADA, "06:40"),
        line("S2", ADA, "08:00"),
        line("S1", BO, "08:00", grid="G3"),
    ]
    assert reasons_of(district, tmp_path, lines, round_tolerance_s=900.0) == [
        (number, "outside_rounds", "registered_at") for number in (3, 4, 5)
    ]


def test_where_no_round_was_imported_no_registration_lies_outside(district: Settings, tmp_path: Path) -> None:
    forget(district, "delete from lake.round; delete from lake.round_community")
    assert reasons_of(district, tmp_path, [on("2021-01-01", line("S1", ADA, "08:00"))]) == []


def forget(district: Settings, statement: str) -> None:
    with open_lake(district) as lake:
        lake.take_lease("import")
        with lake.transaction() as connection:
            connection.execute(statement)


def test_sampling_lies_between_registering_and_a_day_after_within_the_tolerances(
    district: Settings, tmp_path: Path
) -> None:
    lines = [
        line("S1", ADA, "08:00", "07:59"),
        line("S1", ADA, "08:01", "08:01"),
        line("S1", BO, "08:00", "08:01").replace("2022-07-14 08:01", "2022-07-15 08:00"),
        line("S1", BO, "08:00", "08:01").replace("2022-07-14 08:01", "2022-07-15 08:01"),
    ]
    assert reasons_of(district, tmp_path, lines) == [
        (2, "sampled_before_registered", "sampled_at"),
        (5, "sampled_long_after_registered", "sampled_at"),
    ]


def test_a_sampling_within_the_tolerance_before_registering_is_no_wait(district: Settings, tmp_path: Path) -> None:
    lines = [line("S1", ADA, "08:00", "07:59"), line("S1", BO, "08:00", "07:58")]
    assert reasons_of(district, tmp_path, lines, sampled_before_tolerance_s=60.0) == [
        (3, "sampled_before_registered", "sampled_at")
    ]
    assert lake_rows(district, "select sampled_at = registered_at from lake.registration") == [(True,)]


@pytest.mark.parametrize(
    ("phone", "is_bad"),
    [
        (PHONE, False),
        ("+86 199 0000 0001", False),
        ("0086-19900000001", False),
        ("86-199-0000-0001", False),
        ("１９９００００００１２", False),
        ("138****0001", False),
        ("0750-3210001", False),
        ("(0750) 3210001", False),
        ("010-62320001转802", False),
        ("010-62320001#802", False),
        ("+86 750 321 0001", False),
        ("+852 6123 0001", False),
        ("+1 (212) 555-0101", False),
        (None, False),
        ("12900000001", True),
        ("1990000000", True),
        ("199000000011", True),
        ("3210001", True),
        ("0150-32100011", True),
        ("无", True),
        ("a9900000001", True),
    ],
)
def test_a_telephone_number_has_the_form_of_one(phone: str | None, is_bad: bool) -> None:
    with duckdb.connect() as engine:
        condition = _is_bad_phone("cell", Settings(home=Path()))
        assert engine.execute(f"select {condition} from (select ?::varchar as cell)", [phone]).fetchone() == (is_bad,)


def test_a_bad_telephone_number_sets_a_line_aside_unless_that_is_switched_off(
    district: Settings, tmp_path: Path
) -> None:
    (district.home / "settings.toml").write_text("is_phone_checked = false\n")
    lines = [line("S1", ADA, "08:00").replace(PHONE, "12345")]
    assert reasons_of(read_settings(district.home), tmp_path, lines) == []
    (tmp_path / "logs" / "baisha" / "a.csv").unlink()
    lines = [line("S1", ADA, "08:01").replace(PHONE, "12345")]
    assert reasons_of(district, tmp_path, lines) == [(2, "bad_phone", "phone")]


def test_a_person_is_one_token_in_any_width_and_case(district: Settings, tmp_path: Path) -> None:
    numbers = (
        "99010119500307005X",
        "99010119500307005x",
        "９９０１０１１９５００３０７００５Ｘ",
        "990101 19500307 005X",
    )
    assert reasons_of(district, tmp_path, [line("S1", number, "08:00") for number in numbers]) == []
    assert lake_rows(district, "select count(*) from lake.registration_version") == [(1,)]


def test_old_numbers_birth_dates_and_other_documents_have_reasons_of_their_own(
    district: Settings, tmp_path: Path
) -> None:
    lines = [
        line("S1", "990101500307001", "08:00"),
        line("S1", "990101202002300012", "08:00"),
        line("S1", "G123", "08:00", id_type="护照"),
        line("S1", "G12345678", "08:00", id_type="护照"),
        line("S1", "H12345678", "08:00", id_type="回乡证"),
    ]
    assert [(number, reason) for number, reason, _ in reasons_of(district, tmp_path, lines)] == [
        (2, "old_id_number"),
        (3, "bad_birth_date"),
        (4, "bad_document_number"),
    ]


def test_every_reason_is_explained_with_its_standard_in_both_languages_and_on_the_page_of_formats() -> None:
    reasons = read_reasons()
    settings = Settings(home=Path())
    used = {
        reason for kind in LOG_KINDS for reason in re.findall(r"'([a-z_]+)'", _reasons_of(check_sql(kind, settings)))
    }
    assert used | READER_REASONS | {"outside_rounds", "erased"} == set(reasons)
    page = (PROJECT_ROOT / "data" / "FORMATS.md").read_text(encoding="utf-8")
    for reason in reasons.values():
        assert reason.meaning and reason.meaning_zh and reason.standard
        assert f"| `{reason.reason}` | {reason.meaning_zh} | {reason.meaning} | {reason.standard} |" in page


def _reasons_of(statement: str) -> str:
    """The list of reasons within the statement that checks a kind."""
    found = re.search(r"\[([^\]]*)\]\[failed_no\] end as reason", statement)
    assert found
    return found[1]
