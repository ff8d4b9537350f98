"""The shapes of what a zone order names and no map file holds: buildings. EPSG:4326, lon first."""

from __future__ import annotations

import numpy as np
from shapely.geometry import Polygon

from geo.crs import degrees_from_metres

DEFAULT_RADIUS_M = 15.0
"""Half the side of a building whose size is unknown (data/FORMATS.md)."""


def building_footprint(lon: float, lat: float, radius_m: float | None = None) -> Polygon:
    """The square of side 2·radius_m, in metres, round a building's point: known to be schematic, good enough to see."""
    half = DEFAULT_RADIUS_M if radius_m is None else radius_m
    # The projection is laid through the point rounded to four decimals, so the corners are set round its exact place.
    centre_lon, centre_lat = round(lon, 4), round(lat, 4)
    corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    degrees = degrees_from_metres(centre_lon, centre_lat)(corners) + np.array([lon - centre_lon, lat - centre_lat])
    return Polygon(degrees)
