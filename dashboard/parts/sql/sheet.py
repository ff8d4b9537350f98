"""The answer of a query made showable: every column as one of a few kinds that a grid sorts, a filter compares and a chart draws.

Whatever the engine can return is told in one of them; nothing of it is ever a reason to show nothing. Knows no Streamlit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

Kind = Literal["whole", "real", "text", "long", "moment", "day", "flag"]
"""whole, real: numbers. long: numbers with more digits than a browser can count with, and lengths of time; text, to the right.
moment: by the district's clock, without a zone. flag: true or false."""
NUMBERS: tuple[Kind, ...] = ("whole", "real")
SAFE_MAX = 2**53 - 1
"""The largest whole number that a browser tells from its neighbours."""
TEXT_MAX = 1000
"""Characters of a value that are shown; a download has all of them."""
BYTES_MAX = 64
DECIMALS_MAX = 6
_CODE_NAME = re.compile(r"(^|_)(code|id|no|number|year|epoch|seq|sequence)$", re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1)
_FIRST_DAY, _LAST_DAY = datetime(1, 1, 2), datetime(9999, 12, 30)
_SQL_NAMES = {
    "bool": "BOOLEAN", "int8": "TINYINT", "int16": "SMALLINT", "int32": "INTEGER", "int64": "BIGINT", "uint8": "UTINYINT",
    "uint16": "USMALLINT", "uint32": "UINTEGER", "uint64": "UBIGINT", "float": "FLOAT", "double": "DOUBLE", "string": "VARCHAR",
    "large_string": "VARCHAR", "string_view": "VARCHAR", "binary": "BLOB", "large_binary": "BLOB", "binary_view": "BLOB",
    "date32[day]": "DATE", "time64[us]": "TIME", "month_day_nano_interval": "INTERVAL", "decimal128(38, 0)": "HUGEINT",
    "null": "NULL",
}  # fmt: skip


@dataclass(frozen=True)
class SheetColumn:
    """A column as it is shown. `decimals` of a real one: places that its values need; None where no few are enough.

    `pattern` of a moment: how much of it is told. `is_code`: digits without separators of thousands.
    """

    name: str
    kind: Kind
    sql_type: str
    decimals: int | None = None
    pattern: str = ""
    is_code: bool = False


@dataclass(frozen=True)
class Sheet:
    """Columns, and their values in a table whose fields are called c0, c1 and so on."""

    columns: tuple[SheetColumn, ...]
    table: pa.Table

    @property
    def row_count(self) -> int:
        return int(self.table.num_rows)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where a column of this name stands."""
        return {column.name: place for place, column in enumerate(self.columns)}

    def values(self, name: str) -> pa.ChunkedArray:
        """The column's values."""
        return self.table.column(self.places[name])

    def column(self, name: str) -> SheetColumn:
        return self.columns[self.places[name]]

    def taken(self, mask: pa.ChunkedArray) -> Sheet:
        """The rows for which the mask is true."""
        return Sheet(self.columns, self.table.filter(mask))


def make_sheet(table: pa.Table, zone: tzinfo) -> Sheet:
    """The table as a sheet, its moments by the clock of this zone."""
    taken: set[str] = set()
    columns, arrays = [], []
    for field, values in zip(table.schema, table.columns, strict=True):
        column, shown = _show_column(_name_once(field.name, taken), values, zone)
        columns.append(column)
        arrays.append(shown)
    names = [f"c{place}" for place in range(len(columns))]
    return Sheet(tuple(columns), pa.table(dict(zip(names, arrays, strict=True))))


def tell_value(value: Any, column: SheetColumn) -> str:
    """One value of a sheet as text, as the grid shows it; — where it is unknown."""
    if value is None:
        return "—"
    if column.kind == "whole":
        return str(value) if column.is_code else f"{value:,}"
    if column.kind == "real":
        return f"{value:,.{column.decimals}f}" if column.decimals is not None else f"{value:,.6g}"
    if column.kind == "moment":
        return str(value.strftime(column.pattern))
    return str(value).strip() if column.kind == "long" else str(value)


