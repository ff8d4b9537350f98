"""Numbers of codes, found for whole columns: a table that is made once, where the engine's `index_in` makes it for each batch.

Open addressing by the codes' own bytes, a table for each length of code. Whatever the codes are, a cell is found where every
byte is the same and nowhere else. Made once and never changed, so that any thread may ask it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.ingest.cell_bytes import pick_by_length
from data.ingest.marks import SPREAD

_FOLD = np.uint64(29)
_FEW, _FEW_SPARE, _MANY_SPARE = 2_000, 16, 2
"""Places for each code: few codes get many, so that hardly any is looked for twice, as long as they stay in the cache."""


class CodeNumbers:
    """These codes, each with its place in the list, counted from 1. No code may come twice; null is none."""

    def __init__(self, codes: pa.Array) -> None:
        lengths = pc.unique(pc.binary_length(codes)).drop_null().to_pylist()
        self._tables: dict[int, _Table] = {}
        numbers = np.arange(1, len(codes) + 1, dtype=np.int32)
        for alike in pick_by_length(codes, lengths, len(codes)):
            self._tables[alike.length] = _Table(alike.read_whole(), numbers[alike.places])

    def find(self, cells: pa.Array | pa.ChunkedArray) -> np.ndarray:
        """The number of each cell's code; 0 for what is none."""
        found = np.zeros(len(cells), np.int32)
        for alike in pick_by_length(cells, self._tables.keys()):
            found[alike.places] = self._tables[alike.length].find(alike.read_whole())
        return found


class _Table:
    """Codes of one length."""

    def __init__(self, words: list[np.ndarray], numbers: np.ndarray) -> None:
        bits = ((_FEW_SPARE if len(numbers) <= _FEW else _MANY_SPARE) * len(numbers)).bit_length()
        self._shift, self._mask = np.uint64(64 - bits), (1 << bits) - 1
        # a code's words lie together, so that comparing a cell with it reaches for memory once
        codes = np.stack([np.concatenate([word[:1], word]) for word in words], axis=1)
        self._codes = codes.view(f"V{8 * len(words)}").ravel() if len(words) > 1 else codes.ravel()
        self._numbers = np.concatenate([np.zeros(1, np.int32), numbers])
        self._rows = np.zeros(1 << bits, np.int32)  # 0: no code
        places, left = self._begin(words), np.arange(1, len(numbers) + 1, dtype=np.int32)
        while len(left):
            is_free = self._rows[places] == 0
            self._rows[places[is_free]] = left[is_free]  # of several that want one place the last has it
            is_out = self._rows[places] != left
            places, left = (places[is_out] + 1) & self._mask, left[is_out]

    def find(self, words: list[np.ndarray]) -> np.ndarray:
        """The number of each code that these words make; 0 for what is none."""
        places = self._begin(words)
        rows = self._rows[places]
        is_open = self._differ(rows, words)
        open_cells = np.flatnonzero(is_open)
        while len(open_cells):
            tried = (places[open_cells] + 1) & self._mask
            places[open_cells] = tried
            rows[open_cells] = self._rows[tried]
            still = self._differ(rows[open_cells], [word[open_cells] for word in words])
            open_cells = open_cells[still]
        numbers: np.ndarray = self._numbers[rows]
        return numbers

    def _begin(self, words: list[np.ndarray]) -> np.ndarray:
        """Where the search for each begins."""
        mark = words[0] * SPREAD
        for word in words[1:]:
            mark ^= mark >> _FOLD
            mark += word
            mark *= SPREAD
        mark ^= mark >> np.uint64(32)
        mark *= SPREAD
        places: np.ndarray = (mark >> self._shift).astype(np.int64)
        return places

    def _differ(self, rows: np.ndarray, words: list[np.ndarray]) -> np.ndarray:
        """Whether another code stands there; not so where none does."""
        codes = self._codes[rows].view(np.uint64).reshape(len(rows), -1)
        differ: np.ndarray = codes[:, 0] != words[0]
        for number, word in enumerate(words[1:], start=1):
            differ |= codes[:, number] != word
        differ &= rows != 0
        return differ
