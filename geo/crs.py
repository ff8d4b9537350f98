"""Where metres come from: a projected reference system laid through the middle of a district.

Owns nothing but projections. Stored and exchanged coordinates stay EPSG:4326, lon first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer

Coordinates = npt.NDArray[np.float64]


def local_crs(lon: float, lat: float) -> CRS:
    """A transverse Mercator in metres whose origin is at (lon, lat): lengths true to 1:10,000 within 80 km.

    Laid through the district itself, so that no district straddles two zones of a national grid.
    """
    return CRS.from_proj4(
        f"+proj=tmerc +lat_0={lat:.4f} +lon_0={lon:.4f} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
    )


@lru_cache(maxsize=64)
def _transformer(lon: float, lat: float, to_metres: bool) -> Transformer:
    geographic, metric = CRS.from_epsg(4326), local_crs(lon, lat)
    ends = (geographic, metric) if to_metres else (metric, geographic)
    return Transformer.from_crs(*ends, always_xy=True)


def metres_from_degrees(lon: float, lat: float) -> Callable[[Coordinates], Coordinates]:
    """The function that turns an (n, 2) array of lon, lat into x_m, y_m of `local_crs(lon, lat)`."""
    return _applied(_transformer(round(lon, 4), round(lat, 4), True))


def degrees_from_metres(lon: float, lat: float) -> Callable[[Coordinates], Coordinates]:
    """The function that turns an (n, 2) array of x_m, y_m of `local_crs(lon, lat)` into lon, lat."""
    return _applied(_transformer(round(lon, 4), round(lat, 4), False))


def _applied(transformer: Transformer) -> Callable[[Coordinates], Coordinates]:
    def transform(points: Coordinates) -> Coordinates:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return transform
