"""How every command's words are read: the adder that modules of commands are given, and the shapes of values."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

FAILED = 1
WRONG_USAGE = 2


class AddCommand(Protocol):
    """Adds a command to the parser: its name, what does the work and gives the exit code, one sentence of help."""

    def __call__(self, name: str, act: Callable[[argparse.Namespace], int], help_: str) -> argparse.ArgumentParser: ...


def positive(text: str) -> float:
    """The text as a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def moment(text: str) -> datetime:
    """The text as a moment; without an offset it has none, and is the district's."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'{text!r} is no moment such as "2022-07-12 00:00"') from None


def pair(text: str) -> tuple[str, str]:
    """`name=value` as its two halves."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} should look like name=value")
    return name.lstrip("$"), value


def stop_on_signal() -> threading.Event:
    """An event that is set by Ctrl-C or by being asked to end, so that work stops between two steps."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
