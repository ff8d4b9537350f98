"""What of an answer a chart draws: which kind of chart suits it, and a bounded number of marks worked out from all of its rows.

Knows no Streamlit and no Plotly. Every step that leaves something out or puts rows together is told in `Marks.notes`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.parts.sql.places import Taking, choose_number, choose_taking
from dashboard.parts.sql.sheet import NUMBERS, Sheet

ChartKind = Literal["bar", "line", "histogram", "scatter"]
CHART_KINDS: tuple[ChartKind, ...] = get_args(ChartKind)
TIMES = ("moment", "day")
BARS_MAX, POINTS_MAX, DOTS_MAX, GROUPS_MAX = 60, 600, 3000, 6
BIN_COUNT = 30
NAMED_ROWS_MAX = 1000
_STEPS_S = (1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 604800, 2592000, 31536000)
OTHERS = "\0others"


@dataclass(frozen=True)
class Choice:
    """What is drawn: y None is the number of rows; `group` colours."""

    kind: ChartKind
    x: str
    y: str | None = None
    group: str | None = None
    taking: Taking = "sum"


@dataclass(frozen=True)
class Series:
    """Marks of one colour; `name` "" where there is one alone."""

    name: str
    x: Sequence[Any]
    y: Sequence[Any]


@dataclass(frozen=True)
class Marks:
    """Series to draw; `notes` are words with their values; `width` of a bar of a histogram, `is_together`: rows were put together."""

    series: tuple[Series, ...]
    notes: tuple[tuple[str, Mapping[str, object]], ...] = ()
    width: float | None = None
    is_together: bool = False


def list_numbers(sheet: Sheet) -> list[str]:
    """Columns that can be measured."""
    return [one.name for one in sheet.columns if one.kind in NUMBERS and not one.is_code]


def list_times(sheet: Sheet) -> list[str]:
    return [one.name for one in sheet.columns if one.kind in TIMES]


def list_groups(sheet: Sheet) -> list[str]:
    """Columns whose values can be names of marks."""
    return [one.name for one in sheet.columns if one.kind in ("text", "flag") or one.is_code]


def list_kinds(sheet: Sheet) -> list[ChartKind]:
    """The kinds of chart that these columns allow."""
    numbers, times = list_numbers(sheet), list_times(sheet)
    allowed = {"bar": bool(sheet.columns), "line": bool(times) or len(numbers) > 1, "histogram": bool(numbers)}
    allowed["scatter"] = len(numbers) > 1 or bool(numbers and times)
    return [kind for kind in CHART_KINDS if allowed[kind]]


def choose_chart(sheet: Sheet, kind: ChartKind | None = None) -> Choice:
    """The chart that suits the answer, or the best of one kind: lines over time, bars of names, dots of two numbers, the spread of one."""
    numbers, times, groups = list_numbers(sheet), list_times(sheet), list_groups(sheet)
    few = [name for name in groups if _names_marks(sheet, name)]
    measure = choose_number(sheet)
    if kind is None:
        if times and _count_distinct(sheet, times[0]) > 2 and not _names_rows(sheet, times[0], groups):
            kind = "line"
        elif few and (measure or not numbers):
            kind = "bar"
        else:
            kind = "scatter" if len(numbers) > 1 else "histogram" if numbers else "bar"
    taking = choose_taking(measure)
    if kind == "histogram":
        return Choice(kind, measure or numbers[0])
    if kind == "scatter":
        return Choice(kind, *(numbers[:2] if len(numbers) > 1 else (times[0], numbers[0])))
    if kind == "line":
        x = times[0] if times else numbers[0]
        y = measure if measure != x else next((name for name in numbers if name != x), None)
        return Choice(kind, x, y, _choose_group(sheet, x, groups), choose_taking(y))
    names = [name for name in few if not sheet.column(name).is_code and not name.endswith("_code")] or few or groups
    x = (names or times or [sheet.columns[0].name])[0]
    return Choice(kind, x, measure if measure != x else None, None, taking)


def make_marks(sheet: Sheet, choice: Choice) -> Marks:
    """The marks of this choice."""
    if choice.kind == "histogram":
        return _count_bins(sheet, choice)
    if choice.kind == "scatter":
        return _scatter(sheet, choice)
    return _gather(sheet, choice)


def has_several(sheet: Sheet, choice: Choice) -> bool:
    """Whether several rows make one mark, so that it has to be said how."""
    if choice.kind not in ("bar", "line") or choice.y is None:
        return False
    if choice.kind == "line" and _count_distinct(sheet, choice.x) > POINTS_MAX:
        return True
    keys = [sheet.values(name) for name in (choice.x, choice.group) if name]
    names = [f"k{place}" for place in range(len(keys))]
    return bool(pa.table(dict(zip(names, keys, strict=True))).group_by(names).aggregate([]).num_rows < sheet.row_count)


def _gather(sheet: Sheet, choice: Choice) -> Marks:
    """Bars or lines: rows of one x and colour put together."""
    notes: list[tuple[str, Mapping[str, object]]] = []
    column = sheet.column(choice.x)
    keys = sheet.values(choice.x)
    if choice.kind == "line" and column.kind in TIMES and _count_distinct(sheet, choice.x) > POINTS_MAX:
        keys, step_s = _widen(keys)
        notes.append(("chart_widened", {"step": step_s}))
    table = pa.table(
        {
            "x": keys,
            "y": sheet.values(choice.y) if choice.y else pa.nulls(sheet.row_count, pa.int64()),
            "group": _group_of(sheet, choice.group, notes),
            "row": pa.array(range(sheet.row_count), pa.int64()),
        }
    )
    taking: list[Any] = [("y", choice.taking)] if choice.y else [([], "count_all")]
    found = table.group_by(["x", "group"]).aggregate([*taking, ("row", "min")])
    first = ("row_min", "ascending")  # groups come in no order of their own
    value = f"y_{choice.taking}" if choice.y else "count_all"
    is_together = found.num_rows < sheet.row_count
    if choice.kind == "line":
        found = found.filter(pc.is_valid(found["x"]))
    found = found.sort_by([("x", "ascending"), first] if choice.kind == "line" else [first])
    found, cut = _cut(found, BARS_MAX if choice.kind == "bar" else POINTS_MAX)
    if cut:
        notes.append(("chart_first", {"shown": BARS_MAX if choice.kind == "bar" else POINTS_MAX, "count": cut}))
    rows = found.to_pydict()
    is_measured = column.kind in (*TIMES, *NUMBERS) and not column.is_code
    told = rows["x"] if is_measured else [_name(one) for one in rows["x"]]
    return Marks(_split(told, rows[value], rows["group"]), tuple(notes), is_together=is_together)


def _scatter(sheet: Sheet, choice: Choice) -> Marks:
    notes: list[tuple[str, Mapping[str, object]]] = []
    assert choice.y is not None
    table = pa.table(
        {"x": sheet.values(choice.x), "y": sheet.values(choice.y), "group": _group_of(sheet, choice.group, notes)}
    )
    table = table.filter(pc.and_(pc.is_valid(table["x"]), pc.is_valid(table["y"])))
    if table.num_rows > DOTS_MAX:
        step = math.ceil(table.num_rows / DOTS_MAX)
        notes.append(("chart_sampled", {"count": table.num_rows, "step": step}))
        table = table.take(pa.array(range(0, table.num_rows, step)))
    rows = table.to_pydict()
    return Marks(_split(rows["x"], rows["y"], rows["group"]), tuple(notes))


def _count_bins(sheet: Sheet, choice: Choice) -> Marks:
    """How many rows lie in each of about thirty steps of one width."""
    column = sheet.column(choice.x)
    values = sheet.values(choice.x).cast(pa.float64())
    known = values.filter(pc.fill_null(pc.is_finite(values), False))
    if not len(known):
        return Marks(())
    low, high = (pc.min(known).as_py(), pc.max(known).as_py())
    width = _round_step((high - low) / BIN_COUNT) if high > low else 1.0
    if column.kind == "whole":
        width = max(1.0, width)
    places = pc.floor(pc.divide(known, width)).cast(pa.int64())
    counted = pa.table({"place": places}).group_by("place").aggregate([([], "count_all")]).sort_by("place").to_pydict()
    middle = 0.0 if column.kind == "whole" and width == 1.0 else width / 2
    return Marks(
        (Series("", [place * width + middle for place in counted["place"]], counted["count_all"]),), width=width
    )


def _group_of(
    sheet: Sheet, name: str | None, notes: list[tuple[str, Mapping[str, object]]]
) -> pa.ChunkedArray | pa.Array:
    """The names of the colours; those rarer than the commonest few are one."""
    if name is None:
        return pa.array([""] * sheet.row_count, pa.string())
    names = sheet.values(name).cast(pa.string())
    counted = pc.value_counts(names.combine_chunks()).to_pylist()
    if len(counted) <= GROUPS_MAX:
        return pc.fill_null(names, "—")
    counted.sort(key=lambda row: -row["counts"])
    kept = [row["values"] for row in counted[: GROUPS_MAX - 1]]
    notes.append(("chart_others", {"count": len(counted) - len(kept)}))
    return pc.if_else(pc.is_in(names, pa.array(kept, pa.string())), pc.fill_null(names, "—"), OTHERS)


def _cut(found: pa.Table, most: int) -> tuple[pa.Table, int]:
    """The rows of the first so many x, and how many there are in all; 0 where none was left out."""
    order = pc.unique(found["x"])
    if len(order) <= most:
        return found, 0
    kept = order.slice(0, most)
    mask = pc.is_in(found["x"], kept)
    return found.filter(mask), len(order)


def _split(xs: Sequence[Any], ys: Sequence[Any], groups: Sequence[str]) -> tuple[Series, ...]:
    parts: dict[str, tuple[list[Any], list[Any]]] = {}
    for x, y, group in zip(xs, ys, groups, strict=True):
        own = parts.setdefault(group, ([], []))
        own[0].append(x)
        own[1].append(y)
    ordered = sorted(parts, key=lambda group: group == OTHERS)
    return tuple(Series(group, *parts[group]) for group in ordered)


def _widen(moments: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """The moments brought down to steps of a length that a clock has, so that few enough are left; and that length."""
    ticks = moments.cast(pa.timestamp("us")).cast(pa.int64())
    ends = pc.min_max(ticks).as_py()
    span_s = (ends["max"] - ends["min"]) / 1e6
    step_s = next((step for step in _STEPS_S if span_s / step <= POINTS_MAX - 1), _STEPS_S[-1])
    step = step_s * 1_000_000
    floored = pc.multiply(pc.cast(pc.floor(pc.divide(pc.cast(ticks, pa.float64()), float(step))), pa.int64()), step)
    return floored.cast(pa.timestamp("us")), step_s


def _choose_group(sheet: Sheet, x: str, groups: Sequence[str]) -> str | None:
    """A column that tells rows of one x apart, with few names."""
    if _count_distinct(sheet, x) == sheet.row_count:
        return None
    return next((name for name in groups if 1 < _count_distinct(sheet, name) <= GROUPS_MAX), None)


def _names_marks(sheet: Sheet, name: str) -> bool:
    """Whether bars may be called by this column: few names, or one for each row of an answer that is not long."""
    count = _count_distinct(sheet, name)
    return count <= BARS_MAX or (count == sheet.row_count and count <= NAMED_ROWS_MAX)


def _names_rows(sheet: Sheet, time: str, groups: Sequence[str]) -> bool:
    """Whether the answer is of things that have a time, not of times: a name of its own in each row, before the time."""
    before = [name for name in groups if sheet.places[name] < sheet.places[time]]
    return any(_count_distinct(sheet, name) == sheet.row_count for name in before)


def _count_distinct(sheet: Sheet, name: str) -> int:
    return int(pc.count_distinct(sheet.values(name)).as_py())


def _round_step(width: float) -> float:
    power = 10.0 ** math.floor(math.log10(width))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= width * 0.999)


def _name(value: Any) -> str:
    return "—" if value is None else str(value)


def tell_step(step_s: int) -> tuple[str, int]:
    """The word and number of a step of time: ("step_min", 5)."""
    for word, length in (("step_day", 86400), ("step_hour", 3600), ("step_min", 60)):
        if step_s >= length:
            return word, round(step_s / length)
    return "step_s", step_s
