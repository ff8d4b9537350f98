"""The account of who asked what in SQL: lines that are only ever added, one file a month, never an answer.

A query has two lines, written when it is asked and when it ends, so that one which took the server with it is there
too. Long runs of digits in a text are masked: somebody may have typed a person's number.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from data.lake_errors import write_permission_error
from data.masking import mask_numbers
from data.settings import Settings


@dataclass(frozen=True)
class Asked:
    """A query as the account tells it; `outcome` is "" while it runs, or where the server ended before it did."""

    query: str
    asked_at: datetime
    user: str
    by: str
    """Through what: "page", "shell", "http", "question" or "export"."""
    text: str
    outcome: str = ""
    """"done", "refused", "failed", "cancelled"."""
    word: str = ""
    seconds: float | None = None
    row_count: int | None = None
    is_truncated: bool = False


def record_asked(settings: Settings, query: str, user: str, by: str, text: str) -> None:
    """Writes down that somebody asks. Raises LakeError where it cannot be written: then nothing is to be run."""
    _add(settings, {"event": "asked", "query": query, "user": user, "by": by, "text": mask_numbers(text)})


def record_ended(
    settings: Settings, query: str, outcome: str, word: str, seconds: float, row_count: int, is_truncated: bool
) -> None:
    """Writes down how a query ended."""
    _add(
        settings,
        {
            "event": "ended", "query": query, "outcome": outcome, "word": word, "seconds": round(seconds, 3),
            "rows": row_count, "truncated": is_truncated,
        },
    )  # fmt: skip


def read_account(settings: Settings, count: int = 1000) -> list[Asked]:
    """The newest queries first, so many at most."""
    ends: dict[str, dict[str, Any]] = {}
    found: list[Asked] = []
    for line in _lines_backwards(settings):
        if line.get("event") == "ended":
            ends[line["query"]] = line
        elif line.get("event") == "asked":
            end = ends.pop(line["query"], {})
            found.append(
                Asked(
                    line["query"], datetime.fromisoformat(line["at"]), line["user"], line["by"], line["text"],
                    end.get("outcome", ""), end.get("word", ""), end.get("seconds"), end.get("rows"), end.get("truncated", False),
                )
            )  # fmt: skip
            if len(found) >= count:
                break
    return found


def _add(settings: Settings, line: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    path = settings.audit_dir / f"sql-{now:%Y-%m}.jsonl"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            # a line that a power cut tore must not swallow the next one
            size = os.fstat(handle).st_size
            torn = b"\n" if size and os.pread(handle, 1, size - 1) != b"\n" else b""
            content = json.dumps({"at": now.isoformat(), **line}, ensure_ascii=False, separators=(",", ":"))
            os.write(handle, torn + content.encode("utf-8", "replace") + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise write_permission_error(path.parent, error) from None


def _lines_backwards(settings: Settings) -> Iterator[dict[str, Any]]:
    for path in sorted(settings.audit_dir.glob("sql-*.jsonl"), reverse=True):
        for line in reversed(path.read_bytes().splitlines()):
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if isinstance(told, dict):
                yield told
