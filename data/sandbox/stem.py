"""The process that children of the sandbox are forked from: it has loaded the engine, and opened nothing.

    dashboard ── stem ── prepared process, one per state of the situation file ── a child per query

The stem starts with an empty environment and has a single thread, so that a fork copies all of it. A prepared process
opens the situation read-only, makes the views over exactly the Parquet files of its snapshot, confines itself to those
files and locks the engine; a child inherits that, confines itself further and only then reads the query's text. An older
prepared process ends when the last of its children has.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.sandbox import frames, kernel
from data.sandbox.refusal import SandboxError

ORDER_BYTES_MAX = 65_536
KEPT_READY_S = 120.0
"""Seconds after an order in which a newer situation is prepared before anybody asks for it."""
LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Order:
    """What the dashboard asks of the stem, without the query's text: that goes from the dashboard to the child alone."""

    situation: str
    home: str
    memory_bytes: int
    seconds: float
    row_count: int
    byte_count: int
    layers: tuple[str, ...]

    def encode(self) -> bytes:
        return json.dumps(self.__dict__).encode()

    @staticmethod
    def decode(content: bytes) -> Order:
        values = json.loads(content)
        return Order(**{**values, "layers": tuple(values["layers"])})


def main(control: int) -> None:
    """Serves orders from the control socket until the dashboard closes it or ends."""
    import duckdb

    duckdb.default_connection().close()  # importing it opened one, whose thread a fork would not copy
    from data import questions
    from data.sandbox import child

    questions.know_lake_schema()
    child.warm_up()
    gc.collect()
    gc.freeze()
    tasks = Path("/proc/self/task")
    if tasks.is_dir() and len(list(tasks.iterdir())) > 1:
        raise SystemExit("the stem of the sandbox has more than one thread")
    # nobody asks how a prepared process ended; the system forgets it at once
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    orders = socket.socket(fileno=control)
    orders.send(b"ready")
    prepared: dict[str, _Prepared] = {}
    latest: Order | None = None
    asked_s = time.monotonic()
    while True:
        is_awaited = latest is not None and time.monotonic() - asked_s < KEPT_READY_S
        if not select.select([orders], [], [], LOOK_EVERY_S if is_awaited else None)[0]:
            assert latest is not None
            if os.path.isfile(latest.situation):  # noqa: PTH113
                _make_ready(latest, prepared, orders)
            continue
        content, handles, _, _ = socket.recv_fds(orders, ORDER_BYTES_MAX, 2)
        if not content:
            os._exit(0)
        latest, asked_s = Order.decode(content), time.monotonic()
        kept = _make_ready(latest, prepared, orders)
        if not handles:
            continue
        if not kept.send(content, handles):
            prepared.pop(latest.situation).socket.close()
            _make_ready(latest, prepared, orders).send(content, handles)
        for handle in handles:
            os.close(handle)


def _make_ready(order: Order, prepared: dict[str, _Prepared], orders: socket.socket) -> _Prepared:
    """The prepared process for the situation as it is now; an older one gets no more orders."""
    key = _state_of(order)
    kept = prepared.get(order.situation)
    if kept is not None and kept.key == key:
        return kept
    if kept is not None:
        kept.socket.close()
        del prepared[order.situation]
    made = prepared[order.situation] = _prepare(order, key, orders, [one.socket for one in prepared.values()])
    return made


@dataclass
class _Prepared:
    key: tuple[Any, ...]
    socket: socket.socket

    def send(self, content: bytes, handles: list[int]) -> bool:
        try:
            socket.send_fds(self.socket, [content], handles)
        except OSError:
            return False
        return True


def _state_of(order: Order) -> tuple[Any, ...]:
    """What tells one state of the situation file, as it is to be opened, from another."""
    try:
        status = Path(order.situation).stat()
    except OSError:
        return (time.monotonic(),)  # none: said by a prepared process of its own
    return (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size, order.memory_bytes, order.layers)


def _prepare(order: Order, key: tuple[Any, ...], orders: socket.socket, others: list[socket.socket]) -> _Prepared:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    stem = os.getpid()
    if os.fork() == 0:
        with _Ending():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            kernel.die_with_parent(stem)
            kernel.yield_to_others()
            for one in (ours, orders, *others):
                one.close()
            _serve_snapshot(order, theirs)
    theirs.close()
    return _Prepared(key, ours)


class _Ending:
    """Ends the process whatever happens within, without anything of its parent's being run or flushed."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        os._exit(1)


def _serve_snapshot(order: Order, orders: socket.socket) -> None:
    """Prepares the snapshot, then forks a child for every order; ends when the stem asks for no more and all have ended."""
    from data.sandbox import child

    failure: SandboxError | None = None
    snapshot: child.Snapshot | None = None
    try:
        snapshot = child.open_snapshot(order)
    except SandboxError as error:
        failure = error
    running: dict[int, tuple[int, int]] = {}  # the child's handle: its number and where to tell how it ended
    heard: dict[int, int] = {}  # where to tell how it ended: the child's number
    poll = select.poll()
    poll.register(orders, select.POLLIN)
    is_open = True
    while is_open or running:
        # in this order, a handle that one piece of news closes is met by none that comes after, nor its number given anew
        news = [handle for handle, _ in poll.poll()]
        for handle in sorted(news, key=lambda one: (one == orders.fileno(), one not in heard)):
            if handle == orders.fileno():
                content, handles, _, _ = socket.recv_fds(orders, ORDER_BYTES_MAX, 2)
                if not content:
                    is_open = False
                    poll.unregister(orders)
                    continue
                channel, status = handles
                if snapshot is None:
                    assert failure is not None
                    with suppress(OSError):
                        frames.write_all(channel, frames.pack_word(frames.ENDED, failure.as_word()))
                    os.close(status)
                else:
                    process, gone = _start_child(
                        snapshot,
                        Order.decode(content),
                        channel,
                        orders,
                        [status, *running, *(s for _, s in running.values())],
                    )
                    running[gone] = process, status
                    heard[status] = process
                    poll.register(gone, select.POLLIN)
                    poll.register(status, 0)
                os.close(channel)
            elif handle in heard:
                # nobody listens any more; where there is no pidfd, the dashboard itself cannot end the child
                poll.unregister(handle)
                os.kill(heard.pop(handle), signal.SIGKILL)
            else:
                process, status = running.pop(handle)
                if heard.pop(status, None):
                    poll.unregister(status)
                poll.unregister(handle)
                os.close(handle)
                _, code = os.waitpid(process, 0)
                with suppress(OSError):
                    os.write(status, json.dumps(os.waitstatus_to_exitcode(code)).encode())
                os.close(status)
    os._exit(0)


def _start_child(
    snapshot: Any, order: Order, channel: int, orders: socket.socket, foreign: list[int]
) -> tuple[int, int]:
    """Forks the child of an order; gives its number, and a handle that becomes readable when it has ended."""
    from data.sandbox import child

    parent = os.getpid()
    alive, gone = os.pipe()  # closed by the child's end; a pidfd would do the same, but not on every system
    process = os.fork()
    if process == 0:
        with _Ending():
            kernel.die_with_parent(parent)
            orders.close()
            for handle in (*foreign, alive):
                os.close(handle)
            child.answer(snapshot, order, channel)
    os.close(gone)
    return process, alive


if __name__ == "__main__":
    main(int(sys.argv[1]))
