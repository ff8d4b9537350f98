"""A judgement with what was judged: all that a report on a map is written from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from geo.fault import SNAP_WIDTH_M, GridMap, Judgement, Outlines, Points
from geo.repair import Repair, repair_map
from geo.tiling import judge_map


@dataclass(frozen=True)
class MapReport:
    """`grids` as judged: after the repair, where one was asked for. `source` is the name of the file."""

    source: str
    made_at: datetime
    grids: GridMap
    judgement: Judgement
    repair: Repair | None = None


def make_report(
    source: str,
    made_at: datetime,
    grids: GridMap,
    points: tuple[Points, ...] = (),
    outlines: tuple[Outlines, ...] = (),
    *,
    snap_width_m: float = SNAP_WIDTH_M,
    is_repair_asked: bool = False,
) -> MapReport:
    """Judges a map; with `is_repair_asked` repairs it first and judges what has come of it."""
    repair = repair_map(grids, snap_width_m) if is_repair_asked else None
    if repair is not None:
        grids = replace(grids, shapes=repair.shapes)
    return MapReport(source, made_at, grids, judge_map(grids, points, outlines, snap_width_m), repair)
