"""Which columns a log may have, under which Chinese and English headers, and which kind of log a header announces."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.errors import IngestError

COLUMNS_FILE = Path(__file__).parent / "columns.csv"
WORDS_FILE = Path(__file__).parent / "words.csv"


@dataclass(frozen=True)
class LogKind:
    """A kind of log: its columns, in the order of FORMATS.md, those it cannot lack, and every header they go by."""

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    column_by_header: dict[str, str]


@cache
def read_log_kinds() -> tuple[LogKind, ...]:
    """The kinds of log that are known, from `columns.csv`."""
    kinds: dict[str, tuple[list[str], list[str], dict[str, str]]] = {}
    with COLUMNS_FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            columns, required, headers = kinds.setdefault(row["log_kind"], ([], [], {}))
            column = row["column_name"]
            columns.append(column)
            if row["is_required"] == "true":
                required.append(column)
            headers[column] = column
            headers |= dict.fromkeys(row["aliases"].split(";"), column)
    return tuple(LogKind(name, tuple(c), tuple(r), h) for name, (c, r, h) in kinds.items())


@cache
def read_words() -> dict[str, dict[str, str]]:
    """The closed vocabularies, from `words.csv`: vocabulary → word in a file → code in the lake."""
    words: dict[str, dict[str, str]] = {}
    with WORDS_FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            words.setdefault(row["vocabulary"], {})[row["word"]] = row["code"]
    return words


def recognise_header(headers: Sequence[str]) -> tuple[LogKind, tuple[str | None, ...]]:
    """The kind of log that this header line announces, and the column at each position (None: not read).

    Raises IngestError, naming the columns that are missing, when it is no log, and when a column occurs twice.
    """
    cleaned = [header.strip().strip("\u3000") for header in headers]
    complete, nearest, fewest = [], "", 99
    for kind in read_log_kinds():
        found = {kind.column_by_header[header] for header in cleaned if header in kind.column_by_header}
        missing = [column for column in kind.required if column not in found]
        if not missing:
            complete.append((len(kind.required), kind))
        elif len(missing) < fewest:
            fewest, nearest = len(missing), f"as a {kind.name} log it lacks {', '.join(missing)}"
    if not complete:
        raise IngestError(f"its header is no log's: {nearest}.", "See data/FORMATS.md for the columns of each log.")
    kind = max(complete, key=lambda pair: pair[0])[1]
    positions = tuple(kind.column_by_header.get(header) for header in cleaned)
    known = [column for column in positions if column]
    if len(set(known)) != len(known):
        twice = sorted({column for column in known if known.count(column) > 1})
        raise IngestError(f"its header names {', '.join(twice)} twice.", "Leave one of the two columns.")
    return kind, positions
