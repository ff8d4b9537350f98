"""Measures time, processor time and memory of this and of other processes (Linux)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def seconds_of(work: Callable[[], object]) -> float:
    """How long it took, in seconds on the wall's clock."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


@dataclass(frozen=True)
class Cost:
    """What some work took: on the wall's clock, and of all processors."""

    wall_s: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.wall_s:.1f} s ({self.cpu_s:.0f} s of CPU)"


def cost_of(work: Callable[[], object]) -> Cost:
    """What the work cost in this process, all threads."""
    return _measure(work)[1]


def cost_alone(work: Callable[..., Result], *values: object) -> tuple[Result, Cost]:
    """What the work gives, and costs in a new process, where nothing that was done before is in its way."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measure, work, *values).result()


def _measure(work: Callable[..., Result], *values: object) -> tuple[Result, Cost]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work(*values)
    return result, Cost(time.perf_counter() - wall, time.process_time() - cpu)


def best_ms(work: Callable[[], object], times: int = 7) -> float:
    """The fastest of several runs, in milliseconds: what the work costs where nothing else interferes."""
    return min(seconds_of(work) for _ in range(times)) * 1000


def own_cpu_ms(work: Callable[[], object], times: int = 7) -> float:
    """Processor milliseconds of one run in this process, all threads: the same on a busy machine as on an idle one."""
    begin = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begin) / times * 1000


def cpu_seconds(pid: int) -> float:
    """Processor seconds that a process has used, all threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident memory of a process now and at its highest, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = {
        line.split(":")[0]: int(line.split()[1]) for line in status.splitlines() if line.startswith(("VmRSS", "VmHWM"))
    }
    return found["VmRSS"] / 1024, found["VmHWM"] / 1024
