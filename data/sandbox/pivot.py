"""PIVOT without its values: finds them first, so that what is run has them all and is a plain SELECT.

The engine runs such a PIVOT as several statements, which make a type and drop it again, and its parser gives no tree of
them. So the values are named in the text before the gate looks at it: a mark stands in their place at first, and the tree
with the marks, checked by the gate as any other, says what to ask for the values. Which words of a text make a PIVOT is a
guess from its tokens; a wrong one gives a text that the gate refuses, or an error. Knows no connection.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from data.sandbox.refusal import SandboxError

VALUES_MAX = 1_000
"""Values that one PIVOT may find: each becomes a column."""
MARKS_MAX = 20
"""Lists of values in one text that are found for it."""
_WORD = re.compile(rb"[A-Za-z_][A-Za-z_0-9]*")
_PIVOTS = ("pivot", "pivot_wider")
_BEFORE = frozenset({"", "(", ")", ";", "describe", "desc", "summarize", "show"})
_AFTER_ON = frozenset({"using", "group", "order", "limit", "offset", "union", "intersect", "except", ";"})
_TEMPLATE = f"select distinct cast(x as varchar) from t where x is not null order by x limit {VALUES_MAX + 1}"

_TEMPLATE_OF_QUERY = f"select cast(x as varchar) from t where x is not null limit {VALUES_MAX + 1}"

Serialize = Callable[[str], str]
"""Gives the parser's tree of a text as JSON, or its error."""
Find = Callable[[dict[str, Any], int], list[str]]
"""Checks a statement, given as its tree, and gives its values; fails with the place that is given, of the marked text."""
Tokenize = Callable[[str], list[int]]
"""Gives the byte at which each token of a text begins; comments are none."""


@dataclass(frozen=True)
class Edit:
    """Bytes of a text that others stand for."""

    start: int
    removed: int
    put: bytes


@dataclass(frozen=True)
class Marked:
    """A text with a mark in place of the values of each PIVOT that does not name its own."""

    text: str
    edits: tuple[Edit, ...]
    marks: tuple[str, ...]
    queries: dict[str, str]
    """Of a mark, the query that gives the values: PIVOT … ON x IN (select …)."""


@dataclass(frozen=True)
class _Token:
    start: int
    said: str


def mark_values(text: str, tokenize: Tokenize) -> Marked | None:
    """The text with marks; None where it holds no PIVOT without values."""
    content = text.encode()
    tokens = _read_tokens(content, tokenize(text))
    edits: list[Edit] = []
    marks: list[str] = []
    queries: dict[str, str] = {}
    for first, last in _find_elements(tokens):
        mark = f"⟨values {len(marks)}⟩"
        while mark in text:
            mark += "⟩"
        end = tokens[last + 1].start if last + 1 < len(tokens) else len(content)
        put = f" in ('{mark}') ".encode()
        inside = _find_in(tokens, first, last)
        if inside is None:
            # the text may end in a comment
            edits.append(Edit(end, 0, b"\n" + put if end == len(content) else put))
        elif _word_at(tokens, inside + 2) in ("select", "with", "from"):
            close = _close_of(tokens, inside + 1)
            start, until = tokens[inside].start, tokens[close].start + 1
            queries[mark] = content[tokens[inside + 1].start + 1 : tokens[close].start].decode()
            edits.append(Edit(start, until - start, put))
        else:
            continue
        marks.append(mark)
    edits.sort(key=lambda edit: edit.start)
    is_tangled = any(one.start + one.removed > other.start for one, other in itertools.pairwise(edits))
    if not marks or is_tangled or len(marks) > MARKS_MAX:
        return None
    return Marked(apply(text, edits), tuple(edits), tuple(marks), queries)


def apply(text: str, edits: list[Edit]) -> str:
    """The text after the edits, which come in the order of their places."""
    content, at, pieces = text.encode(), 0, []
    for edit in edits:
        pieces += [content[at : edit.start], edit.put]
        at = edit.start + edit.removed
    return b"".join([*pieces, content[at:]]).decode()


def place_before(offset: int, edits: tuple[Edit, ...]) -> int:
    """Where in the text before the edits a byte of the text after them stood."""
    for edit in edits:
        if offset < edit.start:
            break
        if offset < edit.start + len(edit.put):
            return edit.start
        offset += edit.removed - len(edit.put)
    return offset


def name_values(
    text: str, marked: Marked, tree: dict[str, Any], serialize: Serialize, find: Find
) -> tuple[str, tuple[Edit, ...]]:
    """The text with the values of every PIVOT named, and what was put in.

    Parameters
    ----------
    tree : of the marked text; checked by the gate.
    """
    filler = _Filler(marked, serialize, find)
    filler.fill(copy.deepcopy(tree["statements"][0]), {})
    edits = []
    for edit in marked.edits:
        put = edit.put.decode()
        for mark, values in filler.found.items():
            put = put.replace(
                f"('{mark}')", "(" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + ")"
            )
        edits.append(Edit(edit.start, edit.removed, put.encode()))
    return apply(text, edits), tuple(edits)


