"""Reads the shapes and attributes of one plain map file, in its own coordinates: texts, shapes, what it says of itself.

One function for each format. GDAL reads Shapefile shapes, GeoPackage, KML and FlatGeobuf; the rest needs no GDAL. The
only importer of pyogrio, so that GDAL wakes with none of the drivers that follow references or reach into the network.
"""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from geo.dbf import read_dbf
from geo.encoding import known_encoding
from geo.errors import GeoError
from geo.source import WKT_HEADERS, find_part, read_text

Shapes = npt.NDArray[np.object_]

# All of the package's drivers but ESRI Shapefile, GPKG, LIBKML and FlatGeobuf.
_NEEDLESS_DRIVERS = (
    "ADBC,AIVector,AVCBin,AVCE00,AmigoCloud,CSV,CSW,Carto,DGN,DXF,EDIGEO,EEDA,ESRIJSON,Elasticsearch,GDALG,GML,GPSBabel,"
    "GPX,GTFS,GeoJSON,GeoJSONSeq,GeoRSS,HTTP,Idrisi,JML,JSONFG,KML,LVBAG,MBTiles,MVT,MapInfo File,MapML,MiraMonVector,NGW,"
    "OAPIF,ODS,OGCAPI,OGR_GMT,OGR_PDS,OGR_VRT,OSM,OpenFileGDB,PCIDSK,PDF,PDS4,PGDUMP,PLSCENES,PMTiles,S57,SQLite,SXF,"
    "Selafin,TopoJSON,VDV,VFK,VICAR,WAsP,WFS,XLSX"
)
_LON_HEADERS = ("lon", "lng", "longitude", "经度", "x", "x_m")
_LAT_HEADERS = ("lat", "latitude", "纬度", "y", "y_m")
_KML_DATA_NAME = re.compile(
    r"""(<(?:\w+:)?Data\b[^>]*?\bname\s*=\s*)(["'])([^"'<>]*[^"'<>\w][^"'<>]*|[^"'<>]*[^\x00-\x7f][^"'<>]*)\2"""
)
_DEGREE_HEADERS = ("lon", "lng", "longitude", "经度")
_SRID = re.compile(r"\s*SRID\s*=\s*(\d+)\s*;", re.IGNORECASE)
_SHAPE = "\x00shape"
_EXACT_INTEGER = float(2**53)


@dataclass
class RawLayer:
    """What a file holds, unjudged: columns of texts, a shape or None a row, and `faults`: row → why its shape is unreadable."""

    columns: dict[str, list[str]]
    shapes: Shapes
    crs: str | None
    encoding: str | None = None
    row_numbers: list[int] = field(default_factory=list)
    row_word: str = "feature"
    numeric_columns: frozenset[str] = frozenset()
    faults: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_geojson(path: Path, encoding: str | None) -> RawLayer:
    """A FeatureCollection, a Feature or a bare geometry. Without the old member `crs` it is EPSG:4326 (RFC 7946)."""
    text, used = read_text(path, encoding)
    try:
        document = json.loads(text, parse_constant=str)
    except json.JSONDecodeError as error:
        raise GeoError(
            f"{path.name} is not a readable map file: it breaks as JSON at line {error.lineno}, column {error.colno}: {error.msg}.",
            "Export or copy it again.",
        ) from None
    if not isinstance(document, dict):
        raise GeoError(f"{path.name} is JSON, but no GeoJSON.", "It should be a FeatureCollection.")
    if document.get("type") == "FeatureCollection":
        features = document.get("features")
    elif document.get("type") == "Feature":
        features = [document]
    elif "coordinates" in document or "geometries" in document:
        features = [{"type": "Feature", "properties": {}, "geometry": document}]
    else:
        features = None
    if not isinstance(features, list):
        raise _refuse_other_json(path, document)
    layer = _from_features(features)
    layer.crs = _crs_member(document.get("crs"))
    layer.encoding = used
    return layer


