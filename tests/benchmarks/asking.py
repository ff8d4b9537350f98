"""The wall's questions together, as the live feed asks them, beside as many questions of nothing."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import pyarrow as pa
import pytest

from dashboard.live import Feed
from dashboard.sittings import choose_params
from data.clock import read_clock
from data.questions import Sitting, ask, sit_down
from data.settings import Settings
from data.situation import Situation, open_situation
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.stopwatch import best_ms, own_cpu_ms

MOST_MS = 50.0


def measure_asking(settings: Settings) -> None:
    """Asks what the wall asks for one publication, in one sitting and one by one."""
    feed = Feed(settings)
    names = _note_questions(feed, settings)
    given = choose_params(settings, read_clock(settings.home))
    situation = open_situation(settings.situation_path)
    try:
        together = partial(_ask_together, situation, names, given)
        together_ms, cpu_ms = best_ms(together), own_cpu_ms(together)
        apart_ms = best_ms(partial(_ask_apart, situation, names), times=3)
        nothing_ms = best_ms(partial(_ask_nothing, situation, len(names)))
    finally:
        situation.close()
    report(
        Figure(
            f"the wall's {len(names)} questions together",
            f"{together_ms:.0f} ms ({cpu_ms:.0f} of CPU)",
            f"each by itself: {apart_ms:.0f} ms; {len(names)} × select 1: {nothing_ms:.1f} ms",
            f"≤ {MOST_MS:g} ms",
            together_ms <= MOST_MS,
        )
    )
    picture_ms = best_ms(partial(_look_anew, feed, settings))
    report(Figure("one picture for all viewers", f"{picture_ms:.0f} ms", f"its questions: {together_ms:.0f} ms"))


def _note_questions(feed: Feed, settings: Settings) -> list[str]:
    """What a picture asks; the first one draws the geometry too, which later ones do not."""
    asked: list[str] = []
    plain = Sitting.ask

    def note(sitting: Sitting, name: str, /, **params: Any) -> pa.Table:
        asked.append(name)
        return plain(sitting, name, **params)

    feed.look()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sitting, "ask", note)
        _look_anew(feed, settings)
    return asked


def _look_anew(feed: Feed, settings: Settings) -> None:
    os.utime(settings.situation_path)
    feed.look()


def _ask_together(situation: Situation, names: list[str], given: dict[str, Any]) -> None:
    with sit_down(situation, expected=names, **given) as sitting:
        for name in names:
            sitting.ask(name)


def _ask_apart(situation: Situation, names: list[str]) -> None:
    for name in names:
        ask(situation, name)


def _ask_nothing(situation: Situation, count: int) -> None:
    for _ in range(count):
        with situation.connection.cursor() as cursor:
            cursor.execute("select 1").to_arrow_table()
