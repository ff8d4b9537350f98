"""A column's cells as the bytes they are, eight of them at a time as one number: so whole columns are compared and added up.

Such a number is little-endian: a cell's first character is its lowest byte. Knows no log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

WORD_BYTES = 8
MOST_CELLS = 16_384
"""So many cells are looked at together: what is worked out on the way stays in the processor's cache, which is twice as fast."""
_WORD = np.dtype("<u8")


@dataclass(frozen=True)
class AlikeCells:
    """Cells of one length. `places`: which of the column's they are, as an index."""

    length: int
    places: np.ndarray | slice
    starts: np.ndarray
    text: np.ndarray
    """The column's bytes, and at least eight more."""
    are_dense: bool
    """Whether each cell begins where the one before ends."""

    def read_word(self, at: int) -> np.ndarray:
        """Eight bytes of each cell, from `at` on, as a number. Behind the cell's end anything may stand."""
        if self.are_dense:
            begin, count = int(self.starts[0]) + at, len(self.starts)
            return np.ndarray((count,), _WORD, self.text, begin, (self.length,)).astype(np.uint64)
        words: np.ndarray = np.ndarray((len(self.text) - WORD_BYTES + 1,), _WORD, self.text, 0, (1,))[self.starts + at]
        return words

    def read_texts(self) -> np.ndarray:
        """The cells as byte strings."""
        kind = np.dtype(f"S{self.length}")
        if self.are_dense:
            return np.ndarray((len(self.starts),), kind, self.text, int(self.starts[0]))
        texts: np.ndarray = np.ndarray((len(self.text) - self.length + 1,), kind, self.text, 0, (1,))[self.starts]
        return texts

    def list_places(self) -> np.ndarray:
        """Which of the column's cells they are."""
        if isinstance(self.places, slice):
            return np.arange(self.places.start, self.places.start + len(self.starts))
        return self.places

    def read_whole(self) -> list[np.ndarray]:
        """The cells as numbers: all of their bytes and nothing else, some perhaps twice."""
        length = self.length
        if length < WORD_BYTES:
            return [self.read_word(0) & np.uint64((1 << 8 * length) - 1)]
        ats = list(range(0, length - WORD_BYTES + 1, WORD_BYTES))
        return [self.read_word(at) for at in (ats if length % WORD_BYTES == 0 else [*ats, length - WORD_BYTES])]


def pick_by_length(
    cells: pa.Array | pa.ChunkedArray, wanted: Collection[int], most: int = MOST_CELLS
) -> Iterator[AlikeCells]:
    """The cells of a text column that have one of these lengths, those of each length together, `most` at a time."""
    joined = join_chunks(cells)
    count = len(joined)
    if joined.null_count == count:
        return
    _, offset_buffer, text_buffer = joined.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32)[joined.offset : joined.offset + count + 1]
    text = np.frombuffer(text_buffer, np.uint8)
    starts, lengths = offsets[:-1], np.diff(offsets)
    if len(text) < int(offsets[-1]) + WORD_BYTES:
        text = np.concatenate([text, np.zeros(WORD_BYTES, np.uint8)])
    if joined.null_count:
        lengths[pc.is_null(joined).to_numpy(zero_copy_only=False)] = 0
    is_one = lengths[0] > 0 and bool((lengths == lengths[0]).all())
    for length in (int(lengths[0]),) if is_one else sorted(wanted):
        if not length or length not in wanted:
            continue
        of_length = None if is_one else np.flatnonzero(lengths == length)
        for begin in range(0, count if of_length is None else len(of_length), most):
            block = slice(begin, begin + most)
            places = block if of_length is None else of_length[block]
            begins = starts[places]
            # they ascend, and lie at least their length apart
            are_dense = int(begins[-1]) - int(begins[0]) == length * (len(begins) - 1)
            yield AlikeCells(length, places, begins, text, are_dense)


def join_chunks(cells: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column in one piece."""
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.chunk(0) if cells.num_chunks == 1 else cells.combine_chunks()
    return cells if cells.type == pa.string() else cells.cast(pa.string())
