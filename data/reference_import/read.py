"""Reads a reference file into a table of texts: English column names, one row a record, and each record's place.

Owns encodings and the grammar of CSV; map files come from `geo.layer`. Leaves the meaning of a cell to `check`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from pyarrow import csv as arrow_csv

from data.reference_import.codes import describe_lost_zeros, restore_code
from data.reference_import.headers import match_header
from data.reference_import.kinds import Kind
from data.reference_import.options import ImportOptions
from data.reference_import.problems import Problem, refusal
from geo.encoding import known_encoding
from geo.errors import GeoError
from geo.georeference import bring_to_degrees, describe_coordinates
from geo.layer import Layer, Shapes, read_layer
from geo.location import middles_and_radii
from geo.source import has_wkt_column

_TABLE_SUFFIXES = (".csv", ".tsv", ".txt", "")
_FROM_SHAPES = ("lon", "lat", "radius_m")


@dataclass(frozen=True)
class Records:
    """A file's records as texts (`""` where empty) under the kind's column names, in the file's order.

    `place_of(i)` says where record i stands. `shapes` holds the geometry of each record of a map file. `faults` are
    the problems that reading found already, each with its record; `notes` what a person should know.
    """

    table: pa.Table
    place_of: Callable[[int], str]
    shapes: Shapes | None = None
    faults: tuple[tuple[int, Problem], ...] = ()
    notes: tuple[str, ...] = ()


def read_records(path: Path, kind: Kind, options: ImportOptions) -> Records:
    """The records of a file of this kind: a CSV file, or a map file where the kind has places.

    Raises ReferenceFileError with every fault of its grammar and its header.
    """
    is_table = path.suffix.lower() in _TABLE_SUFFIXES
    if kind.shape == "none" and not is_table and path.is_file():
        raise refusal(path, [Problem("", "", None, f"{kind.name} are read from CSV files only")])
    if kind.shape == "area" or (kind.shape != "none" and (not is_table or _has_wkt(path))):
        return _restore_codes(_read_map_records(path, kind, options), kind)
    records = _read_csv_records(path, kind, options)
    if any(field.name == "lon" for field in kind.fields):
        records = _move_points(path, records, options)
    return _restore_codes(records, kind)


def _read_map_records(path: Path, kind: Kind, options: ImportOptions) -> Records:
    """The features of a map file: their properties as texts, and their shapes in EPSG:4326."""
    try:
        layer = read_layer(path, options.layer)
    except GeoError as error:
        raise refusal(path, [Problem("", "", None, str(error))]) from None
    if kind.shape in ("area", "outline"):
        _refuse_without_areas(path, layer, kind)
    given = _FROM_SHAPES if kind.shape == "point" else ()
    match = match_header(layer.columns, kind, options.columns, given, may_be_cut=layer.has_short_names)
    if match.problems:
        raise refusal(path, match.problems)
    arrays = {
        name: pa.array(layer.frame[label].tolist(), pa.string())
        for name, label in zip(match.names, layer.columns, strict=True)
        if name
    }
    arrays.setdefault(kind.key, pa.array([""] * len(layer.frame), pa.string()))
    table = pa.table(arrays)
    if kind.shape == "point":
        table = _with_places(table, layer.shapes)
    faults = tuple(
        (record, Problem(layer.place_of(record), "geometry", None, reason)) for record, reason in layer.faults.items()
    )
    lost = (
        describe_lost_zeros(name, table.column(name).to_pylist())
        for name, label in zip(match.names, layer.columns, strict=True)
        if name and label in layer.numeric_columns and name.endswith("_code")
    )
    notes = (_describe_source(layer), *layer.notes, *match.notes, *(note for note in lost if note))
    return Records(_complete(table, kind), layer.place_of, layer.shapes, faults, notes)


def _refuse_without_areas(path: Path, layer: Layer, kind: Kind) -> None:
    types = set(shapely.get_type_id(layer.shapes[~shapely.is_missing(layer.shapes)]).tolist())
    if not types & {3, 6}:
        found = "points" if types <= {0, 4} else "lines" if types <= {1, 2, 5} else "lines and points"
        expected = (
            f"none of its {len(layer.shapes):,} {layer.row_word}s has an area: they are {found}. Each of the {kind.name} "
            "needs its outline; is this the layer of something else?"
        )
        raise refusal(path, [Problem("", "", None, expected)])


def _with_places(table: pa.Table, shapes: Shapes) -> pa.Table:
    """Longitude, latitude and size of buildings and sites from their shapes, which win over columns of that name."""
    middles, radii = middles_and_radii(shapes)
    for name, values in (("lon", middles[:, 0]), ("lat", middles[:, 1]), ("radius_m", np.round(radii, 2))):
        texts = pa.array(["" if np.isnan(value) else repr(float(value)) for value in values], pa.string())
        if name in table.column_names:
            if name == "radius_m":
                continue
            table = table.drop_columns(name)
        table = table.append_column(name, texts)
    return table


def _read_csv_records(path: Path, kind: Kind, options: ImportOptions) -> Records:
    """The records of a CSV file in UTF-8, GB18030 or as told."""
    text = _decode(path, options.layer.encoding)
    lines = io.StringIO(text, newline="")
    header = [cell.strip() for cell in next(csv.reader(lines), [])]
    match = match_header(header, kind, options.columns)
    names = match.names
    if match.problems:
        raise refusal(path, match.problems)
    short_rows: list[tuple[int | None, int]] = []

    def note(row: Any) -> str:
        short_rows.append((row.number, row.actual_columns))
        return "skip"

    columns = [name or f"ignored {i}" for i, name in enumerate(names)]
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text.encode("utf-8")),
            read_options=arrow_csv.ReadOptions(
                column_names=columns, skip_rows=1, use_threads=False, block_size=64 << 20
            ),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=False,
                include_columns=[n for n in names if n],
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            raise refusal(path, [Problem("", "", None, f"not readable as comma-separated values: {error}")]) from None
        table = pa.table({name: pa.array([], pa.string()) for name in names if name})
    if short_rows:
        places = _line_numbers(text)
        raise refusal(
            path,
            [
                Problem(
                    f"line {places[number - 1]}" if number and number <= len(places) else "a line",
                    "",
                    f"{count} cells",
                    f"expected {len(names)}, as in the header",
                )
                for number, count in short_rows
            ],
        )
    found_lines: list[int] = []

    def place_of(record: int) -> str:
        if not found_lines:
            found_lines.extend(_line_numbers(text)[1:])
        return f"line {found_lines[record]}"

    return Records(_complete(table, kind), place_of)


def _move_points(path: Path, records: Records, options: ImportOptions) -> Records:
    """The columns lon and lat brought to EPSG:4326 from the system that was told; cells that are no number stay.

    Raises ReferenceFileError where most are no degrees and no system was told.
    """
    columns = (records.table.column(name).to_pylist() for name in ("lon", "lat"))
    pairs = np.array([(_number(lon), _number(lat)) for lon, lat in zip(*columns, strict=True)]).reshape(-1, 2)
    whole = np.flatnonzero(np.isfinite(pairs).all(axis=1))
    if options.layer.crs is None:
        strange = np.abs(pairs[whole]) > (180, 90)
        if strange.any(axis=1).sum() * 2 > len(pairs):
            looks = describe_coordinates((*pairs[whole].min(axis=0), *pairs[whole].max(axis=0)))
            expected = f"these are no degrees, longitude first. {looks} Name their system, such as --crs EPSG:4547"
            raise refusal(path, [Problem("", "lon, lat", None, expected)])
        return records
    if not len(whole):
        return records
    try:
        referenced = bring_to_degrees(np.asarray(shapely.points(pairs[whole]), dtype=object), None, options.layer.crs)
    except GeoError as error:
        raise refusal(path, [Problem("", "lon, lat", None, str(error))]) from None
    moved = shapely.get_coordinates(referenced.shapes)
    table = records.table
    for axis, name in enumerate(("lon", "lat")):
        texts = table.column(name).to_pylist()
        for place, value in zip(whole, moved[:, axis], strict=True):
            texts[place] = repr(float(value))
        table = table.set_column(table.column_names.index(name), name, pa.array(texts, pa.string()))
    note = f"Coordinates brought from {referenced.source_crs} to EPSG:4326."
    return replace(records, table=table, notes=(*records.notes, note, *referenced.notes))


def _restore_codes(records: Records, kind: Kind) -> Records:
    """Codes that were numbers for a while, whole again; those that lost digits are faults."""
    table, faults = records.table, list(records.faults)
    for field in kind.fields:
        if not field.is_code:
            continue
        cells = table.column(field.name).to_pylist()
        restored = [restore_code(cell.strip()) for cell in cells]
        for record, (code, cell) in enumerate(zip(restored, cells, strict=True)):
            if code is None:
                expected = "a number has taken the place of this code and its last digits are lost; expected every digit, as text"
                faults.append(
                    (record, Problem(records.place_of(record), f"{field.name} {field.name_zh}", cell, expected))
                )
        codes = [cell if code is None else code for code, cell in zip(restored, cells, strict=True)]
        table = table.set_column(table.column_names.index(field.name), field.name, pa.array(codes, pa.string()))
    return replace(records, table=table, faults=tuple(faults))


def _describe_source(layer: Layer) -> str:
    encoding = f", attributes in {layer.encoding}" if layer.encoding else ""
    return f"Read {len(layer.frame):,} {layer.row_word}s in {layer.source_crs}{encoding}."


def _has_wkt(path: Path) -> bool:
    return path.is_file() and has_wkt_column(path)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _decode(path: Path, encoding: str | None) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise refusal(path, [Problem("", "", None, "there is no such file")]) from None
    except OSError as error:
        raise refusal(path, [Problem("", "", None, f"cannot be read: {error.strerror}")]) from None
    try:
        if encoding is not None:
            return raw.decode(known_encoding(encoding)).removeprefix("\ufeff")
        return raw.decode("utf-8-sig")
    except GeoError as error:
        raise refusal(path, [Problem("", "--encoding", None, str(error))]) from None
    except UnicodeDecodeError as error:
        if encoding is not None:
            line = raw[: error.start].count(b"\n") + 1
            raise refusal(path, [Problem(f"line {line}", "", None, f"is not in {encoding}")]) from None
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise refusal(
            path, [Problem(f"line {line}", "", None, "expected UTF-8 or GB18030 text; --encoding names another")]
        ) from None


def _complete(table: pa.Table, kind: Kind) -> pa.Table:
    """Adds the columns that the file left out, empty, and `record_no` from 0."""
    for field in kind.fields:
        if field.name not in table.column_names:
            table = table.append_column(field.name, pa.array(np.full(table.num_rows, ""), pa.string()))
    return table.append_column("record_no", pa.array(np.arange(table.num_rows)))


def _line_numbers(text: str) -> list[int]:
    """The line on which each record begins, header included; empty lines are no records."""
    reader = csv.reader(io.StringIO(text, newline=""))
    numbers, begins = [], 1
    for cells in reader:
        if cells:
            numbers.append(begins)
        begins = reader.line_num + 1
    return numbers
