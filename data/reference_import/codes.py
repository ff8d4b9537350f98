"""Codes that came through a spreadsheet or a column of numbers: what can be restored is, what is lost is told."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WITH_POINT = re.compile(r"(\d+)\.0+")
_SCIENTIFIC = re.compile(r"(\d)(?:\.(\d+))?[eE]\+?(\d+)")


def restore_code(text: str) -> str | None:
    """The code that a number was made of: "440703002143002.0" and "4.40703002143002E+14" have lost nothing.

    None where digits are gone, as in "4.40703E+14"; any other text as it is.
    """
    pointed = _WITH_POINT.fullmatch(text)
    if pointed:
        return pointed[1]
    scientific = _SCIENTIFIC.fullmatch(text)
    if not scientific:
        return text
    digits, shift = scientific[1] + (scientific[2] or ""), int(scientific[3])
    return digits if len(digits) == shift + 1 and shift > 2 else None


def describe_lost_zeros(field: str, codes: Sequence[str]) -> str | None:
    """A sentence where codes that a file holds as numbers differ in length: leading zeros may be gone. Else None."""
    lengths = sorted({len(code) for code in codes if code})
    if len(lengths) < 2:
        return None
    return (
        f"{field}: the file holds these codes as numbers, of {lengths[0]} to {lengths[-1]} digits: if some began with 0, that 0 "
        "is gone. Export the column as text."
    )
