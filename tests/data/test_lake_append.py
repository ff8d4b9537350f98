"""Rows added as a Parquet file written beside the engine: the lake treats them as it does those that were inserted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import data.upkeep
from data.catalogue import METADATA
from data.errors import LakeError
from data.lake import Lake, open_lake
from data.lake_append import append_rows
from data.lake_files import list_known_files, list_present_files
from data.settings import Settings
from data.upkeep import Upkeep
from tests.data.small_district import copy_of

CODE = pa.dictionary(pa.int32(), pa.string())
MOMENT = pa.timestamp("us", "UTC")
VERSION = pa.schema([
    ("site_code", CODE), ("person_token", pa.binary(16)), ("registered_at", MOMENT), ("sampled_at", MOMENT),
    ("unit_no", pa.int32()), ("household_code", pa.string()), ("grid_code", CODE), ("channel", CODE),
    ("tube_code", pa.string()), ("round_code", CODE), ("feed_code", CODE), ("ingest_no", pa.int64()),
    ("received_at", MOMENT), ("is_withdrawn", pa.bool_()),
])  # fmt: skip
MORNING, NOON, NIGHT = (datetime(2022, 7, 14, hour, tzinfo=UTC) for hour in (8, 12, 20))
ANN, BEN, EVE = (bytes.fromhex(token) for token in ("00" * 8 + "a1" * 8, "5c27785c" * 4, "ff" * 8 + "e5" * 8))
AT_A = [
    ("A", ANN, MORNING, None, 1, "户'1", "G1", "phone", "T\\x41", "R1", "f", 1, NIGHT, False),
    ("A", BEN, NOON, NIGHT, None, None, None, None, None, None, "f", 1, NIGHT, True),
]
AT_B = [("B", EVE, NIGHT, None, 2, "", "G2", "helper", None, "R1", "f", 2, NIGHT, None)]


def table_of(rows: Sequence[Sequence[Any]]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table(
        [pa.array(list(column), field.type) for column, field in zip(columns, VERSION, strict=True)], VERSION
    )


@pytest.fixture
def lake(tmp_path: Path, empty_district: Settings) -> Iterator[Lake]:
    settings = copy_of(empty_district, tmp_path / "w[i]de * home?" / "channel=x")
    with open_lake(replace(settings, retention_s=100)) as opened:
        opened.take_lease("worker")
        yield opened


@pytest.fixture
def served(tmp_path: Path, postgres_catalogue: str) -> Iterator[Lake]:
    with open_lake(Settings(home=tmp_path / "home", catalogue=postgres_catalogue)) as opened:
        opened.take_lease("worker")
        yield opened


def append(lake: Lake, rows: Sequence[Sequence[Any]]) -> None:
    with lake.transaction():
        append_rows(lake, "registration_version", table_of(rows), repeating=("unit_no", "ingest_no"))


def insert(lake: Lake, rows: Sequence[Sequence[Any]]) -> None:
    with lake.transaction() as connection:
        marks = ", ".join("?" * len(VERSION))
        connection.executemany(f"insert into lake.registration_version values ({marks})", rows)


def versions(lake: Lake, where: str = "true") -> list[tuple[Any, ...]]:
    names = ", ".join(VERSION.names)
    return lake.connection.execute(
        f"select {names} from lake.registration_version where {where} order by registered_at"
    ).fetchall()


def present_files(lake: Lake) -> set[Path]:
    return {
        path for path in list_present_files(lake.settings.lake_data_dir) if path.parent.name == "registration_version"
    }


def version_files(lake: Lake) -> list[Path]:
    return [Path(path) for _, path in lake.list_files(["registration_version"])]


def test_a_mixed_lake_gives_every_row_back_and_skips_files_by_their_bounds(lake: Lake) -> None:
    append(lake, AT_A)
    insert(lake, AT_B)
    assert versions(lake) == AT_A + AT_B
    for where, found in (
        ("tube_code = 'T\\x41'", AT_A[:1]), ("household_code = '户''1'", AT_A[:1]), ("household_code = ''", AT_B),
        ("is_withdrawn", AT_A[1:]), ("not is_withdrawn", AT_A[:1]), ("unit_no > 1", AT_B), ("sampled_at is not null", AT_A[1:]),
        (f"person_token = from_hex('{EVE.hex()}')", AT_B), (f"person_token <= from_hex('{BEN.hex()}')", AT_A),
    ):  # fmt: skip
        assert versions(lake, where) == found, where
    plan = lake.connection.execute(
        "explain analyze select count(*) from lake.registration_version where registered_at < '2022-07-14 13:00:00+00'"
    ).fetchall()[0][1]
    assert "Total Files Read: 1" in plan


def test_a_file_without_any_value_of_a_column_hides_no_row_that_has_one(lake: Lake) -> None:
    append(lake, AT_A)
    append(lake, AT_A[1:])
    insert(lake, AT_B)
    append(lake, AT_B)
    assert [row[4] for row in versions(lake, "unit_no = 1")] == [1]
    assert [row[8] for row in versions(lake, "tube_code is not null")] == ["T\\x41"]


def test_appended_and_inserted_files_are_joined_and_go_in_their_time(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(data.upkeep, "read_uptime_s", lambda: now[0])
    for rows in (AT_A, AT_B):
        append(lake, rows[:1])
        insert(lake, rows[1:] or rows)
    former = version_files(lake)
    upkeep = Upkeep(lake, lake.settings)
    upkeep.work()
    assert len(former) == 4 and len(version_files(lake)) == 1
    for _ in range(2):
        now[0] += 100
        upkeep.work()
    assert not any(path.exists() for path in former)
    assert present_files(lake) <= list_known_files(lake.connection, lake.settings.lake_data_dir)
    assert versions(lake) == [*AT_A, *AT_B, *AT_B]


def test_what_is_destroyed_of_an_appended_file_is_in_no_byte_of_the_lake(lake: Lake) -> None:
    append(lake, AT_A)
    append(lake, AT_B)
    with lake.transaction() as connection:
        connection.execute("delete from lake.registration_version where person_token = ?", [ANN])
        connection.execute("update lake.registration_version set tube_code = 'T2' where person_token = ?", [EVE])
    lake.destroy_history()
    assert [row[8] for row in versions(lake)] == [None, "T2"]
    left = [path.read_bytes() for path in lake.settings.lake_dir.rglob("*") if path.is_file()]
    # as bytes, and as the engine writes them as text
    assert not [text for text in left if ANN in text or b"T\\x41" in text or rb"\xA1\xA1\xA1" in text]
    assert len([text for text in left if BEN in text]) == 1


def test_a_column_that_came_later_has_no_value_in_older_files(lake: Lake) -> None:
    append(lake, AT_A)
    before = lake.snapshot
    lake.connection.execute("alter table lake.registration_version add column remark varchar")
    with lake.transaction():
        append_rows(lake, "registration_version", table_of(AT_B).append_column("remark", pa.array(["new"])))
    remarks = "select remark from lake.registration_version order by registered_at"
    assert lake.connection.execute(remarks).fetchall() == [(None,), (None,), ("new",)]
    assert lake.connection.execute(
        f"select count(*) from lake.registration_version at (version => {before})"
    ).fetchall() == [(2,)]
    Upkeep(lake, lake.settings).work()
    assert lake.connection.execute(remarks).fetchall() == [(None,), (None,), ("new",)]


def test_of_a_transaction_that_fails_no_file_is_left(lake: Lake) -> None:
    append(lake, AT_A)
    before = present_files(lake)
    with pytest.raises(RuntimeError), lake.transaction():
        append_rows(lake, "registration_version", table_of(AT_B))
        raise RuntimeError
    with pytest.raises(LakeError, match="exists in table"), lake.transaction():
        append_rows(lake, "registration_version", table_of(AT_B).drop_columns(["unit_no"]))
    assert present_files(lake) == before
    assert versions(lake) == AT_A


def test_a_file_whose_commit_was_done_stays_whatever_fails_right_after_it(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FailsAfterwards:
        def look(self) -> None: ...

        def keep(self) -> list[FailsAfterwards]:
            return [self]

        def unlink(self, *, missing_ok: bool) -> None:
            raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(lake, "_second_names", FailsAfterwards())
        with pytest.raises(KeyboardInterrupt):
            append(lake, AT_A)
    assert versions(lake) == AT_A


def test_a_folder_that_cannot_be_written_says_so_and_nothing_is_taken(lake: Lake) -> None:
    folder = lake.settings.lake_data_dir / "main" / "registration_version"
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("in the way")
    with pytest.raises(LakeError, match="registration_version cannot be written"):
        append(lake, AT_A)
    folder.unlink()
    append(lake, AT_A)
    assert versions(lake) == AT_A


def test_text_too_long_for_bounds_is_found_all_the_same(lake: Lake) -> None:
    long = "T" * 5000
    append(lake, AT_A)
    append(lake, [(*AT_B[0][:8], long, *AT_B[0][9:])])
    insert(lake, [(*AT_B[0][:8], "U", *AT_B[0][9:])])
    assert [row[1] for row in versions(lake, f"tube_code = '{long}'")] == [EVE]
    assert [row[1] for row in versions(lake, "tube_code = 'T\\x41'")] == [ANN]


def test_a_home_of_any_name_is_moved_as_a_whole_and_columns_are_mapped_once(lake: Lake, tmp_path: Path) -> None:
    append(lake, AT_A)
    append(lake, AT_B)
    with lake.transaction():
        append_rows(lake, "registration_version", table_of(AT_A)[:0])
    home = lake.settings.home
    mapped = lake.connection.execute(f"select count(*) from {METADATA}.ducklake_column_mapping").fetchall()
    assert mapped == [(1,)] and len(version_files(lake)) == 2
    lake.close()
    shutil.move(home, tmp_path / "elsewhere")
    with open_lake(replace(lake.settings, home=tmp_path / "elsewhere")) as moved:
        assert versions(moved) == AT_A + AT_B


def test_over_a_server_appended_files_are_joined_destroyed_and_taken_back_alike(served: Lake) -> None:
    append(served, AT_A)
    insert(served, AT_B)
    with pytest.raises(RuntimeError), served.transaction():
        append_rows(served, "registration_version", table_of(AT_B))
        raise RuntimeError
    assert versions(served) == AT_A + AT_B and len(present_files(served)) == 2
    Upkeep(served, served.settings).work()
    append(served, AT_B)
    with served.transaction() as connection:
        connection.execute("delete from lake.registration_version where person_token = ?", [ANN])
    served.destroy_history()
    assert versions(served) == AT_A[1:] + AT_B + AT_B
    assert present_files(served) == set(version_files(served))
    assert not [path for path in present_files(served) if ANN in path.read_bytes()]
