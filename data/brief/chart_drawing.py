"""The brief's chart as SVG: people sampled in each quarter of an hour as bars, registered as a line; the running quarter dashed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime

from data.brief import ink
from data.brief.figures import Row

LEFT, RIGHT, TOP, BOTTOM = 34.0, 68.0, 8.0, 14.0
TICKS = 4


def draw_throughput(
    rows: Sequence[Row], width: float, height: float, sampled: str, registered: str, running: str, title: str
) -> str:
    """The quarters in order; words for the two series and for the quarter that is still running."""
    if not rows:
        return ink.sheet(width, height, [], title)
    top = _round_up(max(max(row["registered_count"] or 0, row["sampled_count"] or 0) for row in rows) or 1)
    wide, high = width - LEFT - RIGHT, height - TOP - BOTTOM
    slot = wide / max(len(rows), 8)

    def level(count: float) -> float:
        return TOP + high * (1 - count / top)

    parts = []
    for tick in range(TICKS + 1):
        count = top * tick / TICKS
        y = level(count)
        parts.append(f'<path d="M{LEFT:.1f},{y:.1f}H{LEFT + wide:.1f}" stroke="{ink.RULE}" stroke-width="0.5"/>')
        parts.append(ink.text(f"{count:,.0f}", LEFT - 4, y + 2.5, 7, ink=ink.TEXT_2, anchor="end"))
    line = []
    for index, row in enumerate(rows):
        x = LEFT + slot * index
        at: datetime = row["quarter_start_at"]
        if at.minute == 0 and (len(rows) <= 24 or at.hour % 2 == 0):
            parts.append(ink.text(f"{at:%H:%M}", x, height - 3, 7, ink=ink.TEXT_2, anchor="middle"))
        y = level(row["sampled_count"] or 0)
        box = x + slot * 0.05, y, slot * 0.9, max(TOP + high - y, 0.0)
        if row["is_running"]:
            parts.append(
                ink.rectangle(*box, "none", f'stroke="{ink.BAR_2}" stroke-width="0.8" stroke-dasharray="2 1.5"')
            )
        else:
            parts.append(ink.rectangle(*box, ink.BAR_2))
            line.append((x + slot / 2, level(row["registered_count"] or 0)))
    if line:
        steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
        parts.append(f'<path d="M{steps}" fill="none" stroke="{ink.TEXT}" stroke-width="1.2" stroke-linejoin="round"/>')
    whole = [row for row in rows if not row["is_running"]]
    if whole:
        parts += _name_series(whole[-1], level, width, sampled, registered)
    if rows[-1]["is_running"]:
        parts.append(ink.text(running, LEFT + wide + 4, TOP + high, 7, ink=ink.TEXT_2))
    return ink.sheet(width, height, parts, title)


def _name_series(row: Row, level: Callable[[float], float], width: float, sampled: str, registered: str) -> list[str]:
    """The two names with their last figures at the right end, apart from each other."""
    first, second = sorted(
        (
            (level(row["registered_count"] or 0), f"{registered} {row['registered_count'] or 0:,}", 600),
            (level(row["sampled_count"] or 0), f"{sampled} {row['sampled_count'] or 0:,}", 400),
        )
    )
    below = max(second[0], first[0] + 9)
    return [
        ink.text(words, width - RIGHT + 4, y + 2.5, 7, weight=weight)
        for y, words, weight in (first, (below, *second[1:]))
    ]


def _round_up(count: float) -> float:
    """The least 1, 2, 4 or 8 times a power of ten that is no smaller: four ticks fall on round figures."""
    power = 10.0 ** math.floor(math.log10(count))
    return next(step * power for step in (1.0, 2.0, 4.0, 8.0, 10.0) if step * power >= count)
