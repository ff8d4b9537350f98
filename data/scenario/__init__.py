"""The built-in scenario: July 2022 in Pengjiang District, as files that sites and offices would send.

Synthetic throughout: no person, no boundary and no household in it is real. It writes files and nothing else;
whatever reads them goes through the same import and ingest as anyone's data.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.scenario.manifest import Manifest

DEFAULT_SEED = 20220714

Progress = Callable[[str, int, int], None]
"""Called with what is being done now, steps done, and steps in all."""


def build_scenario(
    out_dir: Path,
    seed: int = DEFAULT_SEED,
    scale: float = 1.0,
    play_from: datetime | None = None,
    on_progress: Progress | None = None,
) -> Manifest:
    """Writes the scenario into `out_dir` and returns its manifest: see `data.scenario.build.write_scenario`."""
    # Imported here: geometry and statistics packages take most of a second that other commands need not spend.
    from data.scenario.build import write_scenario

    return write_scenario(out_dir, seed, scale, play_from, on_progress)
