"""Which columns of an answer hold places of the map, and what the answer says of each place.

A column is known by its values, not by its name: codes of grids, communities, towns or sites of the situation in force, written as
text or as numbers. Knows no Streamlit and draws nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.parts.sql.sheet import NUMBERS, Sheet, SheetColumn
from dashboard.payload import Payload

PlaceKind = Literal["grid", "site", "community", "town"]
PLACE_KINDS: tuple[PlaceKind, ...] = get_args(PlaceKind)
_BLOCKS: dict[PlaceKind, str] = {"grid": "grids", "site": "sites", "community": "communities", "town": "towns"}
Taking = Literal["sum", "mean", "max", "count"]
TAKINGS: tuple[Taking, ...] = get_args(Taking)
"""How several rows of one place become one value."""
SHARE_LEAST = 0.5
"""Of the different values of a column that must be places for it to be one of places."""
DIGITS_LEAST = 6
"""Of a code written as a number: a shorter one is a number like any other, unless the column is called a code."""
_MEASURED_BY = ("_pct", "_min", "_share", "_rate", "_ratio", "_per_hour", "_km2", "lon", "lat")
"""Ends of names whose values do not add up."""


@dataclass(frozen=True)
class Places:
    """The codes that are on the map, by kind."""

    codes: Mapping[PlaceKind, frozenset[str]]


@dataclass(frozen=True)
class PlaceColumn:
    """A column of places. `place_count`: how many different ones it has."""

    name: str
    kind: PlaceKind
    place_count: int


@dataclass(frozen=True)
class Placed:
    """The answer by place. A value is None where a place has rows and none; the last two counts are of rows that no place shows."""

    values: Mapping[str, Any]
    row_counts: Mapping[str, int]
    unknown_count: int
    codeless_count: int

    @property
    def row_max(self) -> int:
        """Rows of the place that has most."""
        return max(self.row_counts.values(), default=0)


_read: tuple[str, Places] | None = None


def read_places(geometry: Payload | None) -> Places:
    """The codes of the map that pages draw; none where there is no map. Read once for each map."""
    global _read
    if geometry is None:
        return Places({})
    if _read is None or _read[0] != geometry.etag:
        body = json.loads(geometry.body)
        _read = geometry.etag, Places({kind: frozenset(body[block]["codes"]) for kind, block in _BLOCKS.items()})
    return _read[1]


def find_place_columns(sheet: Sheet, places: Places) -> tuple[PlaceColumn, ...]:
    """The columns that hold places, those with most different places first: there a row is nearest to one place."""
    found, most = [], max(map(len, places.codes.values()), default=0)
    for column in sheet.columns:
        if not _may_hold_codes(sheet, column):
            continue
        different = pc.unique(sheet.values(column.name))
        if len(different) * SHARE_LEAST > most + 2:
            continue  # more values than there are places: most of them can be none
        distinct = [str(code) for code in different.to_pylist() if code not in (None, "")]
        counts = {kind: sum(code in places.codes.get(kind, ()) for code in distinct) for kind in PLACE_KINDS}
        kind = max(PLACE_KINDS, key=lambda one: counts[one])
        if counts[kind] and counts[kind] >= SHARE_LEAST * len(distinct):
            found.append(PlaceColumn(column.name, kind, counts[kind]))
    return tuple(sorted(found, key=lambda one: -one.place_count))


def place_rows(sheet: Sheet, column: PlaceColumn, value: str | None, taking: Taking, places: Places) -> Placed:
    """What the answer says of each place: of a column of numbers their sum, mean, largest or count; of another one its
    commonest value; without a column the number of rows."""
    codes = sheet.values(column.name).cast(pa.string())
    known = pa.array(sorted(places.codes[column.kind]), pa.string())
    on_map = pc.fill_null(pc.is_in(codes, known), False)
    codeless = codes.null_count + _count(pc.fill_null(pc.equal(codes, ""), False))
    rows = pa.table({"code": codes, "value": sheet.values(value) if value else codes}).filter(on_map)
    counted = rows.group_by("code").aggregate([("code", "count")]).to_pydict()
    row_counts = dict(zip(counted["code"], counted["code_count"], strict=True))
    if value is None:
        values: Mapping[str, Any] = row_counts
    elif sheet.column(value).kind in NUMBERS:
        values = _take_numbers(rows, taking)
    else:
        values = _take_commonest(rows)
    return Placed(values, row_counts, sheet.row_count - rows.num_rows - codeless, codeless)


def choose_taking(name: str | None) -> Taking:
    """How values of this column are best put together: shares, rates and times are no sums."""
    return "mean" if name and name.lower().endswith(_MEASURED_BY) else "sum"


def choose_value(sheet: Sheet, place_columns: Sequence[PlaceColumn]) -> str | None:
    """The column that the map shows first: the number by which the answer is ordered, else its first number, else its first
    text of few different values; None: the number of rows."""
    taken = {column.name for column in place_columns}
    number = choose_number(sheet, taken)
    if number:
        return number
    texts = [one.name for one in sheet.columns if one.kind in ("text", "flag") and one.name not in taken]
    return next((name for name in texts if 1 < _count_distinct(sheet, name) <= min(8, sheet.row_count // 2)), None)


def choose_number(sheet: Sheet, besides: Collection[str] = ()) -> str | None:
    """The number that the answer is about: the one by which it is ordered, else its first; None where it has none."""
    numbers = [one.name for one in sheet.columns if one.kind in NUMBERS and not one.is_code and one.name not in besides]
    numbers = [name for name in numbers if not _counts_rows(sheet, name)] or numbers
    ordered = (name for name in numbers if _is_ordered(sheet.values(name)))
    return next(ordered, numbers[0] if numbers else None)


def _counts_rows(sheet: Sheet, name: str) -> bool:
    """Whether it is 1, 2, 3 …: a number that measures nothing."""
    values = sheet.values(name)
    if sheet.column(name).kind != "whole" or sheet.row_count < 3 or values.null_count:
        return False
    ends = pc.min_max(values).as_py()
    return bool(ends["max"] - ends["min"] == sheet.row_count - 1 and _count_distinct(sheet, name) == sheet.row_count)


def _may_hold_codes(sheet: Sheet, column: SheetColumn) -> bool:
    if column.kind == "whole":
        return column.is_code or (pc.max(sheet.values(column.name)).as_py() or 0) >= 10 ** (DIGITS_LEAST - 1)
    return column.kind == "text"


def _take_numbers(rows: pa.Table, taking: Taking) -> Mapping[str, Any]:
    taken = rows.group_by("code").aggregate([("value", taking)]).to_pydict()
    return dict(zip(taken["code"], taken[f"value_{taking}"], strict=True))


def _take_commonest(rows: pa.Table) -> Mapping[str, Any]:
    """The commonest known value of each place, of several the first in order; None where none is known."""
    counted = rows.group_by(["code", "value"]).aggregate([("value", "count")]).to_pylist()
    counted.sort(key=lambda row: (row["value"] is None, -row["value_count"], str(row["value"])))
    taken: dict[str, Any] = {}
    for row in counted:
        taken.setdefault(row["code"], row["value"])
    return taken


def _is_ordered(values: pa.ChunkedArray) -> bool:
    known = values.drop_null().combine_chunks() if values.null_count else values.combine_chunks()
    if len(known) < 3:
        return False
    before, after = known.slice(0, len(known) - 1), known.slice(1)
    falls, rises = pc.all(pc.greater_equal(before, after)), pc.all(pc.less_equal(before, after))
    return bool((falls.as_py() or rises.as_py()) and known[0] != known[-1])


def _count_distinct(sheet: Sheet, name: str) -> int:
    return int(pc.count_distinct(sheet.values(name)).as_py())


def _count(mask: pa.ChunkedArray) -> int:
    return int(pc.sum(mask).as_py() or 0)
