"""Tokens of residents seen lately, so that a person's is made once and not for each of their lines.

A district is sampled again and again: four lines in five name somebody whose token was made before, and looking it up costs a
tenth of making it. A table of fixed size in this process's memory, by the number's 17 digits (the eighteenth follows from
them); it knows no key but the one that it was made for, and ends with it.
"""

from __future__ import annotations

import threading

import numpy as np

from data.ingest.marks import SPREAD
from data.ingest.pseudonym import Key, make_tokens

PLACES = 1 << 20
"""So many people are remembered at most, in 24 MB; of who finds no place within TRIES the token is made each time."""
TRIES = 4


class TokenMemory:
    """The tokens made with one key for documents of one type. Several threads may ask it."""

    def __init__(self, key: Key, prefix: bytes, places: int = PLACES) -> None:
        self.key = key
        self._prefix = prefix
        self._lock = threading.Lock()
        self._shift = np.uint64(64 - (places.bit_length() - 1))
        self._mask = places - 1
        self._bodies = np.zeros(places, np.int64)  # 0: no number begins so
        self._high = np.zeros(places, np.uint64)
        self._low = np.zeros(places, np.uint64)

    def find(self, bodies: np.ndarray, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The tokens of these numbers: their first and their second 64 bits. `bodies`: their first 17 digits; `texts`: all 18."""
        with self._lock:
            places, is_known = self._look(bodies)
            high, low = self._high[places], self._low[places]
        strange = np.flatnonzero(~is_known)
        if len(strange):
            first, of_line = self._find_first(bodies[strange])
            new = strange[first]
            new_high, new_low = make_tokens(texts[new].tolist(), self.key, self._prefix)
            high[strange], low[strange] = new_high[of_line], new_low[of_line]
            with self._lock:
                self._keep(bodies[new], new_high, new_low)
        return high, low

    def _find_first(self, bodies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One line for each number, and which of them each line's is: five times as fast as sorting the numbers.

        Of two numbers that begin at one place, one may be found more than once.
        """
        lines = np.arange(len(bodies), dtype=np.int32)
        begins = self._begin(bodies)
        line_at = np.empty(self._mask + 1, np.int32)
        line_at[begins] = lines  # of several the last
        found = line_at[begins]
        found = np.where(bodies[found] == bodies, found, lines)
        is_first = found == lines
        place = np.empty(len(bodies), np.int32)
        first = np.flatnonzero(is_first)
        place[first] = np.arange(len(first), dtype=np.int32)
        return first, place[found]

    def _begin(self, bodies: np.ndarray) -> np.ndarray:
        """Where the search for each begins."""
        places: np.ndarray = ((bodies.astype(np.uint64) * SPREAD) >> self._shift).astype(np.int64)
        return places

    def _look(self, bodies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places = self._begin(bodies)
        is_known = self._bodies[places] == bodies
        for _ in range(1, TRIES):
            open_lines = np.flatnonzero(~is_known)
            if not len(open_lines):
                break
            tried = (places[open_lines] + 1) & self._mask
            places[open_lines] = tried
            is_known[open_lines] = self._bodies[tried] == bodies[open_lines]
        return places, is_known

    def _keep(self, bodies: np.ndarray, high: np.ndarray, low: np.ndarray) -> None:
        places, left = self._begin(bodies), np.arange(len(bodies))
        for _ in range(TRIES):
            free = self._bodies[places[left]] == 0
            taken = left[free]
            self._bodies[places[taken]] = bodies[taken]  # of several that want one place the last has it
            is_kept = self._bodies[places[left]] == bodies[left]
            kept = left[is_kept]
            self._high[places[kept]], self._low[places[kept]] = high[kept], low[kept]
            left = left[~is_kept]
            places[left] = (places[left] + 1) & self._mask