def _refuse_other_json(path: Path, document: dict[str, Any]) -> GeoError:
    if document.get("type") == "Topology":
        return GeoError(f"{path.name} is TopoJSON, which is not read.", "Export it as GeoJSON; mapshaper does it.")
    if {"features", "geometryType"} <= document.keys() or "spatialReference" in document:
        return GeoError(
            f"{path.name} is the JSON of an ArcGIS server, no GeoJSON.", "Ask the server with f=geojson in the address."
        )
    what = f"it is {str(document['type'])[:40]!r}" if "type" in document else "it has no member 'type'"
    return GeoError(f"{path.name} is JSON, but no GeoJSON: {what}.", "It should be a FeatureCollection.")


def read_geojson_lines(path: Path, encoding: str | None) -> RawLayer:
    """Newline-delimited GeoJSON: one Feature a line (RFC 8142, with or without its record separators)."""
    text, used = read_text(path, encoding)
    features, numbers = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.strip(" \t\r\x1e\ufeff")
        if not content:
            continue
        try:
            features.append(json.loads(content, parse_constant=str))
        except json.JSONDecodeError as error:
            raise GeoError(
                f"{path.name}: line {number} is no JSON: {error.msg}.", "Each line should hold one Feature."
            ) from None
        numbers.append(number)
    layer = _from_features(features)
    layer.crs, layer.encoding, layer.row_numbers, layer.row_word = "EPSG:4326", used, numbers, "line"
    return layer


def read_shapefile(path: Path, encoding: str | None) -> RawLayer:
    """A Shapefile, with or without .shx, .prj and .cpg. Rows deleted in its table are left out, as every reader does."""
    table_path, prj, cpg = find_part(path, ".dbf"), find_part(path, ".prj"), find_part(path, ".cpg")
    if table_path is None:
        raise GeoError(
            f"{path.name} has no .dbf beside it: its attributes are missing.",
            "Copy all files of the Shapefile together.",
        )
    stated = None
    if cpg is not None:
        with suppress(GeoError):  # a label that names nothing: the bytes decide
            stated = known_encoding(cpg.read_bytes()[:40].decode("ascii", "replace"))
    table = read_dbf(table_path.read_bytes(), known_encoding(encoding) if encoding else None, stated)
    shapes, faults = _read_shp(path)
    if len(shapes) != len(table.is_deleted):
        raise GeoError(
            f"{path.name} has {len(shapes):,} shapes, but its .dbf {len(table.is_deleted):,} rows: they do not belong together.",
            "Export the layer again, or copy all its files together.",
        )
    kept = [i for i, gone in enumerate(table.is_deleted) if not gone]
    notes = (
        []
        if stated in (None, table.encoding) or encoding
        else [f"Its .cpg says {stated}, its bytes are {table.encoding}."]
    )
    return RawLayer(
        {name: [column[i] for i in kept] for name, column in zip(_distinct(table.names), table.columns, strict=True)},
        shapes[kept],
        _read_prj(prj),
        table.encoding,
        [i + 1 for i in kept],
        numeric_columns=table.numeric_names,
        faults={row: faults[i] for row, i in enumerate(kept) if i in faults},
        notes=notes,
    )


def read_with_gdal(path: Path, layer: str | None) -> RawLayer:
    """One layer of a GeoPackage or a FlatGeobuf file."""
    pyogrio = _wake_gdal()
    names = _layer_names(pyogrio, path)
    if layer is None and len(names) > 1:
        raise GeoError(f"{path.name} has several layers: {_listed(names)}.", "Choose one with --layer NAME.")
    _refuse_unknown(layer, names, path)
    found = _read_layers(pyogrio, [(path, layer or names[0])])
    stated = int(pyogrio.read_info(path, layer=layer or names[0])["features"])
    if len(found.shapes) < stated:  # the stream of FlatGeobuf ends without a word where the file does
        raise GeoError(
            f"{path.name} breaks off: {len(found.shapes):,} of its {stated:,} features are there.",
            "Copy or export it again.",
        )
    return found


