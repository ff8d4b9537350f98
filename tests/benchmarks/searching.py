"""Searches over all places, whether one lies in a zone, and the figures of towns and communities, beside questions of nothing."""

from __future__ import annotations

from functools import partial

from data.questions import ask
from data.settings import Settings
from data.situation import Situation, open_situation
from data.zone_point import find_at_point
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
        building_ms = best_ms(partial(_ask_about_building, situation))
        point_ms = best_ms(partial(_ask_about_point, situation))
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
    report(
        Figure(
            "is this place in a zone? a building by its name; a point",
            f"{building_ms:.0f} ms; {point_ms:.0f} ms",
            f"select 1: {nothing_ms:.1f} ms",
            f"≤ {MOST_MS:g} ms",
            max(building_ms, point_ms) <= MOST_MS,
        )
    )


def _ask_about_building(situation: Situation) -> None:
    """A name of the built-in scenario; in another district it is a search without a hit."""
    for place in ask(situation, "zones/find_places", text="侧贤里38号").to_pylist():
        if place["place_kind"] == "building":
            ask(situation, "zones/at_building", building_code=place["place_code"])


def _ask_about_point(situation: Situation) -> None:
    find_at_point(ask(situation, "zones/shapes").to_pylist(), 113.08, 22.58)


def _ask_nothing(situation: Situation) -> None:
    with situation.connection.cursor() as cursor:
        cursor.execute("select 1").to_arrow_table()
