"""Delimited texts (CSV, TSV and their kin): finds the header, cuts the lines into parts, splits lines into cells.

Columns that Wangge has no use for (names, telephones) are never turned into values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from data.errors import IngestError
from data.ingest.columns import Mapping, count_known, header_error, match_header
from data.ingest.reading.cells import PADDING
from data.ingest.reading.encodings import BLOCK_BYTES, TextBlocks, decode, decode_line, find_encodings
from data.ingest.reading.logs import BrokenLine, Header, LogTable, TextContent
from data.ingest.reading.records import MAX_LINE_BYTES, cut_records, split_strictly

PART_BYTES = BLOCK_BYTES
"""A larger file is read in parts of about this size: a block, and what was left of the one before."""
DELIMITERS = (",", "\t", ";", "|", "，", "\x01")
"""That which yields a header is the file's."""
MAX_TITLE_LINES = 20
"""The header is one of the first so many lines that are not blank."""
CHUNK_BYTES = 8_000_000
"""Files with one header are parsed together up to this size: small files cost no more than large ones."""
_SAMPLE_BYTES = 1_000_000
_SCAN_BYTES = 1 << 17
"""So much is looked through at a time: it stays in the processor's cache."""
_BLANK, _QUOTE, _FEED = ord(" "), ord('"'), ord("\n")
_PADDING_BYTES = (b"\t", b"\xe3", b"\xc2", b"'", b"`")
"""Some cell may be padded only where one of these is: U+3000 and U+00A0 by their first bytes, which is ten times as fast."""
_STAND_IN = "\x1f"
"""For a delimiter of several bytes, which the fast parser does not know."""


