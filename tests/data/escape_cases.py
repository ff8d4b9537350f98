"""The corpus of escapes and bombs in `tests/data/escapes/`, as cases.

A file holds cases one after another: `-- case: name`, `-- expect: outcome words`, then the SQL as it is typed. In it «x»×3
stands for xxx, and an escape within those brackets such as \\0 for the character. Outcomes:

    refused [word]      not run, for this reason; without a word for any, or because it cannot even be read
    contained [words]   run, and stopped by one of these limits or errors; without words by any
    cut rows|bytes      answered up to this limit
    error               the engine says that there is no such thing
    answer              harmless: it is answered

And what must be answered, in `analyst_queries.sql`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "escapes"
ANALYST_QUERIES = Path(__file__).parent / "analyst_queries.sql"
_CASE = re.compile(r"^-- case: (?P<name>.+)\n-- expect: (?P<outcome>\w+)(?P<words>[^\n]*)\n", re.MULTILINE)
_ASKED = re.compile(r"^-- asks: (.+)\n-- gives: (.+)\n", re.MULTILINE)
_REPEATED = re.compile(r"«(.*?)»×(\d+)", re.DOTALL)


@dataclass(frozen=True)
class Case:
    """One escape: what is typed, and how it must end."""

    file: str
    name: str
    outcome: str
    words: frozenset[str]
    text: str


def read_cases(*files: str) -> list[Case]:
    """The cases of these files, of all without any."""
    cases = []
    for path in sorted(FOLDER.glob("*.sql")):
        if files and path.stem not in files:
            continue
        pieces = _CASE.split(path.read_text(encoding="utf-8"))[1:]
        for name, outcome, words, text in zip(*[iter(pieces)] * 4, strict=True):
            known = words.strip()
            listed = frozenset({known} if outcome == "refused" else known.split()) - {""}
            cases.append(Case(path.stem, name, outcome, listed, _REPEATED.sub(_repeat, text.rstrip("\n"))))
    return cases


def read_analyst_queries() -> list[tuple[str, str, str]]:
    """What is asked, what must be found in the answer, and the text."""
    pieces = _ASKED.split(ANALYST_QUERIES.read_text(encoding="utf-8"))[1:]
    return list(zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True))


def _repeat(found: re.Match[str]) -> str:
    special = {"\\0": "\0", "\\ud800": "\ud800", "\\a": "\a"}
    return special.get(found[1], found[1]) * int(found[2])


def misses(case: Case, state: str, word: str, cut_by: str) -> str:
    """In what the end of a case differs from what is expected; "" where it does not."""
    said = f"{case.file}: {case.name}: {state} {word}{cut_by}, expected {case.outcome} {' '.join(sorted(case.words))}"
    match case.outcome:
        case "refused":
            right = word in case.words if case.words else state == "refused" or word == "error"
        case "contained":
            did_end = state == "done" and ("answer" in case.words or (cut_by != "" and "cut" in case.words))
            stopped = state in ("failed", "refused") and (word in case.words or not case.words - {"answer", "cut"})
            right = did_end or stopped
        case "cut":
            right = state == "done" and cut_by in case.words
        case "error":
            right = state == "failed" and word == "error"
        case _:
            right = state == "done"
    return "" if right else said
