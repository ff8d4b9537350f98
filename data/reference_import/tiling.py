"""A file's grids as a map that can be judged and repaired: how they go from records to `geo.report` and back.

Refuses nothing itself: a missing or doubled code is refused by `check`, all else is told and stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa

from data.map_report import Surroundings
from data.reference_import.read import Records
from geo.fault import ROUNDING_M, SNAP_WIDTH_M, GridMap
from geo.repair import repair_map
from geo.report import MapReport, make_report

NOTHING_AROUND = Surroundings()


@dataclass(frozen=True)
class TilingOptions:
    """Whether a map is repaired, and up to which width."""

    is_repair_asked: bool = False
    snap_width_m: float = SNAP_WIDTH_M


def report_records(
    path: Path, records: Records, timezone: str, options: TilingOptions, around: Surroundings = NOTHING_AROUND
) -> MapReport:
    """The report on a file's grids, compared with what is around them."""
    return make_report(
        path.name,
        datetime.now(ZoneInfo(timezone)),
        _gather(records, around.town_of),
        around.points,
        around.outlines,
        snap_width_m=options.snap_width_m,
        is_repair_asked=options.is_repair_asked,
    )


def mend_records(records: Records, report: MapReport) -> Records:
    """The records with the shapes to store: repaired where that was asked for, else valid and rid of rounding only.

    Neighbours must share their vertices, or the map would tear when it is drawn coarser; that much is done unasked.
    """
    shapes = report.repair.shapes if report.repair else repair_map(_gather(records, {}), ROUNDING_M).shapes
    return replace(records, shapes=shapes)


def _gather(records: Records, town_of: Mapping[str, str]) -> GridMap:
    assert records.shapes is not None
    communities = _texts(records.table, "community_code")
    towns = tuple(
        town or town_of.get(community, "")
        for town, community in zip(_texts(records.table, "town_code"), communities, strict=True)
    )
    return GridMap(
        codes=_texts(records.table, "grid_code"),
        shapes=records.shapes,
        names=_texts(records.table, "grid_name"),
        communities=communities,
        towns=towns if any(towns) else (),  # grids need not name their towns: communities do
        rows=tuple(_row_number(records.place_of(index), index) for index in range(records.table.num_rows)),
    )


def _row_number(place: str, index: int) -> int:
    """The number in "feature 3" or "line 4", which is how the file itself counts."""
    found = re.search(r"\d+", place)
    return int(found[0]) if found else index + 1


def _texts(table: pa.Table, column: str) -> tuple[str, ...]:
    return tuple(str(value or "").strip() for value in table.column(column).to_pylist())
