"""Outlines for the map: grids simplified together, and communities, towns and the district as unions of them.

Owns the shapes in the situation file; knows tables of codes and shapes only, no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from geo.coverage import label_points, simplify_coverage, tile_for_drawing, unite_coverage
from geo.errors import GeoError
from geo.layer import geojson_text
from geo.zones import building_footprint

SIMPLIFY_TOLERANCE_M = 10.0
"""At most 3 pixels of the wall's map, whose district is 20 km wide on 3,840 pixels at most; all outlines stay under
150 KB compressed."""


@dataclass(frozen=True)
class GridShape:
    """A grid as the lake keeps it: its place in the hierarchy and its polygon (EPSG:4326, lon first) as WKB."""

    grid_code: str
    community_code: str
    town_code: str
    geometry_wkb: bytes


@dataclass(frozen=True)
class Outline:
    """A shape on the map, with a point inside it for its label. `kind`: grid, community, town or district (code '')."""

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
    shapes = shapely.from_wkb([grid.geometry_wkb for grid in grids])
    try:
        shapes = simplify_coverage(shapes, SIMPLIFY_TOLERANCE_M)
    except GeoError:
        shapes = simplify_coverage(list(tile_for_drawing(shapes)), SIMPLIFY_TOLERANCE_M)
    members: dict[tuple[str, str], list[BaseGeometry]] = defaultdict(list)
    for grid, shape in zip(grids, shapes, strict=True):
        members["grid", grid.grid_code].append(shape)
        members["community", grid.community_code].append(shape)
        members["town", grid.town_code].append(shape)
        members["district", ""].append(shape)
    drawn = [unite_coverage(parts) for parts in members.values()]
    labels = label_points(drawn).round(6).tolist()
    return [
        Outline(kind, code, geojson_text(shape), lon, lat)
        for (kind, code), shape, (lon, lat) in zip(members, drawn, labels, strict=True)
    ]


def draw_footprint(lon: float, lat: float, radius_m: float | None) -> str:
    """A building's footprint as GeoJSON: a square, `radius_m` from its centre to each side."""
    return geojson_text(building_footprint(lon, lat, radius_m))
