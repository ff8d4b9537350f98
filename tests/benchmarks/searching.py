"""A search over all places of the district, and the figures of its towns and communities, beside questions of nothing."""

from __future__ import annotations

from functools import partial

from data.questions import ask
from data.settings import Settings
from data.situation import Situation, open_situation
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.stopwatch import best_ms, own_cpu_ms

MOST_MS = 50.0
TEXTS = ("侧贤", "cexian", "侧贤里38号", "网格长 侧贤", "440703002143", "无此地")


def measure_searching(settings: Settings) -> None:
    """Searches by name, pinyin, address, post and code, none of them remembered from before."""
    situation = open_situation(settings.situation_path)
    try:
        count = sum(
            situation.connection.execute(f"select count(*) from {table}").fetchall()[0][0]
            for table in ("town", "community", "grid", "building", "site", "staff")
        )
        searches = {text: partial(ask, situation, "map/search", text=text) for text in TEXTS}
        slowest = max(searches, key=lambda text: best_ms(searches[text], times=3))
        slowest_ms, cpu_ms = best_ms(searches[slowest]), own_cpu_ms(searches[slowest])
        places_ms = best_ms(partial(ask, situation, "coverage/places"))
        nothing_ms = best_ms(partial(_ask_nothing, situation))
    finally:
        situation.close()
    report(
        Figure(
            f"a search over {count:,} places, the slowest of {len(TEXTS)}",
            f"{slowest_ms:.0f} ms ({cpu_ms:.0f} of CPU)",
            f"select 1: {nothing_ms:.1f} ms",
            f"≤ {MOST_MS:g} ms",
            slowest_ms <= MOST_MS,
        )
    )
    report(
        Figure("all towns and communities with their figures", f"{places_ms:.0f} ms", f"select 1: {nothing_ms:.1f} ms")
    )


def _ask_nothing(situation: Situation) -> None:
    with situation.connection.cursor() as cursor:
        cursor.execute("select 1").to_arrow_table()