def _name_once(name: str, taken: set[str]) -> str:
    once, number = name, 1
    while once in taken:
        number += 1
        once = f"{name}_{number}"
    taken.add(once)
    return once


def _show_column(name: str, values: pa.ChunkedArray, zone: tzinfo) -> tuple[SheetColumn, pa.ChunkedArray]:
    kind_of = values.type
    if isinstance(kind_of, pa.BaseExtensionType):
        values = pa.chunked_array([chunk.storage for chunk in values.chunks], type=kind_of.storage_type)
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    sql_type = _name_type(values.type)
    found = _show_plain(name, values, zone, sql_type)
    if found is None:
        found = SheetColumn(name, "text", sql_type), _tell_each(values, _teller_of(values.type))
    return found


def _show_plain(
    name: str, values: pa.ChunkedArray, zone: tzinfo, sql_type: str
) -> tuple[SheetColumn, pa.ChunkedArray] | None:
    """What Arrow itself can bring into one of the kinds; None for what has to be told value by value."""
    types, given = pa.types, values.type
    if types.is_boolean(given):
        return SheetColumn(name, "flag", sql_type), values
    if types.is_integer(given):
        return _show_whole(name, values, sql_type)
    if types.is_floating(given):
        return _show_real(name, values.cast(pa.float64()), sql_type)
    if types.is_decimal(given):
        return _show_decimal(name, values, sql_type)
    if _is_text(given) or types.is_null(given):
        return SheetColumn(name, "text", sql_type), _cut_long(values.cast(pa.string()))
    if types.is_timestamp(given):
        return _show_moment(name, values, zone, sql_type)
    if types.is_date(given):
        days = values.cast(pa.date32())
        numbers = days.cast(pa.int32())
        if _lies_within(numbers, (_FIRST_DAY - _EPOCH).days, (_LAST_DAY - _EPOCH).days):
            return SheetColumn(name, "day", sql_type), days
        return SheetColumn(name, "text", sql_type), _tell_each(numbers, _tell_far_day)
    return None


def _show_whole(name: str, values: pa.ChunkedArray, sql_type: str) -> tuple[SheetColumn, pa.ChunkedArray]:
    if _lies_within(values, -SAFE_MAX, SAFE_MAX):
        column = SheetColumn(name, "whole", sql_type, is_code=bool(_CODE_NAME.search(name)))
        return column, values.cast(pa.int64())
    return SheetColumn(name, "long", sql_type), _align(_tell_each(values, lambda value: f"{value:,}"))


def _show_real(name: str, values: pa.ChunkedArray, sql_type: str) -> tuple[SheetColumn, pa.ChunkedArray]:
    return SheetColumn(name, "real", sql_type, _count_decimals(values)), values


def _show_decimal(name: str, values: pa.ChunkedArray, sql_type: str) -> tuple[SheetColumn, pa.ChunkedArray]:
    """A sum of whole numbers comes as DECIMAL(38, 0): where a browser can count with the values, they are numbers again."""
    scale = max(0, values.type.scale)
    as_real = values.cast(pa.float64(), safe=False)
    if _lies_within(as_real, -SAFE_MAX / 10**scale, SAFE_MAX / 10**scale):
        if scale == 0:
            return _show_whole(name, values.cast(pa.int64()), sql_type)
        return SheetColumn(name, "real", sql_type, scale), as_real
    return SheetColumn(name, "long", sql_type), _align(_tell_each(values, lambda value: f"{value:,}"))


