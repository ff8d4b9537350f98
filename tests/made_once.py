"""Homes that many tests start from: each is made once for all test processes, and copied."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

_shared: list[Path] = []


def share_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Notes where this run of the tests keeps what its processes share."""
    base = tmp_path_factory.getbasetemp()
    _shared[:] = [base.parent if "PYTEST_XDIST_WORKER" in os.environ else base]


def make_once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder that `make` filled, in whichever process asked first. Shared: read it, do not change it."""
    folder = _shared[0] / f"once-{name}"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder.with_suffix(".made")
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            made.touch()
    return folder


def is_shared() -> bool:
    """Whether a run of the tests is on: a benchmark that borrows their districts makes its own."""
    return bool(_shared)
