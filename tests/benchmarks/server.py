"""`wangge run` on a home, from outside: its address, its processes, and what one request to it brings."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from data.settings import PROJECT_ROOT, Settings

_MARKS = {" ingest --watch": "worker", " demo --speed": "player"}


def fetch(url: str, tag: str = "") -> tuple[bytes, str]:
    """The body as sent, compressed, and its tag; empty where the server says that nothing is new."""
    request = urllib.request.Request(
        url, headers={"Accept-Encoding": "gzip", **({"If-None-Match": tag} if tag else {})}
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return answer.read(), answer.headers.get("ETag", "")
    except urllib.error.HTTPError as error:
        if error.code == 304:
            return b"", tag
        raise


@contextmanager
def served(
    settings: Settings, arguments: Sequence[str] = (), ready_line: str = ""
) -> Iterator[tuple[str, dict[str, int]]]:
    """`wangge run` on this home: its address, and the process numbers of its children by name.

    `ready_line` is what it must have said before the work begins, besides its address.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "data.cli", "run", "--port", str(port), "--home", str(settings.home), *arguments]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for wanted in (f":{port}", ready_line):
                said = next((line for line in process.stdout if wanted in line), None)
                if said is None:
                    raise RuntimeError(f"wangge run ended before it said {wanted!r}")
            time.sleep(3)  # the worker publishes once when it starts
            yield f"http://127.0.0.1:{port}", _children(process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _children(pid: int) -> dict[str, int]:
    found = {}
    for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        command = Path(f"/proc/{word}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
        found[next((name for mark, name in _MARKS.items() if mark in command), "dashboard")] = int(word)
    return found
