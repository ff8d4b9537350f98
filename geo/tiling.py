"""Does a map of grids tile its district, and does it agree with its codes, its hierarchy and the points on it?

`judge_map` tells every fault with figures and a place. Looks only; repairs nothing (`geo.repair`). Everything is
measured in metres, in `geo.crs.local_crs` of the map's middle, on shapes made valid first: an outline that crosses
itself still has an inside.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.crs import Coordinates, degrees_from_metres, metres_from_degrees
from geo.fault import (
    OPEN_GAP_WIDTH_M,
    ROUNDING_M,
    SIZE_RATIO,
    SNAP_WIDTH_M,
    Fault,
    GridMap,
    Judgement,
    Level,
    MapSize,
    Outlines,
    Points,
    Shapes,
    sort_faults,
)
from geo.hierarchy import find_hierarchy_faults

SPECK_M2 = 1.0
"""Overlaps and gaps up to this size are told to nobody: no building fits in, and the repair takes them along."""
MEASURED_COUNT = 500
"""So many of the largest pieces are measured exactly; the rest by area and perimeter."""


def judge_map(
    grids: GridMap,
    points: Sequence[Points] = (),
    outlines: Sequence[Outlines] = (),
    snap_width_m: float = SNAP_WIDTH_M,
) -> Judgement:
    """Everything that is wrong with a map of grids, worst first; no fault when it tiles and all its codes agree.

    Overlaps and gaps up to `snap_width_m` wide are slivers, which `geo.repair.repair_map` can close. A gap is an
    uncovered place with grids all round it, or one between grids that opens to the outside and is narrow. `outlines`
    are layers of communities and towns drawn for themselves, where there are any. A thousand grids take a second or two.
    """
    ground = lay_ground(grids)
    faults = [*_code_faults(grids), *_shape_faults(grids, ground)]
    if ground.indices.size:
        tears = [*_find_overlaps(ground, snap_width_m), *_find_gaps(ground, snap_width_m)]
        tears += _find_unmatched(ground, tears)
        faults += [*tears, *_find_multiparts(ground), *_find_sizes(ground)]
        faults += find_hierarchy_faults(ground, [fault for fault in tears if fault.place is not None], outlines)
    for layer in points:
        faults += _find_stray_points(ground, layer, snap_width_m)
    return Judgement(_measure(grids, ground, points), sort_faults(_name_places(ground, faults)), snap_width_m)


@dataclass(frozen=True)
class Ground:
    """The grids that have an area, valid and in metres. `indices[k]` is the row of `areas[k]` in the map."""

    grids: GridMap
    indices: npt.NDArray[np.intp]
    areas: Shapes
    invalid: frozenset[int]
    lon: float
    lat: float

    @cached_property
    def tree(self) -> shapely.STRtree:
        """An index of the areas."""
        return shapely.STRtree(self.areas)

    @cached_property
    def whole(self) -> BaseGeometry:
        """Everything that the areas cover."""
        if not self.torn_edges.any():
            united = shapely.coverage_union_all(self.areas)
            if united.is_valid:
                return united
        return shapely.union_all(self.areas)

    @cached_property
    def edges(self) -> Shapes:
        """For each area the edges that its neighbours do not share with it.

        Without a width the library takes a corner a nanometre beside the neighbour's edge for a gap, and gaps are valid.
        """
        found: Shapes = shapely.coverage_invalid_edges(self.areas, gap_width=ROUNDING_M)
        return found

    @cached_property
    def torn_edges(self) -> npt.NDArray[np.bool_]:
        """Which areas have such edges."""
        torn: npt.NDArray[np.bool_] = ~shapely.is_empty(self.edges)
        return torn

    def label(self, k: int) -> str:
        """The code of `areas[k]`, or its row's number."""
        return self.grids.label(int(self.indices[k]))

    def degrees(self, shape: BaseGeometry) -> BaseGeometry:
        """The shape in EPSG:4326."""
        back = degrees_from_metres(self.lon, self.lat)
        moved: BaseGeometry = shapely.transform(shape, back)
        return moved

    def fault(self, kind: str, level: Level, members: Iterable[int], place: BaseGeometry, **more: object) -> Fault:
        """A fault of these areas at a place in metres; its point is within the place's largest part."""
        parts = shapely.get_parts(place)
        largest = place
        if len(parts) > 1:
            sizes = shapely.area(parts) if shapely.area(parts).any() else shapely.length(parts)
            largest = parts[int(np.argmax(sizes))]
        # shrunk first: the library's point may lie on the outline where that has corners on a straight edge
        inner = largest.buffer(-0.5 * largest.area / largest.length) if largest.area else largest
        spot = self.degrees(shapely.point_on_surface(largest if inner.is_empty else inner))
        stated = {"area_m2": float(place.area)} if place.area else {}
        return Fault(
            kind,
            level,
            tuple(self.label(k) for k in members),
            lon=float(spot.x),
            lat=float(spot.y),
            place=self.degrees(place),
            **{**stated, **more},  # type: ignore[arg-type]
        )


