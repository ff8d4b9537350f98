"""How the sandbox says no, or that something went wrong: a word for programmes, sentences for people."""

from __future__ import annotations

from typing import Any

from data.errors import WanggeError


class SandboxError(WanggeError):
    """A query gave no answer.

    Parameters
    ----------
    word : what kind of failure: of a refusal "statement", "several", "empty", "text", "file", "table function",
        "function", "catalogue", "parameter", "syntax"; of a limit "time", "memory", "processor", "depth", "bytes",
        "queue"; else "error" (the engine's own), "cancelled", "lost", "off" or "situation".
    line, column : where in the text, from 1; 0 where that is not known.
    """

    def __init__(self, word: str, message: str, hint: str = "", *, line: int = 0, column: int = 0) -> None:
        super().__init__(message, hint)
        self.word = word
        self.line = line
        self.column = column

    @property
    def is_refusal(self) -> bool:
        """Whether the query was not run at all because it asks for what is not allowed."""
        return self.word in REFUSALS

    def as_word(self) -> dict[str, Any]:
        """The error as a frame says it."""
        return {
            "word": self.word, "message": self.message, "hint": self.hint, "line": self.line, "column": self.column,
        }  # fmt: skip


REFUSALS = frozenset(
    {
        "statement",
        "several",
        "empty",
        "text",
        "file",
        "table function",
        "function",
        "catalogue",
        "parameter",
        "syntax",
        "depth",
    }
)
LIMITS = frozenset({"time", "memory", "processor", "bytes", "queue"})


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a byte offset into the text as UTF-8; (0, 0) where it lies outside."""
    before = text.encode("utf-8", "replace")
    if not 0 <= offset <= len(before):
        return 0, 0
    lines = before[:offset].decode("utf-8", "replace").split("\n")
    return len(lines), len(lines[-1]) + 1


def mark(text: str, line: int, column: int) -> str:
    """The line of the text with a mark below the column, cut to what fits; "" where the place is not known."""
    lines = text.split("\n")
    if not (1 <= line <= len(lines)) or column < 1:
        return ""
    start = max(0, column - 41)
    shown = lines[line - 1][start : start + 80].replace("\t", " ").rstrip("\r")
    lead = f"LINE {line}: "
    wide = sum(2 if ord(character) > 0x2E7F else 1 for character in shown[: column - 1 - start])
    return f"{lead}{shown}\n{' ' * (len(lead) + wide)}^"
