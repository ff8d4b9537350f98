"""Outlines for the map: grids simplified together, and communities, towns and the district as unions of them.

Owns the shapes in the situation file; knows tables of codes and shapes only, no database.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

SIMPLIFY_TOLERANCE_DEG = 0.0001
"""About 10 m: at most 3 pixels of the wall's map, whose district is 20 km wide on 3,840 pixels at most."""
DECIMALS = 6
"""0.1 m; a whole district's outlines stay under 150 KB compressed."""
METRES_PER_DEGREE = 111_320.0
DEFAULT_RADIUS_M = 15.0


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
    if bool(shapely.coverage_is_valid(shapes)):
        shapes = shapely.coverage_simplify(shapes, SIMPLIFY_TOLERANCE_DEG)
    shapes = shapely.transform(shapes, lambda xy: np.round(xy, DECIMALS))
    members: dict[tuple[str, str], list[BaseGeometry]] = defaultdict(list)
    for grid, shape in zip(grids, shapes, strict=True):
        members["grid", grid.grid_code].append(shape)
        members["community", grid.community_code].append(shape)
        members["town", grid.town_code].append(shape)
        members["district", ""].append(shape)
    return [_draw(kind, code, parts) for (kind, code), parts in members.items()]


def draw_footprint(lon: float, lat: float, radius_m: float | None) -> str:
    """A building's footprint as GeoJSON: a square, `radius_m` from its centre to each side (empty: 15 m)."""
    half = radius_m or DEFAULT_RADIUS_M
    dy = half / METRES_PER_DEGREE
    dx = half / (METRES_PER_DEGREE * math.cos(math.radians(lat)))
    ring = [(lon - dx, lat - dy), (lon + dx, lat - dy), (lon + dx, lat + dy), (lon - dx, lat + dy), (lon - dx, lat - dy)]
    rounded = [[round(x, DECIMALS), round(y, DECIMALS)] for x, y in ring]
    return json.dumps({"type": "Polygon", "coordinates": [rounded]}, separators=(",", ":"))


def _draw(kind: str, code: str, parts: list[BaseGeometry]) -> Outline:
    shape = parts[0] if len(parts) == 1 else _unite(parts)
    label = shapely.point_on_surface(shape)
    return Outline(kind, code, _write(shape), round(label.x, DECIMALS), round(label.y, DECIMALS))


def _unite(parts: list[BaseGeometry]) -> BaseGeometry:
    try:
        united = shapely.coverage_union_all(parts)
        if united.is_valid:
            return united
    except shapely.GEOSException:
        pass  # not a coverage (a district whose grids overlap a little): the general union is slower and always right
    return shapely.union_all(shapely.make_valid(parts))


def _write(shape: BaseGeometry) -> str:
    """GeoJSON without spaces and without the zeros that a float's repr may add."""
    text: str = shapely.to_geojson(shape)
    return json.dumps(json.loads(text, parse_float=lambda digits: round(float(digits), DECIMALS)), separators=(",", ":"))
