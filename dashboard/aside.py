"""Answers that rest on single registrations, worked out aside: one at a time, below everything else, while pages go on ticking.

Such a question reads the lake's files and takes a third of a second for a grid, a second and a half for the whole district.
No tick may wait for it: a page asks, shows what is known so far with its time, and finds the answer at a later tick.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from dashboard.answers import Row
from data.errors import SituationError, WanggeError
from data.questions import ask, read_note
from data.settings import Settings
from data.situation import open_situation

KEPT_COUNT = 48
"""Answers kept at most: the doors of a grid are some hundred rows, 200 KB."""
WAITING_MAX = 8
"""Questions waiting at most; a ninth is refused until one of them is answered."""
AGAIN_AFTER_S = 30.0
"""An answer that somebody still looks at is worked out anew after so long: a hundredth of a core for a grid."""
SHOWN_FOR = timedelta(minutes=20)
"""An answer of a moment further away than this is none for the moment that a page shows."""
NICENESS = 10


@dataclass(frozen=True)
class AsideAnswer:
    """What is known: rows as of a moment, or why there are none. Without rows and error it is still being worked out,
    unless it was refused or there is none of that moment."""

    rows: list[Row] | None = None
    as_of: datetime | None = None
    note: str = ""
    error: WanggeError | None = None
    is_refused: bool = False
    is_absent: bool = False

    @property
    def is_working(self) -> bool:
        return self.rows is None and self.error is None and not self.is_refused and not self.is_absent


@dataclass
class _Slot:
    answer: AsideAnswer = AsideAnswer()
    future: Future[AsideAnswer] | None = None
    asked_at_s: float = 0.0


@dataclass
class Aside:
    """One home's desk for slow questions: one thread for all viewers, answers bounded in number."""

    settings: Settings
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _in_person_count: int = 0
    _slots: OrderedDict[tuple[Any, ...], _Slot] = field(default_factory=OrderedDict)
    _worker: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="aside", initializer=_step_back)
    )

    def ask(
        self, name: str, as_of: datetime, /, again_after_s: float = AGAIN_AFTER_S, is_past: bool = False, **params: Any
    ) -> AsideAnswer:
        """The answer at once, whether or not it is there yet: as of that very moment where it is a past one.

        At the newest moment, which moves on, that of a moment shortly before stands until the next is worked out.
        """
        key = (name, as_of if is_past else None, *sorted(params.items()))
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            if slot.future is not None and slot.future.done():
                slot.answer, slot.future = slot.future.result(), None
            is_near = slot.answer.as_of is not None and abs(slot.answer.as_of - as_of) <= SHOWN_FOR
            is_due = not is_near or slot.answer.error or monotonic() - slot.asked_at_s > again_after_s
            if slot.future is None and is_due:
                if self._is_busy():
                    return slot.answer if is_near else AsideAnswer(is_refused=True)
                slot.asked_at_s = monotonic()
                slot.future = self._worker.submit(self._work_out, name, as_of, params)
            self._forget()
            return slot.answer if is_near else AsideAnswer()

    def ask_and_wait(self, name: str, as_of: datetime | None, **params: Any) -> AsideAnswer:
        """The answer as of exactly that moment, else of the newest; waits for its turn. Not for a page that ticks."""
        with self._lock:
            if self._is_busy():
                return AsideAnswer(is_refused=True)
            self._in_person_count += 1
        try:
            return self._worker.submit(self._work_out, name, as_of, params).result()
        finally:
            with self._lock:
                self._in_person_count -= 1

    def _is_busy(self) -> bool:
        waiting = sum(1 for slot in self._slots.values() if slot.future is not None and not slot.future.done())
        return waiting + self._in_person_count >= WAITING_MAX

    def _work_out(self, name: str, as_of: datetime | None, params: dict[str, Any]) -> AsideAnswer:
        try:
            with closing(open_situation(self.settings.situation_path)) as situation:
                situation.connection.execute("set threads = 1")
                moment = as_of or situation.as_of
                table = ask(situation, name, moment, **params)
                return AsideAnswer(table.to_pylist(), moment, read_note(table))
        except WanggeError as error:
            return AsideAnswer(as_of=as_of, error=error)
        except OSError as error:
            return AsideAnswer(as_of=as_of, error=SituationError(str(error), "Run wangge doctor."))

    def _forget(self) -> None:
        """Lets the answers go that nobody has asked for longest; never one that is being worked out."""
        too_many = max(0, len(self._slots) - KEPT_COUNT)
        for key in [key for key, slot in self._slots.items() if slot.future is None][:too_many]:
            del self._slots[key]


def _step_back() -> None:
    """Lets this one thread run after all others: Linux has a niceness for each."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


_desks: dict[Path, Aside] = {}


def aside_of(settings: Settings) -> Aside:
    """The process's one desk for this home."""
    return _desks.setdefault(settings.home, Aside(settings))
