"""The teller: looks what opened, escalated and closed, writes it into the log, and sends it to each target until it is taken."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from data.alert_log import AlertLog, LogEntry, append_entry, log_dir
from data.clock import Clock, read_clock
from data.durable import write_durably
from data.errors import LakeError, WanggeError
from data.home import only_one
from data.questions import sit_down
from data.settings import Settings
from data.situation import open_situation
from data.telling.events import TOLD, Memory, find_events
from data.telling.messages import write_json, write_wecom
from data.telling.post import Outcome, post
from data.telling.targets import Target, read_targets

LOOK_S = 10.0
"""Seconds between looks at the situation: alerts change at marks five minutes apart."""
STEP_S = 0.5
FRESH_S = 1800.0
"""A situation that lags behind the clock by more tells of nothing: logs of other days that are being taken are no news."""
GIVE_UP_S = 7200.0
"""An event that a target did not take for so long is news no more."""
GAP_S = {"wecom": 3.0, "json": 0.0}
"""Seconds between two messages to a target: a WeCom robot takes 20 a minute (developer.work.weixin.qq.com/document/path/91770)."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0
TOO_FAST_PAUSE_S = 60.0
STATE_FILE = "teller.state"
Post = Callable[[Target, bytes, str], Outcome]

_log = logging.getLogger("wangge.telling")


@dataclass
class _Line:
    """How it stands with one target: when it is tried again, and what keeps it."""

    target: Target
    due_s: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    problem: str = ""
    done: set[str] = field(default_factory=set)


class Teller:
    """Tells the alerts of one home to its targets. One process of a home may have one (`only_teller`)."""

    def __init__(self, settings: Settings, targets: Sequence[Target], post: Post = post) -> None:
        self._settings = settings
        self._post = post
        self._lines = [_Line(target) for target in targets]
        self._log = AlertLog(settings)
        self._memory = Memory()
        self._noted = 0
        self._asked = ("alerts/episodes", "alerts/open")

    def look(self) -> int:
        """Writes down what is new; gives how many events. Raises WanggeError where situation or log cannot be read or written."""
        self._take_in()
        clock = read_clock(self._settings.home)
        now = clock.now()
        found = self._ask(clock, now)
        if found is None:
            return 0
        events = find_events(self._memory, *found, now, is_act_only=self._settings.webhook_least_level == "act")
        for event in events:
            append_entry(self._settings, event)
        self._take_in()
        return len(events)

    def send(self) -> None:
        """Sends what waits, a message to each target that is due. Raises LakeError where the log cannot be written."""
        self._take_in()
        for line in self._lines:
            waiting = self._list_waiting(line)
            if waiting and time.monotonic() >= line.due_s:
                self._send_to(line, waiting)

    def tell_state(self) -> None:
        """Writes down how it stands with each target, for `wangge doctor`."""
        state = {
            "process": os.getpid(),
            "beat_s": time.monotonic(),
            "targets": {
                line.target.name: {"waiting_count": len(self._list_waiting(line)), "problem": line.problem}
                for line in self._lines
            },
        }
        with suppress(LakeError):
            write_durably(
                log_dir(self._settings) / STATE_FILE, json.dumps(state, ensure_ascii=False).encode(), folder_mode=0o700
            )

    def _ask(self, clock: Clock, now: datetime) -> tuple[list[dict[str, Any]], list[dict[str, Any]]] | None:
        """The open alerts and all episodes; None where nothing is known, or only what is news no more."""
        situation = open_situation(self._settings.situation_path)
        try:
            if situation.as_of is None:
                return None
            if (now - situation.as_of).total_seconds() > FRESH_S + clock.pipeline_allowance_s():
                return None
            situation.connection.execute("set threads = 1")
            given = {
                "busy_from_min": self._settings.busy_from_min,
                "jammed_from_min": self._settings.jammed_from_min,
                "unit_capacity_per_hour": self._settings.unit_capacity_per_hour,
                "allowance_s": clock.pipeline_allowance_s(),
            }
            with sit_down(situation, situation.as_of, expected=self._asked, **given) as sitting:
                episodes = sitting.ask("alerts/episodes").to_pylist()
                return sitting.ask("alerts/open").to_pylist(), episodes
        finally:
            situation.close()

    def _take_in(self) -> None:
        entries = self._log.read()
        if len(entries) < self._noted:
            self._noted, self._memory = 0, Memory()
        added, self._noted = entries[self._noted :], len(entries)
        self._memory.note(added)
        for line in self._lines:
            line.done.update(
                str(entry.detail.get("of"))
                for entry in added
                if entry.kind in ("delivered", "given_up") and entry.target == line.target.name
            )

    def _list_waiting(self, line: _Line) -> list[LogEntry]:
        return [entry for entry in self._log.read() if entry.kind in TOLD and entry.entry_id not in line.done]

    def _send_to(self, line: _Line, waiting: list[LogEntry]) -> None:
        now = read_clock(self._settings.home).now()
        news = [entry for entry in waiting if now - entry.at < timedelta(seconds=GIVE_UP_S)]
        for entry in waiting:
            if entry not in news:
                self._settle(line, "given_up", entry, now)
        if not news:
            return
        body, count = (
            write_wecom(news, self._settings)
            if line.target.format == "wecom"
            else (write_json(news[0], self._settings), 1)
        )
        outcome = self._post(line.target, body, news[0].entry_id)
        if outcome.is_taken:
            for entry in news[:count]:
                self._settle(line, "delivered", entry, now)
            if line.problem:
                _log.info("%s takes messages again.", line.target.name)
            line.problem, line.pause_s = "", FIRST_PAUSE_S
            line.due_s = time.monotonic() + GAP_S[line.target.format]
        else:
            if outcome.problem != line.problem:
                _log.warning("%s did not take a message (%s); it is sent again.", line.target.name, outcome.problem)
            line.problem = outcome.problem
            line.due_s = time.monotonic() + (TOO_FAST_PAUSE_S if outcome.is_too_fast else line.pause_s)
            line.pause_s = min(2 * line.pause_s, LONGEST_PAUSE_S)

    def _settle(self, line: _Line, kind: str, entry: LogEntry, now: datetime) -> None:
        append_entry(
            self._settings,
            replace(
                entry, entry_id=f"{kind} {line.target.name} {entry.entry_id}", at=now, target=line.target.name,
                kind="delivered" if kind == "delivered" else "given_up", detail={"of": entry.entry_id},
            ),
        )  # fmt: skip
        line.done.add(entry.entry_id)


