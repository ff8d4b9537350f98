"""The shapes of what orders name: buildings' grounds, circles round them, drawn polygons; and what lies within.

EPSG:4326, lon first. Knows shapes only: no order, no database.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import degrees_from_metres
from geo.layer import Shapes
from geo.location import measure_outside

DEFAULT_RADIUS_M = 15.0
"""Of the circle that stands for a building whose ground and size are unknown (data/FORMATS.md)."""
QUARTER_CORNERS = 4
"""A circle is drawn with four times as many corners: within 2 % of its radius."""
TOUCHED_SHARE = 0.01
"""An area reaches into a grid when they share more than this of the smaller of the two: lines drawn by hand along a
border stray by some metres."""
WHOLE_SHARE = 0.99
"""A grid lies wholly within an area that covers so much of it, for the same reason."""
LEAST_M2 = 1.0
"""What is smaller is no area that somebody drew."""
OUTSIDE_SHARE = 0.5
"""A polygon of which more than this lies beyond the district is not the district's."""


def building_ground(
    lon: float, lat: float, radius_m: float | None = None, footprint: BaseGeometry | None = None
) -> BaseGeometry:
    """The ground of a building: its footprint where one is known, else a circle round its point."""
    if footprint is not None and not footprint.is_empty:
        return footprint
    return circle_around(lon, lat, DEFAULT_RADIUS_M if radius_m is None else radius_m)


def circle_around(lon: float, lat: float, radius_m: float) -> BaseGeometry:
    """A circle of that radius in metres round a point, with sixteen corners."""
    # The projection is laid through the point rounded to four decimals, so the corners are set round its exact place.
    centre_lon, centre_lat = round(lon, 4), round(lat, 4)
    angles = np.arange(4 * QUARTER_CORNERS) * (np.pi / 2 / QUARTER_CORNERS)
    corners = radius_m * np.column_stack([np.cos(angles), np.sin(angles)])
    degrees = degrees_from_metres(centre_lon, centre_lat)(corners) + np.array([lon - centre_lon, lat - centre_lat])
    circle: BaseGeometry = shapely.polygons(degrees)
    return circle


def judge_polygon(shape: BaseGeometry | None, district: BaseGeometry | None) -> tuple[str, str] | None:
    """What is wrong with a drawn polygon, as a code and in words; None where it can be an order's extent.

    Codes: empty_polygon, no_polygon, crossing_polygon, outside_district. `district` None: nothing to compare with.
    """
    if shape is None or shape.is_empty:
        return "empty_polygon", "the polygon is empty; expected at least three corners"
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        return "no_polygon", f"expected a polygon, this is a {shape.geom_type}"
    if not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        where = reason.partition("[")[2].rstrip("]")
        at = f" at {', '.join(f'{float(number):.6f}' for number in where.split()[:2])}" if where else ""
        return (
            "crossing_polygon",
            f"the outline is not one that can be walked without crossing itself{at}; draw it anew",
        )
    (size_m2,) = measure_outside([shape], [shapely.Point()])
    if size_m2 < LEAST_M2:
        return "empty_polygon", f"the polygon holds {size_m2:.1f} m²; expected an area"
    if district is not None:
        (outside_m2,) = measure_outside([shape], [district])
        if outside_m2 > OUTSIDE_SHARE * size_m2:
            return "outside_district", f"{outside_m2 / size_m2:.0%} of the polygon lies outside of the district"
    return None


def find_points_inside(area: BaseGeometry, points: shapely.STRtree) -> npt.NDArray[np.int64]:
    """The numbers of the points that lie in the area or on its edge, ascending."""
    found: npt.NDArray[np.int64] = np.sort(points.query(area, predicate="intersects")).astype(np.int64)
    return found


def find_touched(area: BaseGeometry, grids: Shapes, tree: shapely.STRtree) -> list[tuple[int, bool]]:
    """The numbers of the grids that the area reaches into, and whether it holds all of each."""
    near = np.sort(tree.query(area, predicate="intersects"))
    if not len(near):
        return []
    # shares of areas are the same in degrees as in metres
    common = shapely.area(shapely.intersection(shapely.make_valid(grids[near]), area))
    sizes = shapely.area(grids[near])
    is_touched = common > TOUCHED_SHARE * np.minimum(sizes, area.area)
    return [
        (int(number), bool(share > WHOLE_SHARE * size))
        for number, share, size, is_in in zip(near, common, sizes, is_touched, strict=True)
        if is_in
    ]


def unite_shapes(shapes: Sequence[BaseGeometry]) -> BaseGeometry:
    """All of the shapes as one."""
    united: BaseGeometry = shapely.union_all(list(shapes))
    return united
