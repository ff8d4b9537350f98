"""JSON Lines, an object a line; and a JSON array of objects, whose "lines" are its elements."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from data.errors import IngestError
from data.ingest.columns import LogKind, Mapping, count_known, header_error, match_header, normalise_header
from data.ingest.reading.cells import lay_table, write_cell
from data.ingest.reading.encodings import BLOCK_BYTES, TextBlocks, decode, find_encodings
from data.ingest.reading.logs import TableContent
from data.ingest.reading.records import MAX_LINE_BYTES

MAX_ARRAY_BYTES = 64_000_000
"""An array is held whole; lines are not."""
HEADER_LINES = 1000
"""So many objects tell which keys there are."""
_Part = tuple[TableContent, int, bool]


def cut_json(blocks: TextBlocks, text: bytes, mapping: Mapping, after_line_no: int) -> Iterator[_Part]:
    """The parts of a JSON text after this line: content, the number of its last line, whether it is the last part.

    Raises IngestError when its objects are no log's lines, or when an array is damaged.
    """
    encodings = find_encodings(text[:100_000], text[:1_000_000], blocks.is_utf16)
    if text.lstrip().startswith(b"["):
        yield _read_array(blocks, text, mapping, encodings, after_line_no)
        return
    sample, _ = decode(b"\n".join(text[: 2 * MAX_LINE_BYTES].split(b"\n", HEADER_LINES)[:HEADER_LINES]), encodings)
    keys = _find_keys([record for line in sample.split(b"\n") if (record := _load(line)) is not None], mapping)
    line_no, is_end = 0, False
    while not is_end:
        end = text.rfind(b"\n") + 1
        if not end and len(text) > BLOCK_BYTES:
            text = text[: MAX_LINE_BYTES + 1]  # no record of any log: that it was here is all that is kept
        more = blocks.read()
        is_end = more is None
        if is_end:
            end = len(text)
        elif not end:
            text += more or b""
            continue
        piece, text = text[:end], text[end:] + (more or b"")
        count = piece.count(b"\n") + (not piece.endswith(b"\n") and piece != b"")
        if line_no + count > after_line_no or is_end:
            skipped = max(after_line_no - line_no, 0)
            content = _read_lines(piece, line_no, skipped, keys, encodings)
            line_no += count
            yield content, line_no, is_end
        else:
            line_no += count


class _Keys:
    """Which column each key names. Keys that come later than the first thousand lines are looked up by their name."""

    def __init__(self, kind: LogKind, column_by_key: dict[str, str]) -> None:
        self.kind = kind
        self._column_by_key: dict[str, str | None] = {**column_by_key}
        self._known = set(column_by_key.values())

    def read_keys(self) -> list[str]:
        """The keys met so far that name a column."""
        return [key for key, column in self._column_by_key.items() if column]

    def find(self, key: str) -> str | None:
        if key not in self._column_by_key:
            name = normalise_header(key)
            column = self.kind.headers[0].get(name) or self.kind.headers[1].get(name)
            self._column_by_key[key] = column if column not in self._known else None
            if len(self._column_by_key) > 10_000:
                return column
        return self._column_by_key[key]


def _find_keys(records: Sequence[dict[str, Any]], mapping: Mapping) -> _Keys:
    if not records:
        raise IngestError("none of its first lines is a JSON object.", "JSON Lines has one object a line.")
    keys = list(dict.fromkeys(key for record in records for key in record))
    match = match_header(keys, mapping, is_repeat_allowed=True)
    if not match:
        raise header_error(max(([*record] for record in records), key=count_known), mapping)
    kind, positions = match
    return _Keys(kind, {key: column for key, column in zip(keys, positions, strict=True) if column})


def _load(line: bytes) -> dict[str, Any] | None:
    if not line.strip().startswith(b"{"):
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _read_lines(piece: bytes, before: int, skipped: int, keys: _Keys, encodings: Sequence[str]) -> TableContent:
    """The objects of these lines but for the first `skipped`; the first line's number is `before + 1`."""
    text, bad = decode(piece, encodings)
    broken = [(before + index + 1, "bad_encoding") for index in bad if index >= skipped]
    fast = _read_at_once(text, keys) if not skipped and not bad else None
    if fast is not None:
        numbers = np.arange(before + 1, before + 1 + len(fast), dtype=np.int32)
        cells = {column: fast[name] for name in fast.column_names if (column := keys.find(name))}
        return TableContent(keys.kind, lay_table(keys.kind.columns, cells, numbers))
    records: list[tuple[int, dict[str, Any]]] = []
    blank = set(bad)
    for index, line in enumerate(text.split(b"\n")):
        if index < skipped or index in blank or not line.strip():
            continue
        record = _load(line) if len(line) <= MAX_LINE_BYTES else None
        if record is None:
            broken.append((before + index + 1, "line_too_long" if len(line) > MAX_LINE_BYTES else "bad_json"))
        else:
            records.append((before + index + 1, record))
    return _lay_records(records, keys, broken)


