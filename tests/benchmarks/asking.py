"""The wall's questions together, beside as many questions of nothing."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import pytest

from dashboard import live
from data.questions import ask
from data.settings import Settings
from data.situation import open_situation
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.stopwatch import best_ms, own_cpu_ms

MOST_MS = 50.0


def measure_asking(settings: Settings) -> None:
    """Asks what the wall asks for one publication, each question by itself and all within a picture."""
    asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def note(source: Any, name: str, /, *arguments: Any, **params: Any) -> Any:
        asked.append((name, arguments, params))
        return ask(source, name, *arguments, **params)

    feed = live.Feed(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "ask", note)
        feed.look()  # the first picture draws the geometry too, which later ones do not
        asked.clear()
        os.utime(settings.situation_path)
        feed.look()
    situation = open_situation(settings.situation_path)
    try:
        costs = {}
        for number, (name, arguments, params) in enumerate(asked):
            costs[f"{name} {number}"] = best_ms(partial(ask, situation, name, *arguments, **params))

        def ask_all() -> None:
            for name, arguments, params in asked:
                ask(situation, name, *arguments, **params)

        cpu_ms = own_cpu_ms(ask_all)

        def ask_nothing() -> None:
            for _ in asked:
                with situation.connection.cursor() as cursor:
                    cursor.execute("select 1").to_arrow_table()

        nothing_ms = best_ms(ask_nothing)
    finally:
        situation.close()
    total_ms = sum(costs.values())
    report(
        Figure(
            f"the wall's {len(asked)} questions together",
            f"{total_ms:.0f} ms ({cpu_ms:.0f} ms of CPU)",
            f"{len(asked)} × select 1: {nothing_ms:.1f} ms",
            f"≤ {MOST_MS:g} ms",
            total_ms <= MOST_MS,
        )
    )
    slowest = sorted(costs.items(), key=lambda cost: -cost[1])[:3]
    report(
        Figure(
            "  the slowest of them",
            f"{slowest[0][1]:.1f} ms",
            ", ".join(f"{name.split()[0]} {ms:.1f}" for name, ms in slowest),
        )
    )

    def look() -> None:
        os.utime(settings.situation_path)
        feed.look()

    report(Figure("one picture for all viewers", f"{best_ms(look):.0f} ms", f"its questions alone: {total_ms:.0f} ms"))
