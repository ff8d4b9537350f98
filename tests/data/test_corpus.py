"""Every bad file of the corpus, through real ingest: each has exactly the outcome that `outcomes.toml` says."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from data.ingest import ingest_paths
from data.settings import Settings
from tests.data.small_district import lake_rows, make_district

CORPUS = Path(__file__).parent / "corpus"
CASES: dict[str, dict[str, Any]] = tomllib.loads((CORPUS / "outcomes.toml").read_text(encoding="utf-8"))
KNOWN_KEYS = {"why", "feed", "mapping", "refused", "accepted", "corrected", "duplicate", "quarantined"}


@pytest.fixture(scope="module")
def empty_district(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_district(Settings(home=tmp_path_factory.mktemp("district") / "home"))


@pytest.mark.parametrize("name", CASES)
def test_a_corpus_file_has_the_outcome_it_must_have(name: str, empty_district: Settings, tmp_path: Path) -> None:
    case = CASES[name]
    settings = Settings(home=tmp_path / "home")
    shutil.copytree(empty_district.home, settings.home)
    mapping = tuple(case.get("mapping", {}).items())
    summary = ingest_paths(settings, [CORPUS / name], feed=case.get("feed", "baisha"), mapping=mapping)
    reasons = [reason for _, reason in summary.refused]
    expected = case.get("refused")
    assert bool(reasons) == (expected is not None), reasons
    assert [reason for reason in reasons if expected not in reason] == []
    quarantined = [tuple(cell or None for cell in row) for row in case.get("quarantined", [])]
    assert (
        lake_rows(settings, "select line_no, column_name, reason from lake.quarantine order by line_no") == quarantined
    )
    assert (summary.accepted, summary.corrected, summary.duplicate, summary.quarantined) == (
        case.get("accepted", 0), case.get("corrected", 0), case.get("duplicate", 0), len(quarantined),
    )  # fmt: skip


def test_every_corpus_file_has_an_outcome_and_every_outcome_a_file_and_a_reason() -> None:
    assert {path.name for path in CORPUS.iterdir()} - {"outcomes.toml"} == set(CASES)
    assert [name for name, case in CASES.items() if not case.get("why") or set(case) - KNOWN_KEYS] == []
