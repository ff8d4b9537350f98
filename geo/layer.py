"""Reads a map file into shapes and their properties, in EPSG:4326, lon first; writes a shape as GeoJSON.

The one door to `source` (what a file is), `vector_file` (what it holds) and `georeference` (where that lies). Does not
judge whether shapes fit together (`geo.coverage`) or what their properties mean.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.coverage import round_coordinates
from geo.errors import GeoError
from geo.georeference import bring_to_degrees
from geo.source import Source, open_source
from geo.vector_file import (
    RawLayer,
    read_csv_layer,
    read_geojson,
    read_geojson_lines,
    read_geoparquet,
    read_kml,
    read_shapefile,
    read_with_gdal,
)

if TYPE_CHECKING:
    import geopandas

Shapes = npt.NDArray[np.object_]

_POLYGON, _COLLECTION = 3, 7
"""The library's numbers for these types of shapes."""


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
    faults: Mapping[int, str] = field(default_factory=dict)
    """Feature → why its geometry could not be read; it is None in `frame`."""
    numeric_columns: frozenset[str] = frozenset()
    """Columns that the file holds as numbers: leading zeros of codes are gone there."""
    has_short_names: bool = False
    """Whether its column names may be cut off after ten bytes, as in a Shapefile."""

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
    """The features of a map file in any of `geo.source.FORMATS`, brought to EPSG:4326.

    Raises GeoError where the file cannot be read or holds no feature, where its coordinate system is neither stated
    nor told, and where its coordinates contradict it. A single shape that cannot be read is no reason: see `faults`.
    """
    # imported here: the worker and the dashboard write shapes for days, and never read a map file
    import geopandas
    import pyarrow as pa

    try:
        with open_source(path, options.layer) as source:
            raw = _read_source(source, options)
    except GeoError:
        raise
    except (
        RuntimeError,
        ValueError,
        OSError,
        KeyError,
        TypeError,
        struct.error,
        pa.ArrowException,
        shapely.errors.ShapelyError,
    ) as error:
        raise GeoError(
            f"{path.name} is not a readable map file: {_one_line(error)}.", "Export or copy it again."
        ) from error
    _set_aside_unfinished(raw)
    _keep_areas_of_mixtures(raw)
    if not len(raw.shapes):
        raise GeoError(f"{path.name} holds no feature.", "Export the layer again.")
    if shapely.is_missing(raw.shapes).all() or shapely.is_empty(raw.shapes[~shapely.is_missing(raw.shapes)]).all():
        reason = next(iter(raw.faults.values()), "")
        raise GeoError(
            f"{path.name} holds no feature with a geometry{f': {reason}' if reason else ''}.", "Export the layer again."
        )
    referenced = bring_to_degrees(raw.shapes, raw.crs, options.crs)
    texts = {name: np.array(column, dtype=object) for name, column in raw.columns.items()}
    frame = geopandas.GeoDataFrame(texts, geometry=referenced.shapes, crs=4326)
    numbers = tuple(raw.row_numbers) or tuple(range(1, len(frame) + 1))
    return Layer(
        frame,
        referenced.source_crs,
        raw.encoding,
        numbers,
        raw.row_word,
        (*raw.notes, *referenced.notes),
        raw.faults,
        raw.numeric_columns,
        source.format == "shapefile",
    )


def _read_source(source: Source, options: LayerOptions) -> RawLayer:
    if source.format == "geojson":
        return read_geojson(source.path, options.encoding)
    if source.format == "geojsonseq":
        return read_geojson_lines(source.path, options.encoding)
    if source.format == "shapefile":
        return read_shapefile(source.path, options.encoding)
    if source.format == "geoparquet":
        return read_geoparquet(source.path)
    if source.format == "csv":
        return read_csv_layer(source.path, options.encoding)
    if source.format == "kml":
        return read_kml((source.path, *source.others), options.layer)
    return read_with_gdal(source.path, options.layer)


def _set_aside_unfinished(raw: RawLayer) -> None:
    """Makes shapes with coordinates that are no numbers faults: nothing can be measured with them."""
    coordinates, owners = shapely.get_coordinates(raw.shapes, return_index=True)
    for i in np.unique(owners[~np.isfinite(coordinates).all(axis=1)]):
        raw.shapes[i] = None
        raw.faults[int(i)] = "some of its coordinates are no numbers"


def _keep_areas_of_mixtures(raw: RawLayer) -> None:
    """Takes the areas of shapes that hold areas, lines and points together, as cutting one layer by another leaves them."""
    count = 0
    for i in np.flatnonzero(shapely.get_type_id(raw.shapes) == _COLLECTION):
        parts = shapely.get_parts(shapely.get_parts(raw.shapes[i]))
        areas = parts[shapely.get_type_id(parts) == _POLYGON]
        if len(areas):
            raw.shapes[i] = areas[0] if len(areas) == 1 else shapely.multipolygons(areas)
            count += 1
    if count:
        raw.notes.append(f"{count:,} shapes are mixtures of areas, lines and points; of these the areas are taken.")


def _one_line(error: Exception) -> str:
    """What a library says, without the places where a file was laid aside for it."""
    said = re.sub(r"\S*/wangge-\w+/", "", " ".join(str(error).split()))
    return (said[:200] or type(error).__name__).rstrip(". ")


def geojson_text(shape: BaseGeometry, decimals: int = 6) -> str:
    """The geometry as compact GeoJSON with so many decimals of a degree (six: 0.1 m)."""
    (rounded,) = round_coordinates([shape], decimals)
    text: str = shapely.to_geojson(rounded)
    # the library writes some rounded numbers with all their binary digits
    return json.dumps(
        json.loads(text, parse_float=lambda digits: round(float(digits), decimals)), separators=(",", ":")
    )
