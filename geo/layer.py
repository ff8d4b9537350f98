"""Reads a map file into shapes and their properties, in EPSG:4326, lon first; writes a shape as GeoJSON.

Owns file formats and coordinate systems of what is read. Does not judge whether shapes fit together
(`geo.coverage`) or what their properties mean.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.coverage import round_coordinates
from geo.errors import GeoError

if TYPE_CHECKING:
    import geopandas

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True)
class LayerOptions:
    """What a file cannot say itself, or says wrongly; None: as the file has it."""

    layer: str | None = None
    """Which of several layers of one file."""
    crs: str | None = None
    """Its coordinate system: "EPSG:4490", "gcj02", "bd09" …"""
    encoding: str | None = None
    """Of its attributes, such as "gb18030"."""


@dataclass(frozen=True)
class Layer:
    """The features of one file, in its order.

    `frame` is a GeoDataFrame in EPSG:4326, lon first: the column `geometry` (None where a feature has none; nothing
    mended) and the file's attribute columns as texts, `""` where empty, with every leading zero. `row_numbers[i]` is
    where feature i stands in the file: counted from 1, or the line of a CSV file; `row_word` says which ("feature",
    "line"). `source_crs` names the system that its coordinates were in, `encoding` that of its attributes (None where
    the format has but one), `notes` what a person should know about how it was read.
    """

    frame: geopandas.GeoDataFrame
    source_crs: str
    encoding: str | None = None
    row_numbers: tuple[int, ...] = ()
    row_word: str = "feature"
    notes: tuple[str, ...] = ()

    @property
    def shapes(self) -> Shapes:
        """The geometries, None where there is none."""
        return np.array(self.frame.geometry.to_numpy(), dtype=object)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the attributes, as the file has them."""
        return tuple(str(column) for column in self.frame.columns if column != "geometry")

    def place_of(self, feature: int) -> str:
        """Where a feature stands in the file, in words."""
        return f"{self.row_word} {self.row_numbers[feature]}"


def read_layer(path: Path, options: LayerOptions = LayerOptions()) -> Layer:
    """The features of a map file, brought to EPSG:4326.

    Raises GeoError where the file cannot be read, holds no feature, or its coordinates are not degrees.
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
    source_crs = frame.crs.to_string() if frame.crs is not None else "EPSG:4326"
    if frame.crs is not None and frame.crs.to_epsg() != 4326:
        frame = frame.to_crs(4326)
    lon_min, lat_min, lon_max, lat_max = shapely.total_bounds(frame.geometry.to_numpy())
    if lon_min < -180 or lon_max > 180 or lat_min < -90 or lat_max > 90:
        raise GeoError(
            f"{path} has coordinates from ({lon_min:.6g}, {lat_min:.6g}) to ({lon_max:.6g}, {lat_max:.6g}), which are not degrees.",
            "Save it in EPSG:4326, longitude first.",
        )
    texts = {
        str(column): np.array([_text(value) for value in frame[column].astype(object)], dtype=object)
        for column in frame.columns.drop("geometry")
    }
    told = geopandas.GeoDataFrame(texts, geometry=frame.geometry.to_numpy(), crs=4326)
    return Layer(told, source_crs, None, tuple(range(1, len(told) + 1)))


def _text(value: object) -> str:
    """An attribute as a cell would hold it: codes that a map file keeps as numbers lose nothing but their type."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def geojson_text(shape: BaseGeometry, decimals: int = 6) -> str:
    """The geometry as compact GeoJSON with so many decimals of a degree (six: 0.1 m)."""
    (rounded,) = round_coordinates([shape], decimals)
    text: str = shapely.to_geojson(rounded)
    # the library writes some rounded numbers with all their binary digits
    return json.dumps(
        json.loads(text, parse_float=lambda digits: round(float(digits), decimals)), separators=(",", ":")
    )
