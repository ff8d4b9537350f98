"""After a run no identity number, telephone or name is outside the inbox: in no byte and in no value of any file."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.doctor import examine
from data.sandbox import Sandbox
from data.settings import Settings
from tests.data.identity_scan import Secrets, read_secrets
from tests.data.worker_process import log_path, worker_at_work
from tests.waiting import eventually


@pytest.fixture(scope="module")
def secrets(imported_world: Settings) -> Secrets:
    return read_secrets((imported_world.scenario_dir / "logs").rglob("*.csv"))


@pytest.fixture(scope="module")
def run_home(imported_world: Settings, secrets: Secrets, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home whose worker took the small scenario from the inbox, and some files that must be refused."""
    settings = Settings(home=tmp_path_factory.mktemp("run") / "home")
    scenario = imported_world.scenario_dir
    shutil.copytree(imported_world.home, settings.home, ignore=shutil.ignore_patterns(scenario.name))
    (settings.home / "settings.toml").write_text("settle_seconds = 0.0\n")
    shutil.copytree(scenario / "logs", settings.inbox_dir, dirs_exist_ok=True)
    number = sorted(secrets.numbers)[0].decode()
    log = next((settings.inbox_dir / "baisha").glob("*.csv"))
    (log.parent / f"{number}.csv").write_bytes(log.read_bytes() + b"\n")
    (log.parent / f"{number}-2.csv").write_text(f"no,log\n{number},2\n")
    (log.parent / f"{number}-3.xlsx").write_bytes(log.read_bytes()[:1000])
    waiting = {path for path in settings.inbox_dir.rglob("*.*") if path.parent.parent == settings.inbox_dir}
    with worker_at_work(settings):
        eventually(lambda: not any(path.exists() for path in waiting), within_s=600)
        eventually(lambda: not any(path.is_file() for path in settings.taking_dir.rglob("*")), within_s=600)
        shutil.copy(settings.situation_path, settings.home / "situation-while-it-runs.duckdb")
    return settings


def test_the_scan_knows_the_people_and_finds_them_where_they_may_be(run_home: Settings, secrets: Secrets) -> None:
    assert len(secrets.numbers) > 1000 and len(secrets.names) > 100
    found = set()
    for path in run_home.done_dir.rglob("*.csv"):
        found |= secrets.find_in_bytes(path.read_bytes())
    assert len(found) > 1000


def test_the_scan_sees_into_packed_files(tmp_path: Path, secrets: Secrets) -> None:
    number, name = sorted(secrets.numbers)[-1].decode(), sorted(secrets.names)[0]
    telephone = next(int(number) for number in sorted(secrets.numbers) if len(number) == 11)
    pq.write_table(pa.table({"a": [name] * 9}), tmp_path / "a.parquet", compression="zstd")
    pq.write_table(pa.table({"a": [telephone]}), tmp_path / "b.parquet")
    with duckdb.connect(str(tmp_path / "c.duckdb")) as connection:
        connection.execute("create table t as select ? as a", [number])
    with sqlite3.connect(tmp_path / "d.sqlite") as connection:
        connection.execute("create table t as select ? as a", [telephone])
    (tmp_path / "e.log").write_text(f"failed at {number}7\n{name}")
    (tmp_path / "f.log").write_text(f"clean {number[:-1]}")
    found = {path.name[0]: len(secrets.find_in_file(path)) for path in sorted(tmp_path.iterdir())}
    assert found == {"a": 1, "b": 1, "c": 1, "d": 1, "e": 2, "f": 0}


def test_outside_the_inbox_there_is_nobody(run_home: Settings, secrets: Secrets) -> None:
    looked_at = [
        path for path in run_home.home.rglob("*") if path.is_file() and not path.is_relative_to(run_home.inbox_dir)
    ]
    found = {str(path.relative_to(run_home.home)): secrets.find_in_file(path) for path in looked_at}
    assert {name: len(people) for name, people in found.items() if people} == {}
    kinds = {path.suffix for path in looked_at}
    assert {".parquet", ".duckdb", ".sqlite", ".state"} <= kinds


def test_no_table_that_analysts_see_names_anybody(run_home: Settings, secrets: Secrets) -> None:
    seen = {}
    with Sandbox(replace(run_home, sandbox_export_rows=10_000_000)) as sandbox:
        tables = sandbox.submit("show tables").result(60).table.column("name").to_pylist()
        for table in tables:
            found: set[str] = set()
            for batch in sandbox.submit(f"from {table}", streams=True).batches():
                for column in batch.columns:
                    found |= secrets.find_in_values(column.to_pylist())
            seen[table] = found
    assert len(seen) > 30 and {table: people for table, people in seen.items() if people} == {}


def test_neither_the_workers_log_nor_doctor_names_anybody(run_home: Settings, secrets: Secrets) -> None:
    said = log_path(run_home).read_bytes()
    assert b"refused" in said
    assert secrets.find_in_bytes(said) == set()
    findings = "\n".join(f"{finding.found} {finding.cure}" for finding in examine(run_home))
    assert secrets.find_in_bytes(findings.encode()) == set()
