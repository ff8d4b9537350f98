"""Does a set of areas tile a district, without gap and without overlap? And the operations that keep it so.

Everything here looks at all areas together: simplified or snapped one by one, neighbours would part. Shapes come and
go in EPSG:4326, lon first; lengths and areas are measured in metres, in `geo.crs.local_crs` of their middle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geo.crs import Coordinates, degrees_from_metres, metres_from_degrees
from geo.errors import GeoError

Shapes = npt.NDArray[np.object_]
_Move = Callable[[Coordinates], Coordinates]

TOLERANCE_M2 = 1.0
"""Overlaps and gaps up to this size are the rounding of coordinates, not a fault of the map."""
SLIVER_WIDTH_M = 0.5
"""Neighbours whose edges run this close without meeting are meant to meet."""


@dataclass(frozen=True)
class CoverageFault:
    """A place where areas do not tile: `kind` is empty, invalid, overlap, gap or sliver; `area_m2` is null for the first two."""

    kind: str
    codes: tuple[str, ...]
    area_m2: float | None
    lon: float | None
    lat: float | None
    reason: str = ""


def find_coverage_faults(codes: Sequence[str], shapes: Sequence[BaseGeometry | None]) -> list[CoverageFault]:
    """Every place where the areas overlap or leave a gap between them, largest first; empty when they tile.

    A hole within the union of all areas is a gap; what lies outside of it is outside the district. Where a shape is
    missing or invalid, only those faults are told: the others could not be measured.
    """
    faults = []
    for code, shape in zip(codes, shapes, strict=True):
        if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
            faults.append(CoverageFault("empty", (code,), None, None, None, getattr(shape, "geom_type", "no geometry")))
        elif not shape.is_valid:
            faults.append(CoverageFault("invalid", (code,), None, None, None, shapely.is_valid_reason(shape)))
    if faults or len(codes) == 0:
        return faults
    degrees: Shapes = np.array(shapes, dtype=object)
    areas, back = _in_metres(degrees)
    return sorted(
        [*_overlaps(codes, areas, back), *_gaps(codes, areas, back), *_slivers(codes, areas, back)],
        key=lambda fault: -(fault.area_m2 or 0.0),
    )


def mend_coverage(shapes: Sequence[BaseGeometry]) -> Shapes:
    """The same areas with edges that match vertex by vertex; to be used where no fault was found.

    Rounded coordinates leave neighbours' edges crossing by centimetres, or a corner of one in the middle of the
    other's edge. Unchanged where the edges match already.
    """
    degrees: Shapes = np.array(shapes, dtype=object)
    if shapely.coverage_is_valid(degrees):
        return degrees
    areas, back = _in_metres(degrees)
    mended: Shapes = shapely.coverage_clean(areas, snapping_distance=SLIVER_WIDTH_M / 10, gap_width=SLIVER_WIDTH_M)
    return _moved(mended, back)


def simplify_coverage(shapes: Sequence[BaseGeometry], tolerance_m: float, decimals: int = 6) -> Shapes:
    """The areas with fewer vertices, still tiling: neighbours lose the same ones.

    `tolerance_m` is the square root of the largest triangle that may be cut off (Visvalingam–Whyatt). Coordinates are
    rounded to `decimals` of a degree, the same way for neighbours. Raises GeoError where the edges do not match.
    """
    degrees: Shapes = np.array(shapes, dtype=object)
    if not shapely.coverage_is_valid(degrees):
        raise GeoError(
            "The areas to simplify do not tile.", "Check them with find_coverage_faults, then mend_coverage."
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
    return shapely.union_all(shapely.make_valid(areas))


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


def _overlaps(codes: Sequence[str], areas: Shapes, back: _Move) -> list[CoverageFault]:
    left, right = shapely.STRtree(areas).query(areas, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    common = shapely.intersection(areas[left], areas[right])
    return [
        _fault("overlap", (codes[left[i]], codes[right[i]]), common[i], back)
        for i in np.flatnonzero(shapely.area(common) > TOLERANCE_M2)
    ]


def _gaps(codes: Sequence[str], areas: Shapes, back: _Move) -> list[CoverageFault]:
    whole = shapely.union_all(areas)
    rings = [ring for part in shapely.get_parts(whole) for ring in part.interiors]
    tree = shapely.STRtree(areas)
    faults = []
    for hole in map(Polygon, rings):
        if hole.area <= TOLERANCE_M2:
            continue
        around = sorted(tree.query(hole.buffer(SLIVER_WIDTH_M), predicate="intersects"))
        faults.append(_fault("gap", tuple(codes[i] for i in around), hole, back))
    return faults


def _slivers(codes: Sequence[str], areas: Shapes, back: _Move) -> list[CoverageFault]:
    """Narrow gaps that open to the outside: edges that run beside each other and never meet."""
    whole = shapely.union_all(areas)
    closed = shapely.buffer(
        shapely.buffer(whole, SLIVER_WIDTH_M, join_style="mitre"), -SLIVER_WIDTH_M, join_style="mitre"
    )
    filled = shapely.union_all([Polygon(part.exterior) for part in shapely.get_parts(whole)])
    tree = shapely.STRtree(areas)
    faults = []
    for sliver in shapely.get_parts(shapely.difference(closed, shapely.buffer(whole, 0.01, join_style="mitre"))):
        around = sorted(tree.query(sliver.buffer(SLIVER_WIDTH_M), predicate="intersects"))
        if sliver.area > TOLERANCE_M2 and len(around) > 1 and not filled.contains(sliver):
            faults.append(_fault("sliver", tuple(codes[i] for i in around), sliver, back))
    return faults


def _fault(kind: str, codes: tuple[str, ...], place: BaseGeometry, back: _Move) -> CoverageFault:
    (point,) = back(shapely.get_coordinates(shapely.point_on_surface(place)))
    return CoverageFault(kind, codes, float(place.area), float(point[0]), float(point[1]))


def _in_metres(shapes: Shapes) -> tuple[Shapes, _Move]:
    lon_min, lat_min, lon_max, lat_max = shapely.total_bounds(shapes)
    lon, lat = (lon_min + lon_max) / 2, (lat_min + lat_max) / 2
    return _moved(shapes, metres_from_degrees(lon, lat)), degrees_from_metres(lon, lat)


def _moved(shapes: Shapes, move: _Move) -> Shapes:
    moved: Shapes = shapely.transform(shapes, move)
    return moved
