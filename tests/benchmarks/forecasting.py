"""How often the band of the rounds' forecast held what came: each half hour of each round against its own deadline.

The baseline of the expected figure is the last hour's pace carried on, of the same moments. Both are judged on the same scenario that
the forecast's assumptions were chosen on: another district will find its own figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from data.questions import ask
from data.settings import Settings
from data.situation import Situation, open_situation
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.stopwatch import own_cpu_ms

SHARE_HELD = 0.9
TOLERANCE_PCT = 0.05
"""Half of the last digit that a page shows."""


@dataclass
class Tally:
    """Forecasts of one kind of place."""

    widths: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    baseline_errors: list[float] = field(default_factory=list)
    held_count: int = 0

    @property
    def held_share(self) -> float:
        return self.held_count / len(self.widths) if self.widths else 0.0

    def add(self, low: float, expected: float, high: float, baseline: float, truth: float) -> None:
        """Counts one forecast against what came."""
        self.held_count += low - TOLERANCE_PCT <= truth <= high + TOLERANCE_PCT
        self.widths.append(high - low)
        self.errors.append(abs(expected - truth))
        self.baseline_errors.append(abs(baseline - truth))


def measure_forecasting(settings: Settings) -> None:
    """Held, width and error of the forecast in the district, towns, communities and grids; what the page's questions cost."""
    situation = open_situation(settings.situation_path)
    try:
        tallies = back_test(situation)
        for kind, tally in sorted(tallies.items(), key=lambda item: len(item[1].widths)):
            count = len(tally.widths)
            report(
                Figure(
                    f"coverage at the deadline held by its band: {kind}",
                    f"{100 * tally.held_share:.0f} % of {count:,}",
                    f"a band {sum(tally.widths) / count:.0f} points wide on average",
                    f"≥ {100 * SHARE_HELD:.0f} %",
                    tally.held_share >= SHARE_HELD,
                )
            )
            report(
                Figure(
                    f"error of the expected coverage: {kind}",
                    f"{sum(tally.errors) / count:.1f} points",
                    f"the last hour's pace carried on: {sum(tally.baseline_errors) / count:.1f}",
                )
            )
        _measure_cost(situation)
    finally:
        situation.close()


def back_test(situation: Situation, every: timedelta | None = None) -> dict[str, Tally]:
    """Every forecast of every round against the coverage at its deadline, by kind of place."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for screening in ask(situation, "coverage/rounds").to_pylist():
        given = {"round_code": screening["round_code"]}
        ended = ask(situation, "coverage/round_places", screening["deadline_at"], **given).to_pylist()
        truth = {(row["kind"], row["code"]): row["coverage_at_deadline_pct"] for row in ended}
        for moment in _moments(screening["starts_at"], screening["deadline_at"], every):
            left_h = (screening["deadline_at"] - moment).total_seconds() / 3600
            for row in ask(situation, "coverage/round_places", moment, **given).to_pylist():
                came = truth.get((row["kind"], row["code"]))
                if row["expected_pct"] is None or came is None:
                    continue
                carried = row["coverage_pct"] + 100 * row["covered_per_hour"] * left_h / row["target_count"]
                tallies[row["kind"]].add(
                    row["low_pct"], row["expected_pct"], row["high_pct"], min(100.0, carried), came
                )
    return tallies


def _moments(starts_at: datetime, deadline_at: datetime, every: timedelta | None) -> Iterator[datetime]:
    step = every or (timedelta(minutes=30) if deadline_at - starts_at > timedelta(hours=6) else timedelta(minutes=15))
    moment = starts_at + step
    while moment < deadline_at:
        yield moment
        moment += step


def _measure_cost(situation: Situation) -> None:
    """What the rounds' page asks, beside the list of all grids: from sums, and aside from single registrations."""
    rounds = ask(situation, "coverage/rounds").to_pylist()
    widest = max(rounds, key=lambda row: (row["target_count"], row["starts_at"]))
    half = widest["starts_at"] + (widest["deadline_at"] - widest["starts_at"]) / 2
    given = {"round_code": widest["round_code"]}
    grids = [
        row
        for row in ask(situation, "coverage/round_places", half, **given).to_pylist()
        if row["kind"] == "grid" and row["missing_count"]
    ]
    list_ms = own_cpu_ms(partial(ask, situation, "coverage/list", half))
    places_ms = own_cpu_ms(partial(ask, situation, "coverage/round_places", half, **given))
    curve_ms = own_cpu_ms(partial(ask, situation, "coverage/round_curve", half, **given))
    report(
        Figure(
            "a round in all its places; its curve, of CPU",
            f"{places_ms:.0f} ms; {curve_ms:.0f} ms",
            f"the list of all grids: {list_ms:.0f} ms",
        )
    )
    if not grids:
        return
    doors = partial(ask, situation, "coverage/missing_households", half, grid_code=grids[0]["code"], **given)
    check = partial(ask, situation, "checks/households_agree", half, **given)
    report(
        Figure(
            "aside: a grid's doors; all households checked",
            f"{own_cpu_ms(doors):.0f} ms; {own_cpu_ms(check):.0f} ms",
            f"the list of all grids: {list_ms:.0f} ms",
        )
    )
