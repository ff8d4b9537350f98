"""Turns the bytes of log files into Arrow tables of text cells, each row with its file and true line number.

Owns encodings, headers, quoting and broken lines. Nothing is written to disk, and columns that Wangge has no use for
(names, telephones) are never turned into values. Knows no database and no reference data.

Cost: about 0.6 s for a million lines; cells need about 160 bytes a line while a batch is at work.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from data.errors import IngestError
from data.ingest.columns import LogKind, recognise_header

CHUNK_BYTES = 8_000_000
"""Files with one header are parsed together up to this size: small files cost no more than large ones."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK, _WIDE_BLANK = ord(" "), "\u3000".encode()
_PARTS_CELLS = np.isin(np.arange(256), (ord(","), ord("\n")))


@dataclass(frozen=True)
class LogFile:
    """A file as it was delivered."""

    path: Path
    name: str
    feed_code: str
    sha256: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class BrokenLine:
    """A line that never became cells. `file_no` counts the files of the batch from 0, `line_no` the file's lines from 1."""

    file_no: int
    line_no: int
    reason: str


@dataclass(frozen=True)
class LogTable:
    """The lines of one kind of log: a text column for each of the kind's columns (empty cells null), `file_no`, `line_no`."""

    kind: LogKind
    rows: pa.Table
    broken: tuple[BrokenLine, ...]


@dataclass(frozen=True)
class _Body:
    """A decoded file below its header."""

    file_no: int
    kind: LogKind
    positions: tuple[str | None, ...]
    first_line_no: int
    text: bytes
    broken: tuple[BrokenLine, ...]


