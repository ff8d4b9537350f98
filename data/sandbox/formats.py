"""Writes an answer as CSV, JSON, JSON lines, Arrow, Parquet or XLSX, piece by piece: only a few batches are ever held.

The one place that knows these formats: downloads of the SQL page, the HTTP way in and the shell write with it. Knows nothing of
queries. In CSV, JSON and XLSX times stand in the district's zone, a BLOB as hexadecimal digits, a list or struct as JSON.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from data.errors import QuestionError
from data.spreadsheet import BOM, COLUMNS_MAX, CSV_TYPE, FORMULA_STARTS, ROWS_MAX, XLSX_TYPE, disarm, stream_xlsx

NOTE_KEY = "wangge:note"
"""Under which Arrow (custom metadata of a last, empty batch) and Parquet (metadata of the file) carry the note."""
_GROUP_ROWS, _GROUP_BYTES = 131_072, 32_000_000
_PIECE_BYTES = 1 << 16
_as_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class Format:
    """A way to write an answer."""

    media_type: str
    suffix: str
    rows_max: int | None = None
    """Rows that a file of it can hold."""
    byte_max: int | None = None
    """Bytes of the answer that it may be made of: a workbook is several times as large before it is packed."""

    def most_rows(self, wanted: int | None) -> int | None:
        """So many rows as are wanted, and no more than it can hold; None: as many as the settings say."""
        return min((count for count in (wanted, self.rows_max) if count is not None), default=None)


FORMATS = {
    "csv": Format(CSV_TYPE, "csv"),
    "json": Format("application/json", "json"),
    "jsonl": Format("application/x-ndjson", "jsonl"),
    "arrow": Format("application/vnd.apache.arrow.stream", "arrows"),
    "parquet": Format("application/vnd.apache.parquet", "parquet"),
    "xlsx": Format(XLSX_TYPE, "xlsx", ROWS_MAX, 300_000_000),
}


def write_answer(
    batches: Iterable[pa.RecordBatch],
    format_: str,
    zone: tzinfo,
    *,
    for_spreadsheet: bool = False,
    note: Callable[[], str] | None = None,
    about: Sequence[Sequence[str]] = (),
    scratch: Path | None = None,
) -> Iterator[bytes]:
    """The file, piece by piece, each made when it is asked for.

    Parameters
    ----------
    batches : the answer; the first tells the columns and may be empty. What it raises comes out here.
    for_spreadsheet : CSV as the pages' other downloads have it: with a BOM, and no cell that a spreadsheet takes for a formula.
    note : asked once the last row is written, such as for "cut after 5,000,000 rows"; the file carries what it says: CSV as a
        last line, JSON and JSON lines as a last object, Arrow and Parquet as metadata, XLSX on its second sheet. "" is nothing.
    about : lines for the second sheet of a workbook.
    scratch : where a workbook is put together, on the disk; nothing of it stays.
    """
    iterator = iter(batches)
    first = next(iterator, None)
    if first is None:
        raise ValueError("an answer tells its columns, be it with an empty batch")
    rest = chain([first], iterator)
    said = note or (lambda: "")
    if format_ == "csv":
        yield from _write_csv(first.schema, rest, zone, said, for_spreadsheet)
    elif format_ == "json":
        yield from _write_json(rest, zone, said)
    elif format_ == "jsonl":
        yield from _write_lines(rest, zone, said)
    elif format_ == "arrow":
        yield from _write_arrow(first.schema, rest, said)
    elif format_ == "parquet":
        yield from _write_parquet(first.schema, rest, said)
    elif format_ == "xlsx":
        if len(first.schema) > COLUMNS_MAX:
            raise QuestionError(f"A sheet holds {COLUMNS_MAX:,} columns.", "Select fewer, or take another format.")
        yield from _write_xlsx(first.schema, rest, zone, said, about, scratch)
    else:
        raise ValueError(format_)


def cut_table(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """The table as `write_answer` takes it."""
    yield pa.RecordBatch.from_arrays([pa.array([], field.type) for field in table.schema], schema=table.schema)
    yield from table.to_batches(max_chunksize=8192)


def plain(value: Any, zone: tzinfo) -> Any:
    """The value as JSON knows it: times as text in the zone, BLOB as hexadecimal digits; what is no number is unknown."""
    if isinstance(value, datetime):
        local = value.astimezone(zone) if value.tzinfo else value
        return local.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(inner, zone) for key, inner in value.items()}
    if isinstance(value, pa.MonthDayNano):
        return _say_interval(value)
    if isinstance(value, list | tuple):
        return [plain(inner, zone) for inner in value]
    if isinstance(value, timedelta):
        return str(value)
    return value


class _Drain(io.RawIOBase):
    """A file that gives away what was written to it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._count = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._count

    def write(self, content: Any) -> int:
        piece = bytes(content)
        self._pieces.append(piece)
        self._count += len(piece)
        return len(piece)

    def empty(self) -> bytes:
        written = b"".join(self._pieces)
        self._pieces.clear()
        return written


