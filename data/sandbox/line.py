"""The dashboard's end of a child: reads its frames, holds it to its time, ends it. Believes nothing that it says."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import time
from typing import Any

from data.sandbox import frames
from data.sandbox.refusal import SandboxError

START_S = 30.0
"""Seconds that a child may take to stand: a new state of the situation may have to be opened first, on a busy machine."""
GRACE_S = 2.0
"""Seconds that a child's end may take to be told after it closed its line."""
TAKEN_WITHIN_S = 600.0
"""Seconds that the reader of a download may keep it waiting, all pauses together: others wait for the turn."""


class Line:
    """A started child, as a file of Arrow's IPC stream. Raises SandboxError out of `read` where the query fails."""

    def __init__(self, channel: socket.socket, status: int, wake: int, seconds: float) -> None:
        self._channel = channel
        self._status = status
        self._until = time.monotonic() + START_S
        self._latest = self._until
        self._wake = wake
        self._seconds = seconds
        self._handle = -1
        self._kept = bytearray()
        self._word: dict[str, Any] | None = None
        self._failure: SandboxError | None = None
        self.closed = False
        self.byte_count = 0

    def start(self, request: dict[str, Any]) -> None:
        """Waits until the child stands and has confined itself as far as it tells, then hands it the query."""
        self._wait()
        header, handles, _, _ = socket.recv_fds(self._channel, frames.HEADER.size, 1)
        self._handle = handles[0] if handles else -1
        if not header:
            raise self._fail(self._say_lost())
        header += self._receive(frames.HEADER.size - len(header))
        kind, length = self._judge(header)
        word = self._receive(length)
        if kind == frames.ENDED:
            self._end(word)
            return
        self._until = time.monotonic() + self._seconds
        self._latest = self._until + TAKEN_WITHIN_S
        self._channel.setblocking(True)
        self._channel.settimeout(5.0)
        with contextlib.suppress(OSError):
            self._channel.sendall(frames.pack_word(frames.REQUEST, request))

    def wait_longer(self, seconds: float) -> None:
        """Gives back time in which the answer waited for its reader, up to `TAKEN_WITHIN_S` in all."""
        self._until = min(self._until + seconds, self._latest)

    def read(self, count: int = -1) -> bytes:
        """So many bytes of the answer, fewer only at its end."""
        while (count < 0 or len(self._kept) < count) and self._word is None:
            kind, length = self._judge(self._receive(frames.HEADER.size))
            payload = self._receive(length)
            if kind == frames.DATA:
                self._kept += payload
                self.byte_count += length
            elif kind == frames.ENDED:
                self._end(payload)
        if self._failure:
            raise self._failure
        count = len(self._kept) if count < 0 else min(count, len(self._kept))
        taken = bytes(self._kept[:count])
        del self._kept[:count]
        return taken

    def finish(self) -> dict[str, Any]:
        """The word that ended the answer."""
        while self._word is None:
            self.read(1 << 20)
            self._kept.clear()
        if self._failure:
            raise self._failure
        return self._word

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return False

    def close(self) -> None:
        """Ends the child where it still runs, and lets go of it."""
        if self.closed:
            return
        self.closed = True
        self._kill()
        self._channel.close()
        os.close(self._status)
        if self._handle >= 0:
            os.close(self._handle)

    def _kill(self) -> None:
        if self._handle >= 0 and self._word is None:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def _wait(self) -> None:
        """Waits for news from the child; ends it where its time is over or nobody wants its answer any more."""
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            left = self._until - time.monotonic()
            if left <= 0:
                raise self._fail(self._say_late())
            ready = dict(poll.poll(min(left, 3600) * 1000 + 1))
            if self._wake in ready:
                raise self._fail(SandboxError("cancelled", "The query was cancelled."))
            if ready:
                return

    def _receive(self, count: int) -> bytes:
        pieces = []
        while count:
            self._wait()
            try:
                piece = self._channel.recv(min(count, 1 << 20))
            except OSError:
                piece = b""
            if not piece:
                raise self._fail(self._say_lost())
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)

    def _judge(self, header: bytes) -> tuple[bytes, int]:
        try:
            return frames.read_header(header)
        except frames.GarbledError:
            raise self._fail(_garbled()) from None

    def _end(self, payload: bytes) -> None:
        try:
            word = frames.read_word(payload)
        except frames.GarbledError:
            raise self._fail(_garbled()) from None
        self._word = word
        if word.get("word") not in ("done", "attempted"):
            self._failure = SandboxError(
                str(word.get("word", "error"))[:40], str(word.get("message", ""))[:4000], str(word.get("hint", ""))[:1000],
                line=_count(word.get("line")), column=_count(word.get("column")),
            )  # fmt: skip

    def _fail(self, error: SandboxError) -> SandboxError:
        self._kill()
        self._word = {}
        self._failure = error
        return error

    def _say_late(self) -> SandboxError:
        return SandboxError(
            "time",
            f"The query was stopped after {self._seconds:g} s.",
            "Ask for fewer rounds, sites or hours, or aggregate before joining.",
        )

    def _say_lost(self) -> SandboxError:
        """Why the child ended without a word."""
        poll = select.poll()
        poll.register(self._status, select.POLLIN)
        said = os.read(self._status, 64) if poll.poll(GRACE_S * 1000) else b""
        code = json.loads(said) if said else None
        if code == -signal.SIGXCPU:
            return SandboxError(
                "processor", "The query used up its processor time.", "Ask for less, or aggregate first."
            )
        if code == -signal.SIGKILL:
            return SandboxError(
                "memory",
                "The query was ended by the system, most likely for its memory.",
                "Ask for less, or aggregate first.",
            )
        if code is not None and code < 0:
            return SandboxError(
                "lost",
                f"The query brought its own process down (signal {-code}); nothing else was touched.",
                "Write it more simply.",
            )
        return SandboxError(
            "lost", "The query's process ended without an answer.", "Ask again; if it stays so, run wangge doctor."
        )


def _garbled() -> SandboxError:
    return SandboxError(
        "lost", "The answer was garbled and was thrown away.", "Ask again; if it stays so, run wangge doctor."
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 1_000_000 else 0
