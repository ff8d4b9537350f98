"""The sandbox as the dashboard and the shell hold it: takes queries, gives each its turn, a process, and an end.

Thread-safe. The text of a query is measured here and written down, and otherwise only passed on: it is parsed in the child.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, cast

import pyarrow as pa

from data import roles
from data.errors import WanggeError
from data.question_text import Prepared, prepare_text
from data.questions import Composed, compose_question
from data.sandbox import audit, kernel, layers
from data.sandbox.gate import TEXT_BYTES_MAX, check_text
from data.sandbox.line import Line
from data.sandbox.refusal import SandboxError
from data.sandbox.stem import Order
from data.settings import PROJECT_ROOT, Settings

Place = Callable[[int, int], tuple[int, int]]
"""Where in the text that was handed in a line and column of the statement stands."""
State = Literal["queued", "running", "done", "refused", "failed", "cancelled"]
PROBE = "probe"
"""Through what `wangge doctor` asks: not a person, and not written down."""
_TURN_LOOK_S = 0.05
_STEM_START_S = 60.0
_STREAM_BATCHES = 8


@dataclass(frozen=True)
class Limits:
    """What one query may take. None: as the settings say."""

    seconds: float | None = None
    row_count: int | None = None
    byte_count: int | None = None


@dataclass(frozen=True)
class Progress:
    """Where a query stands."""

    state: State
    place: int
    """In the queue, from 1; 0 once it runs."""
    seconds: float
    """That it has run; 0 while it waits."""
    row_count: int
    """Of its answer, so far."""


@dataclass(frozen=True)
class Result:
    """The answer of a query that was not streamed."""

    table: pa.Table
    cut_by: Literal["", "rows", "bytes"]
    """What limit the answer was cut by; "" where it is whole."""
    seconds: float

    @property
    def is_truncated(self) -> bool:
        return bool(self.cut_by)


class Query:
    """A query that was handed in. Made by `Sandbox.submit`; every method may be called from any thread."""

    def __init__(
        self,
        sandbox: Sandbox,
        text: str,
        user: str,
        by: str,
        order: Order,
        request: dict[str, Any],
        streams: bool,
        place: Place | None = None,
    ) -> None:
        self.id = uuid.uuid4().hex
        self.text = text
        self.user = user
        self.by = by
        self.asked_at = datetime.now(UTC)
        self.streams = streams
        self.order = order
        self.request = request
        self._sandbox = sandbox
        self._place = place
        self._changed = threading.Condition()
        self._state: State = "queued"
        self._started_s = 0.0
        self._ended_s = 0.0
        self._row_count = 0
        self._cut_by: Literal["", "rows", "bytes"] = ""
        self._table: pa.Table | None = None
        self._error: WanggeError | None = None
        self._wake_out, self._wake_in = os.pipe()
        self._is_cancelled = False
        self._batches: queue.Queue[pa.RecordBatch | pa.Schema | None] = queue.Queue(_STREAM_BATCHES)
        self.word: dict[str, Any] = {}
        """What its process said last of itself; not to be relied on."""

    @property
    def is_over(self) -> bool:
        return self._state not in ("queued", "running")

    @property
    def error(self) -> WanggeError | None:
        """Why there is no answer; None while it may still come, and where it came."""
        return self._error

    def progress(self) -> Progress:
        """Where it stands now."""
        place = self._sandbox.place_of(self) if self._state == "queued" else 0
        until = self._ended_s or time.monotonic()
        return Progress(self._state, place, until - self._started_s if self._started_s else 0.0, self._row_count)

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until it is over, so many seconds at most; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self.is_over, timeout)

    def cancel(self) -> None:
        """Takes it out of the queue, or kills its process; nothing where it is over."""
        with self._changed:
            if self.is_over or self._is_cancelled:
                return
            self._is_cancelled = True
            os.write(self._wake_in, b"x")
        self._sandbox.drop(self)

    def result(self, timeout: float | None = None) -> Result:
        """The answer, waiting for it. Raises SandboxError where there is none, TimeoutError where it takes longer."""
        if self.streams:
            raise ValueError("a streamed query has batches(), and no result()")
        if not self.wait(timeout):
            raise TimeoutError
        if self._error:
            raise self._error
        assert self._table is not None
        return Result(self._table, self._cut_by, self._ended_s - self._started_s)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The answer of a query handed in with `streams`, piece by piece and once; never more than a few are held.

        The first piece is empty and tells the columns. Raises SandboxError where the query fails, be it half way. Whoever
        stops listening calls `cancel`. `progress()` and `cut_by` tell the rest.
        """
        try:
            while True:
                try:
                    piece = self._batches.get(timeout=0.2)
                except queue.Empty:
                    if not self.is_over or not self._batches.empty():
                        continue
                    piece = None
                if piece is None:
                    break
                if isinstance(piece, pa.Schema):
                    piece = pa.RecordBatch.from_arrays([pa.array([], field.type) for field in piece], schema=piece)
                yield piece
        finally:
            with self._batches.mutex:  # what nobody took, some MB: the query itself may be kept long after its end
                self._batches.queue.clear()
        self.wait()
        if self._error:
            raise self._error

    @property
    def cut_by(self) -> Literal["", "rows", "bytes"]:
        """What limit cut the answer; known when it is over."""
        return self._cut_by

    def begin(self) -> bool:
        """Marks it as running; False where it was cancelled before. For the sandbox alone, as what follows."""
        with self._changed:
            if self._is_cancelled:
                return False
            self._state, self._started_s = "running", time.monotonic()
            return True

    def take_in(self, line: Line) -> None:
        """Reads the answer off the line, checking every piece."""
        if "attempt" in self.request:
            self.word = line.finish()
            return
        try:
            reader = pa.ipc.open_stream(pa.PythonFile(line, "r"))
            schema = _renamed(reader.schema)
            pieces = []
            if self.streams:
                self._put(schema)
            for batch in reader:
                batch.validate(full=True)
                batch = pa.RecordBatch.from_arrays(batch.columns, schema=schema)
                self._row_count += batch.num_rows
                if self._row_count > self.order.row_count or line.byte_count > self.order.byte_count * 2 + (1 << 24):
                    raise SandboxError("lost", "The answer was longer than agreed and was thrown away.", "Ask again.")
                if self.streams:
                    line.wait_longer(self._put(batch))
                else:
                    pieces.append(batch)
            word = line.finish()
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            # a failure of the line comes as it is; what Arrow makes of it, or of a garbled answer, does not
            line.finish()
            raise SandboxError(
                "lost", f"The answer was garbled and was thrown away ({type(error).__name__}).", "Ask again."
            ) from None
        self.word = word
        cut = word.get("cut")
        self._cut_by = cast(Literal["", "rows", "bytes"], cut) if cut in ("rows", "bytes") else ""
        if not self.streams:
            self._table = pa.Table.from_batches(pieces, schema)

    def _put(self, piece: pa.RecordBatch | pa.Schema) -> float:
        """Hands a piece to who listens; the seconds that this took."""
        begun = time.monotonic()
        until = begun + self.order.seconds
        while True:
            if self._is_cancelled:
                raise SandboxError("cancelled", "The query was cancelled.")
            with contextlib.suppress(queue.Full):
                self._batches.put(piece, timeout=0.2)
                return time.monotonic() - begun
            if time.monotonic() > until:
                raise SandboxError("time", "Nobody took the answer any further.", "Download it anew.")

    def end(self, error: WanggeError | None) -> None:
        """It is over, with or without an answer."""
        if self._place is not None and isinstance(error, SandboxError):
            error.line, error.column = self._place(error.line, error.column)
        with self._changed:
            if self.is_over:
                return
            self._ended_s = time.monotonic()
            self._error = error
            if error is None:
                state: State = "done"
            elif isinstance(error, SandboxError) and error.word == "cancelled":
                state = "cancelled"
            else:
                state = "refused" if isinstance(error, SandboxError) and error.is_refusal else "failed"
            seconds = self._ended_s - self._started_s if self._started_s else 0.0
        word = "" if error is None else error.word if isinstance(error, SandboxError) else type(error).__name__
        if self.by != PROBE:
            with contextlib.suppress(WanggeError):  # a full disk: what was asked is written down already
                audit.record_ended(
                    self._sandbox.settings, self.id, state, word, seconds, self._row_count, bool(self._cut_by)
                )
        with self._changed:
            self._state = state
            os.close(self._wake_in)
            os.close(self._wake_out)
            self._changed.notify_all()
        if self.streams:
            with contextlib.suppress(queue.Full):
                self._batches.put_nowait(None)

    @property
    def wake(self) -> int:
        """Becomes readable when it is cancelled."""
        return self._wake_out