def lay_ground(grids: GridMap) -> Ground:
    """The map's areas, made valid, in metres round their own middle."""
    shapes = np.array([None if shape is None else shape for shape in grids.shapes], dtype=object)
    is_area = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    indices = np.flatnonzero(is_area)
    areas = shapes[indices]
    if indices.size == 0:
        return Ground(grids, indices, areas, frozenset(), 0.0, 0.0)
    wrong = ~shapely.is_valid(areas)
    lon_min, lat_min, lon_max, lat_max = shapely.total_bounds(areas)
    lon, lat = float(lon_min + lon_max) / 2, float(lat_min + lat_max) / 2
    if wrong.any():
        areas = areas.copy()
        areas[wrong] = make_areas_valid(areas[wrong])
    # to a tenth of a millimetre: sums of floating-point numbers differ in their last digits, corners do not
    areas = shapely.transform(areas, lambda points: np.round(points, 9))
    areas = shapely.transform(areas, metres_from_degrees(lon, lat))
    # a projection can cross what only just did not: two edges within a hair of each other
    crossed = ~shapely.is_valid(areas)
    areas[crossed] = make_areas_valid(areas[crossed])
    return Ground(grids, indices, areas, frozenset(int(i) for i in indices[wrong]), lon, lat)


def make_areas_valid(areas: Shapes) -> Shapes:
    """The areas with the same inside, and outlines that neither cross nor touch themselves along a line."""
    made: Shapes = shapely.make_valid(areas, method="structure", keep_collapsed=False)
    for k in np.flatnonzero(~np.isin(shapely.get_type_id(made), (3, 6))):
        parts = [part for part in shapely.get_parts(made[k]) if part.geom_type in ("Polygon", "MultiPolygon")]
        made[k] = shapely.union_all(parts) if parts else Polygon()
    return made


def find_widths(pieces: Shapes, exact_count: int = MEASURED_COUNT) -> npt.NDArray[np.float64]:
    """How wide each piece is where it is widest, in m: the diameter of the largest circle within, to 2 %.

    The circle is found by shrinking the piece until nothing is left, which stays cheap for pieces that are thousands
    of times as long as wide. Of others than the `exact_count` largest it is 4·area/perimeter, exact for a triangle.
    """
    area, length = shapely.area(pieces), shapely.length(pieces)
    low = np.divide(area, length, out=np.zeros_like(area), where=length > 0)
    high = np.maximum(np.sqrt(area / np.pi), low)
    widths: npt.NDArray[np.float64] = np.minimum(4 * low, 2 * high)
    chosen = np.argsort(-area)[:exact_count]
    chosen = chosen[area[chosen] > SPECK_M2 / 10]
    if chosen.size == 0:
        return widths
    inner, outer = low[chosen] * 0.98, high[chosen] * 1.01
    for _ in range(7):
        middle = np.sqrt(np.maximum(inner, 1e-6) * outer)
        gone = shapely.is_empty(shapely.buffer(pieces[chosen], -middle, join_style="mitre"))
        outer = np.where(gone, middle, outer)
        inner = np.where(gone, inner, middle)
    widths[chosen] = 2 * np.sqrt(np.maximum(inner, 1e-6) * outer)
    return widths


@dataclass(frozen=True)
class Pieces:
    """Parts of a place and how wide the widest is, in m."""

    parts: Shapes
    width_m: float

    @property
    def area_m2(self) -> float:
        """What the parts cover together."""
        return float(shapely.area(self.parts).sum())


def split_by_width(place: BaseGeometry, width_m: float) -> tuple[Pieces, Pieces]:
    """The place's parts that are wider than rounding and up to the width, and the wider ones."""
    parts = shapely.get_parts(place)
    parts = parts[shapely.get_type_id(parts) == 3]
    widths = find_widths(parts, 50)
    is_wide = widths > width_m * 1.02
    is_narrow = ~is_wide & (widths > ROUNDING_M)
    narrow, wide = (Pieces(parts[one], float(widths[one].max(initial=0.0))) for one in (is_narrow, is_wide))
    return narrow, wide


