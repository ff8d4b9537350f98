"""The worker: takes files from the inbox as they arrive, publishes after each commit, and outlives what fails.

What may pass (a full or read-only disk, a lost connection, a busy lake) is tried again with growing pauses, from what the
lake itself says was taken; the last situation stays readable meanwhile, and `data.worker_state` tells what is wrong.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from data.errors import LakeError, SituationError
from data.home import only_one
from data.ingest.batch import ReadBatch
from data.ingest.deliveries import Delivery, StopTaking, read_ahead, take_deliveries
from data.ingest.inbox import Claim, Inbox
from data.ingest.suspects import Suspects
from data.ingest.take import IngestSummary, Taker
from data.lake import Lake, LeaseLost, open_lake
from data.settings import Settings
from data.upkeep import Upkeep, work_if_due
from data.worker_state import Waiting, WorkerState, write_worker_state

LOOK_SECONDS = 0.2
"""How often the inbox is looked through: a fifth of the second that files are gathered for anyway."""
IMPORT_LOOK_SECONDS = 2.0
"""How often an idle worker asks whether an import wrote meanwhile (1 ms each)."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
"""After a failure that may pass the same files are tried again, after a pause that doubles with each failure."""
BATCH_FILES = 2_000
"""Files in one transaction at most: some two seconds of work, however small they are."""
BACKLOG_PUBLISH_SECONDS = 5.0
"""While more than a batch is waiting, the situation is published this often and not after every commit."""
BEAT_SECONDS = 1.0
LONG_BYTES = 16_000_000
"""A file of more is looked through and taken alone, one at a time, while others' short ones go past it."""

_log = logging.getLogger("wangge.ingest")


def watch_inbox(settings: Settings, stop: threading.Event) -> None:
    """Takes files from the inbox as they arrive and publishes after each commit, until `stop` is set.

    Raises LakeError when the lake cannot be opened at the start, or another worker is writing to it.
    """
    with only_worker(settings):
        heart = _Heart(settings)
        pause_s = FIRST_PAUSE_SECONDS
        was_open = False
        while not stop.is_set():
            try:
                with open_lake(settings) as lake, lake.loss_explained():
                    session = _Session(settings, lake, heart, stop)
                    was_open = True
                    try:
                        session.run()
                    finally:
                        session.close()
                        if session.has_worked:
                            pause_s = FIRST_PAUSE_SECONDS
            except LeaseLost as error:
                heart.tell(str(error))
                raise
            except (LakeError, SituationError) as error:
                _log.error("%s It is tried again in %g s.", error, pause_s)
                heart.tell(str(error))
                if not was_open:
                    raise
                heart.wait(stop, pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_SECONDS)


def only_worker(settings: Settings) -> AbstractContextManager[None]:
    """The lock that one worker of a machine holds; LakeError where another holds it."""
    return only_one(
        settings.lake_dir / "worker.lock",
        lambda holder: LakeError(
            f"Another worker (process {holder}) is writing to {settings.lake_dir}.",
            "Drop the files into the inbox, or stop it first.",
        ),
    )


