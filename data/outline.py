"""Outlines for the map: grids simplified together, and communities, towns and the district as unions of them.

Owns the shapes in the situation file; knows tables of codes and shapes only, no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from geo.coverage import (
    Shapes,
    label_points,
    round_coordinates,
    simplify_coverage,
    tile_for_drawing,
    unite_coverage,
)
from geo.errors import GeoError
from geo.layer import geojson_text

FINEST_M = 3.0
"""What a map is drawn with when it is nearest: a pixel at zoom 15.5. Doubled until `MOST_CORNERS` are kept."""
MOST_CORNERS = 60_000
"""Of all grids together; some 150 KB compressed on their way to a browser."""
COARSER_M = (12.0, 48.0)
"""Tolerances of the map seen from farther off: about a pixel at zoom 13.5 and 11.5."""


@dataclass(frozen=True)
class GridShape:
    """A grid as the lake keeps it: its place in the hierarchy and its polygon (EPSG:4326, lon first) as WKB."""

    grid_code: str
    community_code: str
    town_code: str
    geometry_wkb: bytes


@dataclass(frozen=True)
class Outline:
    """A shape on the map, with a point inside it for its label. `kind`: grid, community, town or district (code '').

    The kind grid_ranks is none: its `geojson` holds a digit for each corner of the grid, ring by ring, separated by
    commas: in how many of the coarser maps the corner stays.
    """

    kind: str
    code: str
    geojson: str
    label_lon: float
    label_lat: float


def draw_outlines(grids: Sequence[GridShape]) -> list[Outline]:
    """The outlines of all grids, communities, towns and of the district; neighbours share their vertices exactly.

    Grids are simplified as one coverage: polygon by polygon, gaps would open between neighbours. An empty list of
    grids has no outline.
    """
    if not grids:
        return []
    shapes = _simplify(shapely.from_wkb([grid.geometry_wkb for grid in grids]))
    members: dict[tuple[str, str], list[BaseGeometry]] = defaultdict(list)
    for grid, shape in zip(grids, shapes, strict=True):
        members["grid", grid.grid_code].append(shape)
        members["community", grid.community_code].append(shape)
        members["town", grid.town_code].append(shape)
        members["district", ""].append(shape)
    drawn = [unite_coverage(parts) for parts in members.values()]
    labels = label_points(drawn).round(6).tolist()
    outlines = [
        Outline(kind, code, geojson_text(shape), lon, lat)
        for (kind, code), shape, (lon, lat) in zip(members, drawn, labels, strict=True)
    ]
    drawn_grids = [shape for (kind, _), shape in zip(members, drawn, strict=True) if kind == "grid"]
    ranks = iter(_rank_corners(shapes, drawn_grids))
    return outlines + [
        Outline("grid_ranks", one.code, next(ranks), one.label_lon, one.label_lat)
        for one in outlines
        if one.kind == "grid"
    ]


def _simplify(shapes: Shapes) -> Shapes:
    """The grids as the nearest map draws them: all simplified together, so that neighbours do not part."""
    tolerance_m = FINEST_M
    tiled = shapes
    while True:
        try:
            drawn = simplify_coverage(tiled, tolerance_m)
        except GeoError:
            if tiled is not shapes:
                return round_coordinates(shapes)  # rather as it is than not at all
            tiled = tile_for_drawing(shapes)
            continue
        if int(shapely.get_num_coordinates(drawn).sum()) <= MOST_CORNERS or tolerance_m > COARSER_M[-1]:
            return drawn
        tolerance_m *= 2


def _rank_corners(shapes: Shapes, drawn: Sequence[BaseGeometry]) -> list[str]:
    """For each grid as drawn its corners' ranks, ring by ring: in how many of the maps of `COARSER_M` a corner stays.

    A coarser map is the finer one simplified, so its corners are among the finer one's, and neighbours keep the same.
    """
    ranks: list[dict[tuple[float, ...], int]] = [{} for _ in drawn]
    coarser = shapes
    for rank, tolerance_m in enumerate(COARSER_M, start=1):
        try:
            coarser = simplify_coverage(coarser, tolerance_m)
        except GeoError:
            break  # areas that do not tile are drawn in full from any distance
        for own, shape in zip(ranks, coarser, strict=True):
            own.update((corner, rank) for ring in _list_rings(shape) for corner in ring.coords)
    return [
        ",".join("".join(str(own.get(corner, 0)) for corner in ring.coords) for ring in _list_rings(shape))
        for own, shape in zip(ranks, drawn, strict=True)
    ]


def _list_rings(shape: BaseGeometry) -> list[BaseGeometry]:
    return [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