def find_neighbours(
    ground: Ground, place: BaseGeometry, reach_m: float = ROUNDING_M, least_m: float = 0.0
) -> list[int]:
    """The areas round a place, the longest common border first; a corner that only touches it is none."""
    near = place.buffer(reach_m, join_style="mitre")
    found = ground.tree.query(near, predicate="intersects")
    borders = [float(shapely.length(shapely.intersection(near, ground.areas[k].boundary))) for k in found]
    ordered = sorted(zip(borders, found, strict=True), key=lambda pair: (-pair[0], pair[1]))
    return [int(k) for border, k in ordered if border > max(least_m, 3 * reach_m)]


def _code_faults(grids: GridMap) -> list[Fault]:
    rows = defaultdict(list)
    for index, code in enumerate(grids.codes):
        rows[code].append(index)
    missing = [_at_row(grids, index, Fault("no_code", "refuse", (), (grids.row(index),))) for index in rows.pop("", [])]
    doubled = [
        _at_row(
            grids, members[-1], Fault("duplicate_code", "refuse", (code,), tuple(grids.row(index) for index in members))
        )
        for code, members in rows.items()
        if len(members) > 1
    ]
    return [*missing, *doubled]


def _shape_faults(grids: GridMap, ground: Ground) -> list[Fault]:
    has_area = set(ground.indices.tolist())
    faults = []
    for index, shape in enumerate(grids.shapes):
        if index not in has_area:
            kind = "" if shape is None or shape.is_empty else shape.geom_type
            faults.append(
                _at_row(
                    grids, index, Fault("no_shape", "warn", (grids.label(index),), (grids.row(index),), detail=kind)
                )
            )
        elif index in ground.invalid:
            reason = shapely.is_valid_reason(shape)
            found = re.search(r"^(.*?)\s*\[(\S+) (\S+)\]$", reason)
            spot = Point(float(found[2]), float(found[3])) if found else shapely.point_on_surface(shape.envelope)
            faults.append(
                Fault(
                    "invalid",
                    "repair",
                    (grids.label(index),),
                    (grids.row(index),),
                    lon=spot.x,
                    lat=spot.y,
                    detail=found[1] if found else reason,
                    place=spot,
                )
            )
    return faults


def _at_row(grids: GridMap, index: int, fault: Fault) -> Fault:
    """The fault with the place of a row, where it has one."""
    shape = grids.shapes[index]
    if shape is None or shape.is_empty:
        return fault
    spot = shapely.point_on_surface(shape)
    return replace(fault, lon=float(spot.x), lat=float(spot.y), place=shape)


def _find_overlaps(ground: Ground, snap_width_m: float) -> list[Fault]:
    torn = np.flatnonzero(ground.torn_edges)
    left, right = shapely.STRtree(ground.areas[torn]).query(ground.areas[torn], predicate="intersects")
    left, right = torn[left], torn[right]
    once = left < right
    left, right = left[once], right[once]
    common = shapely.intersection(ground.areas[left], ground.areas[right])
    faults = []
    for i in np.flatnonzero(shapely.area(common) > SPECK_M2):
        pair = (int(left[i]), int(right[i]))
        if ground.label(pair[0]) == ground.label(pair[1]):
            continue  # rows of one code: told as such
        narrow, wide = split_by_width(common[i], snap_width_m)
        if wide.area_m2:
            faults.append(ground.fault("overlap", "warn", pair, shapely.union_all(wide.parts), width_m=wide.width_m))
        if narrow.area_m2 > SPECK_M2:
            faults.append(_sliver(ground, pair, narrow, "overlap"))
    return faults


def _sliver(ground: Ground, members: Iterable[int], pieces: Pieces, detail: str) -> Fault:
    place = shapely.union_all(pieces.parts)
    return ground.fault("sliver", "repair", members, place, width_m=pieces.width_m, detail=detail)


