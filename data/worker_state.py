"""What the worker says about itself, for everyone who asks whether figures still arrive: pages, `/healthz`, `wangge doctor`.

One small file in the home folder, written over in place: that works on a full disk too. Ages are the monotonic clock's,
which all processes of a machine share, so a system clock that jumps makes nobody look dead.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from data.settings import Settings

FILE_NAME = "worker.state"
FILE_BYTES = 16_384
FEEDS_MAX = 100
SILENT_AFTER_S = 90.0
"""The longest transactions take some 20 s."""
BEHIND_AFTER_S = 30.0
"""A file that has been whole for so long and is not taken: the worker does not keep up."""

Status = Literal["absent", "silent", "failing", "behind", "ok"]


@dataclass(frozen=True)
class Waiting:
    """Files that a feed delivered and nobody took yet. `oldest_s`: how long the first has been lying there unchanged."""

    file_count: int = 0
    byte_count: int = 0
    oldest_s: float = 0.0

    def __add__(self, other: Waiting) -> Waiting:
        return Waiting(
            self.file_count + other.file_count,
            self.byte_count + other.byte_count,
            max(self.oldest_s, other.oldest_s),
        )


@dataclass(frozen=True)
class WorkerState:
    """The worker's last word: what waits, and what keeps it from its work ("" when nothing does)."""

    process: int
    beat_s: float
    """Monotonic seconds of this machine."""
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    """By feed; at most FEEDS_MAX, those with most files."""
    problem: str = ""
    problem_s: float = 0.0
    """For how long."""

    @property
    def total(self) -> Waiting:
        return sum(self.waiting.values(), Waiting())


@dataclass(frozen=True)
class WorkerJudgement:
    """How the worker is, in a word and in a sentence with what to do; `waiting` is what it has still to take."""

    status: Status
    message: str
    waiting: Waiting = field(default_factory=Waiting)


def write_worker_state(settings: Settings, state: WorkerState) -> None:
    """Replaces the worker's word. Where even that cannot be written, the age of the last one tells."""
    feeds = sorted(state.waiting.items(), key=lambda item: -item[1].file_count)[:FEEDS_MAX]
    body = json.dumps({**asdict(state), "waiting": {code: list(asdict(one).values()) for code, one in feeds}}).encode()
    block = (f"{zlib.crc32(body):08x}\n".encode() + body).ljust(FILE_BYTES)
    with suppress(OSError):
        descriptor = os.open(settings.home / FILE_NAME, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.pwrite(descriptor, block, 0)
        finally:
            os.close(descriptor)


def read_worker_state(settings: Settings) -> WorkerState | None:
    """The worker's last word; None when there is none."""
    path = settings.home / FILE_NAME
    for _ in range(3):  # it may be written at this moment
        found = _parse(path)
        if found:
            return found
        time.sleep(0.005)
    return None


def list_backlogs(settings: Settings) -> dict[str, Waiting]:
    """The feeds whose files wait for longer than they should, and how much of them; empty when the worker keeps up."""
    state = read_worker_state(settings)
    if state is None or not 0 <= time.monotonic() - state.beat_s <= SILENT_AFTER_S:
        return {}
    return {feed: waiting for feed, waiting in state.waiting.items() if waiting.oldest_s > BEHIND_AFTER_S}


def judge_worker(settings: Settings, now_s: float | None = None) -> WorkerJudgement:
    """Whether the worker is at work, and if not, or not as it should, why."""
    state = read_worker_state(settings)
    if state is None:
        return WorkerJudgement("absent", "No worker has run here yet. Start wangge run.")
    age_s = (time.monotonic() if now_s is None else now_s) - state.beat_s
    waiting = state.total
    left = f" {_describe(waiting)}" if waiting.file_count else ""
    if state.problem:
        return WorkerJudgement("failing", f"The worker cannot work: {state.problem}{left}", waiting)
    if not 0 <= age_s <= SILENT_AFTER_S:
        return WorkerJudgement(
            "silent", f"The worker does not run, or its disk cannot be written.{left} Start wangge run.", waiting
        )
    if waiting.oldest_s > BEHIND_AFTER_S:
        return WorkerJudgement("behind", f"The worker does not keep up:{left}", waiting)
    return WorkerJudgement("ok", left.strip(), waiting)


def _describe(waiting: Waiting) -> str:
    size = f"{waiting.byte_count / 1e6:,.1f} MB"
    return f"{waiting.file_count:,} files ({size}) wait in the inbox, the oldest for {waiting.oldest_s:,.0f} s."


def _parse(path: Path) -> WorkerState | None:
    try:
        said, _, body = path.read_bytes().rstrip().partition(b"\n")
        if int(said, 16) != zlib.crc32(body):
            return None
        raw = json.loads(body)
        raw["waiting"] = {str(code): Waiting(*values) for code, values in raw["waiting"].items()}
        return WorkerState(**raw)
    except (OSError, ValueError, TypeError, KeyError):
        return None
