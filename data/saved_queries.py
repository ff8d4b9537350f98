"""Queries that analysts keep under a name: one small file a person in the home, written whole or not at all.

Found again by an id that can be shared. Never an answer, and no text that names a person by a number.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from data.durable import write_durably
from data.errors import QuestionError
from data.lake_errors import write_permission_error
from data.masking import mask_numbers
from data.settings import Settings

SAVED_MAX = 200
"""Queries that one person keeps."""
NAME_MAX = 60
TEXT_MAX = 65_536
_ID = re.compile(r"([0-9a-f]{10})-[0-9a-f]{8}")


@dataclass(frozen=True)
class SavedQuery:
    """A text under a name."""

    id: str
    owner: str
    name: str
    text: str
    saved_at: datetime


def read_saved(settings: Settings, owner: str) -> list[SavedQuery]:
    """The queries that a person keeps, the newest first."""
    found = _read(_path(settings, _mark(owner)))
    return sorted((one for one in found if one.owner == owner), key=lambda one: one.saved_at, reverse=True)


def find_saved(settings: Settings, id_: str) -> SavedQuery | None:
    """The query of this id, whoever keeps it; None for one that is gone, or for what is no id."""
    found = _ID.fullmatch(id_)
    if found is None:
        return None
    return next((one for one in _read(_path(settings, found[1])) if one.id == id_), None)


def save_query(settings: Settings, owner: str, name: str, text: str) -> SavedQuery:
    """Keeps the text; one that the person keeps under this name already is replaced, and keeps its id.

    Raises QuestionError where name or text will not do or too many are kept, LakeError where it cannot be written.
    """
    name = _check_name(name)
    check_shareable(text)
    with _changing(settings, owner) as kept:
        old = next((one for one in kept if one.name == name), None)
        if old is None and len(kept) >= SAVED_MAX:
            raise QuestionError(f"{SAVED_MAX} queries are kept already.", "Delete some first.")
        id_ = old.id if old else f"{_mark(owner)}-{secrets.token_hex(4)}"
        saved = SavedQuery(id_, owner, name, text, datetime.now(UTC))
        kept[:] = [one for one in kept if one is not old] + [saved]
    return saved


def rename_query(settings: Settings, owner: str, id_: str, name: str) -> None:
    """Gives a kept query another name; nothing where it is gone. Raises as `save_query`."""
    name = _check_name(name)
    with _changing(settings, owner) as kept:
        if any(one.name == name and one.id != id_ for one in kept):
            raise QuestionError(f"Another query is called {name!r}.", "Choose another name.")
        kept[:] = [replace(one, name=name) if one.id == id_ else one for one in kept]


def delete_query(settings: Settings, owner: str, id_: str) -> None:
    """Forgets a kept query; nothing where it is gone."""
    with _changing(settings, owner) as kept:
        kept[:] = [one for one in kept if one.id != id_]


def check_shareable(text: str) -> None:
    """Raises QuestionError where a text must not be kept or put in an address: too long, empty, or it names a person."""
    if not text.strip():
        raise QuestionError("There is no query in the text.", "Write one first.")
    if len(text.encode("utf-8", "replace")) > TEXT_MAX:
        raise QuestionError(f"The text is longer than {TEXT_MAX:,} bytes.", "Shorten it.")
    if mask_numbers(text) != text:
        raise QuestionError("The text holds an identity or telephone number.", "Take it out: no table holds any.")


def _check_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_MAX:
        raise QuestionError(f"A name has 1 to {NAME_MAX} characters.", "Choose another name.")
    if mask_numbers(name) != name:
        raise QuestionError("The name holds an identity or telephone number.", "Choose another name.")
    return name


@contextmanager
def _changing(settings: Settings, owner: str) -> Iterator[list[SavedQuery]]:
    """The person's queries, to be changed by one process at a time; written when the block ends well."""
    path = _path(settings, _mark(owner))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path.parent / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise write_permission_error(path.parent, error) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        kept = _read(path)
        yield kept
        rows = [{**asdict(one), "saved_at": one.saved_at.isoformat()} for one in kept]
        write_durably(path, json.dumps(rows, ensure_ascii=False).encode("utf-8", "replace"), mode=0o600)
    finally:
        os.close(handle)


def _read(path: Path) -> list[SavedQuery]:
    try:
        rows = json.loads(path.read_bytes())
        return [SavedQuery(**{**row, "saved_at": datetime.fromisoformat(row["saved_at"])}) for row in rows]
    except (OSError, ValueError, TypeError, KeyError):
        return []  # none yet, or a file that somebody has changed by hand


def _path(settings: Settings, mark: str) -> Path:
    return settings.home / "saved-queries" / f"{mark}.json"


def _mark(owner: str) -> str:
    return hashlib.sha256(owner.encode("utf-8", "replace")).hexdigest()[:10]
