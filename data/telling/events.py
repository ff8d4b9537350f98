"""What is to be told: alerts that opened, escalated or closed since they were last told of. Knows no network and no file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from data.alert_log import Kind, LogEntry

Row = Mapping[str, Any]
TOLD = ("opened", "escalated", "closed")
GONE_AFTER_S = 1800.0
"""An alert that was told, and is neither open nor known to be over, is told to be closed after so long: rows that came late may have
undone it, or the working day ended."""
DETAILS = (
    "place_kind", "lon", "lat", "grid_code", "town_code", "figure", "target", "detail_pct", "detail_count", "expected_at", "action",
    "neighbour_name", "neighbour_name_en", "responsible_role", "responsible_staff_code", "is_responsible_on_duty",
)  # fmt: skip


@dataclass
class Told:
    """What was told of the alert of one place: its last opening, the level told, and whether it was told to be closed."""

    opening: LogEntry
    level: str
    is_closed: bool = False
    gone_since: datetime | None = None


@dataclass
class Memory:
    """What was told so far, by (rule, place_code)."""

    told: dict[tuple[str, str], Told] = field(default_factory=dict)

    def note(self, entries: Iterable[LogEntry]) -> None:
        """Takes in what the log says was told."""
        for entry in entries:
            key = entry.rule, entry.place_code
            if entry.kind == "opened":
                self.told[key] = Told(entry, entry.level)
            elif entry.kind in TOLD and key in self.told and self.told[key].opening.since_at == entry.since_at:
                self.told[key].level = entry.level
                self.told[key].is_closed = self.told[key].is_closed or entry.kind == "closed"


def find_events(
    memory: Memory, opened: Sequence[Row], episodes: Sequence[Row], now: datetime, *, is_act_only: bool = False
) -> list[LogEntry]:
    """The events to tell, closings first. The same look twice finds them twice until the memory notes them.

    `opened` are rows of alerts/open, `episodes` of alerts/episodes. An alert of the same place whose beginning moved, because rows came
    late, is the same alert. With `is_act_only` what is only to be watched is not told.
    """
    ended = {
        (row["rule"], row["place_code"], row["since_at"]): row["ended_at"]
        for row in episodes
        if row["closed_at"] is not None
    }
    current = {(row["rule"], row["place_code"]): row for row in opened}
    closings: list[LogEntry] = []
    for key, told in memory.told.items():
        if told.is_closed:
            continue
        ended_at = ended.get((*key, told.opening.since_at))
        if ended_at is None and key in current:
            told.gone_since = None
            continue
        if ended_at is None:
            told.gone_since = told.gone_since or now
            if (now - told.gone_since).total_seconds() < GONE_AFTER_S:
                continue
        closings.append(_close(told.opening, told.level, ended_at, now))
    closed = {(entry.rule, entry.place_code) for entry in closings}
    events = list(closings)
    for row in opened:
        key = row["rule"], row["place_code"]
        last = memory.told.get(key)
        if is_act_only and row["level"] != "act":
            continue
        if last is None or key in closed or last.is_closed:
            if last is None or last.opening.since_at != row["since_at"]:
                events.append(_make("opened", row, row["since_at"], now))
        elif last.level == "watch" and row["level"] == "act":
            events.append(_make("escalated", row, last.opening.since_at, now))
    return events


def name_event(kind: Kind, rule: str, place_code: str, since_at: datetime) -> str:
    """The idempotency key of an event: the same for the same opening, escalation or closing, whoever works it out and when."""
    return hashlib.sha256(f"{kind} {rule} {place_code} {since_at.timestamp():.0f}".encode()).hexdigest()[:32]


def _make(kind: Kind, row: Row, since_at: datetime, now: datetime) -> LogEntry:
    detail = {name: row[name] for name in DETAILS if row.get(name) is not None}
    return LogEntry(
        entry_id=name_event(kind, row["rule"], row["place_code"], since_at),
        kind=kind,
        at=now,
        rule=row["rule"],
        place_code=row["place_code"],
        since_at=since_at,
        level=row["level"],
        place_name=row["place_name"] or "",
        place_name_en=row["place_name_en"] or "",
        detail={name: value.isoformat() if isinstance(value, datetime) else value for name, value in detail.items()},
    )


def _close(opening: LogEntry, level: str, ended_at: datetime | None, now: datetime) -> LogEntry:
    return LogEntry(
        entry_id=name_event("closed", opening.rule, opening.place_code, opening.since_at),
        kind="closed",
        at=now,
        rule=opening.rule,
        place_code=opening.place_code,
        since_at=opening.since_at,
        level=level,
        place_name=opening.place_name,
        place_name_en=opening.place_name_en,
        detail={**opening.detail, **({"ended_at": ended_at.isoformat()} if ended_at else {})},
    )
