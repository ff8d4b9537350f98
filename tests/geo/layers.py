"""Small map files in every format and state of repair, written as other software writes them."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import geopandas
import pyogrio
import shapely

CODES = ("440703002143001", "040703002143002", "440703002143003")
NAMES = ("侧贤社区第一网格", "臺灣路網格", "東湖公園のグリッド")
SQUARES = tuple(
    shapely.box(west, 22.580, east, 22.581)
    for west, east in ((113.070, 113.071), (113.071, 113.072), (113.072, 113.073))
)
DRIVERS = {
    "geojson": "GeoJSON",
    "geojsonl": "GeoJSONSeq",
    "gpkg": "GPKG",
    "fgb": "FlatGeobuf",
    "kml": "LIBKML",
    "kmz": "LIBKML",
    "shp": "ESRI Shapefile",
}


def three_grids(codes: Sequence[str] = CODES, names: Sequence[str] = NAMES) -> geopandas.GeoDataFrame:
    """Three squares of about 100 m beside each other."""
    return geopandas.GeoDataFrame({"grid_code": list(codes), "名称": list(names)}, geometry=list(SQUARES), crs=4326)


def write_layer(
    folder: Path,
    suffix: str,
    frame: geopandas.GeoDataFrame | None = None,
    *,
    crs: str | int | None = None,
    is_sorted: bool = True,
) -> Path:
    """A file of this format; `crs`: turned into that system first; `is_sorted`: FlatGeobuf may order the features."""
    frame = three_grids() if frame is None else frame
    path = folder / f"grids.{suffix}"
    if crs is not None:
        frame = frame.to_crs(crs)
    if suffix == "zip":
        inside = folder / "inside"
        inside.mkdir()
        shape = write_layer(inside, "shp", frame)
        with zipfile.ZipFile(path, "w") as archive:
            for part in inside.glob(f"{shape.stem}.*"):
                archive.write(part, f"网格/{part.name}")
    elif suffix == "parquet":
        frame.to_parquet(path)
    elif suffix == "csv":
        table = frame.drop(columns="geometry")
        srid = f"SRID={frame.crs.to_epsg()};"
        table["wkt"] = ["" if shape is None else f"{srid}{shape.wkt}" for shape in frame.geometry]
        table.to_csv(path, index=False)
    else:
        # the library writes no crossed outline as KML; others do
        pyogrio.set_gdal_config_options({"LIBKML_STRICT_COMPLIANCE": "NO"})
        # with an index FlatGeobuf puts features into the order of their places
        options = {} if is_sorted or suffix != "fgb" else {"SPATIAL_INDEX": "NO"}
        frame.to_file(path, driver=DRIVERS[suffix], engine="pyogrio", **options)
    return path


def write_dbf(
    path: Path, columns: Sequence[tuple[bytes, str, int]], rows: Sequence[Sequence[bytes]], language: int = 0
) -> Path:
    """A dBASE table byte for byte: columns of (name, type letter, width), cells as they are to stand there."""
    header_size, row_size = 33 + 32 * len(columns), 1 + sum(width for _, _, width in columns)
    head = struct.pack("<B3BIHH17xB2x", 3, 122, 7, 14, len(rows), header_size, row_size, language)
    for name, type_, width in columns:
        head += name.ljust(11, b"\x00")[:11] + type_.encode() + b"\x00" * 4 + bytes([width, 0]) + b"\x00" * 14
    widths = [width if type_ != "N" else -width for _, type_, width in columns]
    body = b"".join(
        b" " + b"".join(cell.ljust(width) if width > 0 else cell.rjust(-width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )  # fmt: skip
    path.write_bytes(head + b"\r" + body + b"\x1a")
    return path
