"""Numbers of identity documents: what each type may look like, and that one person is one token however it is written."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.ingest.documents import (
    DOCUMENT_FAULTS,
    DOCUMENT_FORMS,
    FULL_WIDTH,
    HALF_WIDTH,
    document_fault_sql,
    normal_number_sql,
)
from tests.data.small_district import ADA

TODAY = 20220714
FAULT = document_fault_sql("id_type", "number", "body", str(TODAY))


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def faults_of(engine: duckdb.DuckDBPyConnection, numbers: list[tuple[str | None, str]]) -> list[str | None]:
    rows = engine.execute(
        f"select {FAULT} from (select *, try_cast(left(number, 17) as bigint) as body from"
        f" (select place, id_type, {normal_number_sql('cell')} as number"
        " from (select unnest(?) as place, unnest(?) as id_type, unnest(?) as cell))) order by place",
        [list(range(len(numbers))), [kind for kind, _ in numbers], [number for _, number in numbers]],
    ).fetchall()
    return [DOCUMENT_FAULTS[number - 1][0] if number else None for (number,) in rows]


def with_check_character(body: str) -> str:
    """The 18 characters that GB 11643-1999 makes of 17 digits (ISO 7064: the whole sums to 1 modulo 11)."""
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(body))
    return body + "0123456789X"[(1 - total) % 11]


def born(day: str) -> str:
    return with_check_character(f"990101{day}001")


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (ADA, None),
        ("99010119500307005x", None),
        ("９９０１０１１９５００３０７００５Ｘ", None),
        ("990101 19500307 0017", None),
        (ADA[:-1] + "8", "bad_id_check_digit"),
        (ADA[:-1], "bad_id_check_digit"),
        (ADA + "0", "bad_id_check_digit"),
        (ADA[:6] + "X" + ADA[7:], "bad_id_check_digit"),
        ("1.000000000000e160", "bad_id_check_digit"),
        ("1_0000000000000000", "bad_id_check_digit"),
        ("无", "bad_id_check_digit"),
        ("990101500307001", "old_id_number"),
        (born("20000229"), None),
        (born("19000229"), "bad_birth_date"),
        (born("20230101"), "bad_birth_date"),
        (born("20220714"), None),
        (born("20220715"), "bad_birth_date"),
        (born("18991231"), "bad_birth_date"),
        (born("19001301"), "bad_birth_date"),
        (born("19990431"), "bad_birth_date"),
        (born("19990400"), "bad_birth_date"),
    ],
)
def test_a_resident_number_is_right_in_length_check_character_and_birth_date(
    engine: duckdb.DuckDBPyConnection, number: str, fault: str | None
) -> None:
    assert faults_of(engine, [("resident", number)]) == [fault]


@pytest.mark.parametrize(
    ("id_type", "number", "fault"),
    [
        ("passport", "E12345678", None),
        ("passport", "e 1234 5678", None),
        ("passport", "AB123", "bad_document_number"),
        ("passport", "E123456789", "bad_document_number"),
        ("passport", "E-1234567", "bad_document_number"),
        ("hk_macao", "H12345678", None),
        ("hk_macao", "m1234567801", None),
        ("hk_macao", "Ｈ１２３４５６７８", None),
        ("hk_macao", "C12345678", "bad_document_number"),
        ("hk_macao", "H123456789", "bad_document_number"),
        ("taiwan", "12345678", None),
        ("taiwan", "1234567890", None),
        ("taiwan", "1234567", "bad_document_number"),
        ("foreign_resident", "CAN110072060300", None),
        ("foreign_resident", with_check_character("91112419790403021"), None),
        ("foreign_resident", with_check_character("91112419791303021"), "bad_birth_date"),
        ("foreign_resident", "CAN11007206030", "bad_document_number"),
        ("other", "军字第0012345号", None),
        ("other", "ab", "bad_document_number"),
        ("other", "x" * 31, "bad_document_number"),
        ("other", "abc\x01def", "bad_document_number"),
        (None, ADA, "unknown_code"),
    ],
)
def test_other_documents_have_the_form_of_their_type(
    engine: duckdb.DuckDBPyConnection, id_type: str | None, number: str, fault: str | None
) -> None:
    assert faults_of(engine, [(id_type, number)]) == [fault]


def test_every_day_of_two_centuries_is_a_birth_date_exactly_when_it_is_a_day_that_has_come(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    days = [f"{year}{month:02}{day:02}" for year in range(1899, 2031) for month in range(14) for day in range(33)]

    def is_day(text: str) -> bool:
        try:
            return date(1900, 1, 1) <= date.fromisoformat(text) <= date(2022, 7, 14)
        except ValueError:
            return False

    told = faults_of(engine, [("resident", born(day)) for day in days])
    assert [day for day, fault in zip(days, told, strict=True) if (fault is None) != is_day(day)] == []


@settings(max_examples=100)
@given(
    number=st.text("0123456789ABCXYZabcxyz", min_size=6, max_size=18),
    blanks=st.lists(st.integers(0, 18), max_size=3),
    is_wide=st.booleans(),
)
def test_a_number_is_the_same_in_any_width_and_case_and_with_any_blanks(
    engine: duckdb.DuckDBPyConnection, number: str, blanks: list[int], is_wide: bool
) -> None:
    written = number.translate(str.maketrans(HALF_WIDTH, FULL_WIDTH)) if is_wide else number.lower()
    for place in blanks:
        written = f"{written[:place]}{'　' if is_wide else ' '}{written[place:]}"
    row = engine.execute(f"select {normal_number_sql('cell')} from (select ? as cell)", [written]).fetchone()
    assert row == (number.upper(),)


@settings(max_examples=200)
@given(number=st.text(max_size=30), id_type=st.sampled_from(["resident", *DOCUMENT_FORMS, None]))
def test_no_number_whatever_stops_the_check(
    engine: duckdb.DuckDBPyConnection, number: str, id_type: str | None
) -> None:
    assert len(faults_of(engine, [(id_type, number)])) == 1
