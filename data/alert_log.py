"""The log of alerts: who acknowledged which, when and with what note; and what was told outside.

One file of lines a month in `alerts/` of the home folder, only ever added to. Pages cannot write the lake (it has one
writer), and an acknowledgement must be seen at once and count once: a line is written under a lock, is on the disk when
`append_entry` returns, and carries an id that counts once however often it is given. A line that a killed process left
half-written is passed over. Knows no page, and does not ask who may acknowledge (`data.roles`).
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from data.clock import read_clock
from data.durable import sync_folder
from data.errors import WanggeError
from data.lake_errors import write_permission_error
from data.settings import Settings

Kind = Literal["acknowledged", "opened", "escalated", "closed", "delivered", "given_up"]
NAME_MAX, NOTE_MAX = 40, 300
MONTHS_READ = 2
"""The running month and the one before: an alert lasts a day at most."""
_PERSONAL = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")
"""A mobile telephone number (YD/T, 11 digits from 13 to 19), and a resident ID number (GB 11643-1999). Codes of grids have 15 digits."""


@dataclass(frozen=True)
class LogEntry:
    """One line of the log. `at` is the district's clock; (rule, place_code, since_at) is the alert it speaks of.

    `by` and `note` are of an acknowledgement; `target` is where something was told (delivered, given_up).
    """

    entry_id: str
    kind: Kind
    at: datetime
    rule: str
    place_code: str
    since_at: datetime
    level: str = ""
    place_name: str = ""
    place_name_en: str = ""
    by: str = ""
    note: str = ""
    target: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def log_dir(settings: Settings) -> Path:
    """Where the log lies."""
    return settings.home / "alerts"


def acknowledge(settings: Settings, alert: Mapping[str, Any], *, by: str, note: str, entry_id: str) -> LogEntry:
    """The acknowledgement as it was written: once for each `entry_id`.

    `alert` is a row of `alerts/open`, its times as datetimes or ISO text. Raises WanggeError, with what to mend, for a missing name or
    note, one that is too long, one that holds a telephone or ID number, and where the log cannot be written.
    """
    entry = LogEntry(
        entry_id=entry_id,
        kind="acknowledged",
        at=read_clock(settings.home).now(),
        rule=alert["rule"],
        place_code=alert["place_code"],
        since_at=as_moment(alert["since_at"]),
        level=alert.get("level") or "",
        place_name=alert.get("place_name") or "",
        place_name_en=alert.get("place_name_en") or "",
        by=_clean(by, "name", NAME_MAX),
        note=_clean(note, "note", NOTE_MAX),
    )
    append_entry(settings, entry)
    return entry


def append_entry(settings: Settings, entry: LogEntry) -> bool:
    """Whether the entry is new; when it returns the line is on the disk. Raises LakeError where it cannot be written."""
    path = _file_of(settings, entry.at)
    line = json.dumps(_write(entry), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    mark = f'{{"entry_id":{json.dumps(entry.entry_id, ensure_ascii=False)},'.encode()
    try:
        with _locked(path.parent):
            is_new = not path.exists()
            with path.open("a+b") as file:
                file.seek(0)
                known = file.read()
                if any(True for told in known.splitlines() if told.startswith(mark) and any(_parse(told))):
                    return False
                start = len(known)
                try:
                    file.write(line if not known or known.endswith(b"\n") else b"\n" + line)
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    with suppress(OSError):
                        os.ftruncate(file.fileno(), start)
                    raise
            if is_new:
                sync_folder(path.parent)
    except OSError as error:
        raise write_permission_error(path.parent, error) from None
    return True


@dataclass
class AlertLog:
    """The log of one home as read so far; each look reads only what was added."""

    settings: Settings
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _offsets: dict[Path, int] = field(default_factory=dict)
    _entries: dict[Path, list[LogEntry]] = field(default_factory=dict)

    def identify(self) -> tuple[tuple[str, int], ...]:
        """What changes with every line added: one look into a folder."""
        return tuple((path.name, path.stat().st_size) for path in self._list_files())

    def read(self, until: datetime | None = None) -> list[LogEntry]:
        """The entries of the last two months of the log in the order of writing; none later than `until`."""
        with self._lock:
            files = self._list_files()
            for path in files:
                self._read_on(path)
            found = [entry for path in files for entry in self._entries[path]]
        return [entry for entry in found if until is None or entry.at <= until]

    def _list_files(self) -> list[Path]:
        with suppress(OSError):
            return sorted(log_dir(self.settings).glob("[0-9]*.jsonl"))[-MONTHS_READ:]
        return []

    def _read_on(self, path: Path) -> None:
        entries, offset = self._entries.setdefault(path, []), self._offsets.get(path, 0)
        try:
            if path.stat().st_size < offset:
                entries.clear()
                offset = 0
            with path.open("rb") as file:
                file.seek(offset)
                added = file.read()
        except OSError:
            return
        whole = added[: added.rfind(b"\n") + 1]
        self._offsets[path] = offset + len(whole)
        entries.extend(_parse(whole))


def find_acknowledgement(
    entries: Iterable[LogEntry], rule: str, place_code: str, since_at: datetime, until: datetime | None = None
) -> LogEntry | None:
    """The last acknowledgement of an alert: given while it was open, from `since_at` on, until `until`.

    The place and the time decide, not the very moment of its beginning: rows that come late may move that by some minutes.
    """
    return max(
        (
            entry
            for entry in entries
            if entry.kind == "acknowledged"
            and (entry.rule, entry.place_code) == (rule, place_code)
            and entry.at >= min(since_at, entry.since_at)
            and entry.at >= since_at
            and (until is None or entry.at <= until)
        ),
        key=lambda entry: entry.at,
        default=None,
    )


def as_moment(value: datetime | str) -> datetime:
    """A time as questions give it, or as the live payload writes it."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value.replace("Z", "+00:00"))


