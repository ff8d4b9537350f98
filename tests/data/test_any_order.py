"""The scenario, and a short story, in any order and any batches: one situation, to the row."""

from __future__ import annotations

import gzip
import os
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.ingest import IngestSummary, ingest_paths
from data.ingest.reading import find_logs
from data.ingest.take import Taker
from data.lake import open_lake
from data.settings import Settings
from tests.data.small_district import (
    ADA,
    BO,
    HEADER,
    STORY,
    differing_tables,
    line,
    make_district,
    whole_situation,
    write_log,
)

ONE_BATCH, MANY_BATCHES = 10**9, 90_000
"""Bytes in a transaction; the small world has 11 million."""


@pytest.mark.soak
@pytest.mark.parametrize(("seed", "batch_bytes"), [(1, ONE_BATCH), (2, MANY_BATCHES)])
def test_the_scenario_in_another_order_in_one_batch_or_in_more_than_a_hundred_gives_the_same_situation(
    small_world: Settings,
    imported_world: Settings,
    tmp_path: Path,
    seed: int,
    batch_bytes: int,
) -> None:
    shuffled = Settings(home=tmp_path / "shuffled", batch_bytes=batch_bytes)
    shutil.copytree(imported_world.home, shuffled.home)
    files = sorted((small_world.scenario_dir / "logs").rglob("*.csv"))
    random.Random(seed).shuffle(files)
    progress: list[int] = []
    summary = ingest_paths(shuffled, files, lambda done, of_all, lines: progress.append(done))
    assert summary.refused == ()
    assert len(progress) == 1 if batch_bytes == ONE_BATCH else len(progress) > 100
    assert differing_tables(shuffled, small_world) == []


def take_story(
    home: Settings, files: Sequence[Sequence[str]], batches: Sequence[int]
) -> dict[str, list[tuple[Any, ...]]]:
    """The situation, but for the number of files, after these files were taken, so many in a transaction each time."""
    folder = home.home.parent / f"{home.home.name}-logs"
    paths = [write_log(folder / f"{number}.csv", lines) for number, lines in enumerate(files)]
    with open_lake(home) as lake:
        taker = Taker(lake, home)
        try:
            total, start = IngestSummary(), 0
            for size in [*batches, len(paths)]:
                total += taker.take([log for path in paths[start : start + size] for log in find_logs(path, "baisha")])
                start += size
            taker.publish()
        finally:
            taker.close()
    assert (total.accepted, total.corrected, total.duplicate, total.quarantined) == (9, 4, 1, 2)
    return whole_situation(home, ignored=("feed_state",))


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_district(Settings(home=tmp_path_factory.mktemp("district")))


@pytest.fixture(scope="module")
def told_at_once(district: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    home = Settings(home=tmp_path_factory.mktemp("once") / "home")
    shutil.copytree(district.home, home.home)
    return take_story(home, [STORY], [])


EXAMPLES = int(os.environ.get("WANGGE_TEST_ORDERS", "3"))
"""Pairs of orders that are compared; `make soak` asks for 1,000."""


@settings(max_examples=max(4, EXAMPLES // 20), derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.permutations(STORY),
    lines_a_file=st.integers(1, 5),
    batches=st.lists(st.integers(1, 4), max_size=4),
)
def test_any_order_of_lines_and_any_division_into_files_and_batches_give_the_same_situation(
    district: Settings,
    told_at_once: dict[str, list[tuple[Any, ...]]],
    tmp_path_factory: pytest.TempPathFactory,
    order: list[str],
    lines_a_file: int,
    batches: list[int],
) -> None:
    home = Settings(home=tmp_path_factory.mktemp("divided") / "home")
    shutil.copytree(district.home, home.home)
    files = [order[start : start + lines_a_file] for start in range(0, len(order), lines_a_file)]
    assert take_story(home, files, batches) == told_at_once


PLACES, PEOPLE = ("S1", "S2", "S9"), (ADA, BO, "990101195003070010")  # a site and a number that cannot be
lines = st.builds(
    lambda site, person, registered, sampled, unit, household, grid, channel, notice: (
        f"{line(site, person, registered, sampled, unit, household, grid, channel)},{notice}"
    ),
    st.sampled_from(PLACES), st.sampled_from(PEOPLE), st.sampled_from(("06:30", "07:30", "09:59")),
    st.sampled_from(("", "10:05", "10:30")), st.sampled_from(("", "1", "2")), st.sampled_from(("", "H1", "H4", "H9")),
    st.sampled_from(("", "G1", "G3")), st.sampled_from(("", "协助")), st.sampled_from(("", "", "", "是")),
)  # fmt: skip
"""Lines of few people at few places and times, so that most meet: repeats, corrections, withdrawals, lines that fail."""
Delivered = tuple[str, bytes]
"""A file's name, its bytes."""


@st.composite
def deliveries(draw: st.DrawFn) -> list[Delivered]:
    """Files of such lines; some come again under other names, or packed."""
    told: list[Delivered] = []
    for number, body in enumerate(draw(st.lists(st.lists(lines, min_size=1, max_size=5), min_size=1, max_size=5))):
        content = "".join(f"{text}\n" for text in (f"{HEADER},是否撤销", *body)).encode()
        told.append((f"{number}.csv", content))
        for copy in draw(st.lists(st.sampled_from(("again", "packed")), max_size=2, unique=True)):
            packed = gzip.compress(content, mtime=0) if copy == "packed" else content
            told.append((f"{number}-{copy}.csv", packed))
    return told


def situation_after(home: Settings, order: Sequence[Delivered], batches: Sequence[int]) -> dict[str, Any]:
    """The situation after these files, so many in a transaction each time."""
    folder = home.home.parent / f"{home.home.name}-logs"
    folder.mkdir()
    with open_lake(home) as lake:
        taker = Taker(lake, home)
        try:
            start = 0
            for size in [*batches, len(order)]:
                logs = []
                for name, content in order[start : start + size]:
                    (folder / name).write_bytes(content)
                    logs += find_logs(folder / name, "baisha")
                if logs:
                    taker.take(logs)
                start += size
            taker.publish()
        finally:
            taker.close()
    return whole_situation(home)


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_two_orders_of_the_same_files_give_situations_that_differ(
    district: Settings, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    files = data.draw(deliveries())
    sizes = st.lists(st.integers(1, 3), max_size=4)
    place = tmp_path_factory.mktemp("orders")
    found = []
    for name in ("one", "other"):
        home = Settings(home=place / name)
        shutil.copytree(district.home, home.home)
        found.append(situation_after(home, data.draw(st.permutations(files)), data.draw(sizes)))
    shutil.rmtree(place)
    assert found[0] == found[1]
