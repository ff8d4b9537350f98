"""Writes an answer as a table, CSV, JSON or Parquet. Knows nothing of questions."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import pyarrow as pa
from pyarrow import csv, parquet

from data.errors import QuestionError

_WIDEST = 60


def write_answer(answer: pa.Table, format_: str, out: Path | None, timezone: str) -> None:
    """Writes to a file, or to standard output; times in the given zone, unknown as — in a table and empty elsewhere."""
    if out is None:
        if format_ == "parquet" and sys.stdout.isatty():
            raise QuestionError("Parquet is not for a screen.", "Add --out FILE, or pipe it on.")
        _write(answer, format_, sys.stdout.buffer, timezone)
        sys.stdout.buffer.flush()
        return
    try:
        with out.open("wb") as file:
            _write(answer, format_, file, timezone)
    except OSError as error:
        raise QuestionError(f"{out} cannot be written: {error.strerror}.", "Choose another place with --out.") from None


def _write(answer: pa.Table, format_: str, file: BinaryIO, timezone: str) -> None:
    if format_ == "parquet":
        parquet.write_table(answer, file)
        return
    zone = ZoneInfo(timezone)
    rows = [[_plain(value, zone) for value in row.values()] for row in answer.to_pylist()]
    if format_ == "json":
        objects = [dict(zip(answer.column_names, row, strict=True)) for row in rows]
        file.write((json.dumps(objects, ensure_ascii=False, indent=1) + "\n").encode())
    elif format_ == "csv":
        texts = pa.table(
            {
                name: pa.array([_text(row[i], "") for row in rows], pa.string())
                for i, name in enumerate(answer.column_names)
            }
        )
        csv.write_csv(texts, file, csv.WriteOptions(quoting_style="needed"))
    else:
        file.write((_draw_table(answer.column_names, rows) + "\n").encode())


def _plain(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        local = value.astimezone(zone) if value.tzinfo else value
        return local.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {str(key): _plain(inner, zone) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, zone) for inner in value]
    if isinstance(value, time | timedelta):
        return str(value)
    return value


def _text(value: Any, unknown: str) -> str:
    if value is None:
        return unknown
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _draw_table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Columns as wide as their widest cell; a Chinese character takes two places, numbers stand to the right."""
    numeric = [all(isinstance(row[i], int | float | None) for row in rows) and bool(rows) for i in range(len(names))]
    cells = [
        list(names),
        *([_cut(f"{value:.2f}" if isinstance(value, float) else _text(value, "—")) for value in row] for row in rows),
    ]
    widths = [max(_width(row[i]) for row in cells) for i in range(len(names))]
    lines = []
    for row in cells:
        padded = []
        for cell, width, is_number in zip(row, widths, numeric, strict=True):
            blank = " " * (width - _width(cell))
            padded.append(blank + cell if is_number else cell + blank)
        lines.append("  ".join(padded).rstrip())
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join([*lines, f"{len(rows):,} rows"])


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
