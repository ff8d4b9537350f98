"""Divides an outline into nested cells that tile it: towns, communities, grids.

For districts that publish no boundaries. The cells are synthetic; nothing here knows a real boundary, a name or a
population. All lengths are metres in a projected plane.

Straight cuts are made in a plane that is gently bent against the real one, all edges are noded there once, and
only then bent back: lines curve like streets while neighbours keep sharing every vertex.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon

from geo.errors import GeoError

Points = npt.NDArray[np.float64]

SNAP_M = 0.5
"""Edges are noded on a lattice this fine: far below any street, far above floating-point noise."""
STEP_M = 90.0
"""Straight cuts are bent in steps of this length."""


@dataclass(frozen=True)
class Warp:
    """A smooth one-to-one bend of the plane: a few long waves, too gentle to fold it."""

    amplitude_m: Points
    wave_per_m: Points
    phase: Points

    def bend(self, points: Points) -> Points:
        """Where each point of the straight plane lies in the real one."""
        turns = points @ self.wave_per_m.T + self.phase
        return np.asarray(points + np.sin(turns) @ self.amplitude_m, dtype=np.float64)

    def straighten(self, points: Points) -> Points:
        """The inverse of `bend`, by fixed-point iteration (the bend is a contraction; error under 1 µm)."""
        guess = points.copy()
        for _ in range(60):
            guess = points - (self.bend(guess) - guess)
        return guess


def make_warp(rng: np.random.Generator, longest_m: float = 5000.0, strength: float = 0.55) -> Warp:
    """Random waves from `longest_m` down to a fifth of it; summed slope under `strength`, so that the plane cannot fold."""
    lengths_m = longest_m * np.array([1.0, 0.72, 0.5, 0.36, 0.26, 0.2])
    angle = rng.uniform(0, 2 * math.pi, len(lengths_m))
    wave = 2 * math.pi / lengths_m[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    share = strength * np.array([0.27, 0.22, 0.18, 0.14, 0.11, 0.08])
    # Sideways displacement bends lines most and changes areas least.
    sideways = np.column_stack([-np.sin(angle), np.cos(angle)])
    return Warp(
        sideways * (share * lengths_m / (2 * math.pi))[:, None], wave, rng.uniform(0, 2 * math.pi, len(lengths_m))
    )


@dataclass(frozen=True)
class Place:
    """A centre, how many times denser it is than the edge, and the distance at which that has mostly faded."""

    centre: tuple[float, float]
    crowding: float
    reach_m: float


def soften_outline(ring: Points, rng: np.random.Generator) -> Polygon:
    """A schematic outline made to look surveyed: corners cut twice (Chaikin 1974), then bent by waves of 200 m to 1 km.

    Moves no point farther than the few hundred metres to which such an outline is good.
    """
    points = ring[:-1]
    for _ in range(2):
        after = np.roll(points, -1, axis=0)
        points = np.stack([0.8 * points + 0.2 * after, 0.2 * points + 0.8 * after], axis=1).reshape(-1, 2)
    dense = shapely.segmentize(Polygon(points), 60.0)
    return Polygon(make_warp(rng, longest_m=1000.0, strength=0.8).bend(np.asarray(dense.exterior.coords)))


def cut_power_cells(polygon: Polygon, centres: Points, areas: Sequence[float]) -> list[Polygon]:
    """The polygon divided among centres by straight lines, each cell within 1 % of its share of the area.

    An area-weighted power diagram (Aurenhammer 1987): the border of two cells is where squared distance minus
    weight is equal; weights are raised and lowered until the areas fit. Cells are one piece each.
    """
    total = polygon.area
    wanted = np.asarray(areas, dtype=float) / sum(areas) * total
    weight = np.zeros(len(centres))
    cells: list[Polygon] = []
    for _ in range(200):
        cells = _power_cells(polygon, centres, weight)
        excess = (wanted - np.array([cell.area for cell in cells])) / wanted
        if np.abs(excess).max() < 0.01:
            break
        weight += 0.35 * excess * wanted / math.pi
    return _in_one_piece(cells)


def _power_cells(polygon: Polygon, centres: Points, weight: Points) -> list[Polygon]:
    cells = []
    for i, (centre, own) in enumerate(zip(centres, weight, strict=True)):
        cell = polygon
        for j, (other, its) in enumerate(zip(centres, weight, strict=True)):
            if i != j and not cell.is_empty:
                toward = other - centre
                distance = float(np.hypot(*toward))
                reach = (distance**2 + own - its) / (2 * distance)
                direction = toward / distance
                cell = cell.intersection(_half_plane(centre + direction * reach, -direction, polygon))
        cells.append(cell)
    return cells


def _half_plane(point: Points, inward: Points, around: Polygon) -> Polygon:
    """The side of a line through `point` that `inward` points to, large enough to cover `around`."""
    west, south, east, north = around.bounds
    size = 4 * (east - west + north - south)
    along = np.array([-inward[1], inward[0]])
    a, b = point - along * size, point + along * size
    return Polygon([a, b, b + inward * size, a + inward * size])


def _in_one_piece(cells: list[Polygon | MultiPolygon]) -> list[Polygon]:
    """Each cell's largest piece; the others go to the neighbour they share most border with."""
    main = [max(_pieces(cell), key=lambda piece: piece.area) for cell in cells]
    for i, cell in enumerate(cells):
        for piece in sorted(_pieces(cell), key=lambda piece: -piece.area)[1:]:
            touching = [main[j].intersection(piece.buffer(SNAP_M)).area if j != i else 0.0 for j in range(len(main))]
            j = int(np.argmax(touching))
            main[j] = main[j].union(piece)
    return [max(_pieces(cell), key=lambda piece: piece.area) for cell in main]


