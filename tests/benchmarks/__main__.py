"""`make bench`: every figure that the design promises, each beside a baseline of the same run.

python -m tests.benchmarks [--scale X] [--home DIR]     with a home that was measured before: only what it serves
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from data.settings import Settings
from tests.benchmarks.asking import measure_asking
from tests.benchmarks.bundling import measure_bundling
from tests.benchmarks.forecasting import measure_forecasting
from tests.benchmarks.history import measure_history
from tests.benchmarks.judging import measure_judging
from tests.benchmarks.long_file import measure_long_file
from tests.benchmarks.looking_at import measure_looking_at
from tests.benchmarks.looking_back import measure_looking_back
from tests.benchmarks.mapping import measure_mapping
from tests.benchmarks.sandboxed import measure_scans, measure_ticks
from tests.benchmarks.searching import measure_searching
from tests.benchmarks.serving import measure_serving
from tests.benchmarks.small_files import measure_small_files
from tests.benchmarks.taking_in import measure_taking_in


def main() -> int:
    """Measures and prints; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the residents (1)")
    parser.add_argument(
        "--long-rows", type=int, default=500_000, help="rows of one long file (500,000; soak: 10 million)"
    )
    parser.add_argument(
        "--history-rows", type=int, default=5_000_000, help="rows of history (5 million; soak: 50 million)"
    )
    parser.add_argument("--tiny-files", type=int, default=5_000, help="files of one row (5,000; soak: 50,000)")
    parser.add_argument("--home", type=Path, help="keep what is built there, and use it again")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    sys.stdout.write(
        f"scale {options.scale:g}, {os.cpu_count()} cores, load before {load:.1f}; ratios tell more than seconds\n"
    )
    measure_mapping()
    measure_looking_at()
    with tempfile.TemporaryDirectory() as temporary:
        settings = Settings(home=(options.home or Path(temporary)).absolute())
        if not settings.situation_path.exists():
            settings.home.mkdir(parents=True, exist_ok=True)
            measure_taking_in(settings, options.scale)
            with tempfile.TemporaryDirectory() as apart:
                measure_long_file(Settings(home=Path(apart) / "long"), options.long_rows)
                measure_small_files(Path(apart), options.tiny_files)
                measure_history(Path(apart), options.history_rows)
                measure_scans(Path(apart), options.history_rows)
        measure_asking(settings)
        measure_judging(settings)
        measure_searching(settings)
        measure_forecasting(settings)
        measure_looking_back(settings)
        measure_bundling(settings)
        measure_ticks(settings)
        measure_serving(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
