"""Worlds that tests share: the built-in scenario, taken in through the same import and ingest as anyone's data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import pytest

from data.settings import Settings
from tests.data.postgres import PostgresServer, running_postgres
from tests.made_once import make_once, share_folder

hypothesis.settings.register_profile("wangge", deadline=None)  # how long an example takes says how busy the machine is
hypothesis.settings.load_profile("wangge")


@pytest.fixture(scope="session", autouse=True)
def one_thread_an_engine() -> Iterator[None]:
    """A few rows need no second thread, and handing short statements around costs a quarter of the suite's time."""
    connect = duckdb.connect

    def connect_thrifty(*places: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        return connect(*places, config={"threads": "1"} | options.pop("config", {}), **options)

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
def imported_world() -> Settings:
    """The same July with a fiftieth of the residents, before its logs come. Shared: copy it, do not change it."""
    return Settings(home=make_once("imported", lambda home: import_scenario(Settings(home=home), scale=0.02)))


@pytest.fixture(scope="session")
def small_world(imported_world: Settings) -> Settings:
    """That July, ingested. Shared: read it, do not change it."""

    def take_in(home: Path) -> None:
        shutil.copytree(imported_world.home, home)
        ingest_logs(Settings(home=home))

    return Settings(home=make_once("small", take_in))


def take_in_scenario(home: Path, scale: float) -> Settings:
    """Builds the scenario in a home folder, imports its reference files and ingests its logs."""
    settings = Settings(home=home)
    import_scenario(settings, scale)
    ingest_logs(settings)
    return settings


def import_scenario(settings: Settings, scale: float) -> None:
    """Builds the scenario in a home and imports its reference files."""
    # imported here: a session that asks for no world does not wait for what builds one
    from data.reference_import import find_reference_files, import_all
    from data.scenario import build_scenario

    build_scenario(settings.scenario_dir, scale=scale)
    import_all(settings, find_reference_files(settings.scenario_dir / "reference"))


def ingest_logs(settings: Settings) -> None:
    """Takes in the logs of the scenario in a home."""
    from data.ingest import ingest_paths

    ingest_paths(settings, [settings.scenario_dir / "logs"])
