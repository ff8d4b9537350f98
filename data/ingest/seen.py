"""Which marks were noted before: a filter of fixed size in this process's memory, which now and then says yes for nothing.

With `mark_persons` and `mark_registrations` of 8 million versions it does so once in seventeen times for either; what it
costs then is a look into the mirror, for a line that nothing is known of.
"""

from __future__ import annotations

import numpy as np

BITS = 28
"""2^28 bits are 32 MB."""
_BIT_OF_BYTE = np.uint64(7)


class Seen:
    """The marks noted so far. It says never no of one of them."""

    def __init__(self) -> None:
        self._bits = np.zeros(1 << (BITS - 3), np.uint8)

    def note(self, marks: np.ndarray) -> None:
        """Notes these marks, 64 bits each, of which the first are as good as random."""
        places, bits = _find(marks)
        for bit in range(8):  # marks that share a byte set the same bit of it at a time: none is lost
            self._bits[places[bits == bit]] |= np.uint8(1 << bit)

    def may_hold(self, marks: np.ndarray) -> np.ndarray:
        """Whether each may have been noted."""
        places, bits = _find(marks)
        found: np.ndarray = (self._bits[places] >> bits & 1).astype(bool)
        return found


def _find(marks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    number = marks >> np.uint64(64 - BITS)
    return (number >> np.uint64(3)).astype(np.int64), (number & _BIT_OF_BYTE).astype(np.uint8)