def _find_gaps(ground: Ground, snap_width_m: float) -> list[Fault]:
    faults = []
    slivers: dict[tuple[int, ...], list[tuple[BaseGeometry, float]]] = defaultdict(list)
    holes = [Polygon(ring) for part in shapely.get_parts(ground.whole) for ring in part.interiors]
    closed = np.array([hole for hole in holes if hole.area > SPECK_M2], dtype=object)
    for hole, width in zip(closed, find_widths(closed) if closed.size else (), strict=True):
        if width <= ROUNDING_M:
            continue
        is_narrow = width <= snap_width_m * 1.02
        around = find_neighbours(ground, hole, least_m=1.5 * float(width) if is_narrow else 0.0)
        if is_narrow:
            slivers[tuple(sorted(around))].append((hole, float(width)))
        elif len(around) == 1:
            faults.append(ground.fault("hole", "warn", around, hole, width_m=float(width)))
        else:
            faults.append(ground.fault("gap", "warn", around, hole, width_m=float(width)))
    for piece, width in find_open_gaps(ground, snap_width_m):
        if piece.area > SPECK_M2:
            slivers[tuple(sorted(find_neighbours(ground, piece, least_m=1.5 * width)))].append((piece, width))
    for piece, width in find_open_gaps(ground, OPEN_GAP_WIDTH_M, snap_width_m * 1.02):
        faults.append(ground.fault("gap", "warn", find_neighbours(ground, piece), piece, width_m=width, detail="open"))
    for members, found in slivers.items():
        parts = np.array([piece for piece, _ in found], dtype=object)
        faults.append(_sliver(ground, members, Pieces(parts, max(width for _, width in found)), "gap"))
    return faults


def find_open_gaps(ground: Ground, width_m: float, least_m: float = ROUNDING_M) -> list[tuple[BaseGeometry, float]]:
    """Gaps between two or more areas that open to the outside, wider than `least_m` and up to `width_m`, with their width.

    Found by closing: what a disc of that width cannot enter from outside. Only a piece much longer than wide counts:
    the corner that two areas make in the district's outline is none.
    """
    gapped: Shapes = shapely.coverage_invalid_edges(ground.areas, gap_width=width_m)
    flagged = np.flatnonzero(~shapely.is_empty(gapped))
    if flagged.size == 0:
        return []
    closed = _closed(shapely.union_all(ground.areas[flagged]), width_m)
    # growing and shrinking by a width leaves the outline true to a hundredth of it
    hair_m = max(width_m * 0.02, 0.0005) / 2
    pieces = shapely.get_parts(shapely.difference(closed, shapely.buffer(ground.whole, hair_m, join_style="mitre")))
    filled = shapely.union_all([Polygon(one.exterior) for one in shapely.get_parts(ground.whole)])
    pieces = pieces[~shapely.covered_by(pieces, filled)]
    found = []
    for piece, inner in zip(pieces, find_widths(pieces), strict=True):
        width = float(inner) + 2 * hair_m
        is_long = (piece.length / 2) ** 2 > 15 * piece.area
        if width > max(least_m, 2.5 * hair_m) and is_long and len(find_neighbours(ground, piece, 2 * hair_m)) > 1:
            # back to the very edges: with a hair left free, its ends would be open
            grown = shapely.intersection(closed, shapely.buffer(piece, 2 * hair_m, join_style="mitre"))
            found.append((shapely.difference(grown, ground.whole), width))
    return found


def _closed(shape: BaseGeometry, width_m: float) -> BaseGeometry:
    grown = shapely.buffer(shape, width_m / 2 * 1.02, join_style="mitre")
    return shapely.buffer(grown, -width_m / 2 * 1.02, join_style="mitre")


def _find_unmatched(ground: Ground, tears: Sequence[Fault]) -> list[Fault]:
    """Neighbours whose edges run on the same line, or within rounding of it, without the same vertices.

    A stretch that ends at an overlap or a gap is that fault's doing and is not told twice.
    """
    torn = np.flatnonzero(ground.torn_edges)
    if torn.size < 2:
        return []
    forward = metres_from_degrees(ground.lon, ground.lat)
    places = [shapely.transform(fault.place, forward) for fault in tears if fault.place is not None]
    # grown one by one: there and back through the projection, a narrow place may cross itself
    known = shapely.STRtree(shapely.buffer(np.array(places, dtype=object), 2 * ROUNDING_M))
    edges = ground.edges[torn]
    near = shapely.buffer(edges, ROUNDING_M, cap_style="flat", join_style="mitre", quad_segs=1)
    left, right = shapely.STRtree(near).query(edges, predicate="intersects")
    faults = []
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        if a >= b or ground.label(int(torn[a])) == ground.label(int(torn[b])):
            continue
        shared = shapely.line_merge(shapely.intersection(edges[a], near[b]))
        lines = [line for line in shapely.get_parts(shared) if line.length > 5 * ROUNDING_M]
        lines = [line for line in lines if not len(known.query(line, predicate="intersects"))]
        if lines:
            place = shapely.union_all(lines)
            pair = (int(torn[a]), int(torn[b]))
            faults.append(ground.fault("unmatched", "repair", pair, place, length_m=float(place.length)))
    return faults


