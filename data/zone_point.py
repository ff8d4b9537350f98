"""Which zones hold at a point: its lon and lat against the shapes of the zones in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import shapely


def find_at_point(shapes: Iterable[Mapping[str, Any]], lon: float, lat: float) -> frozenset[str]:
    """The order codes of those rows of `zones/shapes` whose shape holds the point, edges included. EPSG:4326."""
    point = shapely.Point(lon, lat)
    return frozenset(
        row["order_code"] for row in shapes if row["geojson"] and _read_shape(row["geojson"]).covers(point)
    )


@lru_cache(maxsize=1024)
def _read_shape(geojson: str) -> Any:
    """The shape, read once: what a page asks again costs a look-up."""
    return shapely.from_geojson(geojson)