def _clean(text: str, what: str, longest: int) -> str:
    words = " ".join(text.split())
    if not words:
        raise WanggeError(f"An acknowledgement needs a {what}.", f"Enter a {what}.")
    if len(words) > longest:
        raise WanggeError(f"The {what} has {len(words)} characters.", f"At most {longest}.")
    plain = unicodedata.normalize("NFKC", words)
    if _PERSONAL.search(plain.replace("-", "").replace(" ", "")) or _PERSONAL.search(plain):
        raise WanggeError(
            f"The {what} holds a telephone or identity number.",
            "Name people by their staff number; the log keeps no personal data.",
        )
    return words


def _file_of(settings: Settings, at: datetime) -> Path:
    return log_dir(settings) / f"{at.astimezone(ZoneInfo(settings.timezone)):%Y-%m}.jsonl"


def _write(entry: LogEntry) -> dict[str, Any]:
    told = {name: value for name, value in vars(entry).items() if value not in ("", {})}
    return told | {"at": entry.at.isoformat(), "since_at": entry.since_at.isoformat()}


def _parse(text: bytes) -> Iterator[LogEntry]:
    for line in text.splitlines():
        try:
            told = json.loads(line)
            entry = LogEntry(**told)
            yield replace(entry, at=as_moment(told["at"]), since_at=as_moment(told["since_at"]))
        except (ValueError, TypeError, KeyError, AttributeError):
            continue  # a half-written line of a killed process, or one of a newer version


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "log.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def mark_acknowledged(
    alerts: Sequence[Mapping[str, Any]], entries: Sequence[LogEntry], until: datetime | None = None
) -> list[dict[str, Any]]:
    """The open alerts, each with who acknowledged it, when and with what note (null where nobody did)."""
    marked = []
    for alert in alerts:
        found = find_acknowledgement(entries, alert["rule"], alert["place_code"], as_moment(alert["since_at"]), until)
        marked.append(
            {
                **alert,
                "acknowledged_at": found.at if found else None,
                "acknowledged_by": found.by if found else None,
                "acknowledged_note": found.note if found else None,
            }
        )
    return marked
