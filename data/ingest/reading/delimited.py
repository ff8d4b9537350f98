"""Delimited texts (CSV, TSV and their kin): finds the header, cuts the lines into parts, splits lines into cells.

Columns that Wangge has no use for (names, telephones) are never turned into values.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from data.errors import IngestError
from data.ingest.columns import recognise_header
from data.ingest.reading.encodings import TextBlocks, decode, decode_line, find_encodings
from data.ingest.reading.logs import BrokenLine, Header, LogTable, TextContent
from data.ingest.reading.records import MAX_LINE_BYTES, cut_records, split_strictly

PART_BYTES = 16_000_000
"""A larger file is read in parts of about this size."""
CHUNK_BYTES = 8_000_000
"""Files with one header are parsed together up to this size: small files cost no more than large ones."""
_BLANK, _WIDE_BLANK = ord(" "), "\u3000".encode()


def cut_text(
    blocks: TextBlocks, first_block: bytes, mapping: tuple[tuple[str, str], ...], after_line_no: int
) -> Iterator[tuple[TextContent, int, bool]]:
    """The parts of a text after this line: content, the number of its last line, whether it is the last part.

    Raises IngestError when no line of its beginning is a header.
    """
    header, line_no, buffer = _find_header(blocks, first_block, mapping)
    is_end = False

    def split(record: bytes) -> list[str] | None:
        return split_strictly(decode_line(record, header.encodings) or "", header.delimiter)

    while line_no < after_line_no:  # taken already
        end = _find_feed(buffer, after_line_no - line_no)
        if end >= 0:
            line_no, buffer = after_line_no, buffer[end + 1 :]
            break
        line_no += buffer.count(b"\n")
        more = blocks.read()
        buffer = buffer[buffer.rfind(b"\n") + 1 :] + (more or b"")
        if more is None:
            break
    while True:
        pieces, size = [buffer], len(buffer)
        while not is_end and size < PART_BYTES:
            more = blocks.read()
            is_end = more is None
            pieces.append(more or b"")
            size += len(pieces[-1])
        buffer = b"".join(pieces) if len(pieces) > 1 else buffer
        records = cut_records(buffer, is_end, len(header.positions), split)
        if not records.consumed and not is_end:
            more = blocks.read()
            if more is None:
                is_end = True
            else:
                buffer += more
            continue
        buffer = buffer[records.consumed :]
        if not buffer and not is_end:
            more = blocks.read()
            is_end, buffer = more is None, more or b""
        is_last = is_end and not buffer
        numbers = records.line_nos
        first = line_no + 1
        content = TextContent(
            header,
            records.text,
            range(first, first + len(numbers)) if isinstance(numbers, range) else numbers + first,
            tuple((first + number, reason) for number, reason in records.broken),
        )
        line_no += records.line_count
        yield content, line_no, is_last
        if is_last:
            return


def _find_feed(text: bytes, count: int) -> int:
    """The place of the line feed of this number; -1 when there are fewer."""
    feeds = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    return int(feeds[count - 1]) if len(feeds) >= count else -1


def _find_header(blocks: TextBlocks, text: bytes, mapping: tuple[tuple[str, str], ...]) -> tuple[Header, int, bytes]:
    """The header, its line number and what follows it."""
    start = 0
    while text[start : start + 1] in (b"\n", b" "):
        start += 1
    if start == len(text):
        raise IngestError("it is empty.", "A log has a header line at least.")
    line_no = text[:start].count(b"\n") + 1
    end = text.find(b"\n", start)
    end = len(text) if end < 0 else end
    line, body = text[start:end], text[end + 1 :]
    if b"\x00" in line:
        raise IngestError("it is no text file: it holds zero bytes.", "Export it as CSV in UTF-8 or GB18030.")
    encodings = find_encodings(line, body[:1_000_000], blocks.is_utf16)
    return _read_header(line, encodings, mapping), line_no, body


@lru_cache(maxsize=256)
def _read_header(line: bytes, encodings: tuple[str, ...], mapping: tuple[tuple[str, str], ...]) -> Header:
    text = decode_line(line, encodings) or ""
    kind, positions = recognise_header(next(csv.reader([text])))
    return Header(kind, positions, ",", line, encodings)


def gather_texts(contents: Sequence[tuple[int, TextContent]]) -> Iterator[list[_Body]]:
    """Groups of contents that can be split as one text: same kind, same columns in the same places, alike in quotes."""
    bodies = [_Body(file_no, content) for file_no, content in contents]

    def shape(body: _Body) -> tuple[str, tuple[str, ...], str, bool]:
        header = body.header
        return header.kind.name, tuple(name or "" for name in header.positions), header.delimiter, b'"' in body.text

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


class _Body:
    """A content in UTF-8."""

    def __init__(self, file_no: int, content: TextContent) -> None:
        self.file_no = file_no
        self.header = content.header
        self.text, bad = decode(content.text, content.header.encodings)
        self.line_nos = content.line_nos
        self.broken = [BrokenLine(file_no, line_no, reason) for line_no, reason in content.broken]
        self.broken += [BrokenLine(file_no, int(self.line_nos[index]), "bad_encoding") for index in bad]


def parse_group(group: Sequence[_Body]) -> LogTable:
    """The table of these contents."""
    header = group[0].header
    text = b"".join([body.text for body in group])
    counts = [len(body.line_nos) for body in group]
    file_no = np.repeat(np.array([body.file_no for body in group], np.int32), counts)
    line_no = np.concatenate([np.asarray(body.line_nos, np.int32) for body in group])
    if b"\n\n" in text or text.startswith(b"\n"):  # blank lines are no rows, but they count as lines
        lines = text.split(b"\n")[:-1]
        keep = np.array([bool(line) for line in lines], bool)
        file_no, line_no = file_no[keep], line_no[keep]
        text = b"".join(line + b"\n" for line in lines if line)
    has_quotes = b'"' in text
    cells, bad = (_split_quoted if has_quotes else _split_plain)(text, header)
    broken = [BrokenLine(int(file_no[i]), int(line_no[i]), reason) for i, reason in bad if reason]
    if bad:
        keep = np.ones(len(file_no), bool)
        keep[[index for index, _ in bad]] = False
        file_no, line_no = file_no[keep], line_no[keep]
    columns: dict[str, pa.Array | pa.ChunkedArray] = {}
    is_padded = _is_padded(text, header.delimiter)
    for column in header.kind.columns:
        if column in cells:
            columns[column] = pc.utf8_trim(cells[column], " \t\u3000") if is_padded else cells[column]
        else:
            columns[column] = pa.nulls(len(file_no), pa.string())
    if is_padded:
        columns = {name: pc.if_else(pc.equal(values, ""), None, values) for name, values in columns.items()}
    columns |= {"file_no": pa.array(file_no), "line_no": pa.array(line_no)}
    return LogTable(header.kind, pa.table(columns), tuple([line for body in group for line in body.broken] + broken))


def _is_padded(text: bytes, delimiter: str) -> bool:
    """Whether some cell may begin or end with a blank. The text ends with a line break."""
    if b"\t" in text or b'"' in text or _WIDE_BLANK in text:
        return True
    characters = np.frombuffer(text, np.uint8)
    blanks = np.flatnonzero(characters == _BLANK)  # ten times as fast as looking for ", " and " ,"
    parts_cells = np.isin(np.arange(256), (ord(delimiter), ord("\n")))
    return bool(parts_cells[characters[blanks - 1]].any() or parts_cells[characters[blanks + 1]].any())


_Cells = dict[str, pa.Array | pa.ChunkedArray]
_BadLines = list[tuple[int, str]]  # index of the line, and why; "" for a blank line, which is no row


def _split_plain(text: bytes, header: Header) -> tuple[_Cells, _BadLines]:
    names = [column or f"_{index}" for index, column in enumerate(header.positions)]
    bad: _BadLines = []

    def note(row: pv.InvalidRow) -> str:
        bad.append((row.number - 1, _explain(row.actual_columns, len(names), row.text)))
        return "skip"

    wanted = [column for column in header.positions if column]
    if not text or text.isspace():
        return {column: pa.array([], pa.string()) for column in wanted}, []
    table = pv.read_csv(
        pa.py_buffer(text),
        pv.ReadOptions(column_names=names, use_threads=False, block_size=max(1 << 20, 2 * MAX_LINE_BYTES)),
        pv.ParseOptions(
            delimiter=header.delimiter, quote_char=False, ignore_empty_lines=False, invalid_row_handler=note
        ),
        pv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()),
            include_columns=wanted,
            strings_can_be_null=True,
            null_values=[""],
        ),
    )
    return {name: table[name] for name in wanted}, bad


def _split_quoted(text: bytes, header: Header) -> tuple[_Cells, _BadLines]:
    rows: list[list[str]] = []
    bad: _BadLines = []
    positions = header.positions
    for index, line in enumerate(text.decode().split("\n")[:-1]):
        cells = split_strictly(line, header.delimiter) or []
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
