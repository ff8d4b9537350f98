"""Every bad file of the corpus, through real ingest: each has exactly the outcome that `outcomes.toml` says."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data.errors import IngestError
from data.ingest import IngestSummary
from data.ingest.reading import find_logs
from data.ingest.take import Taker
from data.lake import Lake, open_lake
from data.settings import Settings
from tests.data.small_district import make_district

CORPUS = Path(__file__).parent / "corpus"
CASES: dict[str, dict[str, Any]] = tomllib.loads((CORPUS / "outcomes.toml").read_text(encoding="utf-8"))
KNOWN_KEYS = {"why", "feed", "mapping", "refused", "accepted", "corrected", "duplicate", "quarantined"}
REFERENCE = {
    "writer_lease", "feed", "town", "community", "grid", "building", "household", "site", "staff", "round", "round_community",
    "zone_order_version",
}  # fmt: skip


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lake, Taker]]:
    """One worker for all cases: opening a lake for each would take minutes."""
    settings = make_district(Settings(home=tmp_path_factory.mktemp("district") / "home"))
    with open_lake(settings) as lake:
        taker = Taker(lake, settings)
        taker.load()
        yield lake, taker
        taker.close()


@pytest.fixture
def district(worker: tuple[Lake, Taker]) -> Iterator[tuple[Lake, Taker]]:
    """The worker, to whom nothing has come yet; a file that was refused whole left nothing to remove."""
    lake, taker = worker
    empty = lake.snapshot
    yield worker
    if lake.snapshot == empty:
        return
    tables = lake.connection.execute("select table_name from duckdb_tables() where database_name = 'lake'").fetchall()
    written = {table for table, _ in lake.list_files([table for (table,) in tables])} - REFERENCE
    with lake.transaction() as connection:
        for table in sorted(written):
            connection.execute(f"delete from lake.{table}")
    taker.load()


# A case costs a second: `make test` takes every other one, `make soak` all of them.
IS_SOAK = "WANGGE_TEST_KILLS" in os.environ
CHOSEN = list(CASES) if IS_SOAK else list(CASES)[::2]


@pytest.mark.parametrize("name", CHOSEN)
def test_a_corpus_file_has_the_outcome_it_must_have(name: str, district: tuple[Lake, Taker]) -> None:
    lake, taker = district
    case = CASES[name]
    try:
        summary = taker.take(find_logs(CORPUS / name, case.get("feed", "baisha"), case.get("mapping")))
    except IngestError as error:
        summary = IngestSummary(refused=((name, str(error)),))
    expected = case.get("refused", "")
    reasons = [reason for _, reason in summary.refused]
    assert (bool(reasons), [reason for reason in reasons if expected not in reason]) == (bool(expected), [])
    quarantined = [(line, column or None, reason) for line, column, reason in case.get("quarantined", [])]
    found = lake.connection.execute(
        "select line_no, column_name, reason from lake.quarantine order by line_no"
    ).fetchall()
    assert found == quarantined
    assert (summary.accepted, summary.corrected, summary.duplicate, summary.quarantined) == (
        case.get("accepted", 0), case.get("corrected", 0), case.get("duplicate", 0), len(quarantined),
    )  # fmt: skip


def test_every_corpus_file_has_an_outcome_and_every_outcome_a_file_and_a_reason() -> None:
    assert {path.name for path in CORPUS.iterdir()} - {"outcomes.toml"} == set(CASES)
    assert [name for name, case in CASES.items() if not case.get("why") or set(case) - KNOWN_KEYS] == []
