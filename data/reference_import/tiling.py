"""A file's grids as a map that can be judged and repaired: how they go from records to `geo.report` and back.

Refuses nothing itself: a missing or doubled code is refused by `check`, all else is told and stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa

from data.reference_import.read import Records
from geo.fault import ROUNDING_M, SNAP_WIDTH_M, GridMap, Outlines, Points
from geo.repair import repair_map
from geo.report import MapReport, make_report


@dataclass(frozen=True)
class TilingOptions:
    """Whether a map is repaired, and up to which width."""

    is_repair_asked: bool = False
    snap_width_m: float = SNAP_WIDTH_M


def report_records(
    path: Path,
    records: Records,
    timezone: str,
    options: TilingOptions,
    points: tuple[Points, ...] = (),
    outlines: tuple[Outlines, ...] = (),
) -> MapReport:
    """The report on a file's grids. Points of grids that the file does not have are not looked at."""
    grids = _gather(records)
    return make_report(
        path.name,
        datetime.now(ZoneInfo(timezone)),
        grids,
        points,
        outlines,
        snap_width_m=options.snap_width_m,
        is_repair_asked=options.is_repair_asked,
    )


def mend_records(records: Records, report: MapReport) -> Records:
    """The records with the shapes to store: repaired where that was asked for, else valid and rid of rounding only.

    Neighbours must share their vertices, or the map would tear when it is drawn coarser; that much is done unasked.
    """
    shapes = report.repair.shapes if report.repair else repair_map(_gather(records), ROUNDING_M).shapes
    return replace(records, shapes=shapes)


def _gather(records: Records) -> GridMap:
    assert records.shapes is not None
    return GridMap(
        codes=_texts(records.table, "grid_code"),
        shapes=records.shapes,
        names=_texts(records.table, "grid_name"),
        communities=_texts(records.table, "community_code"),
        towns=_texts(records.table, "town_code"),
    )


def _texts(table: pa.Table, column: str) -> tuple[str, ...]:
    return tuple(str(value or "").strip() for value in table.column(column).to_pylist())
