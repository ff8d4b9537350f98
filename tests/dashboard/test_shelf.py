"""The shelves that pages ask: never an answer of a publication that gave way, but for what was dear and rests a little."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashboard import live, shelf
from dashboard.live import Feed
from dashboard.shelf import NewestShelf, OrderShelf
from data.questions import ask
from data.settings import Settings
from data.situation import open_situation
from tests.dashboard.conftest import take_in_morning

CHANGES = {
    "morning": "",
    "busier": "update site_bucket set registered_count = registered_count + 7",
    "later": "update meta set as_of = as_of + interval '1 minute'",
    "milder": "update zone_order set level = 'medium'",
}
"""Publications that differ from the morning's in one thing each."""
QUESTIONS = ("sites/queues", "sites/list", "wall/grids", "map/towns")
Publish = Callable[[str], None]


@pytest.fixture
def feed(district: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Feed]:
    """Of the morning; it draws no blocks, which nobody looks at here."""
    monkeypatch.setattr(live, "BLOCKS", {})
    feed = Feed(take_in_morning(district))
    yield feed
    feed.stop()


@pytest.fixture
def publish(feed: Feed, tmp_path: Path) -> Publish:
    for name, change in CHANGES.items():
        shutil.copy(feed.settings.situation_path, tmp_path / name)
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"attach '{tmp_path / name}' as aside; use aside; {change}")

    def put(name: str) -> None:
        aside = feed.settings.situation_path.with_suffix(".aside")
        shutil.copy(tmp_path / name, aside)
        aside.replace(feed.settings.situation_path)

    return put


def told_now(feed: Feed, name: str, as_of: Any = None) -> list[dict[str, Any]]:
    """What the file in force says, asked anew."""
    with closing(open_situation(feed.settings.situation_path)) as situation:
        return ask(situation, name, as_of).to_pylist()


def test_whatever_is_published_and_asked_in_whatever_order_the_answer_is_of_the_file_in_force(
    feed: Feed, publish: Publish
) -> None:
    newest = NewestShelf(feed)
    orders = OrderShelf(newest)
    chance = random.Random(2022)
    for _ in range(12):
        publish(chance.choice(list(CHANGES)))
        for _ in range(chance.randrange(3)):
            name = chance.choice(QUESTIONS)
            assert newest.ask(name) == told_now(feed, name)
        if chance.random() < 0.5:
            assert orders.ask("zones/in_force") == told_now(feed, "zones/in_force", feed.clock.now())


def test_dear_answers_rest_for_some_seconds_and_an_order_ends_their_rest(
    feed: Feed, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = NewestShelf(feed)

    def count_waiting() -> int:
        (told,) = newest.ask("sites/queues")
        return int(told["waiting_count"])

    assert count_waiting() == 1
    with newest.seated() as sitting:
        sitting.spent_s = 1.0
    publish("busier")
    feed.look()
    assert count_waiting() == 1
    publish("milder")
    feed.look()
    assert [zone["level"] for zone in OrderShelf(newest).ask("zones/in_force")] == ["medium"]
    with newest.seated() as sitting:
        sitting.spent_s = 1.0
    publish("busier")
    now_s = shelf.monotonic()
    monkeypatch.setattr(shelf, "monotonic", lambda: now_s + shelf.LONGEST_S)
    assert count_waiting() > 1


def test_the_page_finds_what_the_wall_has_asked_and_many_ask_once(
    feed: Feed, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = NewestShelf(feed)
    with feed.seated() as sitting:
        known = sitting.ask("wall/grids")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(newest.ask, ["wall/grids", "sites/list"] * 4))
    assert all(answer is known for answer in answers[::2])
    assert all(answer is answers[1] for answer in answers[1::2])


def test_a_sitting_stays_open_for_who_sits_in_it_while_the_next_comes(feed: Feed, publish: Publish) -> None:
    newest = NewestShelf(feed)
    with newest.seated() as sitting:
        publish("busier")
        feed.look()
        assert newest.ask("sites/queues") != sitting.ask("sites/queues")
        assert sitting.ask("sites/list")
    assert newest.ask("sites/queues") == told_now(feed, "sites/queues")