def only_teller(settings: Settings) -> AbstractContextManager[None]:
    """The lock that one teller of a home holds; LakeError where another holds it."""
    return only_one(
        log_dir(settings) / "teller.lock",
        lambda holder: LakeError(f"Another process ({holder}) tells this home's alerts.", "One is enough."),
    )


def watch(settings: Settings, stop: threading.Event) -> None:
    """Tells alerts until `stop` is set. What fails is tried again; raises SettingsError where the targets are wrong."""
    targets = read_targets(settings)
    with only_teller(settings):
        teller = Teller(settings, targets)
        looked_s = float("-inf")
        while not stop.wait(STEP_S):
            try:
                if time.monotonic() - looked_s >= LOOK_S:
                    looked_s = time.monotonic()
                    teller.look()
                    teller.tell_state()
                teller.send()
            except WanggeError as error:
                _log.warning("%s It is tried again.", error)
                stop.wait(FIRST_PAUSE_S)


@dataclass(frozen=True)
class TellerState:
    """The teller's last word: how long ago, and for each target how many events wait and what keeps it."""

    age_s: float
    waiting: dict[str, tuple[int, str]]


def read_teller_state(settings: Settings) -> TellerState | None:
    """The teller's last word; None where there never was one on this machine since it started."""
    path: Path = log_dir(settings) / STATE_FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        age_s = time.monotonic() - float(told["beat_s"])
        waiting = {str(name): (int(one["waiting_count"]), str(one["problem"])) for name, one in told["targets"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return TellerState(age_s, waiting) if age_s >= 0 else None
