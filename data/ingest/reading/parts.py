"""Cuts logs into parts and turns parts into tables of text cells, each row with its file and true line number."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from data.errors import IngestError
from data.ingest.columns import LogKind
from data.ingest.reading.containers import ZIP_MAGICS, open_log
from data.ingest.reading.delimited import cut_text, gather_texts, parse_group
from data.ingest.reading.encodings import TextBlocks
from data.ingest.reading.json_lines import cut_json
from data.ingest.reading.logs import BrokenLine, Failure, LogFile, LogPart, LogTable, TableContent, TextContent
from data.ingest.reading.parquet_files import cut_parquet
from data.ingest.reading.workbooks import cut_workbook

PARQUET_MAGIC, OLE_MAGIC = b"PAR1", b"\xd0\xcf\x11\xe0"
MAX_HELD_BYTES = 256_000_000
"""A Parquet file in an archive is held in memory up to this size."""


def cut_parts(log: LogFile, after_line_no: int = 0, part_no: int = 0) -> Iterator[LogPart]:
    """The log's parts: one when it is small, else of about 16 MB each, cut between records; the last one `is_last`.

    Begins after any record's last line, numbering the parts from `part_no`. Raises nothing: a log that cannot be read
    comes as a part that `read_parts` refuses.
    """
    line_no = after_line_no
    try:
        with open_log(log) as stream:
            for content, line_no, is_last in _cut(log, stream, after_line_no):
                yield LogPart(log, part_no, line_no, is_last, content)
                part_no += 1
    except IngestError as error:
        yield LogPart(log, part_no, line_no, True, Failure(error))


def _cut(
    log: LogFile, stream: io.BufferedReader, after_line_no: int
) -> Iterator[tuple[TextContent | TableContent, int, bool]]:
    """By the format that its first bytes tell."""
    head = stream.peek(8)[:8]
    if head.startswith((*ZIP_MAGICS, OLE_MAGIC)):
        return cut_workbook(stream, log.mapping, after_line_no)
    if head.startswith(PARQUET_MAGIC):
        return cut_parquet(_make_seekable(log, stream), log.mapping, after_line_no)
    blocks = TextBlocks(stream)
    text = blocks.read() or b""
    first = text[:1000].lstrip()[:1]
    if first == b"<":
        raise IngestError("it is a page (HTML or XML), whatever its name.", "Save it as XLSX or CSV.")
    if first in (b"{", b"["):
        return cut_json(blocks, text, log.mapping, after_line_no)
    return cut_text(blocks, text, log.mapping, after_line_no)


def _make_seekable(log: LogFile, stream: io.BufferedReader) -> Path | io.BytesIO:
    """Parquet is read from its end: where it lies packed, it is held in memory."""
    if log.member_no is None and log.path.stat().st_size == log.byte_count:
        return log.path
    if log.byte_count > MAX_HELD_BYTES:
        raise IngestError("it is a Parquet file too large to unpack in memory.", "Deliver it without the archive.")
    return io.BytesIO(stream.read())


def read_parts(
    parts: Sequence[tuple[int, LogPart]],
) -> tuple[list[LogTable], dict[int, LogKind], dict[int, IngestError]]:
    """The tables of these numbered parts, one per kind of log; the kind of each; those refused whole, with why.

    The number is the column `file_no`. Cost: about 0.6 s for a million lines; cells need about 160 bytes a line.
    """
    refused = {number: part.content.error for number, part in parts if isinstance(part.content, Failure)}
    pieces: list[LogTable] = []
    kinds = {number: _kind_of(part.content) for number, part in parts if not isinstance(part.content, Failure)}
    texts = [(number, part.content) for number, part in parts if isinstance(part.content, TextContent)]
    pieces += map(parse_group, gather_texts(texts))  # not side by side: the other core takes the batch before
    pieces += [_number(number, part.content) for number, part in parts if isinstance(part.content, TableContent)]
    tables = []
    for name in dict.fromkeys(kind.name for kind in kinds.values()):
        alike = [piece for piece in pieces if piece.kind.name == name]
        rows = pa.concat_tables([piece.rows for piece in alike])
        tables.append(LogTable(alike[0].kind, rows, tuple(line for piece in alike for line in piece.broken)))
    return tables, kinds, refused


def _kind_of(content: TextContent | TableContent) -> LogKind:
    return content.header.kind if isinstance(content, TextContent) else content.kind


def _number(file_no: int, content: TableContent) -> LogTable:
    rows = content.rows
    numbers = pa.array(np.full(len(rows), file_no, np.int32))
    rows = rows.add_column(len(content.kind.columns), "file_no", numbers)
    return LogTable(content.kind, rows, tuple(BrokenLine(file_no, *line) for line in content.broken))
