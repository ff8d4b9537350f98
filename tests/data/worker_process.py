"""A worker in a process of its own, as `wangge run` starts it, and a disk that can be filled."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.settings import Settings

WORKER = "import sys; from data.cli import main; sys.exit(main(['ingest', '--watch', '--home', sys.argv[1]]))"


def log_path(settings: Settings) -> Path:
    """Where a worker's words go: beside the test's folder, for the folder may be a disk that is full."""
    return settings.home.parents[1] / f"{settings.home.parent.name}-{settings.home.name}.log"


def start_worker(settings: Settings, program: str = WORKER) -> subprocess.Popen[bytes]:
    """Starts it; what it says goes to its log."""
    with log_path(settings).open("ab") as log:
        return subprocess.Popen([sys.executable, "-c", program, str(settings.home)], stdout=log, stderr=log)


@contextmanager
def worker_at_work(settings: Settings, program: str = WORKER) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that is asked to end at the end, and killed if it does not."""
    worker = start_worker(settings, program)
    try:
        yield worker
    finally:
        worker.terminate()
        try:
            worker.wait(60)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


def read_log(settings: Settings) -> str:
    """What its workers said."""
    return log_path(settings).read_text(encoding="utf-8")


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[str]:
    """A disk of its own at this folder; gives why there is none where this user may not mount one ("" when there is)."""
    place.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
        problem = mounted.stderr.strip() if mounted.returncode else ""
    except OSError as error:
        problem = str(error)
    try:
        yield f"no disk can be mounted here: {problem}" if problem else ""
    finally:
        if not problem:
            subprocess.run(["umount", "-l", str(place)], check=False)


def fill_disk(place: Path) -> Path:
    """Fills the disk to the last byte; remove the file to free it."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast
