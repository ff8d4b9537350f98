"""GCJ-02 and BD-09, the shifted coordinates of Chinese web maps, into WGS 84; and how far GCJ-02 shifts a district.

The forward shifts are those of the package xyconvert; its inverses are good to metres only, so they are found by
iteration here, to less than a millimetre. Degrees, lon first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geo.crs import Coordinates
from geo.errors import GeoError

WEB_MAP_SYSTEMS = {"gcj02": "GCJ-02", "bd09": "BD-09"}
SHIFTED_BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""Where the shift applies (lon, lat, lon, lat), as every published implementation has it."""
EXACT_DEG = 1e-10
_ITERATIONS = 30
LATTICE_STEP_DEG = 0.01
LATTICE_MARGIN_DEG = 0.05
"""One kilometre: the shift's shortest wave is 37 km long, so between points a straight line is about 0.1 m off."""


@dataclass(frozen=True)
class ShiftLattice:
    """Shifts from WGS 84 at the points of a lattice, in ten-millionths of a degree, row by row from the south-west."""

    west: float
    south: float
    step: float
    columns: int
    lon: list[int]
    lat: list[int]


def lay_shift_lattice(box: tuple[float, float, float, float]) -> ShiftLattice | None:
    """How GCJ-02 shifts the ground within and around a box (west, south, east, north in WGS 84).

    None outside of China, where nothing is shifted. Between the points the shift is linear, to 0.1 m.
    """
    import xyconvert

    west, south, east, north = box
    limits = SHIFTED_BOX
    if west < limits[0] or south < limits[1] or east > limits[2] or north > limits[3]:
        return None
    step, margin = LATTICE_STEP_DEG, LATTICE_MARGIN_DEG
    lons = np.arange(west - margin, east + margin + step, step)
    lats = np.arange(south - margin, north + margin + step, step)
    points = np.stack([grid.ravel() for grid in np.meshgrid(lons, lats)], axis=1)
    shifts = np.rint((xyconvert.wgs2gcj(points) - points) * 1e7).astype(int)
    return ShiftLattice(float(lons[0]), float(lats[0]), step, len(lons), shifts[:, 0].tolist(), shifts[:, 1].tolist())


def degrees_from_web_map(points: Coordinates, system: str) -> Coordinates:
    """The (n, 2) points of a web map ("gcj02" or "bd09") in WGS 84. Raises GeoError outside of China, where none is shifted."""
    import xyconvert

    west, south, east, north = SHIFTED_BOX
    lon, lat = points[:, 0], points[:, 1]
    if points.size and (lon.min() < west or lon.max() > east or lat.min() < south or lat.max() > north):
        raise GeoError(
            f"{WEB_MAP_SYSTEMS[system]} exists in China only; these coordinates lie from ({lon.min():.5g}, {lat.min():.5g}) "
            f"to ({lon.max():.5g}, {lat.max():.5g}).",
            "Name the coordinate system they are really in with --crs.",
        )
    if system == "bd09":
        points = _invert(xyconvert.gcj2bd, points)
    return _invert(xyconvert.wgs2gcj, points)


def _invert(shift: Callable[[Coordinates], Coordinates], target: Coordinates) -> Coordinates:
    """The points that the shift carries to the target: the shift changes so slowly that each step gains two digits."""
    found = target.copy()
    for _ in range(_ITERATIONS):
        step = target - shift(found)
        found = found + step
        if step.size == 0 or np.abs(step).max() < EXACT_DEG:
            break
    return found