class Sandbox:
    """Answers queries in processes that can read the situation's files and nothing else. One for a process; close it."""

    def __init__(self, settings: Settings, *, without: frozenset[str] = frozenset()) -> None:
        """`without` leaves layers out, so that a test can try one alone; never otherwise."""
        self.settings = settings
        missing = frozenset(kernel.find_missing())
        self.missing = tuple(sorted(missing))
        """The layers that this system does not have."""
        self._layers = tuple(sorted(layers.ALL - without - missing))
        self._changed = threading.Condition()
        self._waiting: deque[Query] = deque()
        self._running: set[Query] = set()
        self._workers: list[threading.Thread] = []
        self._is_closed = False
        self._stem_lock = threading.Lock()
        self._stem: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_on(self) -> bool:
        """Whether queries are run: always with every layer, with fewer once the operator has accepted that."""
        return hasattr(os, "fork") and (not self.missing or self.settings.sandbox_accept_reduced)

    def submit(
        self,
        text: str,
        user: str | None = None,
        limits: Limits | None = None,
        *,
        by: str = "page",
        streams: bool = False,
    ) -> Query:
        """Hands in a query and returns at once. Whatever is wrong with it is told by the handle, not raised here.

        Comments in the text may name questions that it uses, and values of its parameters (`data.question_text`).

        Parameters
        ----------
        user : who has signed in; None for nobody.
        streams : the answer is read with `batches()`, under the limits of a download.
        """
        try:
            check_text(text)
            prepared = prepare_text(text, self.settings.for_questions())
        except WanggeError as error:
            return self._submit(text, {"text": text}, user, limits, by, streams, problem=error)
        if prepared.statement == text and not prepared.values:
            return self._submit(text, {"text": text}, user, limits, by, streams)
        return self._submit(text, _request(prepared), user, limits, by, streams, place=prepared.place_in_text)

    def submit_question(
        self, name: str, as_of: datetime | str, user: str | None = None, limits: Limits | None = None, **params: Any
    ) -> Query:
        """Hands in one of the questions of `queries/` with its parameters. Raises QuestionError as `ask` does."""
        composed = compose_question(name, as_of, **params)
        return self._submit(composed.statement, _request(composed), user, limits, "question", False)

    def attempt(self, name: str) -> tuple[bool, str]:
        """Has a confined child try one of `probe.ATTEMPTS`; whether it was stopped, and how."""
        query = self._submit(f"probe: {name}", {"attempt": name}, None, None, PROBE, False)
        query.wait()
        if query.error:
            raise query.error
        return bool(query.word.get("is_stopped")), str(query.word.get("said"))

    def make_ready(self) -> None:
        """Starts what the first query would have to wait for, a second or two; returns at once and never fails."""
        if self.is_on and self._orders is None and not self._is_closed:
            threading.Thread(target=self._make_ready, name="sandbox-start", daemon=True).start()

    def _make_ready(self) -> None:
        order = self._order(None, self.settings.sandbox_rows, self.settings.sandbox_bytes)
        with self._stem_lock, contextlib.suppress(OSError):
            if not self._is_closed:
                self._reach_stem().send(order.encode())

    def queries(self) -> tuple[Query, ...]:
        """Those that run, then those that wait, in their order."""
        with self._changed:
            return (*sorted(self._running, key=lambda one: one.asked_at), *self._waiting)

    def place_of(self, query: Query) -> int:
        """Its place in the queue, from 1; 0 where it does not wait."""
        with self._changed:
            return next((place for place, one in enumerate(self._waiting, 1) if one is query), 0)

    def drop(self, query: Query) -> None:
        """Takes a cancelled query out of the queue."""
        with self._changed:
            if query not in self._waiting:
                return
            self._waiting.remove(query)
        query.end(SandboxError("cancelled", "The query was cancelled."))

    def close(self) -> None:
        """Cancels what runs and waits, and ends the processes."""
        with self._changed:
            self._is_closed = True
            left = [*self._running, *self._waiting]
            self._changed.notify_all()
        for query in left:
            query.cancel()
        for worker in self._workers:
            worker.join(10)
        with self._stem_lock:
            self._let_go_of_stem()

    def _submit(
        self,
        text: str,
        request: dict[str, Any],
        user: str | None,
        limits: Limits | None,
        by: str,
        streams: bool,
        *,
        place: Place | None = None,
        problem: WanggeError | None = None,
    ) -> Query:
        settings = self.settings
        rows, size = settings.sandbox_rows, settings.sandbox_bytes
        if streams:
            rows, size = settings.sandbox_export_rows, settings.sandbox_export_bytes
        order = self._order(limits, rows, size)
        query = Query(self, text, roles.name_analyst(user, settings), by, order, request, streams, place)
        try:
            if by != PROBE:
                audit.record_asked(settings, query.id, query.user, by, text[:TEXT_BYTES_MAX])
            self._admit(query, user, problem)
        except WanggeError as error:
            query.end(error)
        return query

    def _order(self, given: Limits | None, rows: int, size: int) -> Order:
        settings, given = self.settings, given or Limits()
        return Order(
            situation=str(settings.situation_path), home=str(settings.home), memory_bytes=settings.sandbox_memory_bytes,
            seconds=_least(given.seconds, settings.sandbox_seconds), row_count=int(_least(given.row_count, rows)),
            byte_count=int(_least(given.byte_count, size)), layers=self._layers,
        )  # fmt: skip

    def _admit(self, query: Query, user: str | None, problem: WanggeError | None) -> None:
        if not roles.may_ask_sql(user, self.settings):
            raise SandboxError("statement", "You may not ask in SQL.", "Ask the operator.")
        if not self.is_on:
            raise SandboxError(
                "off",
                f"The sandbox is off: this system lacks {' and '.join(self.missing) or 'the means to start its processes'}.",
                "Wangge doctor says more; sandbox_accept_reduced = true in settings.toml runs it without.",
            )
        if problem:
            raise problem
        with self._changed:
            if self._is_closed:
                raise SandboxError("off", "The sandbox is closed.", "Start Wangge again.")
            if len(self._waiting) >= self.settings.sandbox_queue:
                raise SandboxError("queue", f"{len(self._waiting)} queries wait already.", "Try again in a minute.")
            self._waiting.append(query)
            if len(self._workers) < self.settings.sandbox_at_once:
                worker = threading.Thread(target=self._work, name="sandbox", daemon=True)
                self._workers.append(worker)
                worker.start()
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                if self._is_closed:
                    return
                first = self._waiting[0]
            with self._turn(first) as has_turn, self._changed:
                if has_turn and self._waiting:
                    query = self._waiting.popleft()
                    self._running.add(query)
                else:
                    continue
                self._changed.release()
                try:
                    self._run(query)
                finally:
                    self._changed.acquire()
                    self._running.discard(query)

    @contextlib.contextmanager
    def _turn(self, query: Query) -> Iterator[bool]:
        """One of the turns that all processes of this machine share; False where the query went away meanwhile."""
        folder = self.settings.sandbox_dir
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            handles = [
                os.open(folder / f"turn.{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                for number in range(self.settings.sandbox_at_once)
            ]
        except OSError:
            yield True  # a home that cannot be written: this process keeps its own order at least
            return
        try:
            while True:
                for handle in handles:
                    with contextlib.suppress(BlockingIOError):
                        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        yield True
                        return
                time.sleep(_TURN_LOOK_S)
                if self._is_closed or query.is_over:
                    yield False
                    return
        finally:
            for handle in handles:
                os.close(handle)

    def _run(self, query: Query) -> None:
        if not query.begin():
            query.end(SandboxError("cancelled", "The query was cancelled."))
            return
        error: WanggeError | None = None
        try:
            line = self._start(query)
            try:
                line.start(query.request)
                query.take_in(line)
            finally:
                line.close()
        except WanggeError as failure:
            error = failure
        except Exception as failure:  # noqa: BLE001  a worker must live on, whatever an answer does to it
            error = SandboxError(
                "lost", f"The query failed unforeseen ({type(failure).__name__}).", "Run wangge doctor."
            )
        query.end(error)

    def _start(self, query: Query) -> Line:
        """A child for the query, by way of the stem; the stem is started where there is none, or none any more."""
        ours, theirs = socket.socketpair()
        status_out, status_in = os.pipe()
        try:
            with self._stem_lock:
                for attempt in (1, 2):
                    try:
                        socket.send_fds(self._reach_stem(), [query.order.encode()], [theirs.fileno(), status_in])
                        break
                    except OSError:
                        self._let_go_of_stem()
                        if attempt == 2:
                            raise SandboxError(
                                "lost", "The sandbox's process does not start.", "Run wangge doctor."
                            ) from None
        except WanggeError:
            ours.close()
            os.close(status_out)
            raise
        finally:
            theirs.close()
            os.close(status_in)
        return Line(ours, status_out, query.wake, query.order.seconds)

    def _reach_stem(self) -> socket.socket:
        if self._orders is not None:
            return self._orders
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # the child's environment is empty but for what keeps its libraries from starting threads
        environment = {
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false",
            "ARROW_DEFAULT_MEMORY_POOL": "system", "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        if "LD_LIBRARY_PATH" in os.environ:
            environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
        start = f"import sys; sys.path.insert(0, {str(PROJECT_ROOT)!r}); from data.sandbox.stem import main; main({theirs.fileno()})"
        self._stem = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", start],
            env=environment, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()], start_new_session=True,
        )  # fmt: skip
        theirs.close()
        ours.settimeout(_STEM_START_S)
        try:
            if ours.recv(16) != b"ready":
                raise OSError("the stem ended at once")
        except OSError:
            ours.close()
            raise
        self._orders = ours
        return ours

    def _let_go_of_stem(self) -> None:
        if self._orders is not None:
            self._orders.close()
            self._orders = None
        if self._stem is not None:
            try:
                self._stem.wait(5)
            except subprocess.TimeoutExpired:
                self._stem.kill()
                self._stem.wait()
            self._stem = None


def _request(composed: Composed | Prepared) -> dict[str, Any]:
    return {
        "text": composed.statement,
        "values": {key: {"type": type_, "value": _plain(value)} for key, (type_, value) in composed.values.items()},
        "moment": _plain(composed.moment),
    }


def _renamed(schema: pa.Schema) -> pa.Schema:
    """The columns without anything that a child might hang on them, each under a name of its own."""
    taken: set[str] = set()
    fields = []
    for field in schema:
        name, number = field.name, 1
        while name in taken:
            number += 1
            name = f"{field.name}_{number}"
        taken.add(name)
        fields.append(pa.field(name, field.type, field.nullable))
    return pa.schema(fields)


def _least(given: float | None, most: float) -> float:
    return most if given is None else min(given, most)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value