def cut_text(
    blocks: TextBlocks, first_block: bytes, mapping: Mapping, after_line_no: int
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
        while not is_end and size < PART_BYTES // 2:
            more = blocks.read()
            is_end = more is None
            pieces.append(more or b"")
            size += len(pieces[-1])
        pieces = [piece for piece in pieces if piece]
        buffer = b"".join(pieces) if len(pieces) != 1 else pieces[0]
        records = cut_records(buffer, is_end, len(header.positions), split)
        if not records.consumed and not is_end:
            if len(buffer) > PART_BYTES and b"\n" not in buffer:
                buffer = buffer[: MAX_LINE_BYTES + 1]  # no record of any log: that it was here is all that is kept
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


def _find_header(blocks: TextBlocks, text: bytes, mapping: Mapping) -> tuple[Header, int, bytes]:
    """The header, the number of its last line, and what follows it: exports often have a title above the header."""
    start, line_no = 0, 0
    tried: list[bytes] = []
    while start < len(text) and len(tried) < MAX_TITLE_LINES:
        line, line_count = _take_line(text, start)
        start += len(line) + 1
        line_no += line_count
        if not line.strip():
            continue
        if len(line) > MAX_LINE_BYTES or b"\x00" in line:
            raise IngestError("it is no text.", "Export it as CSV, JSON Lines, Parquet or XLSX.")
        sample = text[start : start + _SAMPLE_BYTES] if line.isascii() else b""  # else the header itself tells
        encodings = find_encodings(line, sample, blocks.is_utf16)
        header = _read_header(line, encodings, mapping)
        if header:
            return header, line_no, text[start:]
        tried.append(line)
    if not tried:
        raise IngestError("it is empty.", "A log has a header line at least.")
    splits = [cells for line in tried for _, cells in _split_header(line, encodings)]
    raise header_error(max(splits, key=lambda cells: (count_known(cells, mapping), len(cells) > 1)), mapping)


def _take_line(text: bytes, start: int) -> tuple[bytes, int]:
    """The line that begins there, and how many lines it takes: headers of spreadsheets have line breaks within quotes."""
    end, count = text.find(b"\n", start), 1
    while end >= 0 and text.count(b'"', start, end) % 2 and count < MAX_TITLE_LINES:
        further = text.find(b"\n", end + 1)
        if further < 0:
            break
        end, count = further, count + 1
    if text.count(b'"', start, end if end >= 0 else len(text)) % 2:
        end, count = text.find(b"\n", start), 1
    return text[start : end if end >= 0 else len(text)], count


@lru_cache(maxsize=256)
def _read_header(line: bytes, encodings: tuple[str, ...], mapping: Mapping) -> Header | None:
    best, most = None, 0
    for delimiter, cells in _split_header(line, encodings):
        found = match_header(cells, mapping)
        known = sum(column is not None for column in found[1]) if found else 0
        if found and known > most:
            best, most = Header(*found, delimiter, line, encodings), known
    return best


def _split_header(line: bytes, encodings: Sequence[str]) -> list[tuple[str, list[str]]]:
    """(delimiter, cells) for each way to split a line; the line whole when there is none."""
    text = (decode_line(line, encodings) or "").replace("\n", " ").strip(" ")
    found = [(mark, split_strictly(text, mark) or text.split(mark)) for mark in DELIMITERS if mark in text]
    return found or [(",", [text])]


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
        line, _ = decode(content.header.line, content.header.encodings)
        if line in self.text:  # files pasted together
            lines = self.text.split(b"\n")
            for index, text in enumerate(lines):
                if text.strip(b"\xef\xbb\xbf ") == line.strip():
                    lines[index] = b""
                    self.broken.append(BrokenLine(file_no, int(self.line_nos[index]), "repeated_header"))
            self.text = b"\n".join(lines)


def parse_group(group: Sequence[_Body]) -> LogTable:
    """The table of these contents."""
    header = group[0].header
    text = b"".join([body.text for body in group]) if len(group) > 1 else group[0].text
    counts = [len(body.line_nos) for body in group]
    file_no = np.repeat(np.array([body.file_no for body in group], np.int32), counts)
    line_no = np.concatenate([_list_numbers(body.line_nos) for body in group])
    has_quotes = b'"' in text
    pieces, bad = _split_lines(text, sum(counts), header, has_quotes=has_quotes)
    is_padded = has_quotes or _is_padded(text, header.delimiter)
    tables = [
        _lay_columns(cells, header.kind.columns, file_no[lines], line_no[lines], is_padded) for cells, lines in pieces
    ]
    broken = [BrokenLine(int(file_no[i]), int(line_no[i]), reason) for i, reason in bad if reason]
    lost = [line for body in group for line in body.broken] + broken
    return LogTable(header.kind, pa.concat_tables(tables), tuple(lost))


def _list_numbers(line_nos: np.ndarray | range) -> np.ndarray:
    if isinstance(line_nos, range):
        return np.arange(line_nos.start, line_nos.stop, dtype=np.int32)
    return line_nos.astype(np.int32)


_Cells = dict[str, pa.Array | pa.ChunkedArray]
_Piece = tuple[_Cells, np.ndarray]  # cells, and the index of each row's line
_BadLines = list[tuple[int, str]]  # index of the line, and why; "" for a blank line, which is no row


def _lay_columns(
    cells: _Cells, columns: Sequence[str], file_no: np.ndarray, line_no: np.ndarray, is_padded: bool
) -> pa.Table:
    laid: _Cells = {}
    for column in columns:
        values = cells.get(column)
        if values is None:
            values = pa.nulls(len(file_no), pa.string())
        elif is_padded:
            values = pc.utf8_trim(values, PADDING)
            values = pc.if_else(pc.equal(values, ""), None, values)
        laid[column] = values
    return pa.table(laid | {"file_no": pa.array(file_no), "line_no": pa.array(line_no)})


def _is_padded(text: bytes, delimiter: str) -> bool:
    """Whether some cell without quotes may begin or end with a blank. The text ends with a line break."""
    if any(sign in text for sign in _PADDING_BYTES) or text.startswith(b" "):
        return True
    characters = np.frombuffer(text, np.uint8)
    signs = {*delimiter.encode()}
    for begin in range(0, len(text), _SCAN_BYTES):
        piece = characters[begin : begin + _SCAN_BYTES + 1]
        is_blank = piece == _BLANK
        is_edge = piece == _FEED
        for sign in signs:
            is_edge |= piece == sign
        if (is_blank[1:] & is_edge[:-1]).any() or (is_edge[1:] & is_blank[:-1]).any():
            return True
    return False


def _split_lines(text: bytes, count: int, header: Header, *, has_quotes: bool) -> tuple[list[_Piece], _BadLines]:
    """The cells of all these lines: those that are written as they should be all at once, the others one by one."""
    odd = _find_misquoted(text, header.delimiter) if has_quotes else []
    bad: _BadLines = []
    pieces: list[_Piece] = []
    if len(header.delimiter.encode()) > 1 and (has_quotes or _STAND_IN.encode() in text):
        odd = list(range(count))
    if len(odd) < count and not text.isspace():
        is_odd = np.zeros(count, bool)
        is_odd[odd] = True
        places = np.flatnonzero(~is_odd)
        plain = text
        if odd:
            plain = b"".join(line + b"\n" for line, skip in zip(text.split(b"\n"), is_odd, strict=False) if not skip)
        cells, wrong = _split_at_once(plain, header, has_quotes=has_quotes)
        is_right = np.ones(len(places), bool)
        for index, actual_count, line in wrong:
            is_right[index] = False
            if actual_count > len(header.positions) and line.rstrip(" \r").endswith((header.delimiter, '"')):
                odd.append(int(places[index]))  # perhaps nothing but delimiters too many
            else:
                bad.append((int(places[index]), _explain(actual_count, len(header.positions), line)))
        places = places[is_right] if wrong else places
        pieces.append(_drop_blank(cells, places, text, header))
    if odd:
        lines = text.split(b"\n")
        piece, wrong_lines = _split_one_by_one([(index, lines[index].decode()) for index in sorted(odd)], header)
        pieces.append(piece)
        bad += wrong_lines
    return pieces or [({}, np.zeros(0, np.int64))], bad


def _drop_blank(cells: _Cells, places: np.ndarray, text: bytes, header: Header) -> _Piece:
    """Without the lines that hold nothing but delimiters and blanks: they are no rows, but they count as lines."""
    if not all(cells[column].null_count for column in header.kind.required):
        return cells, places
    is_null = np.ones(len(places), bool)
    for values in cells.values():
        is_null &= pc.is_null(values).to_numpy(zero_copy_only=False)
    if not is_null.any():
        return cells, places
    lines, nothing = text.split(b"\n"), header.delimiter.encode() + b' \t"'
    for row in np.flatnonzero(is_null):
        is_null[row] = not lines[places[row]].strip(nothing)
    keep = pa.array(~is_null)
    return {column: values.filter(keep) for column, values in cells.items()}, places[~is_null]


def _find_misquoted(text: bytes, delimiter: str) -> list[int]:
    """The lines with a quote that is not where strict CSV has it. Every line has an even number of quotes."""
    characters = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(characters == _QUOTE)
    marks = np.isin(np.arange(256), (delimiter.encode()[-1], _FEED, _QUOTE))
    opening, closing = quotes[0::2], quotes[1::2]
    is_right = np.ones(len(quotes), bool)
    is_right[0::2] = marks[characters[opening - 1]]  # before the first character stands the last: a line break
    is_right[1::2] = marks[characters[closing + 1]]
    if is_right.all():
        return []
    ends = np.flatnonzero(characters == _FEED)
    return [int(line) for line in np.unique(np.searchsorted(ends, quotes[~is_right]))]


def _split_at_once(text: bytes, header: Header, *, has_quotes: bool) -> tuple[_Cells, list[tuple[int, int, str]]]:
    """The cells, and (index, number of cells, text) of lines with too few or too many."""
    names = [column or f"_{index}" for index, column in enumerate(header.positions)]
    wrong: list[tuple[int, int, str]] = []

    def note(row: pv.InvalidRow) -> str:
        wrong.append((row.number - 1, row.actual_columns, row.text))
        return "skip"

    wanted = [column for column in header.positions if column]
    delimiter = header.delimiter
    if len(delimiter.encode()) > 1:
        text, delimiter = text.replace(delimiter.encode(), _STAND_IN.encode()), _STAND_IN
    table = pv.read_csv(
        pa.py_buffer(text),
        pv.ReadOptions(column_names=names, use_threads=False, block_size=3 * MAX_LINE_BYTES),
        pv.ParseOptions(
            delimiter=delimiter,
            quote_char='"' if has_quotes else False,
            ignore_empty_lines=False,
            invalid_row_handler=note,
        ),
        pv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()),
            include_columns=wanted,
            strings_can_be_null=True,
            null_values=[""],
            check_utf8=False,  # `decode` saw to it
        ),
    )
    return {name: table[name] for name in wanted}, wrong


