"""Classes of values for a map's colours: bounds that a reader can say, and in which class a value lies. Knows numbers and words only."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Method = Literal["quantile", "equal"]
METHODS: tuple[Method, ...] = get_args(Method)
CLASS_COUNT = 5
CATEGORIES_MAX = 8


@dataclass(frozen=True)
class Classes:
    """`lower` are the classes' lower bounds, ascending; `labels` say them as a legend does."""

    lower: tuple[float, ...]
    labels: tuple[str, ...]

    def place(self, value: float) -> int:
        """In which class the value lies."""
        return max(0, bisect_right(self.lower, value) - 1)


def make_classes(values: Iterable[float], method: Method, decimals: int | None) -> Classes:
    """At most five classes of these values: as many places in each (quantile), or of one width (equal).

    Bounds are round, the outer ones the least and the largest value. Few different values are a class each; of classes
    with as many places each, one in which none would lie is left out.
    `decimals`: places after the point that the values have, None for many.
    """
    known = sorted(value for value in values if math.isfinite(value))
    distinct = sorted(set(known))
    if len(distinct) <= CLASS_COUNT:
        return Classes(tuple(distinct), tuple(_tell(value, decimals) for value in distinct))
    low, high = distinct[0], distinct[-1]
    if method == "equal":
        raw = [low + (high - low) * part / CLASS_COUNT for part in range(1, CLASS_COUNT)]
    else:
        raw = [known[len(known) * part // CLASS_COUNT] for part in range(1, CLASS_COUNT)]
    step = _round_step((high - low) / 40, decimals)
    bounds = sorted({low, *(bound for bound in (_round_to(one, step) for one in raw) if low < bound <= high)})
    ends = [*bounds[1:], math.inf]
    lower = [
        bound for bound, end in zip(bounds, ends, strict=True) if method == "equal" or _has_between(known, bound, end)
    ]
    return Classes(tuple(lower), tuple(_tell_class(lower, place, high, decimals) for place in range(len(lower))))


def choose_categories(values: Iterable[object]) -> list[str]:
    """The commonest values in the order of how often they come; what is rarer than the last of them is told as one."""
    counted = Counter(str(value) for value in values if value is not None)
    ordered = sorted(counted, key=lambda value: (-counted[value], value))
    return ordered if len(ordered) <= CATEGORIES_MAX else ordered[: CATEGORIES_MAX - 1]


def _has_between(known: Sequence[float], low: float, high: float) -> bool:
    return any(low <= value < high for value in known)


def _round_step(width: float, decimals: int | None) -> float:
    """1, 2 or 5 times a power of ten, near this width; not finer than the values are."""
    power = 10.0 ** math.floor(math.log10(width))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= width)
    return step if decimals is None else max(step, 10.0**-decimals)


def _round_to(value: float, step: float) -> float:
    digits = max(0, -math.floor(math.log10(step))) + 1
    return round(round(value / step) * step, digits)


def _tell_class(lower: Sequence[float], place: int, high: float, decimals: int | None) -> str:
    """800–949 where values have few decimals: the next class begins at 950; else 0.25 – < 0.5."""
    low = lower[place]
    if place == len(lower) - 1:
        return _tell(low, decimals) if low == high else _span(low, high, decimals)
    if decimals is None or decimals > 2:
        return f"{_tell(low, decimals)} – < {_tell(lower[place + 1], decimals)}"
    last = lower[place + 1] - 10.0**-decimals
    return _tell(low, decimals) if last <= low else _span(low, last, decimals)


def _span(low: float, high: float, decimals: int | None) -> str:
    dash = "–" if low >= 0 else " … "  # a minus after a dash would not be read as one
    return f"{_tell(low, decimals)}{dash}{_tell(high, decimals)}"


def _tell(value: float, decimals: int | None) -> str:
    return f"{value:,.6g}" if decimals is None else f"{value:,.{decimals}f}"
