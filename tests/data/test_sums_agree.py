"""Map, lists, charts and single rows tell the same sums at every hour of the scenario, as it is and as it was known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from data.questions import read_questions, sit_down
from data.settings import Settings
from data.situation import Situation, open_situation

CHECKS = sorted(name for name in read_questions() if name.startswith("checks/"))
FROM_ROWS = [name for name in CHECKS if read_questions()[name].reads == "rows"]
FIRST = datetime(2022, 7, 9, 18, tzinfo=ZoneInfo("Asia/Shanghai"))
LAST = datetime(2022, 7, 16, 1, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="module")
def situation(small_world: Settings) -> Iterator[Situation]:
    opened = open_situation(small_world.situation_path)
    yield opened
    opened.close()


def disagreements(situation: Situation, moments: list[datetime], checks: list[str]) -> list[tuple[str, str]]:
    found = []
    for moment in moments:
        with sit_down(situation, moment, expected=checks) as sitting:
            found += [(f"{moment:%d %H:%M}", check) for check in checks if sitting.ask(check).num_rows]
    return found


def every(hours: int) -> list[datetime]:
    count = int((LAST - FIRST) / timedelta(hours=hours)) + 1
    return [FIRST + number * timedelta(hours=hours) for number in range(count)]


def test_the_sums_agree_at_an_hour_of_each_day_and_on_the_busiest_morning(situation: Situation) -> None:
    moments = [*every(23), datetime(2022, 7, 14, 8, 42, 30, tzinfo=FIRST.tzinfo)]  # also within five minutes
    assert disagreements(situation, moments, [name for name in CHECKS if name not in FROM_ROWS]) == []
    assert disagreements(situation, moments[5:6], FROM_ROWS) == []


@pytest.mark.soak
def test_the_sums_agree_at_every_hour(situation: Situation) -> None:
    assert disagreements(situation, every(1), CHECKS) == []