def _split_one_by_one(lines: Sequence[tuple[int, str]], header: Header) -> tuple[_Piece, _BadLines]:
    """The slow way, for lines that need a second look; (index, text) of each."""
    size = len(header.positions)
    rows: list[list[str]] = []
    places: list[int] = []
    bad: _BadLines = []
    for index, line in lines:
        cells = split_strictly(line, header.delimiter)
        if cells is not None and len(cells) > size and not any(cell.strip() for cell in cells[size:]):
            cells = cells[:size]
        if cells is not None and not any(cells):
            continue
        if cells is not None and len(cells) == size:
            rows.append([cell[2:-1] if cell.startswith('="') and cell.endswith('"') else cell for cell in cells])
            places.append(index)
        elif cells is None:
            bad.append((index, "unclosed_quote"))
        else:
            bad.append((index, _explain(len(cells), size, line)))
    columns = list(zip(*rows, strict=True)) if rows else [()] * size
    cells_of = {
        column: pa.array([cell or None for cell in columns[position]], pa.string())
        for position, column in enumerate(header.positions)
        if column
    }
    return (cells_of, np.array(places, np.int64)), bad


def _explain(found: int, expected: int, line: str) -> str:
    if not line.strip():
        return ""
    return "truncated_line" if found < expected else "too_many_cells"
