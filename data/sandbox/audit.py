"""The account of who asked what in SQL: lines that are only ever added, one file a month, never an answer.

A query has two lines, written when it is asked and when it ends, so that one which took the server with it is there
too. Long runs of digits in a text are masked: somebody may have typed a person's number. Each line ends with a digest over itself
and over the end of the line before, which holds that one's: a line that was changed or taken out later is told by
`check_account`. (Not the last ones cut off, and not who works the whole chain out anew: for that, copy the files away.)
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from data.errors import LakeError
from data.lake_errors import write_permission_error
from data.masking import mask_numbers
from data.settings import Settings

UNENDED = "unended"
_TAIL_BYTES = 64
_BLOCK_BYTES = 1 << 18
_CHAIN = re.compile(rb',"chain":"([0-9a-f]{32})"\}\n\Z')


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


@dataclass(frozen=True)
class Sought:
    """Which queries are sought; "" and None are any."""

    user: str = ""
    outcome: str = ""
    """As in `Asked`; `UNENDED` for those without an end."""
    words: str = ""
    """Parts of the text, all of them, in any case."""
    since: datetime | None = None

    def holds(self, asked: Asked) -> bool:
        """Whether this one is sought, its time apart."""
        text = asked.text.casefold()
        return (
            self.user in ("", asked.user)
            and self.outcome in ("", asked.outcome or UNENDED)
            and all(word in text for word in self.words.casefold().split())
        )


def read_account(settings: Settings, count: int = 1000, sought: Sought | None = None, skip: int = 0) -> list[Asked]:
    """The newest queries first, so many at most, behind the first `skip`; no more is read for them than is needed."""
    try:
        return _find(settings, count, sought or Sought(), skip)
    except OSError as error:
        raise LakeError(
            f"The account in {settings.audit_dir} cannot be read: {error.strerror}.",
            f"It belongs to who runs Wangge: chmod -R u=rwX,go= {settings.audit_dir}",
        ) from None


def _find(settings: Settings, count: int, sought: Sought, skip: int) -> list[Asked]:
    found: list[Asked] = []
    for asked in _asked_backwards(settings):
        if sought.since and asked.asked_at < sought.since:
            break
        if not sought.holds(asked):
            continue
        if skip:
            skip -= 1
            continue
        found.append(asked)
        if len(found) >= count:
            break
    return found


def check_account(settings: Settings) -> list[str]:
    """Where the account was changed: for each file the first line that does not follow from the one before it.

    Lines of an older release, before the first with a digest, are taken as they are.
    """
    faults, before = [], b""
    for path in _list_files(settings):
        fault, before = _check_file(path, before)
        if fault:
            faults.append(f"{path.name}, {fault}")
    return faults


def _check_file(path: Path, before: bytes) -> tuple[str, bytes]:
    """What is wrong with a file, "" for nothing, and its end; `before` is the end of the file before it."""
    fault, tail, is_chained = "", b"", False
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            found = _CHAIN.search(line)
            if found and found[1].decode() != _digest(tail or before, line[: found.start()]):
                fault = fault or f"line {number}: it, or what stood before it, was changed or removed"
            elif is_chained and not found and _is_whole(line):
                fault = fault or f"line {number}: it was added or changed by another hand"
            is_chained = is_chained or found is not None
            tail = (tail + line)[-_TAIL_BYTES:]
    return fault, tail


def _is_whole(line: bytes) -> bool:
    """Whether it is a line at all, and not what a loss of power left of one."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _add(settings: Settings, line: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    path = settings.audit_dir / f"sql-{now:%Y-%m}.jsonl"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            size = os.fstat(handle).st_size
            tail = os.pread(handle, _TAIL_BYTES, max(0, size - _TAIL_BYTES)) if size else _end_before(settings, path)
            # a line that a power cut tore must not swallow the next one
            torn = b"\n" if size and not tail.endswith(b"\n") else b""
            content = json.dumps({"at": now.isoformat(), **line}, ensure_ascii=False, separators=(",", ":"))
            told = content.encode("utf-8", "replace")[:-1]
            chain = _digest((tail + torn)[-_TAIL_BYTES:], told)
            os.write(handle, torn + told + f',"chain":"{chain}"}}\n'.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise write_permission_error(path.parent, error) from None


def _digest(tail: bytes, content: bytes) -> str:
    return hashlib.sha256(tail + b"\0" + content).hexdigest()[:32]


def _list_files(settings: Settings) -> list[Path]:
    """The account's files, the oldest first."""
    return sorted(settings.audit_dir.glob("sql-*.jsonl"))


def _end_before(settings: Settings, path: Path) -> bytes:
    """The end of the file before this one; b"" where it is the first."""
    older = [one for one in _list_files(settings) if one.name < path.name]
    if not older:
        return b""
    with older[-1].open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        return file.read()


def _asked_backwards(settings: Settings) -> Iterator[Asked]:
    ends: dict[str, dict[str, Any]] = {}
    for line in _lines_backwards(settings):
        if line.get("event") == "ended":
            ends[line["query"]] = line
        elif line.get("event") == "asked":
            end = ends.pop(line["query"], {})
            yield Asked(
                line["query"], datetime.fromisoformat(line["at"]), line["user"], line["by"], line["text"],
                end.get("outcome", ""), end.get("word", ""), end.get("seconds"), end.get("rows"), end.get("truncated", False),
            )  # fmt: skip


def _lines_backwards(settings: Settings) -> Iterator[dict[str, Any]]:
    for path in reversed(_list_files(settings)):
        for line in _split_backwards(path):
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if isinstance(told, dict):
                yield told


def _split_backwards(path: Path) -> Iterator[bytes]:
    """The lines of a file from its end, read block by block."""
    with path.open("rb") as file:
        place = file.seek(0, os.SEEK_END)
        rest = b""
        while place:
            start = max(0, place - _BLOCK_BYTES)
            file.seek(start)
            rest = file.read(place - start) + rest
            place = start
            first, *lines = rest.split(b"\n")
            yield from (line for line in reversed(lines) if line)
            rest = first
        if rest:
            yield rest
