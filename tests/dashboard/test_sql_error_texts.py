"""Every sentence of the sandbox's is told in Chinese too: those are found in its source, so that none is forgotten."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import data.sandbox
from dashboard.parts.sql.error import translate
from data.sandbox import engine_errors, gate, slips

SOURCES = sorted(Path(data.sandbox.__file__).parent.glob("*.py"))


def sentences(node: ast.expr) -> Iterator[str]:
    """What an expression may say; any value in it is an x."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "x" for part in node.values)  # type: ignore[misc]
    elif isinstance(node, ast.IfExp):
        yield from (*sentences(node.body), *sentences(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from sentences(value)


def said_in(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = {"SandboxError": 1, "_refusal": 2}.get(called)
            if first is not None:
                for argument in node.args[first : first + 2]:
                    yield from sentences(argument)
        elif isinstance(node, ast.Return) and source.stem == "slips" and node.value is not None:
            for part in node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]:
                yield from (one for one in sentences(part) if " " in one)


def test_every_sentence_of_the_sandbox_has_its_chinese() -> None:
    found = {sentence for source in SOURCES for sentence in said_in(source)}
    found |= {*gate._HINTS.values(), *(hint for _, hint in engine_errors._HINTS), gate._SHAPES, slips._NOBODY} - {""}
    assert len(found) > 100
    untold = sorted(sentence for sentence in found if sentence.strip() and translate(sentence, "zh") == sentence)
    assert untold == []
