"""What many viewers met together: how long each tick took, how much came, how many failed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Filled by viewers' threads."""

    latencies_s: list[float] = field(default_factory=list)
    byte_count: int = 0
    failed_count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, latency_s: float, byte_count: int) -> None:
        """A tick that was answered."""
        with self._lock:
            self.latencies_s.append(latency_s)
            self.byte_count += byte_count

    def fail(self) -> None:
        """A tick that was not answered."""
        with self._lock:
            self.latencies_s.append(float("inf"))
            self.failed_count += 1

    def share_in_time(self, within_s: float) -> float:
        """The share of ticks that were answered within so long."""
        return sum(latency <= within_s for latency in self.latencies_s) / max(1, len(self.latencies_s))
