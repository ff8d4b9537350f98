"""Viewers of Streamlit's pages, without a browser: each opens a page, then answers its ticks as the browser would.

Speaks what the browser speaks (Streamlit's own messages over its WebSocket); draws nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.benchmarks.server import fetch
from tests.benchmarks.tally import Tally

TICK_S = 2.0
OPEN_WITHIN_S = 120.0
_opening = threading.Semaphore(4)
"""So many open their page at once: what is measured is how they tick."""
PAGES = ("", "sites", "rounds", "staffing", "alerts", "zones", "brief", "sql", "audit", "map-check")
MAPPED = ("",)
"""Pages whose map polls besides."""


def watch_pages(
    address: str, count: int, seconds: float, read: Callable[[], float], pages: Sequence[str] = PAGES
) -> tuple[Tally, float]:
    """So many viewers for so long, spread over the pages, and what `read` gave when all had opened theirs and began to tick.

    A tick is everything that the page runs by itself within TICK_S; it is in time when all of it is there within TICK_S.
    """
    tally = Tally()
    opened = threading.Barrier(count + 1)
    ends_s = [0.0]
    viewers = [
        threading.Thread(
            target=_view, args=(address, pages[number % len(pages)], tally, opened, ends_s, TICK_S * number / count)
        )
        for number in range(count)
    ]
    for viewer in viewers:
        viewer.start()
    opened.wait(OPEN_WITHIN_S * 5)
    begin = read()
    ends_s[0] = time.monotonic() + seconds
    opened.wait()
    for viewer in viewers:
        viewer.join()
    return tally, begin


def _view(
    address: str, page: str, tally: Tally, opened: threading.Barrier, ends_s: list[float], delay_s: float
) -> None:
    place = urlsplit(address).netloc
    with connect(f"ws://{place}/_stcore/stream", subprotocols=["streamlit"], max_size=None, proxy=None) as line:
        try:
            with _opening:
                script, ticking = _open(line, page)
        finally:
            opened.wait(OPEN_WITHIN_S * 5)
            opened.wait()
        tag, next_s = "", time.monotonic() + delay_s
        due_s = dict.fromkeys(ticking, next_s)
        while next_s < ends_s[0]:  # not a tick more: what the server needs is told by the second
            time.sleep(max(0.0, next_s - time.monotonic()))
            begin_s, byte_count = time.perf_counter(), 0
            try:
                for fragment, every_s in ticking.items():
                    if time.monotonic() >= due_s[fragment]:
                        due_s[fragment] += every_s
                        byte_count += _run(line, _ask(script, page, fragment))
                if page in MAPPED:
                    body, tag = fetch(f"{address}/api/live", tag)
                    byte_count += len(body)
                tally.add(time.perf_counter() - begin_s, byte_count)
            except (OSError, TimeoutError, WebSocketException):
                tally.fail()
            next_s += TICK_S


def _open(line: ClientConnection, page: str) -> tuple[str, dict[str, float]]:
    """Runs the page for the first time: its script's name, and how often each of its fragments ticks."""
    script, ticking = "", {}
    for message in _answers(line, _ask("", page, "")):
        if message.HasField("new_session"):
            script = message.new_session.page_script_hash
        elif message.HasField("auto_rerun"):
            ticking[message.auto_rerun.fragment_id] = message.auto_rerun.interval
    return script, ticking


def _run(line: ClientConnection, request: BackMsg) -> int:
    return sum(message.ByteSize() for message in _answers(line, request))


def _answers(line: ClientConnection, request: BackMsg) -> list[ForwardMsg]:
    """All that the server sends until the run has ended."""
    line.send(request.SerializeToString())
    found = []
    while True:
        received = line.recv(timeout=OPEN_WITHIN_S)
        message = ForwardMsg()
        with suppress(TypeError):
            message.ParseFromString(received)  # type: ignore[arg-type]
        found.append(message)
        if message.HasField("script_finished"):
            return found


def _ask(script: str, page: str, fragment: str) -> BackMsg:
    request = BackMsg()
    request.rerun_script.query_string = ""
    request.rerun_script.page_script_hash = script
    request.rerun_script.page_name = page
    if fragment:
        request.rerun_script.fragment_id = fragment
        request.rerun_script.is_auto_rerun = True
    return request
