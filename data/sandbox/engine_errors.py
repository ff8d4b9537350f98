"""An error of the engine as a person can use it: without paths, with its place in the text, and what to do.

Knows the engine's messages, and no connection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import duckdb

from data.sandbox import slips
from data.sandbox.refusal import SandboxError, place_of

_MISSING = (
    re.compile(r'Referenced column "(?P<name>.+?)" (?:was )?not found'),
    re.compile(r'does not have a column named "(?P<name>.+?)"'),
    re.compile(r'Column "(?P<name>.+?)" does not exist on (?:left|right) side'),
    re.compile(r'Column "(?P<name>.+?)" in (?:EXCLUDE|REPLACE|RENAME) list not found'),
    re.compile(r'column "?(?P<name>[^" ]+?)"? must appear in the GROUP BY clause'),
)
_MISSING_TABLE = re.compile(r'Referenced table "(.+?)" not found')
_ADVICE_TO_SET = re.compile(r"\s*(?:You can )?[Uu]se \W?SET [^.]*\.?|\s*\(?[Ss]ee [^.]*SET [^.]*\.?")
"""What the engine says of its settings, which are fixed here."""
_ITS_GUESSES = re.compile(r"\s*(?:Did you mean|Candidate|Hint:).*", re.DOTALL)
_ITS_TABLES = re.compile(r"Candidate tables: (.*)")
_HINTS = (
    ("No function matches", "Cast what it is given, as in try_cast(x as double)."),
    ("Could not convert", "try_cast(x as type) gives null where it cannot."),
    ("out of range", "try_cast(x as type) gives null where it cannot."),
    ("invalid timestamp", "Such as timestamptz '2022-07-14 08:40:00+08'."),
    ("must appear in the GROUP BY", "GROUP BY ALL groups by every column that is no aggregate."),
    ("not recognized", "Such as 'minute', 'hour', 'day', 'week'; for a quarter of an hour time_bucket(interval '15 minutes', x)."),
    ("more than one row", "Aggregate in the subquery, or LIMIT 1."),
    ("Ambiguous reference", "Write the table before it, as in site.grid_code."),
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What an error is told against: the text, where its bytes stand in it, and what there is."""

    text: str
    place_before: Callable[[int], int]
    """The byte of the text that stands at one of the statement that was run."""
    clean: Callable[[str], str]
    """Takes paths out."""
    read_columns: Callable[[], Mapping[str, Collection[str]]]
    hidden: Collection[str]


def tell_engine_error(error: Exception, asked: Asked) -> SandboxError:
    """The engine's error about a query."""
    kind, _, told = ("", "", str(error)) if late_kind(error) else str(error).partition(": ")
    try:
        word = json.loads(told)
    except ValueError:
        word = {"exception_message": told or kind}
    said = asked.clean(str(word.get("exception_message", "")))
    line, column = 0, 0
    if str(word.get("position", "")).isdigit():
        line, column = place_of(asked.text, asked.place_before(int(word["position"])))
    message = _ADVICE_TO_SET.sub("", _ITS_GUESSES.sub("", said)).strip()[:2000]
    names = re.findall(r"\w+", str(word.get("candidates", "")).replace('"', "")) if word.get("candidates") else []
    seen = {name.lower() for name in names} - set(asked.hidden)
    if listed := _ITS_TABLES.search(said):
        seen |= {name.lower() for name in re.findall(r"\w+", listed[1])} - set(asked.hidden)
    hint, place = _advise(message, seen, asked)
    if place >= 0 and (not line or hint.startswith("The sign")):
        line, column = place_of(asked.text, len(asked.text[:place].encode()))
    return SandboxError("error", message, hint, line=line, column=column)


def _advise(message: str, seen: set[str], asked: Asked) -> tuple[str, int]:
    """What to do, and where the slip is in the text, -1 where that is not found."""
    wide = slips.find_wide_sign(asked.text)
    for pattern in _MISSING:
        found = pattern.search(message)
        if not found:
            continue
        name = found["name"]
        place = slips.find_word(asked.text, name)
        if wide:
            return wide[1], wide[0]
        columns = asked.read_columns()
        if "GROUP BY" in message and any(name.lower() in those for those in columns.values()):
            break
        return slips.suggest_column(name, asked.text, columns, seen), place
    if found := _MISSING_TABLE.search(message):
        return f"The tables here are called {', '.join(sorted(seen))}." if seen else "Name it in FROM.", -1
    return next(((hint, -1) for mark, hint in _HINTS if mark in message), ("", -1))


def is_out_of_memory(error: Exception) -> bool:
    """Whether the engine, or a library below it, got no more memory."""
    said = str(error)
    if late_kind(error) == "Out of Memory":
        return True
    return isinstance(error, duckdb.OutOfMemoryException) or "bad_alloc" in said or "bad allocation" in said


def is_kept_out(error: Exception) -> bool:
    """Whether the engine wanted a file, or something else outside."""
    return isinstance(error, duckdb.PermissionException | duckdb.IOException) or late_kind(error) in (
        "Permission",
        "IO",
    )


def late_kind(error: Exception) -> str:
    """The engine's kind of an error that it met after the first rows: Arrow hands that on without its class. "" of any other."""
    if not isinstance(error, OSError):
        return ""
    try:
        return str(json.loads(str(error)).get("exception_type", ""))
    except (ValueError, AttributeError):
        return ""
