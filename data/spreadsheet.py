"""Writes rows for a spreadsheet: CSV that Excel opens with its Chinese, or XLSX with numbers, times and a page about them.

Knows nothing of questions. Text that a spreadsheet would take for a formula stays text: data comes from other systems
(CWE-1236, formula elements in a CSV file).
"""

from __future__ import annotations

import csv
import io
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOM = "\ufeff"
"""Without it Excel reads a CSV file in the machine's old code page."""
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
CELL_MAX = 32_767
"""Characters that a cell of a workbook holds at most."""
ROWS_MAX, COLUMNS_MAX = 1_048_575, 16_384
"""What a sheet holds at most, beside its head."""
_WIDEST, _MEASURED = 40, 200
_DIGITS = 15
_EXACT = 10**_DIGITS - 1
"""A spreadsheet keeps fifteen digits; a number that has more is written as text."""
_FIRST_YEAR = 1900
_AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_SCRATCH = "book-"
_SCRATCH_MAX_S = 86_400
_TIME_FORMAT, _DATE_FORMAT = "yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd"


def write_csv(titles: Mapping[str, str], rows: Sequence[Mapping[str, Any]], zone: tzinfo) -> bytes:
    """The rows under the titles of their columns, in UTF-8 with a BOM; times in the given zone, unknown is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([disarm(title) for title in titles.values()])
    writer.writerows([_csv_cell(row.get(name), zone) for name in titles] for row in rows)
    return (BOM + text.getvalue()).encode()


def write_xlsx(
    titles: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
    zone: tzinfo,
    sheet: str,
    about_sheet: str,
    about: Sequence[Sequence[str]],
) -> bytes:
    """A workbook of two sheets: the rows, with a head that stays and filters; and lines about them."""
    import xlsxwriter  # a second to load, and only a download needs it

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, **_AS_TEXT}) as book:
        _fill(book, sheet, list(titles.values()), ([row.get(name) for name in titles] for row in rows), zone)
        _tell(book, about_sheet, about)
    return file.getvalue()


@contextmanager
def stream_xlsx(
    titles: Sequence[str],
    rows: Iterable[Sequence[Any]],
    zone: tzinfo,
    about: Callable[[int, bool], Sequence[Sequence[str]]],
    scratch: Path | None,
    sheet: str = "SQL",
    about_sheet: str = "about",
) -> Iterator[IO[bytes]]:
    """The same workbook as a file, however many rows there are: they lie on the disk, not in memory, and nothing of it stays.

    `about` is asked when the rows are written: with their number, and whether that was all of them (`ROWS_MAX`).
    """
    import xlsxwriter

    if scratch:
        _clear(scratch)
    with (
        tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=scratch) as folder,
        tempfile.TemporaryFile(dir=scratch) as file,
    ):
        book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder, **_AS_TEXT})
        count, is_whole = _fill(book, sheet, titles, rows, zone)
        _tell(book, about_sheet, about(count, is_whole))
        book.close()
        file.seek(0)
        yield file


def _clear(scratch: Path) -> None:
    """Removes what a process left that was killed while it wrote."""
    for left in scratch.glob(f"{_SCRATCH}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _SCRATCH_MAX_S:
                shutil.rmtree(left)


def _fill(
    book: Any, sheet: str, titles: Sequence[str], rows: Iterable[Sequence[Any]], zone: tzinfo
) -> tuple[int, bool]:
    """Writes the rows onto a sheet, a row after the other; how many they were, and whether they were all."""
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    formats: dict[type, Any] = {
        datetime: book.add_format({"num_format": _TIME_FORMAT, "align": "left"}),
        date: book.add_format({"num_format": _DATE_FORMAT, "align": "left"}),
    }
    table = book.add_worksheet(sheet)
    table.freeze_panes(1, 0)
    widths = [_width(title) for title in titles]
    for at, title in enumerate(titles):
        table.write_string(0, at, title[:CELL_MAX], head)
    line, is_whole = 0, True
    for row in rows:
        if line == ROWS_MAX:
            is_whole = False
            break
        line += 1
        for at, value in enumerate(row):
            cell = _plain(value, zone)
            _write_cell(table, line, at, cell, formats)
            if line <= _MEASURED:
                widths[at] = max(widths[at], _width(cell))
    for at, width in enumerate(widths):
        table.set_column(at, at, min(width, _WIDEST) + 1)
    if titles and line:
        table.autofilter(0, 0, line, len(titles) - 1)
    return line, is_whole


def _tell(book: Any, sheet: str, about: Sequence[Sequence[str]]) -> None:
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    told = book.add_worksheet(sheet)
    for line, cells in enumerate(about):
        for at, cell in enumerate(cells):
            told.write_string(line, at, cell[:CELL_MAX], wrapped)
    told.set_column(0, 0, 28)
    told.set_column(1, 2, 60)


def disarm(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _csv_cell(value: Any, zone: tzinfo) -> Any:
    plain = _plain(value, zone)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, datetime):
        return plain.isoformat(sep=" ", timespec="seconds")
    return disarm(plain) if isinstance(plain, str) else plain


def _plain(value: Any, zone: tzinfo) -> Any:
    """The value as a spreadsheet knows it: a moment of the zone without its offset, a list as text."""
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return "; ".join(str(_plain(one, zone)) for one in value)
    if isinstance(value, Decimal):
        return float(value) if len(value.normalize().as_tuple().digits) <= _DIGITS else str(value)
    return value


def _write_cell(table: Any, line: int, at: int, value: Any, formats: Mapping[type, Any]) -> None:
    if value is None or value != value:  # NaN is unknown too
        return
    if isinstance(value, bool):
        table.write_boolean(line, at, value)
    elif (isinstance(value, int) and abs(value) <= _EXACT) or (isinstance(value, float) and math.isfinite(value)):
        table.write_number(line, at, value)
    elif isinstance(value, datetime) and value.year >= _FIRST_YEAR:
        table.write_datetime(line, at, value, formats[datetime])
    elif isinstance(value, date) and not isinstance(value, datetime) and value.year >= _FIRST_YEAR:
        table.write_datetime(line, at, value, formats[date])
    else:
        table.write_string(line, at, str(value)[:CELL_MAX])


def _width(value: Any) -> float:
    """The places that a cell takes; a Chinese character takes two."""
    if isinstance(value, datetime):
        return 19
    if isinstance(value, str):
        return max(8, sum(2 if ord(character) > 0x2E7F else 1 for character in value[:_WIDEST]))
    return 8