def read_kml(paths: Sequence[Path], layer: str | None) -> RawLayer:
    """The places of KML documents, all folders together unless one is named."""
    pyogrio = _wake_gdal()
    with TemporaryDirectory(prefix="wangge-") as folder:
        names_of: dict[str, str] = {}
        plain = [_plain_kml(path, Path(folder) / f"{number}.kml", names_of) for number, path in enumerate(paths)]
        found = [(path, name) for path in plain if path is not None for name in _layer_names(pyogrio, path)]
        if not found:
            links = any("NetworkLink" in read_text(path)[0] for path in paths)
            what = "only links to other files" if links else "no placemark"
            raise GeoError(f"The KML holds {what}.", "Export the places themselves as KML.")
        names = [name for _, name in found]
        _refuse_unknown(layer, names, paths[0])
        read = _read_layers(pyogrio, [one for one in found if layer is None or one[1] == layer])
    read.columns = {names_of.get(name, name): column for name, column in read.columns.items()}
    if len(names) > 1 and layer is None:
        read.notes.append(f"Its {len(names)} folders are read together: {_listed(names)}.")
    return read


def read_geoparquet(path: Path) -> RawLayer:
    """A GeoParquet file; columns and codes straight from Arrow, so nothing turns into a float on the way."""
    import geopandas
    from pyarrow import parquet

    metadata = parquet.read_schema(path).metadata or {}
    if b"geo" not in metadata:
        raise GeoError(
            f"{path.name} is Parquet without the metadata of GeoParquet: its shapes cannot be told.",
            "Export it as GeoParquet.",
        )
    frame = geopandas.read_parquet(path)
    names = [str(name) for name in json.loads(metadata[b"geo"]).get("columns", {})]
    table = parquet.read_table(path)
    columns, numeric = _texts(table.select([name for name in table.column_names if name not in (*names, "bbox")]))
    crs = None if frame.crs is None else frame.crs.to_wkt()
    shapes: Shapes = np.array(frame.geometry.to_numpy(), dtype=object)
    return RawLayer(columns, shapes, crs, numeric_columns=numeric, row_word="row")


