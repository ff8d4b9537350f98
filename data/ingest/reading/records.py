"""Where the records of a delimited text end: quoted cells may hold line breaks, and a quote may be left open.

A line with an odd number of quotes opens a cell that a later one must close. It does only if both together, read
strictly, are one record, and no line between them is a record by itself: else the quote was left open, and spoils its own line.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MAX_RECORD_LINES = 100
MAX_RECORD_BYTES = 65_536
"""How far a quoted cell may reach: what is not closed by then was left open."""
MAX_LINE_BYTES = 1_000_000
"""A longer line is no record of any log."""

_QUOTE, _FEED = ord('"'), ord("\n")


@dataclass(frozen=True)
class Records:
    """One record a line. `line_nos` count from 0 within the piece; `consumed` bytes and `line_count` lines of it are used up."""

    text: bytes
    line_nos: np.ndarray | range
    broken: tuple[tuple[int, str], ...]
    consumed: int
    line_count: int


def cut_records(text: bytes, is_end: bool, cell_count: int, split: Callable[[bytes], list[str] | None]) -> Records:
    """The whole records at the beginning of a text, each on one line of its own.

    `is_end`: nothing follows, so that the last line needs no line break. `split` gives a record's cells; None when it
    cannot be read strictly. A line break within a cell becomes a blank.
    """
    end = len(text) if is_end else text.rfind(b"\n") + 1
    piece = text[:end] if end < len(text) else text
    if is_end and piece and not piece.endswith(b"\n"):
        piece += b"\n"
    has_long_line = _may_have_long_line(piece)
    if b'"' not in piece and not has_long_line:
        count = int(np.count_nonzero(np.frombuffer(piece, np.uint8) == _FEED))  # twice as fast as `count`
        return Records(piece, range(count), (), end, count)
    characters = np.frombuffer(piece, np.uint8)
    ends = np.flatnonzero(characters == _FEED)
    starts = np.concatenate([[0], ends[:-1] + 1])
    quotes = np.bincount(np.searchsorted(ends, np.flatnonzero(characters == _QUOTE)), minlength=len(ends))
    is_long = ends - starts > MAX_LINE_BYTES
    odd = np.flatnonzero((quotes & 1).astype(bool) & ~is_long).tolist()
    broken = [(int(line), "line_too_long") for line in np.flatnonzero(is_long)]
    if not odd and not broken:
        return Records(piece, range(len(ends)), (), end, len(ends))
    joined: list[tuple[int, int]] = []
    stop = len(ends)
    place = 0
    while place < len(odd):
        first = odd[place]
        last = odd[place + 1] if place + 1 < len(odd) else None
        is_near = (
            last is not None and last - first < MAX_RECORD_LINES and ends[last] - starts[first] <= MAX_RECORD_BYTES
        )
        if last is not None and is_near and _is_one_record(piece, starts, ends, first, last, cell_count, split):
            joined.append((first, last))
            place += 2
            continue
        is_cut_off = last is None and len(ends) - first < MAX_RECORD_LINES and end - starts[first] <= MAX_RECORD_BYTES
        if is_cut_off and not is_end:
            stop = first  # what closes it may follow in the next piece
            break
        broken.append((first, "unclosed_quote"))
        place += 1
    return _lay_out(piece, starts, ends, joined, sorted(line for line in broken if line[0] < stop), stop, end)


def _may_have_long_line(piece: bytes) -> bool:
    """Whether some stretch of half the longest line's size has no line break: a few searches tell."""
    step = MAX_LINE_BYTES // 2
    return any(piece.find(b"\n", place, place + step) < 0 for place in range(0, len(piece) - step, step))


def _is_one_record(
    piece: bytes, starts: np.ndarray, ends: np.ndarray, first: int, last: int, cell_count: int,
    split: Callable[[bytes], list[str] | None],
) -> bool:  # fmt: skip
    cells = split(piece[starts[first] : ends[last]])
    if cells is None or len(cells) != cell_count:
        return False
    between = (split(piece[starts[line] : ends[line]]) for line in range(first + 1, last))
    return not any(cells is not None and len(cells) == cell_count for cells in between)


def _lay_out(
    piece: bytes, starts: np.ndarray, ends: np.ndarray, joined: list[tuple[int, int]], broken: list[tuple[int, str]],
    stop: int, end: int,
) -> Records:  # fmt: skip
    """The first `stop` lines, joined where they belong together and without the broken ones."""
    size = int(starts[stop]) if stop < len(ends) else len(piece)
    text = bytearray(piece[:size])
    keep = np.ones(stop, bool)
    for first, last in joined:
        for line in range(first, last):
            text[ends[line]] = ord(" ")
        keep[first + 1 : last + 1] = False
    whole, place = [], 0
    for line, _ in broken:
        whole.append(text[place : starts[line]])
        place = ends[line] + 1
        keep[line] = False
    whole.append(text[place:])
    return Records(b"".join(whole), np.flatnonzero(keep), tuple(broken), min(size, end), stop)


def split_strictly(record: str, delimiter: str) -> list[str] | None:
    """The record's cells; None when its quotes are not where they belong."""
    try:
        return next(csv.reader([record], delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error:
        return None
