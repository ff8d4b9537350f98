"""What a confined child tries in order to show that it cannot: each attempt says how the system answered.

Only for `wangge doctor` and tests. The attempts are harmless where they succeed.
"""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from data.sandbox.stem import Order


def attempt(name: str, order: Order) -> dict[str, Any]:
    """{"word": "attempted", "is_stopped": …, "said": …} of one of ATTEMPTS."""
    try:
        said = ATTEMPTS[name](order)
    except (OSError, RuntimeError, MemoryError) as error:
        return {"word": "attempted", "is_stopped": True, "said": type(error).__name__}
    return {"word": "attempted", "is_stopped": False, "said": str(said)}


def _read_settings_folder(order: Order) -> str:
    """Native code that opens a file beside the situation."""
    handle = os.open(os.path.realpath(os.path.dirname(order.situation)), os.O_RDONLY)  # noqa: PTH120
    os.close(handle)
    return "opened"


def _read_system_file(_: Order) -> str:
    handle = os.open("/etc/passwd", os.O_RDONLY)
    os.close(handle)
    return "opened"


def _write_file(order: Order) -> str:
    path = f"{order.home}/.sandbox-probe.{os.getpid()}"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    os.unlink(path)  # noqa: PTH108  as native code would
    return "written"


def _open_socket(_: Order) -> str:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
    return "opened"


def _start_programme(_: Order) -> str:
    # where it is not refused, the file is missing: nothing is ever started
    try:
        os.execv("/nonexistent/programme", ["programme"])
    except FileNotFoundError:
        return "would have started"
    except PermissionError:
        raise
    return ""


def _start_process(_: Order) -> str:
    process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)
    return "started"


def _start_thread(_: Order) -> str:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    return "started"


def _signal_parent(_: Order) -> str:
    os.kill(os.getppid(), 0)
    return "signalled"


def _take_memory(order: Order) -> str:
    taken = bytearray(order.memory_bytes * 2)  # some was mapped and given back before the limit was set
    return f"{len(taken)} bytes"


def _make_code(_: Order) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    place = libc.mmap(None, ctypes.c_size_t(4096), 4, 0x22, -1, ctypes.c_long(0))
    if place == ctypes.c_void_p(-1).value:
        raise PermissionError(ctypes.get_errno(), "not permitted")
    return "made"


ATTEMPTS: dict[str, Callable[[Order], str]] = {
    "read a folder": _read_settings_folder,
    "read a system file": _read_system_file,
    "write a file": _write_file,
    "open a socket": _open_socket,
    "start a programme": _start_programme,
    "start a process": _start_process,
    "start a thread": _start_thread,
    "signal another process": _signal_parent,
    "make code": _make_code,
    "take too much memory": _take_memory,
}
STOPPED_BY = {
    "landlock": ("read a folder", "read a system file"),
    "seccomp": (
        "write a file",
        "open a socket",
        "start a programme",
        "start a process",
        "signal another process",
        "make code",
    ),
    "limits": ("take too much memory",),
}
"""The attempts that a layer stops alone, without the others."""
