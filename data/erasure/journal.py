"""What an erasure has begun, on the disk before anything is destroyed: killed at any moment, it is ended from here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data.certificate import find_previous
from data.durable import write_durably
from data.erasure.scope import Scope
from data.settings import Settings

JOURNAL_FILE = "unfinished.json"


@dataclass
class Work:
    """An erasure under way, as the journal holds it."""

    scope: Scope
    name: str
    number: int
    started_at: str
    previous: dict[str, Any] | None
    hashes: dict[str, bool] = field(default_factory=dict)
    """SHA-256 of the logs that held erased lines; whether they held others too."""
    kept_hashes: list[str] = field(default_factory=list)
    """SHA-256 of logs that hold no registrations: of use with `all`, which takes what the ledger does not know."""
    sealed: dict[str, list[int]] = field(default_factory=dict)
    """Sealed lines to be destroyed: their places by sealed file."""
    files: list[dict[str, Any]] = field(default_factory=list)
    """Files destroyed, or about to be: kind, place, sha256, byte_count, and the path."""


def begin(settings: Settings, scope: Scope) -> Work:
    previous = find_previous(settings)
    number = previous["number"] + 1 if previous else 1
    slug = "".join(char if char.isalnum() or char in "-_" else "-" for char in scope.describe(settings.timezone))
    started_at = datetime.now(ZoneInfo(settings.timezone)).isoformat(timespec="seconds")
    work = Work(scope, f"{number:04d}-{slug}.json", number, started_at, previous)
    write_journal(settings, work)
    return work


def journal_path(settings: Settings) -> Path:
    return settings.certificates_dir / JOURNAL_FILE


def write_journal(settings: Settings, work: Work) -> None:
    scope = work.scope
    body = {
        "scope": [scope.kind, scope.round_code, scope.from_at.isoformat(), scope.until_at.isoformat()],
        "name": work.name, "number": work.number, "started_at": work.started_at, "previous": work.previous,
        "hashes": work.hashes, "kept_hashes": work.kept_hashes, "sealed": work.sealed, "files": work.files,
    }  # fmt: skip
    write_durably(journal_path(settings), json.dumps(body).encode())


def read_journal(settings: Settings) -> Work | None:
    try:
        body = json.loads(journal_path(settings).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    kind, round_code, from_at, until_at = body.pop("scope")
    scope = Scope(kind, round_code, datetime.fromisoformat(from_at), datetime.fromisoformat(until_at))
    return Work(scope, **body)


def is_same(one: Scope, other: Scope) -> bool:
    """Whether both name the same; `all` and `key` reach to the moment at which each was asked for."""
    return one == other or (one.kind == other.kind and one.destroys_key)
