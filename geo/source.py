"""What a map file is, told from its first bytes, and the plain file that stands behind an archive.

Owns formats, archives and text encodings of whole files. Nothing but local files is ever opened; an archive is unpacked
aside, and what unpacks beyond measure is refused.
"""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO

from geo.encoding import decode_piece, detect_encoding, known_encoding
from geo.errors import GeoError

LARGEST_BYTES = 2 << 30
"""What an archive may unpack to: more than any district's map, less than a disk."""
FORMATS = (
    "GeoJSON, newline-delimited GeoJSON, Shapefile (also zipped), GeoPackage, KML, KMZ, FlatGeobuf, GeoParquet or "
    "CSV with WKT or lon and lat"
)
_MAP_SUFFIXES = {
    *(".shp", ".geojson", ".json", ".geojsonl", ".ndjson", ".gpkg", ".kml"),
    *(".kmz", ".fgb", ".parquet", ".geoparquet", ".csv"),
}
_OTHERS = {
    **dict.fromkeys((".gdb", ".mdb"), ("a geodatabase of ArcGIS", "Export the layer there as a GeoPackage or a Shapefile.")),
    **dict.fromkeys((".mxd", ".aprx", ".qgz", ".qgs"), ("a project, not the map in it", "Export the layer itself.")),
    **dict.fromkeys((".tab", ".mif", ".mid"), ("a map of MapInfo", "Export it there as a GeoPackage or a Shapefile.")),
    **dict.fromkeys((".dwg", ".dxf"), ("a drawing (CAD)", "Drawings have lines but no codes: have the survey office export a GIS layer.")),
    **dict.fromkeys((".xlsx", ".xls", ".et"), ("a workbook", "Save the sheet as CSV, with lon and lat or WKT.")),
    **dict.fromkeys((".rar", ".7z", ".tar"), ("an archive, but not zip", "Unpack it, or pack it as zip.")),
    **dict.fromkeys((".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff"), ("a picture or a page", "The outlines themselves are needed.")),
    **dict.fromkeys((".gml", ".gpx", ".osm", ".pbf", ".svg"), ("of a format that is not read", "Export it as GeoPackage or GeoJSON.")),
}  # fmt: skip
"""What people send instead of a map, by its ending: what it is, and what to do."""
WKT_HEADERS = ("wkt", "geometry", "geom", "the_geom", "wkt_geom", "shape", "几何", "图形", "坐标串")
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_NAME_IS_UTF8 = 0x800
_XML_ENCODING = re.compile(r'(<\?xml[^>]*encoding=)(["\'])([^"\']+)\2')


@dataclass(frozen=True)
class Source:
    """One map: `format` is geojson, geojsonseq, shapefile, gpkg, kml, flatgeobuf, geoparquet or csv; `path` a plain file.

    `others` are the further documents of a KMZ.
    """

    format: str
    path: Path
    others: tuple[Path, ...] = ()


@contextmanager
def open_source(path: Path, layer: str | None = None) -> Iterator[Source]:
    """The map within a file. `layer` chooses among the maps of an archive. Raises GeoError where it is none."""
    if path.suffix.lower() in _OTHERS and path.exists():
        what, advice = _OTHERS[path.suffix.lower()]
        raise GeoError(f"{path.name} is {what}.", advice)
    if path.is_dir():
        raise GeoError(f"{path} is a folder.", "Name the file in it, such as the .shp.")
    if not path.is_file():
        raise GeoError(f"{path}: there is no such file.", "Check the path.")
    with TemporaryDirectory(prefix="wangge-") as folder:
        yield _recognise(path, layer, Path(folder))


def read_text(path: Path, encoding: str | None = None) -> tuple[str, str]:
    """The whole text of a file and the encoding it was in: as told, as its first bytes say, or as detected."""
    raw = path.read_bytes()
    if encoding is not None:
        name = known_encoding(encoding)
    elif raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        name = "utf-16"
    else:
        raw = raw.removeprefix(b"\xef\xbb\xbf")
        declared = _XML_ENCODING.search(raw[:200].decode("ascii", "replace"))
        name = detect_encoding(raw.splitlines(), known_encoding(declared[3]) if declared else None)
    return decode_piece(raw, name).removeprefix("\ufeff"), name


def has_wkt_column(path: Path) -> bool:
    """Whether the first line of a text file names a column of WKT."""
    with path.open("rb") as file:
        line = file.readline(1 << 16)
    header = decode_piece(line, detect_encoding([line])).replace('"', "").replace("\t", ",").replace(";", ",")
    return any(cell.strip(" \r\n\ufeff").lower() in WKT_HEADERS for cell in header.split(","))


def find_part(path: Path, suffix: str) -> Path | None:
    """The file of the same name with another ending, whatever the case of its letters."""
    for other in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if other.is_file():
            return other
    wanted = (path.stem + suffix).lower()
    return next((other for other in path.parent.iterdir() if other.name.lower() == wanted), None)