def _pieces(shape: Polygon | MultiPolygon) -> list[Polygon]:
    return [part for part in getattr(shape, "geoms", [shape]) if isinstance(part, Polygon) and not part.is_empty]


def split_by_weight(
    polygon: Polygon, crowd: Points, weights: Sequence[float], street_angle: float, rng: np.random.Generator
) -> list[Polygon]:
    """The polygon cut recursively into one piece a weight; each holds its share of the `crowd` (n points in it).

    Every cut runs along or across the streets (`street_angle`, radians), whichever shortens the piece, a few degrees off.
    """
    if len(weights) == 1:
        return [polygon]
    half = len(weights) // 2 if len(weights) % 2 == 0 or rng.random() < 0.5 else len(weights) // 2 + 1
    share = sum(weights[:half]) / sum(weights)
    normal = _cut_normal(polygon, street_angle, rng)
    depth = crowd @ normal
    order = np.argsort(depth, kind="stable")
    at = min(max(round(share * len(order)), 1), len(order) - 1)
    level = (depth[order[at - 1]] + depth[order[at]]) / 2
    centroid = np.asarray(polygon.centroid.coords[0])
    anchor = centroid + normal * (level - centroid @ normal)
    near = polygon.intersection(_half_plane(anchor, -normal, polygon))
    far = polygon.intersection(_half_plane(anchor, normal, polygon))
    first, second = _in_one_piece([near, far])
    inside = shapely.contains_xy(first, crowd[:, 0], crowd[:, 1])
    return [
        *split_by_weight(first, crowd[inside], weights[:half], street_angle, rng),
        *split_by_weight(second, crowd[~inside], weights[half:], street_angle, rng),
    ]


def _cut_normal(polygon: Polygon, street_angle: float, rng: np.random.Generator) -> Points:
    """The direction across which to cut: of the two street directions, the one in which the piece is longer."""
    ring = np.asarray(polygon.exterior.coords)
    choices = []
    for angle in (street_angle, street_angle + math.pi / 2):
        direction = np.array([math.cos(angle), math.sin(angle)])
        choices.append((float(np.ptp(ring @ direction)), angle))
    angle = max(choices)[1] + rng.normal(0, math.radians(6))
    return np.array([math.cos(angle), math.sin(angle)])


def scatter_crowd(polygon: Polygon, count: int, place: Place, rng: np.random.Generator) -> Points:
    """About `count` points in the polygon, denser toward the place's centre."""
    west, south, east, north = polygon.bounds
    tries = rng.uniform((west, south), (east, north), (int(count * 3 * (1 + place.crowding)), 2))
    distance = np.hypot(*(tries - np.asarray(place.centre)).T)
    density = 1 + (place.crowding - 1) * np.exp(-((distance / place.reach_m) ** 2))
    tries = tries[rng.random(len(tries)) < density / place.crowding]
    shapely.prepare(polygon)
    return np.asarray(tries[shapely.contains_xy(polygon, tries[:, 0], tries[:, 1])][: count * 4])


def bend_cells(cells: Sequence[Polygon], warp: Warp, tolerance_m: float) -> list[Polygon]:
    """The cells of the straight plane, bent into the real one and simplified together: no gap, no overlap.

    Raises GeoError when the edges do not close into exactly one piece a cell.
    """
    edges = shapely.union_all(shapely.boundary(np.asarray(cells, dtype=object)), grid_size=SNAP_M)
    edges = shapely.transform(shapely.segmentize(shapely.line_merge(edges), STEP_M), warp.bend)
    pieces = list(shapely.polygonize([edges]).geoms)
    inside = np.array([piece.representative_point().coords[0] for piece in pieces])
    straight = shapely.points(warp.straighten(inside))
    tree = shapely.STRtree(np.asarray(cells, dtype=object))
    found = tree.query(straight, predicate="within")
    owner = {int(piece): int(cell) for piece, cell in found.T}
    bent: list[Polygon | None] = [None] * len(cells)
    for i, piece in enumerate(pieces):
        if i not in owner:
            continue
        if bent[owner[i]] is not None:
            raise GeoError(f"Cell {owner[i]} came back in several pieces.", "Use a gentler warp or another seed.")
        bent[owner[i]] = piece
    whole = [cell for cell in bent if cell is not None]
    if len(whole) != len(cells) or len(pieces) != len(cells):
        raise GeoError(f"{len(cells)} cells were cut, {len(pieces)} came back.", "Use a gentler warp or another seed.")
    return list(shapely.coverage_simplify(np.asarray(whole, dtype=object), tolerance_m))


def round_cells(cells: Sequence[Polygon], decimals: int = 6) -> list[Polygon]:
    """The cells with every coordinate rounded alike, so that neighbours still share their vertices exactly.

    Raises GeoError when the rounded cells no longer tile (`shapely.coverage_is_valid`).
    """
    rounded = shapely.transform(np.asarray(cells, dtype=object), lambda points: np.round(points, decimals))
    if not shapely.coverage_is_valid(rounded) or not shapely.is_valid(rounded).all():
        raise GeoError(f"Cells rounded to {decimals} decimals overlap or leave gaps.", "Keep more decimals.")
    return list(rounded)
