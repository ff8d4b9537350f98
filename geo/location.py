"""Which area each point lies in, how far from one it lies, and whether areas lie within others. EPSG:4326, lon first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from geo.crs import metres_from_degrees

Shapes = npt.NDArray[np.object_]


def find_areas(points: Shapes, areas: Shapes) -> npt.NDArray[np.int64]:
    """For each point the index of the area that it lies in, −1 for none; on a common edge the first of the areas."""
    found = np.full(len(points), -1, dtype=np.int64)
    which_point, which_area = shapely.STRtree(areas).query(points, predicate="intersects")
    # from the last to the first, so that the first is what stays
    order = np.lexsort((which_area, which_point))[::-1]
    found[which_point[order]] = which_area[order]
    return found


def find_nearest(points: Shapes, areas: Shapes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """For each point the index of the nearest area, and how many metres away its edge is."""
    nearest: npt.NDArray[np.int64] = shapely.STRtree(areas).nearest(points).astype(np.int64)
    return nearest, measure_distances(points, areas[nearest])


def measure_distances(points: Shapes, areas: Shapes) -> npt.NDArray[np.float64]:
    """How many metres each point lies from its area; 0 within."""
    if not len(points):
        return np.zeros(0)
    west, south, east, north = shapely.total_bounds(points)
    move = metres_from_degrees((west + east) / 2, (south + north) / 2)
    distances: npt.NDArray[np.float64] = shapely.distance(
        shapely.transform(points, move), shapely.transform(areas, move)
    )
    return distances


def measure_outside(areas: Sequence[object], outlines: Sequence[object]) -> npt.NDArray[np.float64]:
    """How many m² of each area lie outside of the outline beside it."""
    inner: Shapes = np.array(areas, dtype=object)
    outer: Shapes = np.array(outlines, dtype=object)
    if not len(inner):
        return np.zeros(0)
    west, south, east, north = shapely.total_bounds(inner)
    move = metres_from_degrees((west + east) / 2, (south + north) / 2)
    outside = shapely.difference(
        shapely.make_valid(shapely.transform(inner, move)), shapely.make_valid(shapely.transform(outer, move))
    )
    sizes: npt.NDArray[np.float64] = shapely.area(outside)
    return sizes


def middles_and_radii(shapes: Shapes) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """A (lon, lat) within each shape, and half the side of a square as large, in metres (null for points and None)."""
    middles = np.full((len(shapes), 2), np.nan)
    radii = np.full(len(shapes), np.nan)
    there = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    if not len(there):
        return middles, radii
    valid = shapely.make_valid(shapes[there])
    middles[there] = shapely.get_coordinates(shapely.point_on_surface(valid))
    west, south, east, north = shapely.total_bounds(valid)
    move = metres_from_degrees((west + east) / 2, (south + north) / 2)
    sizes = shapely.area(shapely.transform(valid, move))
    radii[there] = np.where(sizes > 0, np.sqrt(sizes) / 2, np.nan)
    return middles, radii
