"""The tables that analysts are shown: those that a query may name, with sizes, each table and column described."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from data.errors import SituationError
from data.ingest import ingest_paths
from data.questions import SCHEMA_DIR
from data.sandbox import Sandbox
from data.settings import Settings
from data.situation_tables import LANGUAGES, Table, describe_column, describe_table, list_tables
from tests.data.small_district import ADA, BO, copy_of, line, shared_district, write_log


@pytest.fixture(scope="module")
def tables() -> tuple[Table, ...]:
    return list_tables(shared_district())


def test_they_are_those_that_a_query_may_name(tables: tuple[Table, ...]) -> None:
    with Sandbox(shared_district()) as sandbox:
        named = sandbox.submit("show tables").result(60).table.column(0).to_pylist()
    assert sorted(table.name for table in tables) == named


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_and_column_is_described_and_nothing_else_is(tables: tuple[Table, ...], language: str) -> None:
    assert [table.name for table in tables if not describe_table(table.name, language)] == []
    columns = {(table.name, column.name) for table in tables for column in table.columns}
    assert [one for one in sorted(columns) if not describe_column(*one, language)] == []
    told = tomllib.loads((SCHEMA_DIR / f"descriptions.{language}.toml").read_text(encoding="utf-8"))
    assert told.pop("tables").keys() - {table.name for table in tables} == set()
    assert told.pop("columns").keys() - {column for _, column in columns} == set()
    assert {(table, column) for table, own in told.items() for column in own} - columns == set()


def test_sizes_follow_what_is_taken_in(tmp_path: Path) -> None:
    settings = copy_of(shared_district(), tmp_path / "home")
    assert sizes_of(settings) == {"site": 2, "registration": 0, "registration_version": 0, "first_seen": None}
    rows = write_log(
        settings.home / "logs" / "baisha" / "rows.csv", [line("S1", ADA, "08:10"), line("S1", BO, "08:39")]
    )
    ingest_paths(settings, [rows])
    assert sizes_of(settings) == {"site": 2, "registration": 2, "registration_version": 2, "first_seen": None}


def test_without_a_situation_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(SituationError, match="no situation yet"):
        list_tables(Settings(home=tmp_path))


def sizes_of(settings: Settings) -> dict[str, int | None]:
    found = {table.name: table.row_count for table in list_tables(settings)}
    return {name: found[name] for name in ("site", "registration", "registration_version", "first_seen")}
