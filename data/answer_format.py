"""Writes an answer to a file or to standard output: as a table to be read, or in one of the formats of `data.sandbox.formats`."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from data.errors import QuestionError
from data.sandbox import formats

NOT_FOR_A_SCREEN = ("parquet", "arrow", "xlsx")
_WIDEST = 60


def write_answer(answer: pa.Table, format_: str, out: Path | None, timezone: str) -> None:
    """Writes to a file, or to standard output; times in the given zone, unknown as — in a table and empty elsewhere."""
    if format_ == "table":
        zone = ZoneInfo(timezone)
        rows = [[formats.plain(value, zone) for value in row.values()] for row in answer.to_pylist()]
        _put(iter([(_draw_table(answer.column_names, rows) + "\n").encode()]), out)
    else:
        write_batches(formats.cut_table(answer), format_, out, timezone)


def write_batches(batches: Iterable[pa.RecordBatch], format_: str, out: Path | None, timezone: str) -> None:
    """Writes an answer as it comes, in any format but the table. A file is there whole or not at all."""
    if out is None and format_ in NOT_FOR_A_SCREEN and sys.stdout.isatty():
        raise QuestionError(f"{format_.title()} is not for a screen.", "Add --out FILE, or pipe it on.")
    _put(formats.write_answer(batches, format_, ZoneInfo(timezone)), out)


def _put(pieces: Iterator[bytes], out: Path | None) -> None:
    if out is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    # a device or a pipe takes the bytes itself; beside it there is no place to write aside
    aside = out if out.exists() and not out.is_file() else out.with_name(f".{out.name}.{os.getpid()}")
    try:
        try:
            with aside.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
            if aside != out:
                aside.replace(out)
        finally:
            if aside != out:
                with suppress(OSError):
                    aside.unlink(missing_ok=True)
    except OSError as error:
        raise QuestionError(f"{out} cannot be written: {error.strerror}.", "Choose another place with --out.") from None


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
