"""A plan as EXPLAIN draws it: what it is known by, and its boxes without the names of files, each 29 places wide."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_COLUMNS = ["explain_key", "explain_value"]
_BOX_WIDTH = 29
_BLANK = " " * (_BOX_WIDTH - 2)
_PART_OF_NAME = re.compile(r"\.parquet|ducklake-|/", re.IGNORECASE)


def is_plan(columns: Sequence[str]) -> bool:
    """Whether an answer with these columns is that to EXPLAIN: a drawing of many lines, which no cell of a table holds."""
    return list(columns) == _COLUMNS


def hide_files(plan: str) -> str:
    """The plan with every box's list of files left blank."""
    hidden: set[int] = set()
    lines = []
    for line in plan.split("\n"):
        boxes = _cut(line)
        for number, box in enumerate(boxes):
            said = box[1:-1].strip()
            if said == "Filename(s):":
                hidden.add(number)
            elif not said or not box.startswith("│"):
                hidden.discard(number)
            # DuckDB breaks a long name over lines; whatever still looks like a piece of one goes too
            if box.startswith("│") and (number in hidden or _PART_OF_NAME.search(said)):
                boxes[number] = f"│{_BLANK}{box[-1:]}"
        lines.append("".join(boxes))
    return "\n".join(lines)


def _cut(line: str) -> list[str]:
    """The line in pieces of a box's width; a Chinese character takes two places."""
    pieces, piece, width = [], "", 0
    for character in line:
        piece += character
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width >= _BOX_WIDTH:
            pieces.append(piece)
            piece, width = "", 0
    return [*pieces, piece] if piece else pieces
