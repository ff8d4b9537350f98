"""A bundle of everything beside the same registrations copied as they are: what de-identifying and comparing cost.

python -m tests.benchmarks.bundling --home DIR     a home that was measured before
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from data.bundle import export_bundle, read_wish
from data.engine import quoted
from data.questions import open_rows
from data.settings import Settings
from data.situation import open_situation
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.stopwatch import cost_of, memory_mb

RATIO_MOST = 6.0
MEMORY_MB_MOST = 1_300.0


def measure_bundling(settings: Settings) -> None:
    """Both formats beside one sorted COPY of the registrations on one thread, by time of the processor."""
    with tempfile.TemporaryDirectory() as temporary:
        plain = cost_of(lambda: _copy(settings, Path(temporary) / "plain.parquet"))
        for name in ("bundle.duckdb", "bundle"):
            wish = read_wish(settings, Path(temporary) / name)
            cost = cost_of(lambda wish=wish: export_bundle(settings, wish))  # type: ignore[misc]
            ratio = cost.cpu_s / plain.cpu_s
            report(
                Figure(
                    f"a bundle of everything ({wish.format})", f"{cost}, {ratio:.1f} ×",
                    f"registrations copied as they are: {plain}", f"≤ {RATIO_MOST:g} ×", ratio <= RATIO_MOST,
                )
            )  # fmt: skip
    highest = memory_mb(os.getpid())[1]
    report(
        Figure(
            "  memory of this process at its highest", f"{highest:,.0f} MB", "an engine of 1 GB",
            f"≤ {MEMORY_MB_MOST:,.0f} MB", highest <= MEMORY_MB_MOST,
        )
    )  # fmt: skip


def _copy(settings: Settings, out: Path) -> None:
    situation = open_situation(settings.situation_path)
    try:
        with situation.connection.cursor() as cursor:
            cursor.execute("use situation; set threads = 1")
            open_rows(cursor)
            cursor.execute(
                f"copy (from registration order by site_code, registered_at) to {quoted(out)} (format parquet, compression zstd)"
            )
    finally:
        situation.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    measure_bundling(Settings(home=parser.parse_args().home.absolute()))
