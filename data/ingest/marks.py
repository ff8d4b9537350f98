"""Keys as 64 bits each, whose first are as good as random: for filters and tables, and for telling quickly what may be the same."""

from __future__ import annotations

import numpy as np

SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2^64 divided by the golden ratio: neighbouring numbers times it differ in their first bits (Knuth, volume 3, 6.4)."""


def mark_persons(token_high: np.ndarray, round_no: np.ndarray) -> np.ndarray:
    """64 bits of each person in each round. Two that differ may share them, once in some 10^19 pairs: compare."""
    marks: np.ndarray = token_high ^ (round_no.astype(np.uint64) * SPREAD)
    return marks


def mark_registrations(token_low: np.ndarray, site_no: np.ndarray, registered_us: np.ndarray) -> np.ndarray:
    """64 bits of each registration, as `mark_persons`."""
    place = registered_us.astype(np.uint64) * np.uint64(1 << 12) + site_no.astype(np.uint64)
    marks: np.ndarray = token_low ^ (place * SPREAD)
    return marks