def _show_moment(
    name: str, values: pa.ChunkedArray, zone: tzinfo, sql_type: str
) -> tuple[SheetColumn, pa.ChunkedArray] | None:
    moments = values.cast(pa.timestamp("us", values.type.tz), safe=False)
    first, last = (int((at - _EPOCH).total_seconds()) * 1_000_000 for at in (_FIRST_DAY, _LAST_DAY))
    ticks = moments.cast(pa.int64())
    if not _lies_within(ticks, first, last):
        return SheetColumn(name, "text", sql_type), _tell_each(ticks, _tell_far_moment)
    if values.type.tz is not None:
        moments = _by_the_clock(moments, zone)
        ticks = moments.cast(pa.int64())
    pattern = "%Y-%m-%d %H:%M:%S"
    if _has_any(pc.not_equal(pc.subtract(ticks, pc.multiply(pc.divide(ticks, 1_000_000), 1_000_000)), 0)):
        pattern += ".%f"
    return SheetColumn(name, "moment", sql_type, pattern=pattern), moments


def _by_the_clock(moments: pa.ChunkedArray, zone: tzinfo) -> pa.ChunkedArray:
    """The moments as the clock of a zone shows them, without a zone."""
    name = getattr(zone, "key", None)
    try:
        return pc.local_timestamp(moments.cast(pa.timestamp("us", name))) if name else _by_python(moments, zone)
    except pa.ArrowInvalid:  # a system without a database of zones: Python brings its own
        return _by_python(moments, zone)


def _by_python(moments: pa.ChunkedArray, zone: tzinfo) -> pa.ChunkedArray:
    told = (
        None if value is None else value.astimezone(zone).replace(tzinfo=None)
        for value in moments.cast(pa.timestamp("us", "+00:00")).to_pylist()
    )
    return pa.chunked_array([pa.array(told, pa.timestamp("us"))])


def _tell_far_moment(ticks: int) -> str:
    """A moment that no calendar holds: the engine's infinities, or a year beyond 9999."""
    if abs(ticks) >= 2**63 - 2:
        return "infinity" if ticks > 0 else "-infinity"
    try:
        return (_EPOCH + timedelta(microseconds=ticks)).isoformat(" ")
    except OverflowError:
        return f"{1970 + ticks // 31_556_952_000_000:+d}"


def _tell_far_day(days: int) -> str:
    if abs(days) >= 2**31 - 2:
        return "infinity" if days > 0 else "-infinity"
    return _tell_far_moment(days * 86_400_000_000).removesuffix(" 00:00:00")


def _count_decimals(values: pa.ChunkedArray) -> int | None:
    """Places after the point that tell all of the values apart from rounding; None where more than a few would be needed."""
    known = pc.drop_null(values.combine_chunks() if values.num_chunks != 1 else values.chunk(0))
    known = known.filter(pc.is_finite(known))
    if not len(known):
        return 0
    largest = pc.max(pc.abs(known)).as_py()
    if largest >= 1e15:
        return None
    for places in range(DECIMALS_MAX + 1):
        off = pc.abs(pc.subtract(known, pc.round(known, places)))
        if pc.max(off).as_py() <= max(largest, 1e-9) * 1e-12:
            return places
    smallest = pc.min(pc.abs(known.filter(pc.not_equal(known, 0)))).as_py()
    return 4 if smallest >= 0.01 else None


def _lies_within(values: pa.ChunkedArray, low: float, high: float) -> bool:
    ends = pc.min_max(values).as_py()
    return ends["min"] is None or bool(low <= ends["min"] and ends["max"] <= high)


def _has_any(mask: pa.ChunkedArray) -> bool:
    return bool(pc.any(mask).as_py())


def _is_text(given: pa.DataType) -> bool:
    return bool(pa.types.is_string(given) or pa.types.is_large_string(given) or pa.types.is_string_view(given))


def _is_bytes(given: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_binary(given)
        or types.is_large_binary(given)
        or types.is_binary_view(given)
        or types.is_fixed_size_binary(given)
    )


