"""Checks the style of SQL files: `python tests/architecture/sql_style.py queries`. Prints what is wrong; exit 1 if anything is.

Only what keeps files alike and readable: lower case outside of quotes and comments, spaces for indentation, no trailing
blanks, no endless line below the header, one statement with an order, none of the words that do not carry over to
another engine. Line breaks and indentation are the writer's: a formatter knows less about what belongs together.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST_LINE = 140
# what a question may not use: time that moves by itself, and forms that other engines lack
FORBIDDEN = re.compile(
    r"\b(?:(?:now|today|time_bucket|to_minutes)\s*\(|current_timestamp\b|current_date\b|pivot\b|unpivot\b|asof\b)"
)
_QUOTED_OR_COMMENT = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*")


def find_faults(path: Path) -> Iterator[str]:
    """What is wrong with one file, a sentence each."""
    text = path.read_text(encoding="utf-8")
    if not text.endswith("\n"):
        yield f"{path}: no line break at the end"
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip():
            yield f"{path}:{number}: blanks at the end of the line"
        if "\t" in line:
            yield f"{path}:{number}: a tab; indent with spaces"
        if len(line) > LONGEST_LINE and not line.startswith("--"):
            yield f"{path}:{number}: {len(line)} characters; at most {LONGEST_LINE}"
    bare = _QUOTED_OR_COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    for number, line in enumerate(bare.splitlines(), 1):
        for word in re.findall(r"\w+", line):
            if word != word.lower():
                yield f"{path}:{number}: {word!r} is not in lower case"
        for found in FORBIDDEN.findall(line):
            yield f"{path}:{number}: {found!r} is not for questions"
    if bare.strip().rstrip(";").count(";"):
        yield f"{path}: more than one statement"
    if not re.search(r"\border\s+by\b", bare):
        yield f"{path}: no order by; an answer has a total order"


def main() -> int:
    """Prints the faults of all SQL files below the given folders; gives the exit code."""
    paths = [path for folder in sys.argv[1:] for path in sorted(Path(folder).rglob("*.sql"))]
    faults = [fault for path in paths for fault in find_faults(path)]
    for fault in faults:
        sys.stdout.write(fault + "\n")
    sys.stdout.write(f"{len(paths)} SQL files, {len(faults)} faults\n")
    return 1 if faults or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
