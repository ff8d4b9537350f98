"""What became of a change, read by the run after the one that made it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from dashboard.outcome import Outcome


def test_who_reads_an_outcome_waits_while_the_change_is_under_way() -> None:
    outcome = Outcome()

    def read() -> str:
        outcome.settle()
        return outcome.told

    with ThreadPoolExecutor(1) as beside:
        with outcome.changing():
            reading = beside.submit(read)
            with suppress(TimeoutError):
                reading.result(timeout=0.1)
            outcome.told = "given"
        assert reading.result() == "given"
