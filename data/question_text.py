"""Questions as texts that an analyst opens, changes and runs; and what such a text takes beside its statement.

A text is SQL. Comments at its top may say `-- uses: sites/state, …`, which puts the answers of those questions at hand under
the names `sites_state`, …, and `-- params: $limit BIGINT default 20; …`, as the files in `queries/` do; its last line may
give the values: `-- values: {"round_code": "R4"}`. So it runs as it is, from the page, at the shell or from another machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from data.errors import QuestionError
from data.questions import (
    Param,
    Question,
    accepted_params,
    compose,
    find_params,
    find_question,
    parse_params,
    read_questions,
)

NAME = "this text"
"""How a text is called in errors of its parameters."""
VALUES_MAX = 20_000
_HEAD = re.compile(r"\A(?:[ \t]*(?:--[^\n]*)?\n)*")
_USES = re.compile(r"^[ \t]*--[ \t]*uses:[ \t]*(.*)$", re.MULTILINE)
_PARAMS = re.compile(r"^[ \t]*--[ \t]*params:[ \t]*(.*)$", re.MULTILINE)
_VALUES = re.compile(r"\n?^--[ \t]*values:[ \t]*(\{[^\n]*\})\s*\Z", re.MULTILINE)
_LEAD = re.compile(r"[ \t]*(?:explain\s+(?:analyze\s+)?|describe\s+|summarize\s+)", re.IGNORECASE)


@dataclass(frozen=True)
class Prepared:
    """A text made ready to run: one statement, the values of its parameters by type, and the moment it is asked about."""

    statement: str
    values: dict[str, tuple[str, Any]]
    moment: Any
    """What came after it is to be hidden; None where the text names no moment."""
    text: str

    def place_in_text(self, line: int, column: int) -> tuple[int, int]:
        """Where a place of the statement stands in the text; (0, 0) for one in a question that the text uses."""
        if not line or self.statement == self.text:
            return line, column
        lines = self.statement.split("\n")
        behind = sum(len(one) + 1 for one in lines[line:]) + len(lines[line - 1]) - column + 1
        offset = len(self.text) - behind
        if offset < _begin(self.text):
            return 0, 0
        before = self.text[:offset].split("\n")
        return len(before), len(before[-1]) + 1


def write_text(name: str, title: str) -> str:
    """One of our questions as a text to open: what is asked, its parameters, what it uses, and the statement of its file."""
    question = find_question(name, read_questions())
    params = [param for param in question.params if param.name != "as_of"]
    lines = [f"-- {title}", f"-- queries/{name}.sql"]
    if params:
        lines.append(f"-- params: {'; '.join(map(_write_param, params))}")
    if question.uses:
        lines.append(f"-- uses: {', '.join(question.uses)}")
    return "\n".join([*lines, question.statement, ""])


def read_needs(text: str) -> dict[str, Param]:
    """The parameters that a text takes, those without a default first; QuestionError where its comments are malformed.

    Of the questions that it uses, those that must be given; `$as_of` is not among them: a page has its moment.
    """
    question = _read(text)
    own = find_params(text)
    accepted = accepted_params(question, read_questions())
    needed = {
        name: param for name, param in accepted.items() if name != "as_of" and (name in own or not param.has_default)
    }
    return dict(sorted(needed.items(), key=lambda item: item[1].has_default))


def add_values(text: str, values: Mapping[str, str | int | float | None]) -> str:
    """The text with these values as its last line, in place of those that stand there."""
    bare = _VALUES.sub("", text)
    return f"{bare.rstrip()}\n-- values: {json.dumps(dict(values), ensure_ascii=False)}\n" if values else bare


def read_values(text: str) -> dict[str, Any]:
    """The values that a text gives itself. QuestionError where they cannot be read."""
    found = _VALUES.search(text[-VALUES_MAX:])
    if found is None:
        return {}
    try:
        values = json.loads(found[1])
    except (ValueError, RecursionError):
        raise QuestionError(
            "The line `-- values:` cannot be read.", 'Write it as -- values: {"round_code": "R4"}.'
        ) from None
    return {name: value for name, value in values.items() if isinstance(value, str | int | float | None)}


def prepare_text(text: str, defaults: Mapping[str, Any]) -> Prepared:
    """The text as one statement with its values; `defaults` are what the district has set, for whatever the text leaves open.

    A text that uses no question stays to the letter as it is. QuestionError where its comments name what there is not, or a
    question that it uses lacks a value; of its own `$names` those without one are left out: it may be a text's `'$5'`.
    """
    question = _read(text)
    given = {"as_of": None, **defaults, **read_values(text)}
    own = tuple(param for param in question.params if param.has_default or param.name in given)
    question = replace(question, params=own)
    accepted = accepted_params(question, read_questions())
    for name, param in accepted.items():
        if name not in given and not param.has_default:
            raise QuestionError(f"${name} has no value.", "Choose one above the editor, or write the value itself.")
    composed = compose(question, {name: value for name, value in given.items() if name in accepted})
    lead = _lead(text) if question.uses else ""
    statement = lead + composed.statement if question.uses else text
    return Prepared(statement, composed.values, composed.moment if "as_of" in composed.values else None, text)


def _read(text: str) -> Question:
    """The text as a question. A name behind a `$` that nothing declares is taken as our questions take it, else as text."""
    begin, questions = _begin(text), read_questions()
    head = text[:begin]
    own = {param.name: param for found in _PARAMS.finditer(head) for param in _parse(found[1])}
    uses = tuple(part.strip() for found in _USES.finditer(head) for part in found[1].split(",") if part.strip())
    inherited = {
        name for used in uses for name in accepted_params(find_question(used, questions), questions) if name not in own
    }
    known = _known_params()
    for name in find_params(text) - inherited - own.keys() - {"as_of"}:
        own[name] = known.get(name) or Param(name, "VARCHAR")
    statement = text[begin + len(_lead(text)) :] if uses else text
    return Question(NAME, "", "", tuple(own.values()), (), "situation", "", uses, statement)


def _parse(text: str) -> tuple[Param, ...]:
    try:
        return parse_params(NAME, text)
    except QuestionError as error:
        raise QuestionError("The line `-- params:` cannot be read.", error.hint) from None


def _lead(text: str) -> str:
    """The EXPLAIN, DESCRIBE or SUMMARIZE before the statement: what is used comes behind it."""
    found = _LEAD.match(text[_begin(text) :])
    return found[0] if found else ""


@cache
def _known_params() -> dict[str, Param]:
    """Every parameter of our questions by name, without a default: each question has its own."""
    return {
        param.name: Param(param.name, param.type, note=param.note)
        for one in read_questions().values()
        for param in one.params
    }


def _begin(text: str) -> int:
    """Where the statement begins, behind the comments at the top."""
    head = _HEAD.match(text)
    return head.end() if head else 0


def _write_param(param: Param) -> str:
    default = ""
    if param.has_default:
        value = "null" if param.default is None else str(param.default)
        default = (
            f" default {value!r}"
            if param.type in ("VARCHAR", "TIMESTAMPTZ") and param.default is not None
            else f" default {value}"
        )
    return f"${param.name} {param.type}{default}{f' {param.note}' if param.note else ''}"