def _cut_long(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if not values.length() or (pc.max(pc.binary_length(values)).as_py() or 0) <= TEXT_MAX:
        return values
    is_long = pc.greater(pc.utf8_length(values), TEXT_MAX)
    cut = pc.binary_join_element_wise(pc.utf8_slice_codeunits(values, 0, TEXT_MAX), "…", "")
    return pc.if_else(is_long, cut, values)


def _align(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers as text, filled up from the left so that they stand and sort as numbers do."""
    width = pc.max(pc.utf8_length(values)).as_py() or 0
    return pc.utf8_lpad(values, width=width, padding=" ")


def _tell_each(values: pa.ChunkedArray, tell: Callable[[Any], str]) -> pa.ChunkedArray:
    told = [None if value is None else _cut(tell(value)) for value in _list_values(values)]
    return pa.chunked_array([pa.array(told, pa.string())])


def _list_values(values: pa.ChunkedArray) -> Iterable[Any]:
    """The values as Python's; "…" for one that has no like there, such as a list of days beyond every calendar."""
    try:
        return list(values.to_pylist())
    except (ValueError, OverflowError, pa.ArrowException):
        return [_value_of(value) for chunk in values.chunks for value in chunk]


def _value_of(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        return "…"


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_MAX else text[:TEXT_MAX] + "…"


def _teller_of(given: pa.DataType) -> Callable[[Any], str]:
    if _is_bytes(given):
        return _tell_bytes
    if pa.types.is_time(given):
        return lambda value: str(value)
    if pa.types.is_interval(given):
        return _tell_interval
    if pa.types.is_nested(given):
        return lambda value: value if isinstance(value, str) else json.dumps(_tell_inside(value), ensure_ascii=False)
    return str


def _tell_bytes(value: Any) -> str:
    """Tokens and other bytes, as hexadecimal figures."""
    if not isinstance(value, bytes):
        return str(value)
    return value.hex() if len(value) <= BYTES_MAX else value[:BYTES_MAX].hex() + "…"


def _tell_interval(value: Any) -> str:
    """1 year 2 months 3 days 04:05:06, as the engine writes it."""
    if isinstance(value, str):
        return value
    years, months = (int(value.months / 12), value.months - int(value.months / 12) * 12)
    parts = [
        f"{number} {unit}{'' if abs(number) == 1 else 's'}"
        for number, unit in ((years, "year"), (months, "month"), (value.days, "day"))
        if number
    ]
    if value.nanoseconds or not parts:
        seconds, rest = divmod(abs(value.nanoseconds) // 1000, 1_000_000)
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (f".{rest:06}" if rest else "")
        parts.append(f"{'-' if value.nanoseconds < 0 else ''}{clock}")
    return " ".join(parts)


def _tell_inside(value: Any) -> Any:
    """A value within a list or structure, as JSON has it."""
    if isinstance(value, dict):
        return {str(key): _tell_inside(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_tell_inside(inner) for inner in value]
    if isinstance(value, tuple) and not hasattr(value, "months"):
        return [_tell_inside(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return _tell_bytes(value)
    return _tell_interval(value) if hasattr(value, "months") else str(value)


def _name_type(given: pa.DataType) -> str:
    """The type as the engine calls it, near enough to know what may be done with the column."""
    types = pa.types
    if types.is_timestamp(given):
        return "TIMESTAMP WITH TIME ZONE" if given.tz else "TIMESTAMP"
    if types.is_list(given) or types.is_large_list(given):
        return f"{_name_type(given.value_type)}[]"
    if types.is_map(given):
        return f"MAP({_name_type(given.key_type)}, {_name_type(given.item_type)})"
    if types.is_struct(given):
        return f"STRUCT({', '.join(f'{field.name} {_name_type(field.type)}' for field in given)})"[:120]
    name = str(given)
    return _SQL_NAMES.get(name) or (
        "DECIMAL" + name.removeprefix("decimal128") if types.is_decimal(given) else name.upper()
    )
