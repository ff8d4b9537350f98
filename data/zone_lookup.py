"""Is this place in a risk zone? Answers for a point, a building, a site, a grid, a community, or what somebody typed.

Owns the search by shape, which SQL alone cannot do: the extents' shapes are read once a situation and kept. The rest are
questions. Knows no page.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from data.questions import Source, ask

Row = dict[str, Any]

_COORDINATES = re.compile(r"\s*(-?\d{1,3}(?:\.\d+)?)\s*[,，;；\s]\s*(-?\d{1,2}(?:\.\d+)?)\s*")
_RANK = {"high": 1, "medium": 2, "low": 3}
_KEPT = 4


@dataclass(frozen=True)
class PlaceInZones:
    """A place and the zones in force around it, highest level first: that one decides.

    `place_kind`: point, building, site, grid, community or town. Of each zone: zone_code, order_code, zone_name,
    zone_name_en, level, from_at, until_at; of grids and communities also is_whole. `zones` is None for a town: ask of a part.
    """

    place_kind: str
    place_code: str | None
    place_name: str | None
    place_name_en: str | None
    grid_code: str | None
    lon: float | None
    lat: float | None
    zones: tuple[Row, ...] | None

    @property
    def level(self) -> str | None:
        """The level that holds there; None where no order holds."""
        return self.zones[0]["level"] if self.zones else None


def look_up(
    source: Source, text: str, *, as_of: datetime | str | None = None, known_at: datetime | None = None, most: int = 10
) -> list[PlaceInZones]:
    """The places that a text can mean, the likeliest first, each with the zones around it.

    A text is a pair of coordinates ("113.07123, 22.58144": longitude first, EPSG:4326), a code, or any part of an address or
    a name. An empty list: nothing of that name is known.
    """
    pair = _COORDINATES.fullmatch(text)
    if pair:
        lon, lat = float(pair[1]), float(pair[2])
        if abs(lon) <= 180 and abs(lat) <= 90:
            zones = zones_at_point(source, lon, lat, as_of=as_of, known_at=known_at)
            return [PlaceInZones("point", None, None, None, None, lon, lat, tuple(zones))]
    found = ask(source, "zones/find_places", as_of, text=text).slice(0, most).to_pylist()
    return [PlaceInZones(**row, zones=_zones_of(source, row, as_of, known_at)) for row in found]


def zones_at_point(
    source: Source, lon: float, lat: float, *, as_of: datetime | str | None = None, known_at: datetime | None = None
) -> list[Row]:
    """The zones in force whose extent holds the point (EPSG:4326) or has it on its edge, highest level first.

    Buildings' grounds and polygons count as they are; communities and grids as the map draws them, to some 3 m.
    """
    inside = _find_extents(source, lon, lat)
    if not inside:
        return []
    held = ask(source, "zones/orders_in_force", as_of, known_at=known_at).to_pylist()
    here = [row for row in held if row["extent_no"] in inside]
    here.sort(key=lambda row: (_RANK.get(row["level"], 9), row["sort_order"] or 0, row["zone_code"]))
    names = ("zone_code", "order_code", "zone_name", "zone_name_en", "level", "from_at", "until_at")
    return [{name: row[name] for name in names} for row in here]


def _zones_of(
    source: Source, place: Row, as_of: datetime | str | None, known_at: datetime | None
) -> tuple[Row, ...] | None:
    kind = place["place_kind"]
    if kind == "site":
        return tuple(zones_at_point(source, place["lon"], place["lat"], as_of=as_of, known_at=known_at))
    if kind not in ("building", "grid", "community"):
        return None
    code = {f"{kind}_code": place["place_code"]}
    return tuple(ask(source, f"zones/at_{kind}", as_of, known_at=known_at, **code).to_pylist())


@dataclass(frozen=True)
class _Shapes:
    """The shapes of all extents of one state of the orders, and the extent of each."""

    tree: shapely.STRtree
    extent_nos: tuple[int, ...]


_shapes: OrderedDict[tuple[Any, ...], _Shapes] = OrderedDict()


def _find_extents(source: Source, lon: float, lat: float) -> frozenset[int]:
    shapes = _read_shapes(source)
    found = shapes.tree.query(shapely.Point(lon, lat), predicate="intersects")
    return frozenset(shapes.extent_nos[i] for i in found)


def _read_shapes(source: Source) -> _Shapes:
    """The shapes of this situation's extents, read once for all situations that do not differ in them."""
    key = tuple(tuple(row.values()) for row in ask(source, "zones/mark").to_pylist())
    shapes = _shapes.get(key)
    if shapes is None:
        rows = [row for row in ask(source, "zones/extent_shapes").to_pylist() if row["geojson"]]
        geometries = np.asarray(shapely.from_geojson([row["geojson"] for row in rows]), dtype=object)
        shapes = _Shapes(shapely.STRtree(geometries), tuple(row["extent_no"] for row in rows))
    _shapes[key] = shapes
    _shapes.move_to_end(key)
    while len(_shapes) > _KEPT:
        with suppress(KeyError):  # another thread was faster
            _shapes.popitem(last=False)
    return shapes