def read_file(path: Path, feed_code: str) -> LogFile:
    """The file's bytes and their SHA-256; IngestError when it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise IngestError(f"{path} cannot be read: {error.strerror or error}.", "Check its permissions.") from None
    return LogFile(path, path.name, feed_code, hashlib.sha256(content).hexdigest(), content)


def read_logs(
    files: Sequence[tuple[int, LogFile]],
) -> tuple[list[LogTable], dict[int, LogKind], dict[int, IngestError]]:
    """The tables of these numbered files, one per kind of log; the kind of each file; the files refused whole, with why."""
    bodies: list[_Body] = []
    refused: dict[int, IngestError] = {}
    for file_no, file in files:
        try:
            bodies.append(_open_body(file_no, file))
        except IngestError as error:
            refused[file_no] = error
    with ThreadPoolExecutor(2) as pool:
        parsed = list(pool.map(_parse, _gather(bodies)))
    tables = []
    for kind in dict.fromkeys(body.kind.name for body in bodies):
        parts = [part for part in parsed if part.kind.name == kind]
        rows = pa.concat_tables([part.rows for part in parts])
        tables.append(LogTable(parts[0].kind, rows, tuple(line for part in parts for line in part.broken)))
    return tables, {body.file_no: body.kind for body in bodies}, refused


def is_utf8(content: bytes) -> bool:
    """Whether the bytes are valid UTF-8, without making text of them."""
    buffers = [None, pa.array([0, len(content)], pa.int64()).buffers()[1], pa.py_buffer(content)]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, buffers).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _open_body(file_no: int, file: LogFile) -> _Body:
    content = file.content.removeprefix(_BYTE_ORDER_MARK)
    if b"\x00" in content:
        raise IngestError(
            "it is no text file: it holds zero bytes (UTF-16 or binary).", "Export it as CSV in UTF-8 or GB18030."
        )
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
        content = content.replace(b"\r", b" " if b"\n" in content else b"\n")
    stripped = content.lstrip(b"\n ")
    if not stripped:
        raise IngestError("it is empty.", "A log has a header line at least.")
    header_line_no = content[: len(content) - len(stripped)].count(b"\n") + 1
    header, _, body = stripped.partition(b"\n")
    text, bad_lines = _decode(header, body)
    kind, positions = recognise_header(next(csv.reader([_decode_line(header) or ""])))
    first = header_line_no + 1
    return _Body(
        file_no, kind, positions, first, text, tuple(BrokenLine(file_no, first + i, "bad_encoding") for i in bad_lines)
    )


def _decode(header: bytes, body: bytes) -> tuple[bytes, list[int]]:
    """The body as UTF-8, and the indices of lines in neither encoding, which are left blank.

    A file whose header line is GB18030 is GB18030. Within a file of one encoding, a line of the other is still
    understood: exports are sometimes pasted together.
    """
    if body.isascii():
        return body, []
    is_header_utf8 = is_utf8(header)
    if is_header_utf8 and is_utf8(body):
        return body, []
    if not is_header_utf8 or header.isascii():
        try:
            return body.decode("gb18030").encode(), []
        except UnicodeDecodeError:
            pass  # some line is broken: decide line by line
    encodings = ("utf-8", "gb18030") if is_header_utf8 else ("gb18030", "utf-8")
    lines, bad = body.split(b"\n"), []
    for index, line in enumerate(lines):
        decoded = _decode_line(line, encodings)
        if decoded is None:
            bad.append(index)
        lines[index] = decoded.encode() if decoded is not None else b""
    return b"\n".join(lines), bad


def _decode_line(line: bytes, encodings: Sequence[str] = ("utf-8", "gb18030")) -> str | None:
    for encoding in encodings:
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _gather(bodies: Sequence[_Body]) -> Iterator[list[_Body]]:
    """Groups of bodies that can be parsed as one text: same kind, same columns in the same places, no quotes."""

    def shape(body: _Body) -> tuple[str, tuple[str, ...], bool]:
        return body.kind.name, tuple(column or "" for column in body.positions), b'"' in body.text

    for _, members in groupby(sorted(bodies, key=shape), key=shape):
        group: list[_Body] = []
        size = 0
        for body in members:
            if group and size + len(body.text) > CHUNK_BYTES:
                yield group
                group, size = [], 0
            group.append(body)
            size += len(body.text)
        yield group


def _parse(group: Sequence[_Body]) -> LogTable:
    kind, positions = group[0].kind, group[0].positions
    texts = [body.text if body.text.endswith(b"\n") or not body.text else body.text + b"\n" for body in group]
    text = b"".join(texts)
    counts = [part.count(b"\n") for part in texts]
    file_no = np.repeat(np.array([body.file_no for body in group], np.int32), counts)
    line_no = np.concatenate(
        [np.arange(b.first_line_no, b.first_line_no + n, dtype=np.int32) for b, n in zip(group, counts, strict=True)]
    )
    if b"\n\n" in text or text.startswith(b"\n"):  # blank lines are no rows, but they count as lines
        lines = text.split(b"\n")[:-1]
        keep = np.array([bool(line) for line in lines], bool)
        file_no, line_no = file_no[keep], line_no[keep]
        text = b"".join(line + b"\n" for line in lines if line)
    cells, bad = _split_quoted(text, positions) if b'"' in text else _split_plain(text, positions)
    broken = [BrokenLine(int(file_no[i]), int(line_no[i]), reason) for i, reason in bad if reason]
    if bad:
        keep = np.ones(len(file_no), bool)
        keep[[index for index, _ in bad]] = False
        file_no, line_no = file_no[keep], line_no[keep]
    columns: dict[str, pa.Array | pa.ChunkedArray] = {}
    is_padded = _is_padded(text)
    for column in kind.columns:
        if column in cells:
            columns[column] = pc.utf8_trim(cells[column], " \t\u3000") if is_padded else cells[column]
        else:
            columns[column] = pa.nulls(len(file_no), pa.string())
    if is_padded:
        columns = {name: pc.if_else(pc.equal(values, ""), None, values) for name, values in columns.items()}
    columns |= {"file_no": pa.array(file_no), "line_no": pa.array(line_no)}
    return LogTable(kind, pa.table(columns), tuple(line for body in group for line in body.broken) + tuple(broken))


def _is_padded(text: bytes) -> bool:
    """Whether some cell may begin or end with a blank. The text ends with a line break."""
    if b"\t" in text or b'"' in text or _WIDE_BLANK in text:
        return True
    characters = np.frombuffer(text, np.uint8)
    blanks = np.flatnonzero(characters == _BLANK)  # ten times as fast as looking for ", " and " ,"
    return bool(_PARTS_CELLS[characters[blanks - 1]].any() or _PARTS_CELLS[characters[blanks + 1]].any())


_Cells = dict[str, pa.Array | pa.ChunkedArray]
_BadLines = list[tuple[int, str]]  # index of the line, and why; "" for a blank line, which is no row


def _split_plain(text: bytes, positions: Sequence[str | None]) -> tuple[_Cells, _BadLines]:
    names = [column or f"_{index}" for index, column in enumerate(positions)]
    bad: _BadLines = []

    def note(row: pv.InvalidRow) -> str:
        bad.append((row.number - 1, _explain(row.actual_columns, len(names), row.text)))
        return "skip"

    if not text or text.isspace():
        return {column: pa.array([], pa.string()) for column in positions if column}, []
    wanted = [column for column in positions if column]
    table = pv.read_csv(
        pa.py_buffer(text),
        pv.ReadOptions(column_names=names, use_threads=False, block_size=1 << 20),
        pv.ParseOptions(quote_char=False, ignore_empty_lines=False, invalid_row_handler=note),
        pv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()),
            include_columns=wanted,
            strings_can_be_null=True,
            null_values=[""],
        ),
    )
    return {name: table[name] for name in wanted}, bad


def _split_quoted(text: bytes, positions: Sequence[str | None]) -> tuple[_Cells, _BadLines]:
    """Line by line, so that a quote left open spoils its own line only."""
    rows: list[list[str]] = []
    bad: _BadLines = []
    for index, line in enumerate(text.decode().split("\n")[:-1]):
        try:
            cells = next(csv.reader([line], strict=True), [])
        except csv.Error:
            cells = []
        if len(cells) == len(positions):
            rows.append(cells)
        else:
            bad.append((index, _explain(len(cells), len(positions), line)))
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(positions)
    return {
        column: pa.array([cell or None for cell in columns[index]], pa.string())
        for index, column in enumerate(positions)
        if column
    }, bad


def _explain(found: int, expected: int, line: str) -> str:
    if not line.strip():
        return ""
    return "truncated_line" if found < expected else "too_many_cells"
