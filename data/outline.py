"""Outlines for the map: grids simplified together, and communities, towns and the district as unions of them.

Owns the shapes in the situation file; knows tables of codes and shapes only, no database.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from geo.coverage import simplify_coverage, unite_coverage
from geo.errors import GeoError
from geo.zones import building_footprint

SIMPLIFY_TOLERANCE_M = 10.0
"""At most 3 pixels of the wall's map, whose district is 20 km wide on 3,840 pixels at most."""
DECIMALS = 6
"""0.1 m."""


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
    with suppress(GeoError):  # grids that do not tile never pass the import; drawn as they are, they are seen at least
        shapes = simplify_coverage(shapes, SIMPLIFY_TOLERANCE_M, DECIMALS)
    members: dict[tuple[str, str], list[BaseGeometry]] = defaultdict(list)
    for grid, shape in zip(grids, shapes, strict=True):
        members["grid", grid.grid_code].append(shape)
        members["community", grid.community_code].append(shape)
        members["town", grid.town_code].append(shape)
        members["district", ""].append(shape)
    return [_draw(kind, code, parts) for (kind, code), parts in members.items()]


def draw_footprint(lon: float, lat: float, radius_m: float | None) -> str:
    """A building's footprint as GeoJSON: a square, `radius_m` from its centre to each side (empty: 15 m)."""
    return _write(building_footprint(lon, lat, radius_m))


def _draw(kind: str, code: str, parts: list[BaseGeometry]) -> Outline:
    shape = parts[0] if len(parts) == 1 else unite_coverage(parts)
    label = shapely.point_on_surface(shape)
    return Outline(kind, code, _write(shape), round(label.x, DECIMALS), round(label.y, DECIMALS))


def _write(shape: BaseGeometry) -> str:
    """GeoJSON without spaces and without the digits that a float's repr may add."""
    text: str = shapely.to_geojson(shape)
    return json.dumps(json.loads(text, parse_float=lambda digits: round(float(digits), DECIMALS)), separators=(",", ":"))
