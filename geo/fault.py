"""What can be wrong with a map of grids: the map as it is judged, one fault, and the judgement as a whole.

Owns the kinds of faults, their levels and the figures that define them. Does not look for faults (`geo.tiling`), mend
them (`geo.repair`) or put them into words (`geo.report`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

Shapes = npt.NDArray[np.object_]
Level = Literal["refuse", "repair", "warn"]
LEVELS: tuple[Level, ...] = ("refuse", "repair", "warn")
"""From worst: nothing is stored; stored as it is, mended when asked; often meant so (islands, a lake left out)."""

SNAP_WIDTH_M = 1.0
"""Overlaps and gaps up to this width are slips of drawing, which a repair may close. A person may state another."""
ROUNDING_M = 0.1
"""Six decimals of a degree are 0.11 m: what is narrower is rounding, told as neighbours that share no vertices."""
OPEN_GAP_WIDTH_M = 20.0
"""A gap that opens to the outside is told up to this width; a wider one is a bay of the district's outline."""
SIZE_RATIO = 100.0
"""A grid this many times smaller or larger than the median is worth a look. In the scenario the ratios are 5 and 9."""

KINDS: tuple[str, ...] = (
    "no_code",
    "duplicate_code",
    "no_shape",
    "invalid",
    "overlap",
    "gap",
    "sliver",
    "unmatched",
    "missing_parent",
    "two_parents",
    "not_nested",
    "community_apart",
    "town_apart",
    "multipart",
    "hole",
    "exclave",
    "tiny",
    "huge",
    "point_elsewhere",
    "point_nowhere",
)
"""In the order in which a report tells them, within one level."""


@dataclass(frozen=True)
class GridMap:
    """The rows of a layer of grids, in the file's order. Shapes in EPSG:4326, lon first; None where there is none.

    `codes` and `communities`, `towns` are "" where the file has none; an empty tuple says that the layer knows no
    such column. `rows` are their numbers in the file, from 1.
    """

    codes: tuple[str, ...]
    shapes: Shapes
    names: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    towns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()

    def label(self, index: int) -> str:
        """The row's code, or its number where it has none."""
        return self.codes[index] or f"#{self.row(index)}"

    def row(self, index: int) -> int:
        """The row's number in the file."""
        return self.rows[index] if self.rows else index + 1

    def name(self, index: int) -> str:
        """The grid's name, "" where it has none."""
        return self.names[index] if self.names else ""


@dataclass(frozen=True)
class Outlines:
    """A layer of what grids belong to: `kind` is community or town; `parents` are the towns of communities."""

    kind: Literal["community", "town"]
    codes: tuple[str, ...]
    shapes: Shapes
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Points:
    """Buildings or sites (`kind`) with the grid that each is said to lie in; `lon_lat` is (n, 2), EPSG:4326."""

    kind: Literal["building", "site"]
    codes: tuple[str, ...]
    grid_codes: tuple[str, ...]
    lon_lat: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, where, and how much of it.

    `codes`: of grids, largest part in it first; of a community or town where `kind` is about one, then of its grids;
    of a point, then of its grids. `rows`: numbers in the file where codes do not tell the place. `area_m2`, `width_m`
    (its widest), `length_m`: null where the kind has none. `lon`, `lat`: a point of the place; `place`: its shape,
    EPSG:4326. `near_code`, `near_name`: the grid there. `detail`: what the kind's sentence needs besides.
    """

    kind: str
    level: Level
    codes: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    area_m2: float | None = None
    width_m: float | None = None
    length_m: float | None = None
    lon: float | None = None
    lat: float | None = None
    near_code: str = ""
    near_name: str = ""
    detail: str = ""
    place: BaseGeometry | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class MapSize:
    """How much there is: counts, and areas in m² (null on a map without any area)."""

    row_count: int
    grid_count: int
    community_count: int
    town_count: int
    vertex_count: int
    area_m2: float
    median_area_m2: float | None
    point_count: int = 0


@dataclass(frozen=True)
class Judgement:
    """What was found on a map, worst first, and what was looked at."""

    size: MapSize
    faults: tuple[Fault, ...]
    snap_width_m: float = SNAP_WIDTH_M

    @property
    def is_refused(self) -> bool:
        """Whether codes are missing or doubled, so that the map cannot be stored."""
        return any(fault.level == "refuse" for fault in self.faults)

    @property
    def tiles(self) -> bool:
        """Whether every point of the district's covered part lies in exactly one grid."""
        torn = {"no_code", "duplicate_code", "no_shape", "invalid", "overlap", "sliver", "unmatched"}
        return not any(fault.kind in torn for fault in self.faults)

    def of_level(self, level: Level) -> tuple[Fault, ...]:
        """The faults of one level."""
        return tuple(fault for fault in self.faults if fault.level == level)


def sort_faults(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """The faults, worst level first, then by kind, then by size."""
    return tuple(
        sorted(
            faults,
            key=lambda fault: (
                LEVELS.index(fault.level),
                KINDS.index(fault.kind),
                -(fault.area_m2 or fault.length_m or 0.0),
                fault.codes,
            ),
        )
    )
