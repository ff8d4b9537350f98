"""An answer as a file: what a spreadsheet, a programme or an engine reads back is what was asked, in pieces that stay small."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from pyarrow import parquet
from python_calamine import CalamineWorkbook

from data.sandbox.formats import FORMATS, NOTE_KEY, cut_table, write_answer

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT_0840 = datetime(2022, 7, 14, 0, 40, tzinfo=UTC)
ANSWER = pa.table(
    {
        "site": pa.array(["东华名岸", '=HYPERLINK("x")', None]),
        "at": pa.array([AT_0840, AT_0840.replace(microsecond=500_000), None], pa.timestamp("us", "Asia/Shanghai")),
        "on": pa.array([date(2022, 7, 14), date(1850, 1, 1), None]),
        "token": pa.array([b"\x00\xff", b"", None]),
        "share": pa.array([Decimal("12.50"), Decimal("-0.25"), None], pa.decimal128(9, 2)),
        "code": pa.array([440703101224003001, -1, None], pa.int64()),
        "is_open": pa.array([True, False, None]),
        "tubes": pa.array([[1, None], [], None], pa.list_(pa.int64())),
        "span": pa.array([(1, 2, 3_000_000_000), (0, 0, 0), None], pa.month_day_nano_interval()),
    }
)


def written(format_: str, answer: pa.Table = ANSWER, **more: object) -> bytes:
    return b"".join(write_answer(cut_table(answer), format_, SHANGHAI, **more))  # type: ignore[arg-type]


def sheets_of(content: bytes) -> CalamineWorkbook:
    return CalamineWorkbook.from_filelike(io.BytesIO(content))


def test_csv_says_times_with_their_offset_and_what_has_no_type_of_its_own_in_words() -> None:
    rows = list(csv.reader(io.StringIO(written("csv").decode())))
    assert rows == [
        ["site", "at", "on", "token", "share", "code", "is_open", "tubes", "span"],
        [
            "东华名岸", "2022-07-14 08:40:00+08:00", "2022-07-14", "00ff", "12.50", "440703101224003001", "true", "[1, null]",
            "1 months 2 days 00:00:03",
        ],
        ['=HYPERLINK("x")', "2022-07-14 08:40:00.500000+08:00", "1850-01-01", "", "-0.25", "-1", "false", "[]", "00:00:00"],
        [""] * 9,
    ]  # fmt: skip


def test_csv_for_a_spreadsheet_has_a_bom_and_no_cell_that_it_would_take_for_a_formula() -> None:
    tricks = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "a=1", "", None]
    table = pa.table({"=t": tricks, "n": pa.array([-1] * 10)})
    text = written("csv", table, for_spreadsheet=True).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    armed = ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "'\rx", "'＝1", "a=1", "", ""]
    assert rows == [["'=t", "n"], *([cell, "-1"] for cell in armed)]
    assert written("csv", table, for_spreadsheet=True).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "America/St_Johns", "Asia/Kathmandu"])
def test_moments_in_csv_are_what_python_says_in_any_zone(zone: str) -> None:
    moments = [datetime(year, 7, 14, 0, 40, tzinfo=UTC) for year in (1890, 1970, 2022)]
    table = pa.table({"at": pa.array(moments, pa.timestamp("us", "UTC"))})
    lines = b"".join(write_answer(cut_table(table), "csv", ZoneInfo(zone))).decode().split()[1:]
    said = [cell.strip('"') for cell in " ".join(lines).replace('" "', '"|"').split("|")]
    assert said == [moment.astimezone(ZoneInfo(zone)).isoformat(sep=" ") for moment in moments]


@pytest.mark.parametrize("format_", ["json", "jsonl"])
def test_json_and_its_lines_hold_the_same_objects(format_: str) -> None:
    text = written(format_).decode()
    objects = json.loads(text) if format_ == "json" else [json.loads(line) for line in text.splitlines()]
    assert objects[0] == {
        "site": "东华名岸", "at": "2022-07-14 08:40:00+08:00", "on": "2022-07-14", "token": "00ff", "share": 12.5,
        "code": 440703101224003001, "is_open": True, "tubes": [1, None], "span": "1 months 2 days 00:00:03",
    }  # fmt: skip
    assert objects[2] == dict.fromkeys(ANSWER.column_names)


def test_json_has_no_number_that_json_does_not_know() -> None:
    text = written("json", pa.table({"x": [1.5, float("nan"), float("inf")]})).decode()
    assert json.loads(text, parse_constant=pytest.fail) == [{"x": 1.5}, {"x": None}, {"x": None}]


def test_arrow_is_the_answer_itself_and_parquet_too_but_for_types_that_it_lacks() -> None:
    assert pa.ipc.open_stream(written("arrow")).read_all() == ANSWER
    read = parquet.read_table(io.BytesIO(written("parquet")))
    assert read.drop_columns("span") == ANSWER.drop_columns("span")
    assert read.column("span").to_pylist() == ["1 months 2 days 00:00:03", "00:00:00", None]


def test_a_workbook_holds_numbers_and_times_as_such_and_what_a_sheet_would_spoil_as_text(tmp_path: Path) -> None:
    book = sheets_of(written("xlsx", about=[["asked", "from site"]], scratch=tmp_path))
    head, first, second, *_ = book.get_sheet_by_index(0).to_python()
    assert head == ANSWER.column_names
    assert first == [
        "东华名岸", datetime(2022, 7, 14, 8, 40), date(2022, 7, 14), "00ff", 12.5, "440703101224003001", True, "[1, null]",
        "1 months 2 days 00:00:03",
    ]  # fmt: skip
    assert second[:3] == ['=HYPERLINK("x")', datetime(2022, 7, 14, 8, 40, 0, 500_000), "1850-01-01"]
    assert book.get_sheet_by_index(1).to_python() == [["asked", "from site"]]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format_", FORMATS)
def test_an_answer_without_rows_still_tells_its_columns_where_the_format_can(format_: str) -> None:
    nothing = written(format_, ANSWER.slice(0, 0))
    if format_ == "csv":
        assert nothing.decode().strip().split(",") == ANSWER.column_names
    elif format_ in ("json", "jsonl"):
        assert nothing == (b"[]\n" if format_ == "json" else b"")
    elif format_ == "arrow":
        assert pa.ipc.open_stream(nothing).schema == ANSWER.schema
    elif format_ == "parquet":
        assert parquet.read_schema(io.BytesIO(nothing)).names == ANSWER.column_names
    else:
        assert sheets_of(nothing).get_sheet_by_index(0).to_python() == [ANSWER.column_names]


@pytest.mark.parametrize("format_", FORMATS)
def test_the_file_itself_says_that_it_was_cut(format_: str) -> None:
    said = "Cut after 2 rows."
    content = written(format_, pa.table({"a": [1, 2], "b": [3, 4]}), note=lambda: said)
    if format_ == "csv":
        assert content.decode().splitlines()[-1] == "Cut after 2 rows.,"
    elif format_ == "json":
        assert json.loads(content)[-1] == {NOTE_KEY: said}
    elif format_ == "jsonl":
        assert json.loads(content.decode().splitlines()[-1]) == {NOTE_KEY: said}
    elif format_ == "arrow":
        *_, (last, metadata) = pa.ipc.open_stream(content).iter_batches_with_custom_metadata()
        assert (last.num_rows, metadata[NOTE_KEY.encode()]) == (0, said.encode())
    elif format_ == "parquet":
        assert parquet.read_metadata(io.BytesIO(content)).metadata[NOTE_KEY.encode()] == said.encode()
    else:
        assert sheets_of(content).get_sheet_by_index(1).to_python()[-1][1] == said


@pytest.mark.parametrize("format_", ["csv", "json", "jsonl", "arrow", "parquet"])
def test_pieces_are_given_away_as_they_are_made(format_: str) -> None:
    batch = pa.RecordBatch.from_pydict({"n": range(140_000 if format_ == "parquet" else 1000)})
    taken = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal taken
        for _ in range(5):
            taken += 1
            yield batch

    seen = [(taken, len(piece)) for piece in write_answer(batches(), format_, SHANGHAI)]
    assert [number for number, size in seen if size][:3] in ([1, 1, 2], [1, 2, 3])


def test_what_breaks_half_way_breaks_the_file_too_and_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pydict({"n": [1]})
        raise RuntimeError("gone")

    for format_ in FORMATS:
        with pytest.raises(RuntimeError, match="gone"):
            b"".join(write_answer(batches(), format_, SHANGHAI, scratch=tmp_path))
    assert list(tmp_path.iterdir()) == []
