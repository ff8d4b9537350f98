"""The lake's catalogue in PostgreSQL: how it is named, who may write, and what is said when it cannot be reached."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import data.catalogue
from data.catalogue import PASSWORD_VARIABLE, find_catalogue
from data.doctor import examine
from data.errors import LakeError, SettingsError
from data.lake import LeaseLost, open_lake
from data.lake_errors import CatalogueLost
from data.settings import Settings
from tests.data.postgres import PASSWORD, BreakingWire, PostgresServer

WRITER = """
import sys
from pathlib import Path
from data.lake import open_lake
from data.settings import Settings
home, catalogue, data_path, place, go = sys.argv[1:]
import data.lake, time
data.lake.socket.gethostname = lambda: place  # another machine, as the lease sees it
with open_lake(Settings(home=Path(home), catalogue=catalogue, lake_data_path=data_path)) as lake:
    print('ready', flush=True)
    sys.stdin.readline()
    try:
        lake.take_lease('worker')
        for _ in range(10):
            with lake.transaction() as connection:
                connection.execute("insert into lake.feed (feed_code) values (?)", [place])
        print('wrote', flush=True)
    except Exception as error:
        print(f'{type(error).__name__}: {error}', flush=True)
"""


@pytest.fixture
def settings(tmp_path: Path, postgres_catalogue: str) -> Settings:
    return Settings(home=tmp_path / "home", catalogue=postgres_catalogue)


def add_feed(settings: Settings, code: str) -> None:
    with open_lake(settings) as lake:
        lake.take_lease("import")
        with lake.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values (?)", [code])


def feed_codes(settings: Settings) -> list[str]:
    with open_lake(settings, is_read_only=True) as lake:
        return [row[0] for row in lake.connection.execute("select feed_code from lake.feed order by 1").fetchall()]


def changed(settings: Settings, **keys: str) -> Settings:
    """The same catalogue named with other keys."""
    given = dict(pair.split("=", 1) for pair in settings.catalogue.removeprefix("postgres:").split())
    return replace(
        settings, catalogue="postgres:" + " ".join(f"{key}={value}" for key, value in (given | keys).items())
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres:host=db port=5433 dbname=lake user=w", "PostgreSQL, db:5433/lake"),
        ("postgres: host = 'db' dbname='a lake' user=w sslmode=verify-full", "PostgreSQL, db/a lake"),
    ],
)
def test_a_server_is_named_by_its_keys(tmp_path: Path, text: str, shown: str) -> None:
    assert str(find_catalogue(Settings(home=tmp_path, catalogue=text))) == shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("postgres:host=db password=hunter2", r"holds a password.*keys/catalogue\.password"),
        ("postgres:host=db password='hunter2 x' user=w", "holds a password"),
        ("postgres:postgresql://w:hunter2@db/lake", "not understood"),
        ("postgresql://w:hunter2@db/lake", "not understood"),
        ("postgres:host=db passfile=/hunter2", "holds a password"),
        ("postgres:host=db options='-c x=hunter2'", "unknown key 'options'"),
        ("mysql:hunter2", "not understood"),
        ("postgres:hunter2", "not understood"),
    ],
)
def test_a_setting_with_a_password_or_a_slip_is_refused_and_not_repeated(tmp_path: Path, text: str, said: str) -> None:
    with (
        pytest.raises(SettingsError, match=said) as caught,
        open_lake(Settings(home=tmp_path / "home", catalogue=text)),
    ):
        pass
    assert "hunter2" not in str(caught.value)


def test_the_password_comes_from_a_file_of_its_owner_only(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE)
    path = settings.catalogue_password_path
    path.parent.mkdir(parents=True)
    path.write_text(f"{PASSWORD}\n")
    path.chmod(0o640)
    with pytest.raises(SettingsError, match=r"open to others \(mode 0640\).*chmod 600"), open_lake(settings):
        pass
    path.chmod(0o600)
    add_feed(settings, "kept")
    assert feed_codes(settings) == ["kept"]


def test_the_password_is_in_no_file_of_the_home_and_in_no_table_of_the_engine(settings: Settings) -> None:
    add_feed(settings, "kept")
    with open_lake(settings) as lake:
        known = [
            lake.connection.execute(f"select * from {table}").fetchall()
            for table in ("duckdb_secrets()", "duckdb_databases()", "duckdb_settings()", "duckdb_variables()")
        ]
    assert PASSWORD not in str(known)
    assert [
        path for path in settings.home.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()
    ] == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"host": "127.0.0.1", "port": "1"}, "cannot be reached.*goes on by itself"),
        ({"host": "/nowhere"}, "cannot be reached"),
        ({"host": "no-such-host.invalid"}, "no machine of this name"),
        ({"dbname": "nothing"}, "no such database.*create database"),
        ({"user": "stranger"}, "refuses this user or its password"),
        ({"host": "127.0.0.1", "sslmode": "require"}, "TLS.*sslmode="),
        ({"host": "127.0.0.1", "sslmode": "sometimes"}, "does not understand"),
        ({"port": "many"}, "does not understand"),
    ],
)
def test_a_server_that_cannot_be_used_says_what_to_do(settings: Settings, keys: dict[str, str], said: str) -> None:
    with pytest.raises(LakeError, match=said) as caught, open_lake(changed(settings, **keys)):
        pass
    assert PASSWORD not in str(caught.value)


def test_a_wrong_password_is_told_and_not_repeated(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "not this one")
    with (
        pytest.raises(LakeError, match=r"refuses this user or its password.*catalogue\.password") as caught,
        open_lake(settings),
    ):
        pass
    assert "not this one" not in str(caught.value)


def test_a_server_too_old_for_the_catalogue_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data.catalogue, "LEAST_POSTGRES", 99)
    with pytest.raises(LakeError, match=r"is version \d+; the catalogue needs 99"), open_lake(settings):
        pass


def test_a_user_who_may_make_no_tables_is_told_so(settings: Settings, postgres_server: PostgresServer) -> None:
    postgres_server.change(
        f"drop role if exists guest; create role guest login password '{PASSWORD.replace(chr(39), chr(39) * 2)}'"
    )
    with (
        pytest.raises(LakeError, match=r"may not make or change tables.*owner"),
        open_lake(changed(settings, user="guest")),
    ):
        pass


def test_reading_a_database_without_a_lake_names_the_next_step(settings: Settings) -> None:
    with pytest.raises(LakeError, match=r"There is no lake.*wangge import"), open_lake(settings, is_read_only=True):
        pass


def test_a_machine_that_does_not_mount_the_shared_folder_is_told_so(settings: Settings, tmp_path: Path) -> None:
    shared = replace(settings, lake_data_path=str(tmp_path / "shared"))
    add_feed(shared, "kept")
    elsewhere = replace(settings, home=tmp_path / "second", lake_data_path=str(tmp_path / "not mounted"))
    with pytest.raises(LakeError, match=r"holds none of this lake's \d+ files.*Mount"), open_lake(elsewhere):
        pass
    assert feed_codes(replace(shared, home=tmp_path / "third")) == ["kept"]


def test_two_lakes_may_not_share_a_folder(settings: Settings, postgres_server: PostgresServer) -> None:
    add_feed(settings, "kept")
    with (
        pytest.raises(LakeError, match="files of another lake"),
        open_lake(replace(settings, catalogue=postgres_server.make_catalogue())),
    ):
        pass


def test_of_two_workers_on_two_machines_only_one_can_commit(settings: Settings, tmp_path: Path) -> None:
    shared = replace(settings, lake_data_path=str(tmp_path / "shared"))
    writers = []
    for place in ("here", "there"):
        arguments = [str(tmp_path / place), shared.catalogue, shared.lake_data_path, place, ""]
        writers.append(
            subprocess.Popen(
                [sys.executable, "-c", WRITER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
    for writer in writers:
        assert writer.stdout and writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("\n")
        writer.stdin.flush()
    said = sorted(writer.communicate(timeout=60)[0] for writer in writers)
    assert said[0].startswith("LakeError: Another worker writes to this lake: worker@"), said
    assert said[1] == "wrote\n"
    codes = feed_codes(shared)
    assert len(codes) == 10 and len(set(codes)) == 1


def test_a_writer_that_was_frozen_while_another_took_over_commits_nothing(settings: Settings) -> None:
    with open_lake(settings) as first, open_lake(settings) as second:
        first.take_lease("worker")
        first.connection.execute("begin")
        first.connection.execute("update lake.writer_lease set renewed_at = now()")
        first.connection.execute("insert into lake.feed (feed_code) values ('first')")
        second.take_lease("import")
        with second.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values ('second')")
        with pytest.raises(LeaseLost), first._explained():
            first.connection.execute("commit")
    assert feed_codes(settings) == ["second"]


def test_writers_of_all_machines_wait_for_each_other(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.lake.WRITE_WAIT_S", 0.3)
    with (
        open_lake(settings) as first,
        open_lake(
            replace(settings, home=settings.home / "other", lake_data_path=str(settings.lake_data_dir))
        ) as second,
    ):
        first.take_lease("import")
        with first.transaction(), pytest.raises(LakeError, match="process of another machine has been writing"):
            second.take_lease("import")
        second.take_lease("import")


def test_the_doctor_tells_the_catalogue_its_files_and_what_belongs_to_nobody(
    settings: Settings, postgres_server: PostgresServer
) -> None:
    add_feed(settings, "kept")
    (settings.lake_data_dir / "ducklake-left.parquet").write_bytes(b"half a file")
    found = {finding.subject: finding for finding in examine(replace(settings, retention_s=5))}
    assert found["catalogue"].found.startswith(f"PostgreSQL, {postgres_server.folder}")
    assert "1 belong to nobody" in found["upkeep"].found and "60 at least" in found["upkeep"].cure
    with open_lake(settings, is_read_only=True) as lake:
        Path(lake.list_files(["feed"])[0][1]).unlink()
    assert any(finding.subject == "files" and finding.is_broken for finding in examine(settings))
    away = {finding.subject: finding for finding in examine(changed(settings, port="1"))}
    assert away["catalogue"].is_broken and "cannot be reached" in away["catalogue"].found


def test_a_lost_connection_is_told_and_the_next_transaction_makes_a_new_one(
    settings: Settings, postgres_server: PostgresServer
) -> None:
    with open_lake(settings) as lake:
        lake.take_lease("worker")
        with pytest.raises(CatalogueLost, match="goes on by itself"), lake.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values ('lost')")
            assert postgres_server.drop_connections() > 0
        with lake.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values ('kept')")
    assert feed_codes(settings) == ["kept"]


@pytest.mark.parametrize("is_reopened", [True, False])
def test_a_commit_whose_confirmation_is_lost_keeps_its_files(
    settings: Settings, postgres_server: PostgresServer, is_reopened: bool
) -> None:
    wire = BreakingWire(postgres_server)
    broken = changed(settings, host="127.0.0.1", port=str(wire.port), sslmode="disable")
    with open_lake(broken) as lake:
        lake.take_lease("worker")
        with pytest.raises(CatalogueLost), lake.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values ('committed')")
            wire.is_cutting = True
        assert wire.cut_count == 1
        if not is_reopened:
            with lake.transaction() as connection:
                connection.execute("insert into lake.feed (feed_code) values ('later')")
    wire.close()
    with open_lake(settings):
        pass
    assert feed_codes(settings) == (["committed"] if is_reopened else ["committed", "later"])
    assert list((settings.lake_data_dir / ".uncertain").iterdir()) == []


def test_a_server_that_crashed_and_came_back_is_written_to_again(
    settings: Settings, postgres_server: PostgresServer
) -> None:
    with open_lake(settings) as lake:
        lake.take_lease("worker")
        with lake.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values ('before')")
        postgres_server.stop(signal.SIGQUIT)
        try:
            with pytest.raises(CatalogueLost), lake.transaction():
                pass
            with pytest.raises(CatalogueLost):
                assert lake.has_lease
        finally:
            postgres_server.start()
        with lake.transaction() as connection:
            connection.execute("insert into lake.feed (feed_code) values ('after')")
    assert feed_codes(settings) == ["after", "before"]