def read_csv_layer(path: Path, encoding: str | None) -> RawLayer:
    """A CSV file whose places stand in a column of WKT or in two columns of coordinates; line numbers are the file's.

    Columns named lon and lat hold degrees of WGS 84, as FORMATS.md says; WKT and x, y say nothing of their system, but
    for an SRID in front.
    """
    import csv
    import io

    text, used = read_text(path, encoding)
    delimiter = max(",\t;", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [cell.strip() for cell in next(reader, [])]
    rows, numbers, begins = [], [], reader.line_num + 1
    for cells in reader:
        if cells:
            if len(cells) != len(header):
                raise GeoError(
                    f"{path.name}: line {begins} has {len(cells)} cells, its header {len(header)}.", "Export it again."
                )
            rows.append(cells)
            numbers.append(begins)
        begins = reader.line_num + 1
    columns = {name: [row[i].strip() for row in rows] for i, name in enumerate(_distinct(header))}
    wkt = next((name for name in columns if name.lower() in WKT_HEADERS), None)
    if wkt is not None:
        shapes, faults, crs = _from_wkt(columns.pop(wkt))
    else:
        lon = next((name for name in columns if name.lower() in _LON_HEADERS), None)
        lat = next((name for name in columns if name.lower() in _LAT_HEADERS), None)
        if lon is None or lat is None:
            raise GeoError(
                f"{path.name} has no column of places.", "It should have WKT in a column wkt, or lon and lat."
            )
        shapes, faults = _from_pairs(columns[lon], columns[lat])
        crs = "EPSG:4326" if lon.lower() in _DEGREE_HEADERS else None
    return RawLayer(columns, shapes, crs, used, numbers, "line", faults=faults)


def _wake_gdal() -> Any:
    """pyogrio, with no driver but those needed: others follow references into files and networks, or run commands."""
    os.environ.setdefault("GDAL_SKIP", _NEEDLESS_DRIVERS)
    import pyogrio

    pyogrio.set_gdal_config_options(
        {
            "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
            "SHAPE_RESTORE_SHX": "YES",
            # of a feature without a shape, the driver's own stream of FlatGeobuf gives an offset that points nowhere
            "OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES",
        }
    )
    return pyogrio


def _layer_names(pyogrio: Any, path: Path) -> list[str]:
    names = [str(name) for name, geometry_type in pyogrio.list_layers(path) if geometry_type is not None]
    if not names:
        raise GeoError(f"{path.name} holds no layer with shapes.", "Export the layer again.")
    return names


def _refuse_unknown(layer: str | None, names: Sequence[str], path: Path) -> None:
    if layer is not None and layer not in names:
        raise GeoError(f"{path.name} has no layer {layer!r}.", f"It has: {_listed(names)}.")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (" …" if len(names) > 20 else "")


def _read_layers(pyogrio: Any, layers: Sequence[tuple[Path, str]]) -> RawLayer:
    """Layers of one kind as one: their columns united, their features one after the other."""
    tables, crs = [], None
    for path, layer in layers:
        meta, table = pyogrio.read_arrow(path, layer=layer)
        crs = crs or meta["crs"]
        shape_column = meta["geometry_name"] or "wkb_geometry"
        tables.append(table.rename_columns([_SHAPE if name == shape_column else name for name in table.column_names]))
    table = pa.concat_tables(tables, promote_options="permissive")
    shapes, faults = _from_wkb(table.column(_SHAPE).to_pylist())
    columns, numeric = _texts(table.drop_columns(_SHAPE))
    return RawLayer(columns, shapes, crs, numeric_columns=numeric, faults=faults)


def _plain_kml(path: Path, plain: Path, names_of: dict[str, str]) -> Path | None:
    """A copy in UTF-8 that holds nothing to expand (entities let a kilobyte grow to gigabytes); None without a place.

    Names of data that are not plain English stand there under a number, which `names_of` tells: the library makes
    underscores of every byte of them.
    """
    text, _ = read_text(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise GeoError("The KML defines XML entities, which a map has no use for.", "Export it again as plain KML.")
    if "<Placemark" not in text and ":Placemark" not in text:
        return None
    numbers = {name: number for number, name in names_of.items()}

    def number_name(found: re.Match[str]) -> str:
        name = html.unescape(found[3])
        number = numbers.setdefault(name, f"named_{len(numbers)}")
        names_of[number] = name
        return f"{found[1]}{found[2]}{number}{found[2]}"

    text = _KML_DATA_NAME.sub(number_name, text)
    plain.write_text(re.sub(r"^\s*<\?xml[^>]*\?>", '<?xml version="1.0" encoding="UTF-8"?>', text), encoding="utf-8")
    return plain


def _read_shp(path: Path) -> tuple[Shapes, dict[int, str]]:
    """The shapes alone. GDAL sees them in a folder aside, where it can write the index that is missing."""
    pyogrio = _wake_gdal()
    with path.open("rb") as file:
        head = file.read(100)
    # of a Shapefile, the header holds its length in units of two bytes
    if len(head) < 100 or path.stat().st_size < 2 * int.from_bytes(head[24:28], "big"):
        raise GeoError(f"{path.name} breaks off before its end.", "Copy or export it again.")
    with TemporaryDirectory(prefix="wangge-") as folder:
        alone = Path(folder) / "map.shp"
        alone.symlink_to(path.resolve())
        index = find_part(path, ".shx")
        if index is not None and index.stat().st_size >= 100:
            (Path(folder) / "map.shx").symlink_to(index.resolve())
        meta, table = pyogrio.read_arrow(alone)
        return _from_wkb(table.column(meta["geometry_name"] or "wkb_geometry").to_pylist())


def _read_prj(path: Path | None) -> str | None:
    return None if path is None else read_text(path)[0].strip() or None


def _crs_member(member: object) -> str | None:
    """The coordinate system of GeoJSON's old member `crs`; null there means unknown, none there means WGS 84."""
    if member is None:
        return "EPSG:4326"
    properties = member.get("properties") if isinstance(member, dict) else None
    if not isinstance(properties, dict):
        return None
    if properties.get("name"):
        return str(properties["name"])
    return f"EPSG:{properties['code']}" if properties.get("code") else None  # as before 2008


def _from_features(features: Sequence[Any]) -> RawLayer:
    shapes: Shapes = np.full(len(features), None, dtype=object)
    columns: dict[str, list[str]] = {}
    numeric: set[str] = set()
    faults: dict[int, str] = {}
    for i, feature in enumerate(features):
        if not isinstance(feature, dict):
            faults[i] = "no Feature"
            continue
        shapes[i], fault = _from_json(feature.get("geometry"))
        if fault:
            faults[i] = fault
        properties = feature.get("properties")
        for name, value in (properties if isinstance(properties, dict) else {}).items():
            if name not in columns:
                columns[name] = [""] * len(features)
            columns[name][i] = _text(value)
            if isinstance(value, int | float) and not isinstance(value, bool):
                numeric.add(name)
    return RawLayer(columns, shapes, None, numeric_columns=frozenset(numeric), faults=faults)


def _from_json(geometry: object) -> tuple[Any, str]:
    """A GeoJSON geometry as a shape, or None and why."""
    if geometry is None:
        return None, ""
    try:
        return shapely.force_2d(shapely.geometry.shape(geometry)), ""
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
        shapely.errors.ShapelyError,
    ) as error:
        return None, f"its geometry cannot be read: {str(error)[:100] or type(error).__name__}"


def _from_wkb(blobs: Sequence[bytes | None]) -> tuple[Shapes, dict[int, str]]:
    shapes: Shapes = np.full(len(blobs), None, dtype=object)
    faults: dict[int, str] = {}
    for i, blob in enumerate(blobs):
        try:
            shapes[i] = None if blob is None else shapely.force_2d(shapely.from_wkb(blob))
        except shapely.errors.ShapelyError as error:
            faults[i] = f"its geometry cannot be read: {str(error)[:100]}"
    return shapes, faults


def _from_wkt(texts: Sequence[str]) -> tuple[Shapes, dict[int, str], str | None]:
    shapes: Shapes = np.full(len(texts), None, dtype=object)
    faults: dict[int, str] = {}
    systems = set()
    for i, text in enumerate(texts):
        srid = _SRID.match(text)
        if srid:
            systems.add(srid[1])
            text = text[srid.end() :]
        if not text:
            continue
        try:
            shapes[i] = shapely.force_2d(shapely.from_wkt(text))
        except shapely.errors.ShapelyError as error:
            faults[i] = f"its WKT cannot be read: {str(error)[:100]}"
    if len(systems) > 1:
        raise GeoError(
            f"The rows name several coordinate systems: {', '.join(sorted(systems))}.", "Export it in one system."
        )
    return shapes, faults, f"EPSG:{systems.pop()}" if systems else None


def _from_pairs(lons: Sequence[str], lats: Sequence[str]) -> tuple[Shapes, dict[int, str]]:
    shapes: Shapes = np.full(len(lons), None, dtype=object)
    faults: dict[int, str] = {}
    for i, (lon, lat) in enumerate(zip(lons, lats, strict=True)):
        if not lon and not lat:
            continue
        try:
            pair = (float(lon), float(lat))
        except ValueError:
            pair = (np.nan, np.nan)
        if np.isfinite(pair).all():
            shapes[i] = shapely.Point(pair)
        else:
            faults[i] = f"{lon!r}, {lat!r} are no coordinates"
    return shapes, faults


def _texts(table: pa.Table) -> tuple[dict[str, list[str]], frozenset[str]]:
    """The columns of an Arrow table as texts, and which of them were numbers. Columns of bytes are left out."""
    columns: dict[str, list[str]] = {}
    numeric = set()
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            continue
        columns[name] = [_text(value) for value in column.to_pylist()]
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
            numeric.add(name)
    return columns, frozenset(numeric)


def _text(value: object) -> str:
    """A value as a cell would hold it: a whole number has no point, and one beyond exactness shows that it is."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_INTEGER:
        return str(int(value))
    if isinstance(value, list | dict):
        return ";".join(map(_text, value)) if isinstance(value, list) else json.dumps(value, ensure_ascii=False)
    return str(value).strip()


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, numbered where one stands twice."""
    found: list[str] = []
    for name in names:
        found.append(name if name not in found else f"{name} ({found.count(name) + 1})")
    return found
