"""Spreadsheets: the sheet that holds a log, below whatever title stands above its header. Line numbers are the sheet's rows."""

from __future__ import annotations

import io
from collections.abc import Iterator

import python_calamine

from data.errors import IngestError
from data.ingest.columns import LogKind, Mapping, count_known, header_error, match_header
from data.ingest.reading.cells import lay_table, write_cell
from data.ingest.reading.containers import ZIP_MAGICS, check_workbook
from data.ingest.reading.logs import TableContent

MAX_BYTES = 256_000_000
"""A spreadsheet is held whole while it is read: it has a million rows at most."""
MAX_TITLE_ROWS = 20
PART_ROWS = 100_000
_Row = list[str | None]


def cut_workbook(
    stream: io.BufferedReader, mapping: Mapping, after_line_no: int
) -> Iterator[tuple[TableContent, int, bool]]:
    """The parts of a spreadsheet after this row: content, the number of the last row, whether it is the last part.

    Raises IngestError when no sheet has a known header, or more than one has: what is left unread would be lost.
    """
    content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise IngestError("it is too large for a spreadsheet.", "Export it as CSV.")
    if content.startswith(ZIP_MAGICS):
        check_workbook(io.BytesIO(content), len(content))
    kind, positions, header_row_no, rows = _find_sheet(content, mapping)
    places = [(column, place) for place, column in enumerate(positions) if column]
    first = max(header_row_no, after_line_no)
    while True:
        taken = rows[first : first + PART_ROWS]
        numbers: list[int] = []
        cells: dict[str, list[str | None]] = {column: [] for column, _ in places}
        for number, row in enumerate(taken, start=first + 1):
            if any(row):
                numbers.append(number)
                for column, place in places:
                    cells[column].append(row[place])
        last = max(first + len(taken), header_row_no)
        is_last = last >= len(rows)
        yield TableContent(kind, lay_table(kind.columns, cells, numbers)), last, is_last
        if is_last:
            return
        first = last


def _find_sheet(content: bytes, mapping: Mapping) -> tuple[LogKind, tuple[str | None, ...], int, list[_Row]]:
    """The sheet's kind of log, columns by position, header's row number, and all its rows as texts."""
    try:
        book = python_calamine.load_workbook(io.BytesIO(content))
        sheets = [(name, _read_rows(book.get_sheet_by_name(name))) for name in book.sheet_names]
    except python_calamine.PasswordError:
        raise IngestError("it is protected by a password.", "Deliver it without one.") from None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - on a damaged file the library may panic, which is no Exception
        raise IngestError(
            f"it is a spreadsheet that cannot be read ({type(error).__name__}).", "Save it again as XLSX, or as CSV."
        ) from None
    found, tried = [], []
    for name, rows in sheets:
        titles = [(number, row) for number, row in enumerate(rows, start=1) if any(row)][:MAX_TITLE_ROWS]
        for number, row in titles:
            headers = [(cell or "") for cell in row]
            match = match_header(headers, mapping)
            if match:
                found.append((name, *match, number, rows))
                break
            tried.append([cell for cell in headers if cell])
    if not found and not tried:
        raise IngestError("it is empty.", "A log has a header line at least.")
    if not found:
        raise header_error(max(tried, key=lambda cells: (count_known(cells, mapping), len(cells) > 1)), mapping)
    filled = [sheet for sheet in found if any(any(row) for row in sheet[4][sheet[3] :])]
    if len(filled) > 1:
        names = ", ".join(sheet[0] for sheet in filled)
        raise IngestError(f"it holds several sheets of logs ({names}).", "Deliver each as a file of its own.")
    _, kind, positions, number, rows = (filled or found)[0]
    return kind, positions, number, rows


def _read_rows(sheet: python_calamine.CalamineSheet) -> list[_Row]:
    rows = [[write_cell(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    width = max(map(len, rows), default=0)
    return [row + [None] * (width - len(row)) for row in rows]
