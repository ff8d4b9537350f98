"""What is wrong with a reference file, told all at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import ReferenceFileError

SHOWN_COUNT = 20
_PERSONAL = re.compile(r"\d{17}[\dXx]|\b1\d{10}\b")


@dataclass(frozen=True)
class Problem:
    """One reason to refuse a file; `place` is such as "line 4", empty for the file as a whole."""

    place: str
    column: str
    value: str | None
    expected: str
    reason: str = ""
    """A code of what is wrong, for whoever words it in another language; "" where only the words say it."""

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.place, self.column) if part)
        found = "" if self.value is None else f"{_shown(self.value)}; "
        return f"{where}: {found}{self.expected}" if where else f"{found}{self.expected}"


def refusal(path: Path, problems: Sequence[Problem], problem_count: int | None = None) -> ReferenceFileError:
    """The error that refuses a file, listing the first problems and counting all of them."""
    count = problem_count or len(problems)
    lines = [f"  {problem}" for problem in problems[:SHOWN_COUNT]]
    if count > len(lines):
        lines.append(f"  … and {count - len(lines):,} more")
    noun = "problem" if count == 1 else "problems"
    return ReferenceFileError(
        f"{path} is refused, nothing was changed: {count:,} {noun}.\n" + "\n".join(lines) + "\n",
        "Correct the file and import it again; data/FORMATS.md describes every column.",
    )


def _shown(value: str) -> str:
    """The value as found, cut to a readable length; what looks like an ID or telephone number is not repeated."""
    if value.strip() == "":
        return "empty"
    short = value if len(value) <= 60 else value[:57] + "…"
    return repr(_PERSONAL.sub("***", short))
