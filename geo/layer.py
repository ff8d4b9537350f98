"""Reads a map file into shapes and their properties, in EPSG:4326, lon first; writes a shape as GeoJSON.

Owns file formats and coordinate systems of what is read. Does not judge whether shapes fit together
(`geo.coverage`) or what their properties mean.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.coverage import round_coordinates
from geo.errors import GeoError

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Layer:
    """Features of one file: `shapes[i]` (None where a feature has no geometry) with `properties[i]`."""

    shapes: Shapes
    properties: tuple[dict[str, Any], ...]


def read_layer(path: Path) -> Layer:
    """The features of a map file, brought to EPSG:4326.

    Property values are as the file has them, None where empty. Raises GeoError where the file cannot be read, holds
    no feature, or its coordinates are not degrees.
    """
    # imported here: the worker and the dashboard write shapes for days, and never read a map file
    import geopandas

    if not path.is_file():
        raise GeoError(f"{path} is not there.", "Check the path.")
    try:
        frame = geopandas.read_file(path)
    except (RuntimeError, ValueError, OSError) as error:
        raise GeoError(
            f"{path} is not a readable map file: {error}.", "Save it again as GeoJSON in EPSG:4326."
        ) from error
    if "geometry" not in frame.columns or frame.empty:
        raise GeoError(
            f"{path} holds no feature with a geometry.", "It should be a GeoJSON FeatureCollection of polygons."
        )
    if frame.crs is not None and frame.crs.to_epsg() != 4326:
        frame = frame.to_crs(4326)
    shapes: Shapes = np.array(frame.geometry.to_numpy(), dtype=object)
    lon_min, lat_min, lon_max, lat_max = shapely.total_bounds(shapes)
    if lon_min < -180 or lon_max > 180 or lat_min < -90 or lat_max > 90:
        raise GeoError(
            f"{path} has coordinates from ({lon_min:.6g}, {lat_min:.6g}) to ({lon_max:.6g}, {lat_max:.6g}), which are not degrees.",
            "Save it in EPSG:4326, longitude first.",
        )
    columns = frame.drop(columns="geometry")
    records = columns.astype(object).where(columns.notna(), None).to_dict("records")
    return Layer(shapes, tuple({str(key): value for key, value in record.items()} for record in records))


def geojson_text(shape: BaseGeometry, decimals: int = 6) -> str:
    """The geometry as compact GeoJSON with so many decimals of a degree (six: 0.1 m)."""
    (rounded,) = round_coordinates([shape], decimals)
    text: str = shapely.to_geojson(rounded)
    # the library writes some rounded numbers with all their binary digits
    return json.dumps(
        json.loads(text, parse_float=lambda digits: round(float(digits), decimals)), separators=(",", ":")
    )
