"""A sound map of sixteen grids, and the ways in which a real one is damaged.

Sixteen squares of 100 m in four rows, named A1 (south-west) to D4 (north-east) near 113.07 E, 22.58 N. A community is a
quarter of four squares; the southern two belong to town T1, the northern two to T2. Each `damage` takes a map and
gives it back with one defect; `scenario_map` is the built-in district's.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo.crs import degrees_from_metres, metres_from_degrees
from geo.fault import GridMap, Points

LON, LAT = 113.07, 22.58
SIDE_M = 100.0


def in_degrees(shape: BaseGeometry) -> BaseGeometry:
    """A shape in metres east and north of the map's south-west corner, in EPSG:4326."""
    return shapely.transform(shape, degrees_from_metres(LON, LAT))


def in_metres(shape: BaseGeometry) -> BaseGeometry:
    return shapely.transform(shape, metres_from_degrees(LON, LAT))


def square(column: float, row: float, width: float = 1.0, height: float = 1.0) -> Polygon:
    """A rectangle on the board, in metres."""
    return box(column * SIDE_M, row * SIDE_M, (column + width) * SIDE_M, (row + height) * SIDE_M)


def sound_map() -> GridMap:
    cells = [(row, column) for row in range(4) for column in range(4)]
    return GridMap(
        codes=tuple(f"{'ABCD'[row]}{column + 1}" for row, column in cells),
        shapes=np.array([in_degrees(square(column, row)) for row, column in cells], dtype=object),
        names=tuple(f"第{'ABCD'[row]}{column + 1}网格" for row, column in cells),
        communities=tuple(f"C{row // 2 * 2 + column // 2 + 1}" for row, column in cells),
        towns=tuple(f"T{row // 2 + 1}" for row, _ in cells),
    )


@cache
def scenario_map() -> GridMap:
    from data.scenario.geography import make_geography

    grids = make_geography().grids
    return GridMap(
        codes=tuple(grid.code for grid in grids),
        shapes=np.array([grid.shape for grid in grids], dtype=object),
        names=tuple(grid.name for grid in grids),
        communities=tuple(grid.community.code for grid in grids),
        towns=tuple(grid.town.code for grid in grids),
    )


def place_of(grids: GridMap, code: str) -> int:
    return grids.codes.index(code)


def reshaped(grids: GridMap, **shapes_m: BaseGeometry | None) -> GridMap:
    """The map with other shapes (in metres) for some codes."""
    shapes = grids.shapes.copy()
    for code, shape in shapes_m.items():
        shapes[place_of(grids, code)] = None if shape is None else in_degrees(shape)
    return replace(grids, shapes=shapes)


def recoded(grids: GridMap, old: str, new: str) -> GridMap:
    return replace(grids, codes=tuple(new if code == old else code for code in grids.codes))


def rehomed(grids: GridMap, code: str, community: str | None = None, town: str | None = None) -> GridMap:
    at = place_of(grids, code)

    def put(values: tuple[str, ...], value: str | None) -> tuple[str, ...]:
        return values if value is None else (*values[:at], value, *values[at + 1 :])

    return replace(grids, communities=put(grids.communities, community), towns=put(grids.towns, town))


def added(grids: GridMap, code: str, shape_m: BaseGeometry, community: str, town: str) -> GridMap:
    return replace(
        grids,
        codes=(*grids.codes, code),
        shapes=np.append(grids.shapes, np.array([in_degrees(shape_m)], dtype=object)),
        names=(*grids.names, f"第{code}网格"),
        communities=(*grids.communities, community),
        towns=(*grids.towns, town),
    )


def overlapping(grids: GridMap, width_m: float) -> GridMap:
    """B2 reaches into C2, north of it."""
    return reshaped(grids, B2=box(100, 100, 200, 200 + width_m))


def gaping(grids: GridMap, width_m: float) -> GridMap:
    """B2 ends short of C2: a gap with four grids round it."""
    return reshaped(grids, B2=box(100, 100, 200, 200 - width_m))


def open_gap(grids: GridMap, width_m: float) -> GridMap:
    """A1 ends short of A2: a gap that opens to the south."""
    return reshaped(grids, A1=box(0, 0, 100 - width_m, 100))


def crossed(grids: GridMap) -> GridMap:
    """B2's outline crosses itself; what it covers stays within its square."""
    return reshaped(
        grids,
        B2=Polygon([(100, 100), (200, 100), (200, 200), (100, 200), (100, 150), (110, 160), (110, 150), (100, 160)]),
    )


def emptied(grids: GridMap) -> GridMap:
    return reshaped(grids, D4=None)


def cornered(grids: GridMap) -> GridMap:
    """A1 has a corner in the middle of its northern edge that B1 has not."""
    return reshaped(grids, A1=Polygon([(0, 0), (100, 0), (100, 100), (40, 100), (0, 100)]))


def split_in_two(grids: GridMap) -> GridMap:
    """D4 has a second part, an island of 20 m by 20 m."""
    return reshaped(grids, D4=MultiPolygon([square(3, 3), box(500, 350, 520, 370)]))


def holed(grids: GridMap) -> GridMap:
    """C3 has a hole of 20 m by 30 m."""
    return reshaped(grids, C3=Polygon(square(2, 2).exterior, [box(240, 240, 260, 270).exterior]))


def building_points(spots_m: npt.NDArray[np.float64], grid_codes: tuple[str, ...]) -> Points:
    return Points(
        "building",
        tuple(f"K{number + 1}" for number in range(len(grid_codes))),
        grid_codes,
        degrees_from_metres(LON, LAT)(np.asarray(spots_m, dtype=float)),
    )