class _Filler:
    """Goes through a tree and puts values in place of marks, innermost first."""

    def __init__(self, marked: Marked, serialize: Serialize, find: Find) -> None:
        self._marked = marked
        self._serialize = serialize
        self._find = find
        self.found: dict[str, list[str]] = {}

    def fill(self, part: Any, named: dict[str, Any]) -> None:
        """`named`: the parts of the query that can be seen from here, by name."""
        if isinstance(part, list):
            for item in part:
                self.fill(item, named)
        if not isinstance(part, dict):
            return
        entries = part["cte_map"].get("map", []) if isinstance(part.get("cte_map"), dict) else []
        for entry in entries:
            self.fill(entry["value"], named)
            named = {**named, str(entry["key"]).lower(): entry}
        for key, value in part.items():
            if key != "cte_map":
                self.fill(value, named)
        if part.get("type") == "PIVOT":
            for pivot in part.get("pivots", []):
                self._fill_pivot(part, pivot, named)

    def _fill_pivot(self, part: dict[str, Any], pivot: dict[str, Any], named: dict[str, Any]) -> None:
        entries = pivot.get("entries") or []
        said = str(entries[0]["values"][0].get("value")) if len(entries) == 1 and entries[0].get("values") else ""
        if said not in self._marked.marks:
            return
        if said in self._marked.queries:
            place = pivot["pivot_expressions"][0]["query_location"]
            source, expression = self._read_query(self._marked.queries[said]), {**_COLUMN, "query_location": place}
            template = _TEMPLATE_OF_QUERY  # its order is that of the columns
        else:
            source, expression, template = part["source"], pivot["pivot_expressions"][0], _TEMPLATE
        statement = _replaced(json.loads(self._serialize(template)), source, expression)
        statement["statements"][0]["node"]["cte_map"] = {"map": list(named.values())}
        values = list(dict.fromkeys(self._find(statement, int(expression["query_location"]))))
        if len(values) > VALUES_MAX:
            raise SandboxError(
                "error",
                f"PIVOT would make more than {VALUES_MAX:,} columns, one for each value.",
                "Pivot on something with fewer values, or name some: PIVOT t ON column IN ('a', 'b') USING count(*).",
            )
        if not values:
            raise SandboxError(
                "error", "PIVOT finds no value to make a column of.", "Look at its rows first, without the PIVOT."
            )
        self.found[said] = values
        pivot["entries"] = [{**entries[0], "values": [{**entries[0]["values"][0], "value": value}]} for value in values]

    def _read_query(self, text: str) -> dict[str, Any]:
        tree = json.loads(self._serialize(f"from ({text}\n) as t(x)"))
        if tree.get("error") or len(tree["statements"]) != 1:
            raise SandboxError("error", "The values of a PIVOT cannot be read.", "Name them: IN ('a', 'b').")
        source: dict[str, Any] = tree["statements"][0]["node"]["from_table"]
        return source


_COLUMN = {"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": "", "column_names": ["x"]}


def _replaced(tree: Any, source: dict[str, Any], expression: dict[str, Any]) -> Any:
    """The template's tree with the table and the column put in."""
    if isinstance(tree, list):
        return [_replaced(item, source, expression) for item in tree]
    if isinstance(tree, dict):
        if tree.get("type") == "BASE_TABLE":
            return source
        if tree.get("class") == "COLUMN_REF":
            return {**expression, "alias": ""}
        return {key: _replaced(value, source, expression) for key, value in tree.items()}
    return tree


def _read_tokens(content: bytes, starts: list[int]) -> list[_Token]:
    tokens = []
    for start in starts:
        word = _WORD.match(content, start)
        tokens.append(_Token(start, word[0].decode().lower() if word else chr(content[start])))
    return tokens


def _find_elements(tokens: list[_Token]) -> Iterator[tuple[int, int]]:
    """First and last token of each thing that some PIVOT is ON."""
    for number, token in enumerate(tokens):
        before = tokens[number - 1].said if number else ""
        if token.said not in _PIVOTS or before not in _BEFORE:
            continue
        if _is_of_the_standard(tokens, number + 1):
            continue
        on = end = -1
        depth = 0
        for at in range(number + 1, len(tokens) + 1):
            said = tokens[at].said if at < len(tokens) else ";"
            if depth == 0 and (said == ")" or (said in _AFTER_ON and (on >= 0 or said == ";"))):
                # the condition of a join ends in no word of these but in the ON of the PIVOT itself
                end = at
                break
            if depth == 0 and said == "on":
                on = at
            depth += _deeper(said)
        if on >= 0 and end > on + 1:
            yield from _split(tokens, on + 1, end - 1)


def _split(tokens: list[_Token], first: int, last: int) -> Iterator[tuple[int, int]]:
    """The stretches between the commas."""
    depth, begin = 0, first
    for at in range(first, last + 1):
        said = tokens[at].said
        if said == "," and depth == 0:
            yield begin, at - 1
            begin = at + 1
        depth += _deeper(said)
    if begin <= last:
        yield begin, last


def _is_of_the_standard(tokens: list[_Token], at: int) -> bool:
    """Whether `(count(*) for x in (…))` stands here: SQL's own way, which always names its values."""
    depth = 0
    for token in tokens[at:]:
        depth += _deeper(token.said)
        if depth == 0:
            return False
        if depth == 1 and token.said == "for":
            return True
    return False


def _find_in(tokens: list[_Token], first: int, last: int) -> int | None:
    depth = 0
    for at in range(first, last + 1):
        said = tokens[at].said
        if depth == 0 and said == "in":
            return at
        depth += _deeper(said)
    return None


def _close_of(tokens: list[_Token], at: int) -> int:
    """The token that closes the bracket at this one; the last of all where nothing does."""
    depth = 0
    for number in range(at, len(tokens)):
        depth += _deeper(tokens[number].said)
        if depth == 0:
            return number
    return len(tokens) - 1


def _word_at(tokens: list[_Token], at: int) -> str:
    return tokens[at].said if at < len(tokens) else ""


def _deeper(said: str) -> int:
    """How much deeper in brackets what follows this token stands: 1, 0 or -1."""
    return (said in ("(", "[", "{")) - (said in (")", "]", "}"))
