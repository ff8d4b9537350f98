"""Filters of a query's answer: conditions on its columns, all of which a row has to meet. Compares; shows nothing.

They are applied to the whole answer that came, never to a page of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.parts.sql.sheet import NUMBERS, Sheet, SheetColumn

Comparison = Literal["contains", "equal", "unequal", "least", "most", "null", "known"]
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
WITHOUT_VALUE: tuple[Comparison, ...] = ("null", "known")
_COMPARE: dict[str, Callable[..., Any]] = {
    "equal": pc.equal,
    "unequal": pc.not_equal,
    "least": pc.greater_equal,
    "most": pc.less_equal,
}
_MOMENTS = (
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d",
)
_TRUE, _FALSE = ("true", "t", "1", "是"), ("false", "f", "0", "否")


@dataclass(frozen=True)
class Condition:
    """What a row has to meet: its value in a column, compared with a text that a reader typed."""

    column: str
    comparison: Comparison
    value: str = ""

    @property
    def is_complete(self) -> bool:
        return self.comparison in WITHOUT_VALUE or bool(self.value.strip())


class NotComparable(ValueError):
    """The text cannot be compared with the column: it is no number, no time. `kind` is what was expected."""

    def __init__(self, condition: Condition, kind: str) -> None:
        super().__init__(f"{condition.value!r} is no {kind}")
        self.condition = condition
        self.kind = kind


def list_comparisons(column: SheetColumn) -> tuple[Comparison, ...]:
    """How this column can be compared, the likeliest first."""
    if column.kind == "flag":
        return ("equal", "null", "known")
    if column.kind in NUMBERS or column.kind in ("moment", "day"):
        return ("least", "most", "equal", "unequal", "contains", "null", "known")
    if column.kind == "long":
        return ("contains", "equal", "unequal", "null", "known")
    return COMPARISONS


def apply_filter(sheet: Sheet, conditions: Sequence[Condition]) -> Sheet:
    """The rows that meet every condition, in their order. Raises NotComparable; conditions without a value are left out."""
    masks = [_find(sheet, condition) for condition in conditions if condition.is_complete]
    return sheet.taken(reduce(pc.and_, masks)) if masks else sheet


def _find(sheet: Sheet, condition: Condition) -> pa.ChunkedArray:
    column, values = sheet.column(condition.column), sheet.values(condition.column)
    if condition.comparison == "null":
        return pc.is_null(values)
    if condition.comparison == "known":
        return pc.is_valid(values)
    wanted = condition.value.strip()
    if condition.comparison == "contains":
        return pc.fill_null(pc.match_substring(_as_text(values, column), wanted.casefold(), ignore_case=True), False)
    if column.kind == "long":
        values, wanted = _as_text(values, column), wanted.replace(",", "").replace("，", "")
    compared = _COMPARE[condition.comparison](values, _read_value(wanted, condition, column))
    # unknown differs from every value: whoever wants it out says so
    return pc.fill_null(compared, condition.comparison == "unequal")


def _as_text(values: pa.ChunkedArray, column: SheetColumn) -> pa.ChunkedArray:
    if column.kind == "moment":
        return pc.strftime(pc.cast(values, pa.timestamp("us")), format="%Y-%m-%d %H:%M:%S")
    if column.kind == "long":
        return pc.replace_substring(pc.utf8_trim_whitespace(values), ",", "")
    return values.cast(pa.string())


def _read_value(text: str, condition: Condition, column: SheetColumn) -> pa.Scalar:
    if column.kind in NUMBERS:
        digits = text.replace(",", "").replace("，", "").removesuffix("%")
        try:
            return pa.scalar(int(digits) if column.kind == "whole" and _is_whole(digits) else float(digits))
        except (ValueError, OverflowError):
            raise NotComparable(condition, "number") from None
    if column.kind in ("moment", "day"):
        moment = _read_moment(text)
        if moment is None:
            raise NotComparable(condition, column.kind)
        return (
            pa.scalar(moment, pa.timestamp("us")) if column.kind == "moment" else pa.scalar(moment.date(), pa.date32())
        )
    if column.kind == "flag":
        if text.casefold() not in _TRUE + _FALSE:
            raise NotComparable(condition, "flag")
        return pa.scalar(text.casefold() in _TRUE)
    return pa.scalar(text)


def _is_whole(digits: str) -> bool:
    return digits.lstrip("+-").isdigit() and len(digits) < 19


def _read_moment(text: str) -> datetime | None:
    for form in _MOMENTS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None
