"""Values that are no text yet, as the text that a site would have written; and columns of such cells as tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

PADDING = " \t\n\r\u3000\u00a0'`"
"""Around a cell it says nothing: spreadsheets put an apostrophe before digits that are text."""


def write_cell(value: Any) -> str | None:
    """The value as text: whole numbers without a point, moments as 2022-07-14 08:30:00, lists joined by semicolons."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (float, Decimal)):
        number = float(value)
        is_whole = abs(number) < 1e18 and number.is_integer()  # not so for what is no number
        return str(int(value)) if is_whole else str(value)
    if isinstance(value, datetime):
        return _write_moment(value)
    if isinstance(value, (date, time, timedelta, int)):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (list, tuple)):
        return ";".join(filter(None, map(write_cell, value))) or None
    return json.dumps(value, ensure_ascii=False, default=str)


def lay_table(columns: Sequence[str], cells: dict[str, Any], line_nos: Any) -> pa.Table:
    """A table of these columns, those without cells null, and `line_no`. Padding is cut off, empty cells are null."""
    laid = {}
    count = len(line_nos)
    for column in columns:
        values = cells.get(column)
        if values is None:
            laid[column] = pa.nulls(count, pa.string())
            continue
        values = pc.utf8_trim(
            values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values, pa.string()), PADDING
        )
        laid[column] = pc.if_else(pc.equal(values, ""), None, values)
    return pa.table(laid | {"line_no": pa.array(line_nos, pa.int32())})


def _write_moment(value: datetime) -> str:
    """To the millisecond: spreadsheets keep moments as fractions of a day, which miss the second by microseconds."""
    value = value + timedelta(microseconds=500)
    value = value.replace(microsecond=value.microsecond // 1000 * 1000)
    return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