class _Heart:
    """Tells how the worker is, once a second and whenever that changes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._problem = ""
        self._failing_since_s = 0.0
        self._beat_s = float("-inf")
        self._waiting: dict[str, Waiting] = {}

    def tell(self, problem: str) -> None:
        """Says what keeps the worker from its work; "" when nothing does any more."""
        if problem and not self._problem:
            self._failing_since_s = time.monotonic()
        is_news = problem != self._problem
        self._problem = problem
        self.beat(is_due=is_news)

    def beat(self, waiting: dict[str, Waiting] | None = None, *, is_due: bool = False) -> None:
        now_s = time.monotonic()
        if waiting is not None:
            self._waiting = waiting
        if is_due or now_s - self._beat_s >= BEAT_SECONDS:
            self._beat_s = now_s
            failing_s = now_s - self._failing_since_s if self._problem else 0.0
            write_worker_state(self._settings, WorkerState(os.getpid(), now_s, self._waiting, self._problem, failing_s))

    def wait(self, stop: threading.Event, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while not stop.is_set() and time.monotonic() < until_s:
            self.beat()
            stop.wait(min(0.5, seconds))


@dataclass(frozen=True)
class _Batch:
    """Claimed files that are taken together, and the reading of their first lines in another thread."""

    claims: list[Claim]
    deliveries: list[Delivery]
    reading: Future[ReadBatch | Exception]


class _Session:
    """The worker's work on an open lake, until it is stopped or something fails."""

    def __init__(self, settings: Settings, lake: Lake, heart: _Heart, stop: threading.Event) -> None:
        self._settings = settings
        self._lake = lake
        self._heart = heart
        self._stop = stop
        self._inbox = Inbox(settings)
        self._suspects = Suspects(settings)
        self._taker = Taker(lake, settings)
        self._upkeep = Upkeep(lake, settings)
        self._reader = ThreadPoolExecutor(1, "reader")
        self._opener = ThreadPoolExecutor(1, "opener")
        self._following: _Batch | None = None
        """The batch after the one at work, being read meanwhile."""
        self._long: _Batch | None = None
        """A long file that is being looked through: to read gigabytes once must not delay the others."""
        self._is_between = False
        """Between two transactions of one batch, when others get their turn."""
        self._published_s = self._refreshed_s = self._took_s = float("-inf")
        self._published: dict[str, Waiting] = {}
        self._is_current = False
        self.has_worked = False

    def run(self) -> None:
        """Works until it is told to stop. Raises LakeError or SituationError when something fails."""
        self._suspects.count_deaths(self._inbox.left)
        self._taker.load()
        self._publish()
        self._take_suspects()
        while not self._stop.is_set():
            self._take_orders()
            if self._following is None:
                self._follow_imports()
            batch = self._next()
            if batch is None and self._long and self._long.reading.done():
                batch, self._long = self._long, None
            if batch is None:
                self._rest()
                continue
            self._following = self._gather()
            self._take(batch)
            self._keep_up()
            if self._following is None or self._is_publication_due():
                self._publish()

    def _take_suspects(self) -> None:
        """First what a worker died over, with nothing else at work; what is condemned is set aside, and the rest goes on."""
        feeds = self._taker.list_feeds() if self._taker.has_reference else frozenset[str]()
        for claims in self._suspects.group([claim for claim in self._inbox.left if claim.feed_code in feeds]):
            if self._stop.is_set():
                return
            self._inbox.claim_left(claims)
            condemned = {claim: reason for claim in claims if (reason := self._suspects.condemn(claim))}
            for claim, reason in condemned.items():
                self._inbox.refuse(claim, reason)
                self._suspects.end([claim])
            fit = [claim for claim in claims if claim not in condemned]
            if fit:
                self._is_between = True  # so that no other file comes to their company
                try:
                    self._take(self._begin(fit, self._reader))
                finally:
                    self._is_between = False

    def _next(self) -> _Batch | None:
        batch, self._following = self._following or self._gather(), None
        return batch

    def close(self) -> None:
        """Ends the threads, and lets go of what is kept aside for publishing."""
        for pool in (self._reader, self._opener):
            pool.shutdown(cancel_futures=True)
        self._suspects.close()
        self._upkeep.close()
        self._taker.close()

    def _follow_imports(self) -> None:
        """After an import its reference data counts, and lines that it mends are taken; so are those whose time has come."""
        if time.monotonic() - self._refreshed_s > IMPORT_LOOK_SECONDS:
            self._refreshed_s = time.monotonic()
            is_changed = self._taker.refresh()
            if self._taker.retry_due() or is_changed:
                self._is_current = False
            self._lake.renew_lease()

    def _take_orders(self) -> None:
        """Orders given on a page: someone waits for the answer, so they come before files."""
        if self._taker.take_orders():
            self.has_worked = True
            self._published_s = time.monotonic()
            self._is_current = False

    def _rest(self) -> None:
        """Nothing to take: tells what is not told yet, and waits a little."""
        is_drained = bool(self._published) and not self._inbox.tell_waiting()
        if not self._is_current or is_drained:
            self._publish()
        self._heart.tell("")
        self._keep_up()
        self._stop.wait(LOOK_SECONDS)

    def _keep_up(self) -> None:
        """Upkeep of the lake, when it is due; the situation then names the files that took the place of others."""
        if work_if_due(self._upkeep):
            self._is_current = False

    def _gather(self) -> _Batch | None:
        """The feeds' next files in turn, being read; a long one is set aside, to be looked through meanwhile."""
        feeds = self._taker.list_feeds() if self._taker.has_reference else frozenset[str]()
        self._inbox.look(feeds)
        waiting = self._inbox.tell_waiting()
        self._heart.beat(waiting)
        if not feeds or (self._is_early() and not _is_much(waiting, self._settings)):
            return None
        claims = []
        for claim in self._inbox.claim(BATCH_FILES, self._settings.batch_bytes, self._is_welcome):
            if claim.feed_code not in feeds:
                self._inbox.refuse(claim, f"There is no feed {claim.feed_code!r} any more.")
            elif claim.byte_count > LONG_BYTES and not self._long:
                self._long = self._begin([claim], self._opener)
            else:
                claims.append(claim)
        return self._begin(claims, self._reader) if claims else None

    def _begin(self, claims: list[Claim], pool: ThreadPoolExecutor) -> _Batch:
        self._suspects.begin(claims)
        deliveries = [Delivery(claim.path, claim.feed_code) for claim in claims]
        return _Batch(claims, deliveries, pool.submit(read_ahead, self._taker, deliveries))

    def _is_early(self) -> bool:
        """Whether the last transaction is so young that what came since can wait and share the next one."""
        return time.monotonic() - self._took_s < self._settings.batch_seconds

    def _is_welcome(self, _: str, byte_count: int) -> bool:
        """One long file is at work at a time; short ones go past it."""
        return byte_count <= LONG_BYTES or (self._long is None and not self._is_between)

    def _take(self, batch: _Batch) -> None:
        """Takes a batch to its end and moves its files on."""
        read = batch.reading.result()
        self._took_s = time.monotonic()
        try:
            summary = take_deliveries(self._taker, batch.deliveries, read, partial(self._let_others, batch))
        except StopTaking:
            return
        for claim, delivery in zip(batch.claims, batch.deliveries, strict=True):
            reason = delivery.explain()
            if reason:
                self._inbox.refuse(claim, reason)
            else:
                self._inbox.finish(claim)
        self._suspects.end(batch.claims)
        self._note_commit(len(batch.claims), summary)

    def _let_others(self, at_work: _Batch, _: IngestSummary) -> None:
        """Between two transactions of a long batch: what came meanwhile is taken, and shown."""
        self._is_current = False
        self._suspects.absolve(at_work.claims)
        self._heart.beat()
        self._upkeep.note_commit()
        if self._stop.is_set():
            raise StopTaking
        if self._is_between:
            return
        self._is_between = True
        try:
            self._take_orders()
            batch = self._next()
            if batch:
                self._take(batch)
            if self._is_publication_due():
                self._publish()
        finally:
            self._is_between = False
        if self._stop.is_set():
            raise StopTaking

    def _note_commit(self, file_count: int, summary: IngestSummary) -> None:
        self.has_worked = True
        self._is_current = False
        self._heart.tell("")
        _log.info(
            "%d files: %d accepted, %d corrected, %d duplicate, %d quarantined", file_count, summary.accepted,
            summary.corrected, summary.duplicate, summary.quarantined,
        )  # fmt: skip
        self._upkeep.note_commit()

    def _is_publication_due(self) -> bool:
        return time.monotonic() - self._published_s > BACKLOG_PUBLISH_SECONDS

    def _publish(self) -> None:
        self._published = self._inbox.tell_waiting()
        self._taker.publish()
        self._published_s = time.monotonic()
        self._is_current = True


def _is_much(waiting: dict[str, Waiting], settings: Settings) -> bool:
    """Whether so much waits that gathering more would only delay it."""
    total = sum(waiting.values(), Waiting())
    return total.file_count > BATCH_FILES // 4 or total.byte_count > settings.batch_bytes // 4
