"""What can be done with areas that tile a district, so that they still do: simplified, united, labelled, measured.

Everything here looks at all areas together: simplified or snapped one by one, neighbours would part. Shapes come and
go in EPSG:4326, lon first; lengths and areas are measured in metres, in `geo.crs.local_crs` of their middle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import Coordinates, degrees_from_metres, metres_from_degrees
from geo.errors import GeoError

Shapes = npt.NDArray[np.object_]
_Move = Callable[[Coordinates], Coordinates]


def tile_for_drawing(shapes: Sequence[BaseGeometry] | Shapes) -> Shapes:
    """The areas with every place drawn once: where two overlap the smaller one is seen, and neighbours share vertices.

    For maps that were stored with overlaps all the same. What is stored stays as it is.
    """
    areas, back = _in_metres(shapely.make_valid(np.array(shapes, dtype=object), method="structure"))
    return _moved(shapely.coverage_clean(areas, snapping_distance=0.05, merge_strategy="min_area"), back)


def simplify_coverage(shapes: Sequence[BaseGeometry] | Shapes, tolerance_m: float, decimals: int = 6) -> Shapes:
    """The areas with fewer vertices, still tiling: neighbours lose the same ones.

    `tolerance_m` is the square root of the largest triangle that may be cut off (Visvalingam–Whyatt). Coordinates are
    rounded to `decimals` of a degree, the same way for neighbours. Raises GeoError where the edges do not match.
    """
    degrees = round_coordinates(shapes, 9)  # the last digits of sums are no difference between corners
    if not shapely.coverage_is_valid(degrees):
        raise GeoError(
            "The areas to simplify do not tile.", "Repair them with geo.repair.repair_map, or tile_for_drawing."
        )
    areas, back = _in_metres(degrees)
    return round_coordinates(_moved(shapely.coverage_simplify(areas, tolerance_m), back), decimals)


def unite_coverage(shapes: Sequence[BaseGeometry]) -> BaseGeometry:
    """The outline of areas that tile, on their own vertices; of areas that overlap, the union all the same."""
    areas: Shapes = np.array(shapes, dtype=object)
    try:
        united = shapely.coverage_union_all(areas)
        if united.is_valid:
            return united
    except shapely.GEOSException:
        pass  # no tiling: the general union is slower and always right
    united = shapely.union_all(shapely.make_valid(areas))
    # making valid may leave lines and points where an area was folded on itself
    parts = [part for part in shapely.get_parts(united) if part.geom_type in ("Polygon", "MultiPolygon")]
    return united if united.geom_type in ("Polygon", "MultiPolygon") else shapely.union_all(parts)


def round_coordinates(shapes: Sequence[BaseGeometry] | Shapes, decimals: int = 6) -> Shapes:
    """The shapes with so many decimals of a degree (six: 0.1 m); what neighbours share, they still share."""
    rounded: Shapes = shapely.transform(np.array(shapes, dtype=object), lambda points: np.round(points, decimals))
    return rounded


def label_points(shapes: Sequence[BaseGeometry]) -> npt.NDArray[np.float64]:
    """For each area the (lon, lat) within it that is farthest from its edge: where a label has most room."""
    areas, back = _in_metres(np.array(shapes, dtype=object))
    circles = shapely.maximum_inscribed_circle(areas, tolerance=5.0)
    return back(shapely.get_coordinates(shapely.get_point(circles, 0)))


def areas_km2(shapes: Sequence[BaseGeometry]) -> npt.NDArray[np.float64]:
    """The size of each area in km²."""
    areas, _ = _in_metres(np.array(shapes, dtype=object))
    sizes: npt.NDArray[np.float64] = shapely.area(areas) / 1e6
    return sizes


def _in_metres(shapes: Shapes) -> tuple[Shapes, _Move]:
    lon_min, lat_min, lon_max, lat_max = shapely.total_bounds(shapes)
    lon, lat = (lon_min + lon_max) / 2, (lat_min + lat_max) / 2
    return _moved(shapes, metres_from_degrees(lon, lat)), degrees_from_metres(lon, lat)


def _moved(shapes: Shapes, move: _Move) -> Shapes:
    moved: Shapes = shapely.transform(shapes, move)
    return moved