def _read_at_once(text: bytes, keys: _Keys) -> pa.Table | None:
    """All lines by the fast parser, where every value that is read is a text and every line one object; else None."""
    count = text.count(b"\n")
    if not text.endswith(b"}\n") or text.count(b"}\n{") != count - 1 or not text.startswith(b"{"):
        return None
    if not all(map(is_writable, keys.read_keys())):
        return None
    schema = pa.schema([(key, pa.string()) for key in keys.read_keys()])
    if len({keys.find(key) for key in schema.names}) != len(schema.names):
        return None
    try:
        table = pj.read_json(
            io.BytesIO(text),
            pj.ReadOptions(use_threads=False, block_size=4 * MAX_LINE_BYTES),
            pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="infer"),
        )
    except (pa.ArrowException, ValueError):
        return None
    later = [name for name in table.column_names if name not in schema.names and keys.find(name)]
    return table.select(schema.names) if len(table) == count and not later else None


def _lay_records(
    records: Sequence[tuple[int, dict[str, Any]]], keys: _Keys, broken: list[tuple[int, str]]
) -> TableContent:
    columns: dict[str, list[str | None]] = {column: [] for column in keys.kind.columns}
    numbers = []
    for number, record in records:
        row: dict[str, str | None] = {}
        for key, value in record.items():
            column = keys.find(key)
            if column and row.get(column) is None:
                row[column] = write_cell(value)
        if not all(cell is None or is_writable(cell) for cell in row.values()):
            broken.append((number, "bad_encoding"))
            continue
        numbers.append(number)
        for column, cells in columns.items():
            cells.append(row.get(column))
    return TableContent(keys.kind, lay_table(keys.kind.columns, dict(columns), numbers), tuple(sorted(broken)))


def is_writable(text: str) -> bool:
    """Whether the text is no half of a surrogate pair, which JSON can spell and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_array(
    blocks: TextBlocks, text: bytes, mapping: Mapping, encodings: Sequence[str], after_line_no: int
) -> _Part:
    while (more := blocks.read()) is not None:
        text += more
        if len(text) > MAX_ARRAY_BYTES:
            raise IngestError("it is a JSON array too large to hold.", "Write JSON Lines: one object a line.")
    decoded, bad = decode(text, encodings)
    try:
        elements = json.loads(decoded) if not bad else None
    except (ValueError, RecursionError):
        elements = None
    if not isinstance(elements, list):
        raise IngestError("it is a JSON array that is damaged or was not transferred whole.", "Deliver it again.")
    records = [(number, element) for number, element in enumerate(elements, start=1) if isinstance(element, dict)]
    broken = [(number, "bad_json") for number, element in enumerate(elements, start=1) if not isinstance(element, dict)]
    keys = _find_keys([record for _, record in records[:HEADER_LINES]], mapping)
    records = [(number, record) for number, record in records if number > after_line_no]
    return _lay_records(records, keys, broken), len(elements), True
