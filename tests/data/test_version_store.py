"""Versions kept beside the lake are found again by person and time, however they came; marks noted are never denied."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import data.ingest.version_store
from data.errors import LakeError
from data.ingest.seen import Seen
from data.ingest.version_store import VersionStore

US = pa.timestamp("us", "UTC")
SCHEMA = pa.schema([("token_high", pa.uint64()), ("registered_at", US), ("note", pa.string())])


def table(*rows: tuple[int, int, str]) -> pa.Table:
    persons, moments, notes = zip(*rows, strict=True)
    return pa.table(
        {"token_high": pa.array(persons, pa.uint64()), "registered_at": pa.array(moments, US), "note": pa.array(notes)}
    )


def notes(found: pa.Table) -> list[str]:
    return sorted(found["note"].to_pylist())


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    store = VersionStore(tmp_path, SCHEMA)
    store.add(table((7, 100, "seven"), (3, 200, "three"), (7, 300, "seven later")))
    store.add(table((5, 150, "five"), (7, 400, "seven last")))
    return store


def test_persons_are_found_in_all_runs_within_the_span(store: VersionStore) -> None:
    persons = np.array([7, 5, 7, 9], np.uint64)
    assert notes(store.find(persons, 100, 400)) == ["five", "seven", "seven later"]
    assert notes(store.find(persons, 301, 1000)) == ["seven last"]
    assert store.find(persons, 500, 1000).num_rows == store.find(persons[:0], 0, 1000).num_rows == 0


def test_small_runs_are_joined_and_nothing_is_lost(store: VersionStore) -> None:
    for number in range(100):
        store.add(table((number, 1000 + number, str(number))))
    assert store.row_count == 105 and len(list(store)) < 12
    assert notes(store.find(np.array([7], np.uint64), 0, 5000)) == ["7", "seven", "seven last", "seven later"]
    assert sorted(store.read().read_all()["note"].to_pylist()) == sorted(
        note for run in store for note in run["note"].to_pylist()
    )


def test_older_versions_are_let_go_of(store: VersionStore) -> None:
    store.forget_before(200)
    assert notes(store.read().read_all()) == ["seven last", "seven later", "three"] and store.last_us == 400
    store.forget_before(1000)
    assert store.row_count == 0 and store.read().read_all().num_rows == 0


def test_no_file_is_left_behind(store: VersionStore, tmp_path: Path) -> None:
    assert store.row_count == 5 and not list(tmp_path.iterdir())


def test_a_full_disk_is_the_lakes_error(store: VersionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(data.ingest.version_store.tempfile, "TemporaryFile", fail)
    with pytest.raises(LakeError, match="full"):
        store.add(table((1, 1, "one")))
    assert store.row_count == 5


def test_what_was_noted_is_never_denied_and_little_else_is_affirmed() -> None:
    seen = Seen()
    marks = np.random.default_rng(1).integers(0, 2**64, 40_000, np.uint64)
    noted = np.concatenate([marks[:20_000], marks[:20_000] + np.uint64(1 << 36)])  # neighbours: bits of one byte
    seen.note(noted)
    assert seen.may_hold(noted).all()
    assert seen.may_hold(marks[20_000:]).mean() < 0.001
