"""Reads a reference file into a table of texts: English column names, one row a record, and each record's place.

Owns encodings, headers and the grammar of CSV; leaves the meaning of a cell to `check`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from data.reference_import.kinds import Kind
from data.reference_import.problems import Problem, refusal
from geo.errors import GeoError
from geo.layer import Shapes, read_layer


@dataclass(frozen=True)
class Records:
    """A file's records as texts (`""` where empty) under the kind's column names, in the file's order.

    `place_of(i)` says where record i stands. `shapes` holds the geometry of each record of a map file.
    """

    table: pa.Table
    place_of: Callable[[int], str]
    shapes: Shapes | None = None


def read_csv_records(path: Path, kind: Kind) -> Records:
    """The records of a CSV file in UTF-8 or GB18030. Raises ReferenceFileError with every fault of its grammar."""
    text = _decode(path)
    lines = io.StringIO(text, newline="")
    header = next(csv.reader(lines), [])
    names, problems = _match_header([cell.strip() for cell in header], kind)
    if problems:
        raise refusal(path, problems)
    short_rows: list[tuple[int | None, int]] = []

    def note(row: Any) -> str:
        short_rows.append((row.number, row.actual_columns))
        return "skip"

    columns = [name or f"ignored {i}" for i, name in enumerate(names)]
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text.encode("utf-8")),
            read_options=arrow_csv.ReadOptions(
                column_names=columns, skip_rows=1, use_threads=False, block_size=64 << 20
            ),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=False,
                include_columns=[n for n in names if n],
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            raise refusal(path, [Problem("", "", None, f"not readable as comma-separated values: {error}")]) from None
        table = pa.table({name: pa.array([], pa.string()) for name in names if name})
    if short_rows:
        places = _line_numbers(text)
        raise refusal(
            path,
            [
                Problem(
                    f"line {places[number - 1]}" if number and number <= len(places) else "a line",
                    "",
                    f"{count} cells",
                    f"expected {len(names)}, as in the header",
                )
                for number, count in short_rows
            ],
        )
    found_lines: list[int] = []

    def place_of(record: int) -> str:
        if not found_lines:
            found_lines.extend(_line_numbers(text)[1:])
        return f"line {found_lines[record]}"

    return Records(_complete(table, kind), place_of)


def read_map_records(path: Path, kind: Kind) -> Records:
    """The features of a map file: their properties as texts, and their shapes in EPSG:4326."""
    try:
        layer = read_layer(path)
    except GeoError as error:
        raise refusal(path, [Problem("", "", None, str(error))]) from None
    names, problems = _match_header(layer.columns, kind)
    if problems:
        raise refusal(path, problems)
    arrays = {
        name: pa.array(layer.frame[label].tolist(), pa.string())
        for name, label in zip(names, layer.columns, strict=True)
        if name
    }
    return Records(_complete(pa.table(arrays), kind), layer.place_of, layer.shapes)


def _decode(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise refusal(path, [Problem("", "", None, "there is no such file")]) from None
    except OSError as error:
        raise refusal(path, [Problem("", "", None, f"cannot be read: {error.strerror}")]) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise refusal(path, [Problem(f"line {line}", "", None, "expected UTF-8 or GB18030 text")]) from None


def _match_header(header: Sequence[str], kind: Kind) -> tuple[list[str | None], list[Problem]]:
    """The kind's name of each column, None for columns to ignore; and what is wrong with the header."""
    known = {label: field.name for field in kind.fields for label in (field.name, field.name_zh)}
    names: list[str | None] = [known.get(cell.strip()) or known.get(cell.strip().lower()) for cell in header]
    problems = [
        Problem("header", f"{field.name} {field.name_zh}", None, "this column is required and not there")
        for field in kind.fields
        if field.is_required and field.name not in names
    ]
    problems += [
        Problem("header", name, None, "two columns have this meaning; keep one")
        for name in dict.fromkeys(name for name in names if name and names.count(name) > 1)
    ]
    return names, problems


def _complete(table: pa.Table, kind: Kind) -> pa.Table:
    """Adds the columns that the file left out, empty, and `record_no` from 0."""
    for field in kind.fields:
        if field.name not in table.column_names:
            table = table.append_column(field.name, pa.array(np.full(table.num_rows, ""), pa.string()))
    return table.append_column("record_no", pa.array(np.arange(table.num_rows)))


def _line_numbers(text: str) -> list[int]:
    """The line on which each record begins, header included; empty lines are no records."""
    reader = csv.reader(io.StringIO(text, newline=""))
    numbers, begins = [], 1
    for cells in reader:
        if cells:
            numbers.append(begins)
        begins = reader.line_num + 1
    return numbers