def _recognise(path: Path, layer: str | None, folder: Path) -> Source:
    with path.open("rb") as file:
        head = file.read(4096)
    suffix = path.suffix.lower()
    if suffix in _SHAPEFILE_PARTS[1:] and not head.startswith(b"\x00\x00\x27\x0a\x00\x00\x00\x00\x00"):
        shape_path = find_part(path, ".shp")
        if shape_path is None:
            raise GeoError(
                f"{path.name} is a part of a Shapefile whose .shp is not there.", "Copy all its files together."
            )
        return _recognise(shape_path, layer, folder)
    if not head:
        raise GeoError(f"{path.name} is empty.", "Export or copy it again.")
    if head.startswith(b"\x1f\x8b"):
        return _recognise(_unpack_gzip(path, folder), layer, folder)
    if head.startswith(b"PK"):
        return _recognise_archive(path, layer, folder)
    for magic, name in (
        (b"\x00\x00\x27\x0a", "shapefile"),
        (b"SQLite format 3\x00", "gpkg"),
        (b"fgb\x03", "flatgeobuf"),
        (b"PAR1", "geoparquet"),
    ):
        if head.startswith(magic):
            return Source(name, path)
    if suffix in (".shp", ".gpkg", ".fgb", ".parquet", ".geoparquet", ".zip", ".kmz"):
        raise GeoError(
            f"{path.name} is damaged: it does not begin as a {suffix} file does.", "Export or copy it again."
        )
    return Source(_recognise_text(path, head, suffix), path)


def _recognise_text(path: Path, head: bytes, suffix: str) -> str:
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "latin-1"
    start = head.removeprefix(b"\xef\xbb\xbf").decode(encoding, "replace").lstrip(" \t\r\n\ufeff")
    if start.startswith("\x1e") or suffix in (".geojsonl", ".geojsons", ".ndjson", ".jsonl"):
        return "geojsonseq"
    if start.startswith(("{", "[")):
        return "geojson"
    if start.startswith("<"):
        if "<kml" in start or ":kml" in start:
            return "kml"
        raise GeoError(f"{path.name} is XML, but no KML.", f"Export it as {FORMATS}.")
    if suffix in (".csv", ".tsv", ".txt"):
        return "csv"
    raise GeoError(f"{path.name} is not a readable map file.", f"It should be {FORMATS}.")


def _recognise_archive(path: Path, layer: str | None, folder: Path) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = _choose_parts(archive, path, layer)
            if sum(info.file_size for info in parts) > LARGEST_BYTES:
                raise GeoError(f"{path.name} unpacks to more than {LARGEST_BYTES >> 30} GB.", "Import the map itself.")
            unpacked = []
            for number, info in enumerate(parts):
                # under plain names: those within an archive may be in any encoding, or point anywhere
                is_document = _suffix(info) == ".kml"
                unpacked.append(folder / f"map{number if is_document else ''}{_suffix(info)}")
                with archive.open(info) as packed, unpacked[-1].open("wb") as plain:
                    _copy(packed, plain, path.name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise GeoError(
            f"{path.name} is a damaged or locked archive: {error}.", "Pack or copy it again, without a password."
        ) from None
    first = unpacked[0]
    if first.suffix == ".kmz":
        raise GeoError(f"{path.name} holds an archive within an archive.", "Unpack it once.")
    if first.suffix == ".kml":
        return Source("kml", first, tuple(unpacked[1:]))
    return _recognise(first, layer, folder)


def _choose_parts(archive: zipfile.ZipFile, path: Path, layer: str | None) -> list[zipfile.ZipInfo]:
    """The one map of an archive: its file, the parts of its Shapefile, or the documents of its KMZ."""
    members = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
    maps = [info for info in members if _suffix(info) in _MAP_SUFFIXES]
    if maps and all(_suffix(info) == ".kml" for info in maps):
        return maps
    names = {_inner(info).name for info in members}
    listed = ", ".join(sorted(names)[:10])
    if layer is not None and len(maps) > 1:
        maps = [info for info in maps if layer in (_inner(info).stem, _inner(info).name)]
    if not maps:
        raise GeoError(
            f"{path.name} holds no map{' of that name' if layer else ''}: {listed}.", f"It should hold {FORMATS}."
        )
    if len(maps) > 1:
        raise GeoError(f"{path.name} holds several maps: {listed}.", "Choose one with --layer NAME.")
    if _suffix(maps[0]) != ".shp":
        return maps
    stem = str(_inner(maps[0]).with_suffix("")).lower()
    return maps + [i for i in members if i is not maps[0] and str(_inner(i).with_suffix("")).lower() == stem]


def _unpack_gzip(path: Path, folder: Path) -> Path:
    plain = folder / f"map{Path(path.stem).suffix.lower() or '.geojson'}"
    try:
        with gzip.open(path) as packed, plain.open("wb") as file:
            _copy(packed, file, path.name)
    except (gzip.BadGzipFile, zlib.error, EOFError, OSError) as error:
        raise GeoError(f"{path.name} is damaged: {error}.", "Pack or copy it again.") from None
    return plain


def _copy(packed: IO[bytes] | gzip.GzipFile, plain: IO[bytes], name: str) -> None:
    """Copies by the piece, so that an archive that lies about its size stops here too."""
    copied = 0
    while piece := packed.read(1 << 20):
        copied += len(piece)
        if copied > LARGEST_BYTES:
            raise GeoError(f"{name} unpacks to more than {LARGEST_BYTES >> 30} GB.", "Import the map itself.")
        plain.write(piece)


def _inner(info: zipfile.ZipInfo) -> PurePosixPath:
    name = info.filename
    if not info.flag_bits & _NAME_IS_UTF8:
        # what the library read as cp437 is mostly the language of the machine that packed it
        raw = name.encode("cp437", "replace")
        name = decode_piece(raw, detect_encoding([raw]))
    return PurePosixPath(name.replace("\\", "/"))


def _suffix(info: zipfile.ZipInfo) -> str:
    return _inner(info).suffix.lower()


def _is_hidden(name: str) -> bool:
    """What macOS and editors leave in archives."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")