def _find_multiparts(ground: Ground) -> list[Fault]:
    counts = shapely.get_num_geometries(ground.areas)
    faults = []
    for k in np.flatnonzero(counts > 1):
        if int(ground.indices[k]) in ground.invalid:
            continue  # its parts may come from mending
        parts = shapely.get_parts(ground.areas[k])
        smaller = np.delete(parts, int(np.argmax(shapely.area(parts))))
        place = shapely.multipolygons(smaller)
        faults.append(ground.fault("multipart", "warn", [int(k)], place, detail=str(len(parts))))
    return faults


def _find_sizes(ground: Ground) -> list[Fault]:
    sizes = shapely.area(ground.areas)
    median = float(np.median(sizes))
    if len(sizes) < 5:
        return []
    faults = []
    for k in np.flatnonzero((sizes * SIZE_RATIO < median) | (sizes > median * SIZE_RATIO)):
        kind, ratio = ("tiny", median / max(sizes[k], 1e-9)) if sizes[k] < median else ("huge", sizes[k] / median)
        faults.append(ground.fault(kind, "warn", [int(k)], ground.areas[k], detail=f"{ratio:.0f}"))
    return faults


def _find_stray_points(ground: Ground, layer: Points, tolerance_m: float) -> list[Fault]:
    """Points that are not in the grid they are said to be in, nor within the tolerance of it.

    A point of a grid that the map does not have is no matter of place.
    """
    if len(layer.codes) == 0 or ground.indices.size == 0:
        return []
    spots = shapely.points(metres_from_degrees(ground.lon, ground.lat)(np.asarray(layer.lon_lat, dtype=float)))
    own = defaultdict(list)
    for k in range(len(ground.areas)):
        own[ground.label(k)].append(k)
    known = set(ground.grids.codes)
    inside: dict[int, int] = {}
    at, within = ground.tree.query(spots, predicate="intersects")
    for point, k in zip(at.tolist(), within.tolist(), strict=True):
        if layer.grid_codes[point] == ground.label(k) or point not in inside:
            inside[point] = k
    faults = []
    for point, (code, grid_code) in enumerate(zip(layer.codes, layer.grid_codes, strict=True)):
        found = inside.get(point)
        if grid_code not in known or (found is not None and ground.label(found) == grid_code):
            continue
        away = min((float(ground.areas[one].distance(spots[point])) for one in own.get(grid_code, ())), default=None)
        if away is not None and away <= tolerance_m:
            continue
        lon, lat = (float(part) for part in layer.lon_lat[point])
        kind, grid = ("point_nowhere", ()) if found is None else ("point_elsewhere", (ground.label(found),))
        faults.append(
            Fault(
                kind,
                "warn",
                (code, grid_code, *grid),
                length_m=away,
                lon=lon,
                lat=lat,
                detail=layer.kind,
                place=Point(lon, lat),
            )
        )
    return faults


def _name_places(ground: Ground, faults: Sequence[Fault]) -> list[Fault]:
    """The faults with the code and name of the grid where they are."""
    if ground.indices.size == 0:
        return list(faults)
    placed = [index for index, fault in enumerate(faults) if fault.lon is not None]
    lon_lat: Coordinates = np.array([(faults[i].lon, faults[i].lat) for i in placed], dtype=float).reshape(-1, 2)
    if not placed:
        return list(faults)
    spots = shapely.points(metres_from_degrees(ground.lon, ground.lat)(lon_lat))
    nearest = ground.tree.nearest(spots)
    named = list(faults)
    for index, k in zip(placed, nearest.tolist(), strict=True):
        named[index] = replace(
            named[index], near_code=ground.label(k), near_name=ground.grids.name(int(ground.indices[k]))
        )
    return named


def _measure(grids: GridMap, ground: Ground, points: Sequence[Points]) -> MapSize:
    sizes = shapely.area(ground.areas) if ground.indices.size else np.array([])
    return MapSize(
        row_count=len(grids.codes),
        grid_count=len(set(grids.codes) - {""}),
        community_count=len(set(grids.communities) - {""}),
        town_count=len(set(grids.towns) - {""}),
        vertex_count=int(shapely.get_num_coordinates(ground.areas).sum()) if sizes.size else 0,
        area_m2=float(ground.whole.area) if sizes.size else 0.0,
        median_area_m2=float(np.median(sizes)) if sizes.size else None,
        point_count=sum(len(layer.codes) for layer in points),
    )
