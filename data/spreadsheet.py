"""Writes rows for a spreadsheet: CSV that Excel opens with its Chinese, or XLSX with numbers, times and a page about them.

Knows nothing of questions. Text that a spreadsheet would take for a formula stays text: data comes from other systems
(CWE-1236, formula elements in a CSV file).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOM = "\ufeff"
"""Without it Excel reads a CSV file in the machine's old code page."""
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
CELL_MAX = 32_767
"""Characters that a cell of a workbook holds at most."""
_WIDEST = 40
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
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        formats: dict[type, Any] = {
            datetime: book.add_format({"num_format": _TIME_FORMAT, "align": "left"}),
            date: book.add_format({"num_format": _DATE_FORMAT, "align": "left"}),
        }
        table = book.add_worksheet(sheet)
        table.freeze_panes(1, 0)
        for at, (name, title) in enumerate(titles.items()):
            table.write_string(0, at, title, head)
            values = [_plain(row.get(name), zone) for row in rows]
            for line, value in enumerate(values, start=1):
                _write_cell(table, line, at, value, formats)
            table.set_column(at, at, _width([title, *values]))
        if titles and rows:
            table.autofilter(0, 0, len(rows), len(titles) - 1)
        told = book.add_worksheet(about_sheet)
        for line, cells in enumerate(about):
            for at, cell in enumerate(cells):
                told.write_string(line, at, cell[:CELL_MAX], wrapped)
        told.set_column(0, 0, 28)
        told.set_column(1, 2, 60)
    return file.getvalue()


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
        return float(value)
    return value


def _write_cell(table: Any, line: int, at: int, value: Any, formats: Mapping[type, Any]) -> None:
    if value is None or value != value:  # NaN is unknown too
        return
    if isinstance(value, bool):
        table.write_boolean(line, at, value)
    elif isinstance(value, int | float):
        table.write_number(line, at, value)
    elif isinstance(value, datetime):
        table.write_datetime(line, at, value, formats[datetime])
    elif isinstance(value, date):
        table.write_datetime(line, at, value, formats[date])
    else:
        table.write_string(line, at, str(value)[:CELL_MAX])


def _width(values: Sequence[Any]) -> float:
    """Wide enough for the first rows; a Chinese character takes two places."""
    longest = 8
    for value in values[:200]:
        if isinstance(value, datetime):
            longest = max(longest, 19)
        elif isinstance(value, str):
            longest = max(longest, sum(2 if ord(character) > 0x2E7F else 1 for character in value))
    return min(longest, _WIDEST) + 1
