"""An answer of the sandbox on its way out over HTTP: waited for, begun, sent piece by piece, or broken off for all to see.

Owns what downloads of the SQL page and the way in for machines have in common. Nothing here runs on the server's own thread but
the sending. What fails before the first piece has a status and words (`Failed`); what fails later breaks the transfer: the last
chunk is never sent, so that no reader takes a piece for the whole. Who goes away ends the query.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from data.errors import LakeError, WanggeError
from data.sandbox import Query, SandboxError
from data.sandbox.formats import Format

log = logging.getLogger(__name__)

PRIVATE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every answer: nobody keeps it, nobody guesses its type, no page of another server draws it in."""
QUERY_HEADER, ROWS_HEADER, CUT_HEADER = "Wangge-Query", "Wangge-Rows", "Wangge-Truncated"
_FIRST_BYTES, _FIRST_S = 1 << 16, 1.0
_LOOK_S = 0.1
_STALL_S = 60.0
_PACKED = ("parquet", "xlsx")
"""Formats that are compressed in themselves."""
_BUSY = 503
_STATUS = {
    "queue": _BUSY, "off": _BUSY, "situation": _BUSY, "cancelled": _BUSY, "lost": 500,
    "time": 422, "memory": 422, "processor": 422, "bytes": 422, "rows": 422,
}  # fmt: skip


def _give_way() -> None:
    """Lets the server's own thread in after 1 ms instead of 5, from the first file on.

    Beside two files that Python itself writes cell by cell (XLSX, JSON) /api/live took 11 to 14 ms in the middle, so 5 to 6, and
    alone 2; the files took no longer.
    """
    sys.setswitchinterval(0.001)


_threads = ThreadPoolExecutor(16, thread_name_prefix="sql-answer", initializer=_give_way)


class Failed(Exception):
    """There is no answer, and nothing of it was sent yet."""

    def __init__(self, error: WanggeError) -> None:
        super().__init__(error.message)
        self.error = error

    @property
    def status(self) -> int:
        if isinstance(self.error, SandboxError):
            return _STATUS.get(self.error.word, 400)
        return _BUSY if isinstance(self.error, LakeError) else 400

    @property
    def headers(self) -> dict[str, str]:
        return {**PRIVATE, **({"Retry-After": "10"} if self.status == _BUSY else {})}


@dataclass(frozen=True)
class Plan:
    """How an answer is to be sent."""

    form: Format
    write: Callable[[Query], Iterator[bytes]]
    """Makes the file out of the query's answer, piece by piece."""
    headers: Mapping[str, str]


async def in_thread(work: Callable[[], Any]) -> Any:
    """What the work gives, done beside the server's own thread."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


async def send_answer(request: Request, submit: Callable[[], Query], plan: Plan) -> Response:
    """The response that carries the answer. Raises Failed where there is none."""
    query: Query = await in_thread(submit)
    try:
        while query.progress().state == "queued":
            await asyncio.sleep(_LOOK_S)
            if await request.is_disconnected():
                query.cancel()
        pieces = _Pieces(plan.write(query), packs=_takes_gzip(request) and plan.form.suffix not in _PACKED)
        beginning = asyncio.ensure_future(in_thread(pieces.begin))
        while not (await asyncio.wait({beginning}, timeout=_LOOK_S))[0]:
            if await request.is_disconnected():
                query.cancel()
        head, is_whole = beginning.result()
    except WanggeError as error:
        query.cancel()
        raise Failed(error) from None
    except BaseException:
        query.cancel()
        raise
    headers = {
        **PRIVATE,
        "Vary": "Accept, Accept-Encoding",
        **plan.headers,
        QUERY_HEADER: query.id,
        "Content-Type": plan.form.media_type,
    }
    if _takes_gzip(request):
        # said in either case: who compresses on the way would do it on the server's own thread
        headers["Content-Encoding"] = "gzip" if pieces.packs else "identity"
    if is_whole:
        headers |= {ROWS_HEADER: str(query.progress().row_count), CUT_HEADER: query.cut_by or "no"}
        return Response(head, headers=headers)
    if request.scope.get("http_version") == "1.0":
        query.cancel()
        await in_thread(pieces.close)
        raise Failed(
            SandboxError(
                "http", "An answer of this length cannot be sent by HTTP/1.0: its end could not be told from a break.",
                "Use HTTP/1.1; a proxy of nginx needs `proxy_http_version 1.1`.",
            )
        )  # fmt: skip
    return _Stream(query, head, pieces, headers)


def _takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


class _Pieces:
    """The pieces of a file, each taken in a thread of the pool, one after the other."""

    def __init__(self, made: Iterator[bytes], *, packs: bool) -> None:
        self._made = made
        self.packs = packs
        self._packer = zlib.compressobj(1, zlib.DEFLATED, 31) if packs else None

    def begin(self) -> tuple[bytes, bool]:
        """The first pieces, and whether they are all."""
        until, head = float("inf"), bytearray()
        while len(head) < _FIRST_BYTES and time.monotonic() < until:
            piece = self.take()
            if piece is None:
                return bytes(head) + self.finish(), True
            head += piece
            until = min(until, time.monotonic() + _FIRST_S)
        return bytes(head), False

    def take(self) -> bytes | None:
        """The next piece; None when there is none any more."""
        piece = next(self._made, None)
        if piece is None or self._packer is None:
            return piece
        return self._packer.compress(piece) + self._packer.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        """What ends the file."""
        return self._packer.flush() if self._packer else b""

    def close(self) -> None:
        """Lets go of what half a file held."""
        close = getattr(self._made, "close", None)
        if close:
            close()


class _Stream(Response):
    """Sends what comes for as long as it comes and somebody takes it."""

    def __init__(self, query: Query, head: bytes, pieces: _Pieces, headers: Mapping[str, str]) -> None:
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._query, self._head, self._pieces = query, head, pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def put(piece: bytes, *, more: bool = True) -> None:
            body = {"type": "http.response.body", "body": piece, "more_body": more}
            await asyncio.wait_for(send(body), _STALL_S)

        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        watcher = asyncio.ensure_future(_watch(receive, self._query))
        try:
            await put(self._head)
            while (piece := await in_thread(self._pieces.take)) is not None:
                await put(piece)
            await put(self._pieces.finish(), more=False)
        except (WanggeError, TimeoutError) as error:
            # nothing more is sent, not even the end: the connection is closed in the middle
            log.warning("SQL answer %s was broken off: %s", self._query.id, error)
        finally:
            watcher.cancel()
            self._query.cancel()
            with suppress(
                asyncio.CancelledError, ValueError
            ):  # it may still be at work in a thread: that ends with the query
                await in_thread(self._pieces.close)


async def _watch(receive: Receive, query: Query) -> None:
    """Ends the query when its reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(_LOOK_S)
    query.cancel()
