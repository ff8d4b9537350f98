"""Mends a map of grids so that it tiles, within a stated width; says exactly what it changed.

Every outline is cut where another one meets it, and the map falls into faces. A face that belongs to one grid stays
there; a narrow one that belongs to two or to none goes to one of those round it; a wide one stays as it was, for a
person to decide. So neighbours end with the same vertices, and no grid gains or loses a point that lies farther than
the width from where its edge was. What is wrong is found by `geo.tiling`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage import round_coordinates
from geo.crs import degrees_from_metres
from geo.fault import ROUNDING_M, SNAP_WIDTH_M, GridMap, Shapes
from geo.tiling import Ground, find_open_gaps, find_widths, lay_ground, make_areas_valid

CUT_STEP_M = 0.001
"""Where outlines are cut they are rounded to a millimetre, which makes cutting exact however they cross."""
TOLD_M2 = 0.01
"""A grid that gained and lost less than this has not changed but for its vertices."""
FINER_M = (ROUNDING_M, 0.01)
"""Open gaps are looked for at these widths too: a hundredth of the width is as fine as one look sees."""
MOST_PASSES = 4


@dataclass(frozen=True)
class Change:
    """What a repair did to one grid; `is_made_valid`: its outline crossed itself before."""

    code: str
    row: int
    gained_m2: float
    lost_m2: float
    is_made_valid: bool = False


@dataclass(frozen=True)
class Repair:
    """The mended shapes in EPSG:4326, one for each row of the map, and every change."""

    shapes: Shapes
    changes: tuple[Change, ...]
    snap_width_m: float


def repair_map(grids: GridMap, snap_width_m: float = SNAP_WIDTH_M) -> Repair:
    """The map with valid shapes, and with overlaps and gaps up to the width closed.

    An overlap goes to the grid that it has the longer border with, a gap likewise; one that is long is shared out, so
    that no grid reaches farther than the width. Rows without an area stay as they are. With `ROUNDING_M` for the width
    it mends nothing but the rounding of coordinates.
    """
    ground = lay_ground(grids)
    shapes = np.array(list(grids.shapes), dtype=object)
    if ground.indices.size == 0:
        return Repair(shapes, (), snap_width_m)
    before, areas = ground.areas, ground.areas
    is_cut_anew = False
    for _ in range(MOST_PASSES):
        mended = _mend_once(ground, snap_width_m, is_cut_anew)
        if mended is None:
            break
        areas, is_cut_anew = mended
        ground = Ground(grids, ground.indices, areas, ground.invalid, ground.lon, ground.lat)
    if areas is not before or ground.invalid:
        kept = shapely.transform(areas, degrees_from_metres(ground.lon, ground.lat))
        shapes[ground.indices] = kept
    elif not shapely.coverage_is_valid(shapes[ground.indices]):
        # corners that differ in their last digits only, as sums of floating-point numbers do
        shapes[ground.indices] = round_coordinates(shapes[ground.indices], 9)
    return Repair(shapes, _list_changes(ground, before, areas), snap_width_m)


def _mend_once(ground: Ground, width_m: float, is_forced: bool) -> tuple[Shapes, bool] | None:
    """The areas after one cutting and sharing out, and whether they must be cut once more; None where all is well.

    Where a gap was shared out, the shares' ends meet the faces anywhere: only a further cutting makes them match.
    """
    scales = sorted({width_m, *(scale for scale in FINER_M if scale < width_m)})
    openings = [piece for scale in scales for piece, _ in find_open_gaps(ground, scale, least_m=0.0)]
    has_narrow_hole = any(
        width <= width_m * 1.02 for width in find_widths(np.array(_holes(ground.whole), dtype=object))
    )
    if not is_forced and not ground.torn_edges.any() and not openings and not has_narrow_hole:
        return None
    lines = [*shapely.boundary(ground.areas), *shapely.boundary(openings)]
    cut = shapely.union_all(lines, grid_size=CUT_STEP_M)
    faces = shapely.get_parts(shapely.polygonize([cut]))
    owners = _find_owners(ground, faces)
    members: dict[int, list[BaseGeometry]] = defaultdict(list)
    shared: dict[frozenset[int], list[BaseGeometry]] = defaultdict(list)
    for face, held in zip(faces, owners, strict=True):
        if len(held) == 1:
            members[next(iter(held))].append(face)
        else:
            shared[held].append(face)
    is_split = False
    for held, pieces in shared.items():
        regions = np.array(shapely.get_parts(shapely.coverage_union_all(pieces)), dtype=object)
        widths = find_widths(regions)
        for region, width in zip(regions, widths, strict=True):
            if width > width_m * 1.02:
                for k in held:
                    members[k].append(region)
            elif held:
                members[_choose_heir(ground, region, held)].append(region)
            else:
                shares = _share_out(ground, region, width_m)
                is_split = is_split or len(shares) > 1
                for k, share in shares:
                    members[k].append(share)
    areas = ground.areas.copy()
    for k in range(len(areas)):
        areas[k] = _unite(members[k])
    wrong = ~shapely.is_valid(areas)
    areas[wrong] = make_areas_valid(areas[wrong])
    return areas, is_split


def _holes(whole: BaseGeometry) -> list[BaseGeometry]:
    return [Polygon(ring) for part in shapely.get_parts(whole) for ring in part.interiors]


def _find_owners(ground: Ground, faces: Shapes) -> list[frozenset[int]]:
    """The areas that each face lies in."""
    spots = shapely.point_on_surface(faces)
    held: list[set[int]] = [set() for _ in faces]
    for face, k in zip(*ground.tree.query(spots, predicate="intersects").tolist(), strict=True):
        held[face].add(k)
    return [frozenset(one) for one in held]


def _choose_heir(ground: Ground, region: BaseGeometry, held: frozenset[int]) -> int:
    """Who gets a narrow overlap: who would have nothing left without it, else who has the longer border with it."""
    near = region.buffer(10 * CUT_STEP_M, join_style="mitre")

    def claim(k: int) -> tuple[bool, float, int]:
        others = shapely.union_all(ground.areas[sorted(held - {k})])
        own = shapely.difference(ground.areas[k], others)
        has_nothing = own.area < region.area * 0.01
        return has_nothing, float(shapely.length(shapely.intersection(shapely.boundary(own), near))), -k

    return max(held, key=claim)


def _share_out(ground: Ground, region: BaseGeometry, width_m: float) -> list[tuple[int, BaseGeometry]]:
    """A narrow gap in pieces for those round it: the longest border first, each no farther than the width from it."""
    near = region.buffer(10 * CUT_STEP_M, join_style="mitre")
    found = ground.tree.query(near, predicate="intersects").tolist()
    borders = {k: float(shapely.length(shapely.intersection(ground.areas[k].boundary, near))) for k in found}
    shares = []
    left = region
    for k in sorted(found, key=lambda one: (-borders[one], one)):
        share = shapely.intersection(left, ground.areas[k].buffer(width_m * 1.02, quad_segs=2))
        share = _unite([part for part in shapely.get_parts(share) if part.geom_type == "Polygon"])
        if share.area < 1e-6:
            continue
        shares.append((k, share))
        left = shapely.difference(left, share)
        if left.area < 1e-6:
            break
    return shares


def _unite(pieces: Sequence[BaseGeometry]) -> BaseGeometry:
    if not pieces:
        return Polygon()
    try:
        united = shapely.coverage_union_all(pieces)
        if united.is_valid:
            return united
    except shapely.GEOSException:
        pass  # shares of a gap need not match the faces; the next cutting brings them together
    return shapely.union_all(pieces)


def _list_changes(ground: Ground, before: Shapes, after: Shapes) -> tuple[Change, ...]:
    gained = shapely.area(shapely.difference(after, before))
    lost = shapely.area(shapely.difference(before, after))
    changes = []
    for k, index in enumerate(ground.indices.tolist()):
        was_wrong = index in ground.invalid
        # a millimetre of rounding along the outline is no change
        told = max(TOLD_M2, float(before[k].length) * 2 * CUT_STEP_M)
        if was_wrong or gained[k] > told or lost[k] > told:
            changes.append(
                Change(ground.label(k), ground.grids.row(index), float(gained[k]), float(lost[k]), was_wrong)
            )
    return tuple(changes)