def _write_csv(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], zone: tzinfo, note: Callable[[], str], for_spreadsheet: bool
) -> Iterator[bytes]:
    eol = "\r\n" if for_spreadsheet else "\n"
    head = io.StringIO()
    csv.writer(head, lineterminator=eol).writerow(disarm(name) if for_spreadsheet else name for name in schema.names)
    yield ((BOM if for_spreadsheet else "") + head.getvalue()).encode()
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="needed", eol=eol)
    for batch in batches:
        if batch.num_rows:
            columns = [_csv_column(column, zone, for_spreadsheet) for column in batch.columns]
            drain = _Drain()
            arrow_csv.write_csv(pa.RecordBatch.from_arrays(columns, names=schema.names), drain, options)
            yield drain.empty()
    if said := note():
        line = io.StringIO()
        csv.writer(line, lineterminator=eol).writerow([said, *[""] * (len(schema.names) - 1)])
        yield line.getvalue().encode()


def _csv_column(column: pa.Array, zone: tzinfo, for_spreadsheet: bool) -> pa.Array:
    """The column in a type that Arrow writes as CSV the way it is meant."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind):
        return column
    if pa.types.is_date(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.string())
    if pa.types.is_timestamp(kind) and kind.unit != "ns":
        return _say_moments(column, zone)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        if not for_spreadsheet:
            return column
        starts = "[" + "".join(f"\\x{{{ord(one):x}}}" for one in FORMULA_STARTS) + "]"
        is_formula = pc.match_substring_regex(column, "^" + starts)
        return pc.if_else(is_formula, pc.binary_join_element_wise("'", column, ""), column)
    return pa.array([_cell(value, zone) for value in column.to_pylist()], pa.string())


def _say_moments(column: pa.Array, zone: tzinfo) -> pa.Array:
    """Moments as 2022-07-14 08:40:00+08:00 in the zone, fractions where there are any; times without a zone as they are."""
    if column.type.tz is None:
        return _without_zeros(column.cast(pa.string()))
    unit, name = column.type.unit, str(zone)
    local = pc.local_timestamp(column.cast(pa.timestamp(unit, name)))
    ahead = pc.subtract(local.cast(pa.int64()), column.cast(pa.int64())).dictionary_encode()
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000}[unit]
    offsets = pa.array([_say_offset(value // per_second) for value in ahead.dictionary.to_pylist()], pa.string())
    return pc.binary_join_element_wise(_without_zeros(local.cast(pa.string())), offsets.take(ahead.indices), "")


def _without_zeros(column: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(column, r"\.0+$", "")


def _say_offset(seconds: int) -> str:
    hours, rest = divmod(abs(seconds), 3600)
    minutes, odd = divmod(rest, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}{f':{odd:02}' if odd else ''}"


def _cell(value: Any, zone: tzinfo) -> str | None:
    """What has no type of its own in a text: lists and structs as JSON, everything else as its words."""
    told = plain(value, zone)
    if told is None or isinstance(told, str):
        return told
    return _as_json(told) if isinstance(told, list | dict) else str(told)


def _say_interval(value: pa.MonthDayNano) -> str:
    seconds, odd = divmod(abs(value.nanoseconds), 1_000_000_000)
    sign = "-" if value.nanoseconds < 0 else ""
    clock = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (
        f".{odd // 1000:06}" if odd else ""
    )
    named = [f"{count} {unit}" for count, unit in ((value.months, "months"), (value.days, "days")) if count]
    return " ".join([*named, clock] if value.nanoseconds or not named else named)


def _objects(batch: pa.RecordBatch, zone: tzinfo) -> Iterator[str]:
    names = batch.schema.names
    columns = [_json_column(column, zone) for column in batch.columns]
    for row in zip(*columns, strict=True):
        yield _as_json(dict(zip(names, row, strict=True)))


def _json_column(column: pa.Array, zone: tzinfo) -> list[Any]:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        values: list[Any] = column.to_pylist()
    elif pa.types.is_timestamp(kind) and kind.unit != "ns":
        values = _say_moments(column, zone).to_pylist()
    else:
        values = [plain(value, zone) for value in column.to_pylist()]
    return values


def _write_json(batches: Iterable[pa.RecordBatch], zone: tzinfo, note: Callable[[], str]) -> Iterator[bytes]:
    lead = "[\n"
    for batch in batches:
        if batch.num_rows:
            yield (lead + ",\n".join(_objects(batch, zone))).encode()
            lead = ",\n"
    if said := note():
        yield (lead + _as_json({NOTE_KEY: said})).encode()
        lead = ",\n"
    yield b"[]\n" if lead == "[\n" else b"\n]\n"


def _write_lines(batches: Iterable[pa.RecordBatch], zone: tzinfo, note: Callable[[], str]) -> Iterator[bytes]:
    for batch in batches:
        if batch.num_rows:
            yield ("\n".join(_objects(batch, zone)) + "\n").encode()
    if said := note():
        yield (_as_json({NOTE_KEY: said}) + "\n").encode()


def _write_arrow(schema: pa.Schema, batches: Iterable[pa.RecordBatch], note: Callable[[], str]) -> Iterator[bytes]:
    drain = _Drain()
    writer = pa.ipc.new_stream(drain, schema)
    for batch in batches:
        if batch.num_rows:
            writer.write_batch(batch)
        if written := drain.empty():
            yield written
    if said := note():
        nothing = pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
        writer.write_batch(nothing, custom_metadata={NOTE_KEY: said})
    writer.close()
    yield drain.empty()


def _write_parquet(schema: pa.Schema, batches: Iterable[pa.RecordBatch], note: Callable[[], str]) -> Iterator[bytes]:
    drain = _Drain()
    told = pa.schema([field.with_type(_parquet_type(field.type)) for field in schema])
    group: list[pa.RecordBatch] = []
    rows = size = 0
    with parquet.ParquetWriter(drain, told) as writer:
        for batch in batches:
            columns = [_in_type(column, field.type) for column, field in zip(batch.columns, told, strict=True)]
            group.append(pa.RecordBatch.from_arrays(columns, schema=told))
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(group, told), row_group_size=rows)
                group, rows, size = [], 0, 0
                yield drain.empty()
        if rows:
            writer.write_table(pa.Table.from_batches(group, told), row_group_size=rows)
        if said := note():
            writer.add_key_value_metadata({NOTE_KEY: said})
    yield drain.empty()


def _parquet_type(kind: pa.DataType) -> pa.DataType:
    """The type itself, or text where Parquet has none for it."""
    is_strange = pa.types.is_interval(kind) or pa.types.is_duration(kind) or pa.types.is_union(kind)
    inner = [kind.field(at).type for at in range(kind.num_fields)]
    return pa.string() if is_strange or any(_parquet_type(one) != one for one in inner) else kind


def _in_type(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.type == kind:
        return column
    return pa.array([_cell(value, UTC) for value in column.to_pylist()], kind)


def _write_xlsx(
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    zone: tzinfo,
    note: Callable[[], str],
    about: Sequence[Sequence[str]],
    scratch: Path | None,
) -> Iterator[bytes]:
    def rows() -> Iterator[Sequence[Any]]:
        for batch in batches:
            yield from zip(*(_sheet_column(column, zone) for column in batch.columns), strict=True)

    def told(row_count: int, is_whole: bool) -> Sequence[Sequence[str]]:
        said = note() or ("" if is_whole else f"A sheet holds {row_count:,} rows; the answer has more.")
        return [*about, ["", said]] if said else about

    with stream_xlsx(schema.names, rows(), zone, told, scratch) as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


def _sheet_column(column: pa.Array, zone: tzinfo) -> list[Any]:
    """The values as a sheet takes them; what it has no cell for becomes text."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    values: list[Any] = column.to_pylist()
    is_cell = (
        pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_string(kind)
        or pa.types.is_large_string(kind) or pa.types.is_date(kind) or pa.types.is_decimal(kind)
        or pa.types.is_timestamp(kind)
    )  # fmt: skip
    return values if is_cell else [_cell(value, zone) for value in values]
