"""The attribute table of a Shapefile (dBASE), read byte for byte: every digit of a code, in whatever encoding.

Read here rather than by GDAL, which turns numbers wider than 18 digits into floats and trusts a wrong label of the
encoding. Format: the field descriptors and fixed-width records of dBASE III.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from geo.encoding import decode_piece, detect_encoding
from geo.errors import GeoError

# The language driver byte of the header, where software writes one that means something.
_LANGUAGE_DRIVERS = {
    **dict.fromkeys((0x13, 0x7B), "cp932"),
    **dict.fromkeys((0x4D, 0x7A), "gb18030"),
    **dict.fromkeys((0x4F, 0x78), "big5hkscs"),
    **dict.fromkeys((0x4E, 0x79), "cp949"),
}
_TRUTHS = {"T": "true", "Y": "true", "F": "false", "N": "false"}


@dataclass(frozen=True)
class DbfTable:
    """Columns of texts in the file's order (`""` where empty), whether each row is deleted, and the encoding read in."""

    names: tuple[str, ...]
    columns: tuple[list[str], ...]
    numeric_names: frozenset[str]
    is_deleted: list[bool]
    encoding: str


def read_dbf(raw: bytes, encoding: str | None = None, stated: str | None = None) -> DbfTable:
    """The rows of a .dbf file. `encoding` is taken as told; else `stated` (a .cpg) where it fits, else as detected.

    Raises GeoError where it breaks off or is no dBASE table.
    """
    if len(raw) < 33 or raw[0] & 0x07 not in (2, 3, 4, 5):
        raise GeoError("The .dbf file is no dBASE table.", "Export the layer again.")
    row_count, header_size, row_size = struct.unpack_from("<IHH", raw, 4)
    fields = _read_fields(raw[32:header_size])
    width = sum(length for _, _, length in fields)
    if not fields or row_size <= width - 1 or header_size < 33:
        raise GeoError("The header of the .dbf file is damaged.", "Export the layer again.")
    if len(raw) < header_size + row_count * row_size:
        there = (len(raw) - header_size) // row_size
        raise GeoError(
            f"The .dbf file breaks off after {max(there, 0):,} of {row_count:,} rows.", "Copy or export it again."
        )
    rows = [raw[header_size + i * row_size : header_size + (i + 1) * row_size] for i in range(row_count)]
    cells: list[list[bytes]] = []
    begin = 1
    for _, _, length in fields:
        cells.append([row[begin : begin + length].strip(b" \x00") for row in rows])
        begin += length
    pieces = [name for name, _, _ in fields]
    pieces += [cell for (_, type_, _), column in zip(fields, cells, strict=True) if type_ == "C" for cell in column]
    found = encoding or detect_encoding(pieces, stated or _LANGUAGE_DRIVERS.get(raw[29]))
    names = [decode_piece(name, found) for name, _, _ in fields]
    return DbfTable(
        tuple(names),
        tuple([_text(cell, type_, found) for cell in column] for (_, type_, _), column in zip(fields, cells, strict=True)),
        frozenset(name for name, (_, type_, _) in zip(names, fields, strict=True) if type_ in "NFBOI+"),
        [row[:1] == b"*" for row in rows],
        found,
    )  # fmt: skip


def _read_fields(descriptors: bytes) -> list[tuple[bytes, str, int]]:
    """Each field's name as bytes, its type letter and its width."""
    fields = []
    for begin in range(0, len(descriptors) - 31, 32):
        if descriptors[begin] in (0x0D, 0x00):
            break
        one = descriptors[begin : begin + 32]
        type_ = chr(one[11])
        # of a text, the byte for decimals holds the high byte of widths over 255
        length = one[16] + (256 * one[17] if type_ == "C" else 0)
        fields.append((one[:11].split(b"\x00")[0].strip(), type_, length))
    return fields


def _text(cell: bytes, type_: str, encoding: str) -> str:
    if type_ == "C":
        return decode_piece(cell, encoding).strip()
    text = cell.decode("ascii", "replace").strip()
    if type_ == "L":
        return _TRUTHS.get(text.upper(), "")
    return "" if text.startswith("*") else text  # stars: a number that did not fit
