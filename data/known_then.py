"""What the system had received by a past moment, as a situation file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from data.settings import Settings


@dataclass(frozen=True)
class Known:
    """The file of what was known then, once it is there; until then how much of it is done, or why there is none."""

    path: Path | None = None
    done_pct: int | None = None
    problem: str = ""


def gather_known(settings: Settings, at: datetime) -> Known:
    """What had been received by `at`."""
    return Known(problem="not yet")
