"""Moving the lake's catalogue to PostgreSQL and back: nothing is lost, and it may be interrupted anywhere."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

import data.move_lake
from data.catalogue import find_catalogue
from data.cli import main
from data.errors import LakeError, SettingsError
from data.ingest import ingest_paths
from data.ingest.worker import only_worker
from data.lake import open_lake
from data.move_lake import move_lake
from data.settings import Settings, read_settings
from data.situation import publish_situation
from tests.data.postgres import PASSWORD, PostgresServer
from tests.data.small_district import STORY, lake_rows, make_district, whole_situation, write_log

TOML = """# written by hand
port = 9000          # not the usual one
catalogue = ""
district_name = "某区"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An embedded lake with the story in it, and a settings file of its own."""
    settings = make_district(Settings(home=tmp_path / "home"))
    write_log(tmp_path / "baisha" / "a.csv", STORY)
    ingest_paths(settings, [tmp_path / "baisha"])
    (settings.home / "settings.toml").write_text(TOML)
    return read_settings(settings.home)


def published(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    with open_lake(settings) as lake:
        publish_situation(lake, settings)
    return whole_situation(settings)


def test_a_lake_moves_to_postgres_and_back_and_goes_on_as_if_nothing_had_been(
    settings: Settings, postgres_catalogue: str, tmp_path: Path
) -> None:
    before = published(settings)
    moved = move_lake(settings, postgres_catalogue)
    assert moved.row_count > 30 and Path(moved.kept).is_file()
    assert not (settings.lake_dir / "catalogue.sqlite").exists()
    there = read_settings(settings.home)
    assert find_catalogue(there).is_postgres
    assert published(there) == before
    assert ingest_paths(there, [tmp_path / "baisha"]).files == 0
    write_log(tmp_path / "baisha" / "b.csv", STORY)
    assert ingest_paths(there, [tmp_path / "baisha"]).accepted == 0

    after = published(there)
    back = move_lake(there, "sqlite")
    assert "the schema moved_" in back.kept
    here = read_settings(settings.home)
    assert find_catalogue(here).file
    assert published(here) == after
    with pytest.raises(LakeError, match="There is no lake"):
        lake_rows(there, "select 1")


@pytest.mark.soak
def test_the_rest_of_the_settings_stays_as_it_was(settings: Settings, postgres_catalogue: str) -> None:
    move_lake(settings, postgres_catalogue)
    text = (settings.home / "settings.toml").read_text()
    assert text == TOML.replace('catalogue = ""', f'catalogue = "{postgres_catalogue}"')
    (settings.home / "settings.toml").write_text("port = 9000\n")
    move_lake(replace(settings, catalogue=postgres_catalogue), "")
    assert tomllib.loads((settings.home / "settings.toml").read_text()) == {"port": 9000, "catalogue": ""}


STEPS = ("_copy", "_read_contents", "_write_setting", "_put_aside")


@pytest.mark.parametrize("step", STEPS if "WANGGE_TEST_KILLS" in os.environ else STEPS[::4])  # `make soak`: every step
def test_interrupted_at_any_step_it_is_run_again_and_finishes(
    settings: Settings, postgres_catalogue: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = published(settings)
    work = getattr(data.move_lake, step)
    calls = []

    def break_off(*arguments: object) -> object:
        calls.append(step)
        done = work(*arguments)
        if step in ("_copy", "_write_setting") or len(calls) == 2:
            raise KeyboardInterrupt  # after the step, or (what is called twice) between the copy and its being in force
        return done

    with monkeypatch.context() as patch:
        patch.setattr(data.move_lake, step, break_off)
        if step == "_put_aside":
            patch.setattr(data.move_lake, step, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            move_lake(settings, postgres_catalogue)
    in_force = read_settings(settings.home)
    assert find_catalogue(in_force).is_postgres == (step in ("_write_setting", "_put_aside"))
    assert published(in_force) == before
    moved = move_lake(in_force, postgres_catalogue)
    assert Path(moved.kept).is_file()
    assert published(read_settings(settings.home)) == before


@pytest.mark.soak
def test_a_half_made_or_outdated_copy_is_made_anew(settings: Settings, postgres_catalogue: str, tmp_path: Path) -> None:
    data.move_lake._copy(settings, replace(settings, catalogue=postgres_catalogue))
    write_log(tmp_path / "baisha" / "b.csv", [*STORY, STORY[0]])
    ingest_paths(settings, [tmp_path / "baisha"])
    before = published(settings)
    move_lake(settings, postgres_catalogue)
    assert published(read_settings(settings.home)) == before


def test_a_copy_that_differs_is_not_put_into_force(
    settings: Settings, postgres_catalogue: str, monkeypatch: pytest.MonkeyPatch, postgres_server: PostgresServer
) -> None:
    copy = data.move_lake._copy

    def lose_a_file(one: Settings, other: Settings) -> None:
        copy(one, other)
        postgres_server.change(
            "delete from ducklake_data_file where table_id = (select table_id from ducklake_table where table_name = 'staff')",
            postgres_catalogue.partition("dbname=")[2].split()[0],
        )

    monkeypatch.setattr(data.move_lake, "_copy", lose_a_file)
    with pytest.raises(LakeError, match=r"is not what .* holds: staff.*still in force"):
        move_lake(settings, postgres_catalogue)
    assert (settings.home / "settings.toml").read_text() == TOML


def test_it_refuses_while_a_worker_runs_or_another_lake_is_there(
    settings: Settings, postgres_catalogue: str, tmp_path: Path
) -> None:
    with only_worker(settings), pytest.raises(LakeError, match="Another worker"):
        move_lake(settings, postgres_catalogue)
    make_district(Settings(home=tmp_path / "other", catalogue=postgres_catalogue))
    with pytest.raises(LakeError, match=r"another lake already.*empty database"):
        move_lake(settings, postgres_catalogue)
    with pytest.raises(LakeError, match="there already"):
        move_lake(settings, "")
    with pytest.raises(SettingsError, match="holds a password"):
        move_lake(settings, "postgres:host=db password=x")
    with pytest.raises(LakeError, match="There is no lake"):
        move_lake(Settings(home=tmp_path / "nothing"), postgres_catalogue)
    assert (settings.home / "settings.toml").read_text() == TOML


def test_the_command_says_what_it_did_and_no_password(
    settings: Settings, postgres_catalogue: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["move-lake", "--to", postgres_catalogue, "--home", str(settings.home)]) == 0
    said = capsys.readouterr().out
    assert "now: PostgreSQL" in said and "all agree" in said and "kept as" in said
    assert main(["move-lake", "--to", postgres_catalogue, "--home", str(settings.home)]) == 1
    assert "there already" in capsys.readouterr().err
    assert PASSWORD not in said
