"""The scenario, and a short story, in any order and any batches: one situation, to the row."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import data.ingest.named
from data.ingest import IngestSummary, ingest_paths
from data.ingest.reading import find_logs
from data.ingest.take import Taker
from data.lake import open_lake
from data.reference_import import find_reference_files, import_all
from data.settings import Settings
from tests.data.small_district import STORY, differing_tables, make_district, whole_situation, write_log

ONE_BATCH, MANY_BATCHES = 10**9, 90_000
"""Bytes in a transaction; the small world has 11 million."""


@pytest.fixture(scope="module")
def imported_world(small_world: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The small world before its logs came."""
    home = Settings(home=tmp_path_factory.mktemp("imported"))
    import_all(home, find_reference_files(small_world.scenario_dir / "reference"))
    return home


@pytest.mark.parametrize(("seed", "batch_bytes"), [(1, ONE_BATCH), (2, MANY_BATCHES)])
def test_the_scenario_in_another_order_in_one_batch_or_in_more_than_a_hundred_gives_the_same_situation(
    small_world: Settings,
    imported_world: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    batch_bytes: int,
) -> None:
    shuffled = Settings(home=tmp_path / "shuffled")
    shutil.copytree(imported_world.home, shuffled.home)
    files = sorted((small_world.scenario_dir / "logs").rglob("*.csv"))
    random.Random(seed).shuffle(files)
    monkeypatch.setattr(data.ingest.named, "BULK_BATCH_BYTES", batch_bytes)
    progress: list[int] = []
    summary = ingest_paths(shuffled, files, lambda done, of_all: progress.append(done))
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


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
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
