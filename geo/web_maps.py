"""GCJ-02 and BD-09, the shifted coordinates of Chinese web maps, into WGS 84.

The forward shifts are those of the package xyconvert; its inverses are good to metres only, so they are found by
iteration here, to less than a millimetre. Degrees, lon first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from geo.crs import Coordinates
from geo.errors import GeoError

WEB_MAP_SYSTEMS = {"gcj02": "GCJ-02", "bd09": "BD-09"}
SHIFTED_BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""Where the shift applies (lon, lat, lon, lat), as every published implementation has it."""
EXACT_DEG = 1e-10
_ITERATIONS = 30


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
