"""Worlds that tests share: the built-in scenario, taken in through the same import and ingest as anyone's data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data.settings import Settings
from tests.data.postgres import PostgresServer, running_postgres
from tests.made_once import make_once, share_folder


@pytest.fixture(scope="session", autouse=True)
def one_thread_an_engine() -> Iterator[None]:
    """A few rows need no second thread, and handing short statements around costs a quarter of the suite's time.

    Extensions are loaded without checking their signatures, a third of a second each time; that they are checked and
    load all the same, every test with a process of its own shows.
    """
    connect = duckdb.connect

    def connect_thrifty(*places: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        config = {"allow_unsigned_extensions": "true", "threads": "1"} | options.pop("config", {})
        return connect(*places, config=config, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", connect_thrifty)
        yield


@pytest.fixture(scope="session", autouse=True)
def never_nicer() -> Iterator[None]:
    """A command that gives way to others, run within a test, must not make this test process give way to its end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "nice", lambda _: 0)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL server, started for the first test that asks for it and gone with the last."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_catalogue(postgres_server: PostgresServer) -> str:
    """The setting `catalogue` for a new, empty database; its password is in the environment."""
    return postgres_server.make_catalogue()


@pytest.fixture(params=["sqlite", "postgres"])
def catalogue(request: pytest.FixtureRequest) -> str:
    """The setting `catalogue`, once for each kind: a test that asks for it runs on both."""
    if request.param == "sqlite":
        return ""
    return str(request.getfixturevalue("postgres_catalogue"))


@pytest.fixture(scope="session", autouse=True)
def shared_homes(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Lets test processes share what is made once."""
    share_folder(tmp_path_factory)


@pytest.fixture(scope="session")
def full_scenario() -> Settings:
    """All of July 9 to 16 at full size, ingested. Shared: read it, do not change it."""
    return Settings(home=make_once("full", lambda home: take_in_scenario(home, scale=1.0)))


@pytest.fixture(scope="session")
def small_world() -> Settings:
    """The same July with a fiftieth of the residents, ingested. Shared: read it, do not change it."""
    return Settings(home=make_once("small", lambda home: take_in_scenario(home, scale=0.02)))


def take_in_scenario(home: Path, scale: float) -> Settings:
    """Builds the scenario in a home folder, imports its reference files and ingests its logs."""
    # imported here: a session that asks for no world does not wait for what builds one
    from data.ingest import ingest_paths
    from data.reference_import import find_reference_files, import_all
    from data.scenario import build_scenario

    settings = Settings(home=home)
    build_scenario(settings.scenario_dir, scale=scale)
    import_all(settings, find_reference_files(settings.scenario_dir / "reference"))
    ingest_paths(settings, [settings.scenario_dir / "logs"])
    return settings
