"""Bundles to carry away: whole or not there, in agreement with themselves, open to any DuckDB, and tied to nobody."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data.bundle import export_bundle, read_wish
from data.bundle.agreement import Scope, compare_tables
from data.bundle.content import BY_NAME, NEVER
from data.cli import main
from data.errors import BundleError
from data.ingest import ingest_paths
from data.publication import ROW_TABLES
from data.sandbox import read_account
from data.settings import Settings
from tests.data.identity_scan import read_secrets
from tests.data.small_district import STORY, copy_of, lake_rows, rows, write_log
from tests.data.worker_process import fill_disk, small_disk


@pytest.fixture(scope="module")
def home(empty_district: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The small district with a day's story. Shared: read it; its account of who asked grows."""
    settings = copy_of(empty_district, tmp_path_factory.mktemp("bundle") / "home")
    ingest_paths(settings, [write_log(settings.inbox_dir / "baisha" / "day.csv", STORY)])
    return settings


@pytest.fixture(scope="module")
def folder(home: Settings) -> Path:
    """All of it as a Parquet folder."""
    return carry(home, home.home.parent / "folder")


@pytest.fixture(scope="module")
def file(home: Settings) -> Path:
    """All of it as one DuckDB file, with the lake's tokens."""
    return carry(home, home.home.parent / "all.duckdb", keeps_tokens=True)


def carry(home: Settings, out: Path, **wanted: Any) -> Path:
    return export_bundle(home, read_wish(home, out, **wanted), user="officer").path


def manifest_of(bundle: Path) -> dict[str, Any]:
    path = bundle / "manifest.json" if bundle.is_dir() else bundle.with_name(f"{bundle.name}.manifest.json")
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


def read(bundle: Path, query: str) -> list[tuple[Any, ...]]:
    """What a plain engine answers; `{name}` is a table of the bundle."""
    with duckdb.connect(":memory:" if bundle.is_dir() else str(bundle), read_only=bundle.is_file()) as connection:
        tables = re.sub(
            r"\{(\w+)\}", lambda found: f"'{bundle}/{found[1]}.parquet'" if bundle.is_dir() else found[1], query
        )
        return connection.execute(f"set timezone = 'Asia/Shanghai'; {tables}").fetchall()


def test_a_bundle_has_the_registrations_as_analysts_see_them_but_for_who_they_are(home: Settings, folder: Path) -> None:
    query = """
        select site_code, strftime(registered_at, '%H:%M'), strftime(sampled_at, '%H:%M'), unit_no, grid_code, channel, round_code
        from {registration} order by all
    """
    assert read(folder, query) == [
        ("S1", "06:30", "06:31", None, "G2", "self", "D"),
        ("S1", "07:00", "07:45", 1, "G3", "self", "M"),
        ("S1", "08:00", "08:20", 1, "G1", "assisted", "M"),
        ("S1", "09:55", "10:05", 2, "G1", "self", "M"),
        ("S1", "09:59", "10:30", 3, "G3", "self", "M"),
        ("S1", "12:00", "12:01", None, "G3", "self", "D"),
        ("S1", "23:30", None, None, "G1", "self", None),
        ("S2", "07:30", None, None, "G1", "self", "M"),
        ("S2", "12:00", None, None, "G3", "self", "D"),
    ]
    household = ["household_code", "grid_code", "resident_count", "vulnerable_count"]
    assert [row[0] for row in read(folder, "describe from {household}")] == household
    assert "recorded_by" not in [row[0] for row in read(folder, "describe from {zone_order}")]
    assert not (folder / "infection.parquet").exists()


def test_the_tables_of_a_bundle_agree_with_each_other(folder: Path, file: Path) -> None:
    for bundle in (folder, file):
        found = manifest_of(bundle)["agreement"]
        assert [one["name"] for one in found if one["outcome"] != "agrees"] == []
        assert min(one["compared_count"] for one in found) > 0


def test_both_formats_hold_the_same_rows(folder: Path, file: Path) -> None:
    counts = [
        {table["name"]: table["row_count"] for table in manifest_of(bundle)["tables"]} for bundle in (folder, file)
    ]
    assert counts[0] == counts[1]
    assert counts[0]["registration"] == 9
    rows = "select * exclude (person_token, household_code, tube_code) from {registration} order by all"
    assert read(folder, rows) == read(file, rows)


def test_a_manifest_says_what_is_in_the_bundle_and_its_hashes_hold(folder: Path, file: Path) -> None:
    told = manifest_of(folder)
    assert (told["exported_by"], told["rounds"], told["period"]["from"]) == ("officer", "all", None)
    assert told["situation"]["as_of"] == "2022-07-14T15:30:00+00:00"
    for listed in [*told["files"], *manifest_of(file)["files"]]:
        path = folder / listed["name"] if listed["name"] != file.name else file
        assert (listed["byte_count"], listed["sha256"]) == (path.stat().st_size, sha256(path.read_bytes()).hexdigest())
    assert {path.name for path in folder.iterdir()} == {"manifest.json", *(listed["name"] for listed in told["files"])}
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "截至 2022-07-14 23:30，全部时段，全部轮次。" in readme and "all times, all rounds." in readme
    left = {one["what"]: one["why"] for one in told["left_out"]}
    assert "address" in left["household.building_code"]
    told_of = [one for table in told["tables"] for one in (table, *table["columns"])]
    assert [one["name"] for one in told_of if not (one["description"] and one["description_zh"])] == []
    inside = dict(read(file, "from manifest"))
    assert json.loads(inside["tables"]) == manifest_of(file)["tables"]
    assert read(file, "select comment from duckdb_columns() where column_name = 'tube_code'") == [
        ("试管，本数据包专用代码，混采人员相同 | a tube, by a code of this bundle alone: people of one pool share it",)
    ]


def test_nobody_can_be_followed_from_bundle_to_bundle_or_to_the_lake(home: Settings, folder: Path, file: Path) -> None:
    other = carry(home, folder.parent / "again", tables=["registration", "household", "staff"])
    codes = """
        select unnest([hex(person_token), household_code, tube_code]) from {registration}
        union select household_code from {household} union select unnest([staff_code, stand_in_staff_code]) from {staff}
    """
    ours, theirs = ({code for (code,) in read(bundle, codes) if code} for bundle in (folder, other))
    assert (len(ours), ours & theirs) == (len(theirs), set())
    people = "select count(distinct person_token), count(distinct household_code), count(tube_code) from {registration}"
    assert read(folder, people) == read(file, people) == [(4, 4, 1)]
    in_lake = {code for (code,) in lake_rows(home, "select distinct person_token from lake.registration_version")}
    assert {code for (code,) in read(file, "select distinct person_token from {registration}")} == in_lake
    for path in [*folder.iterdir(), *other.iterdir()]:
        assert not any(code in path.read_bytes() for code in in_lake), path.name


def test_no_byte_and_no_value_of_a_bundle_names_anybody(home: Settings, folder: Path, file: Path) -> None:
    secrets = read_secrets((home.inbox_dir / "baisha").rglob("*.csv"))
    assert len(secrets.numbers) == 5 and secrets.names == {"示例人"}
    keys = [key.read_bytes().strip() for key in (home.home / "keys").iterdir()]
    for path in [*folder.iterdir(), file, file.with_name(f"{file.name}.manifest.json")]:
        assert secrets.find_in_file(path) == set(), path.name
        assert not any(secret in path.read_bytes() for secret in [*keys, str(home.home).encode()]), path.name


def test_the_readmes_queries_are_answered_by_a_plain_engine_far_from_our_packages(folder: Path, file: Path) -> None:
    program = """
import duckdb, pathlib, re, sys
for place in sys.argv[1:]:
    db = duckdb.connect(place if place.endswith('.duckdb') else ':memory:', config={'autoload_known_extensions': 'false'})
    text = pathlib.Path('README.md').read_text(encoding='utf-8') if place == '.' else db.execute('from readme').fetchone()[0]
    for query in re.findall(r'```sql\\n(.*?)```', text, re.S):
        print(len(db.execute(query).fetchall()))
assert not {'data', 'geo'} & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, ".", str(file)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.stderr, done.stdout.split()) == ("", ["3", "1", "3"] * 4)


def test_rounds_period_tables_and_columns_choose_what_is_in_it(home: Settings, tmp_path: Path) -> None:
    zone = carry(home, tmp_path / "m", rounds=["M"])
    assert read(zone, "select distinct round_code from {registration}") == [("M",)]
    assert read(zone, "select round_code from {round}") == [("M",)]
    assert read(zone, "select min(bucket_start_at)::varchar from {site_bucket}") == [("2022-07-14 07:00:00+08",)]
    assert manifest_of(zone)["period"]["because"] == "that of the chosen rounds"
    outcomes = {one["name"].split()[0]: one["outcome"] for one in manifest_of(zone)["agreement"]}
    assert (outcomes["people"], outcomes["samplings"]) == ("agrees", "not compared")

    wish = read_wish(
        home, tmp_path / "few.zip", from_at=moment("08:00"), until_at=moment("10:00"),
        tables=["registrations, site_bucket"], columns=["registration:grid_code,site_code,registered_at"],
    )  # fmt: skip
    assert export_bundle(home, wish).table_count == 2
    zipfile.ZipFile(wish.out).extractall(tmp_path / "few")
    found = read(tmp_path / "few", "from {registration} order by all")
    assert [row[::2] for row in found] == [("S1", "G1"), ("S1", "G1"), ("S1", "G3")]
    told = manifest_of(tmp_path / "few")
    assert told["agreement"][0]["outcome"] == "agrees"
    assert "columns of registration" in {one["what"] for one in told["left_out"]}


def moment(clock: str) -> datetime:
    return datetime.fromisoformat(f"2022-07-14 {clock}")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"rounds": ["E"]}, "There is no round 'E'. .*D, M"),
        ({"tables": ["grids,regstration"]}, "no table 'regstration'. Did you mean registration"),
        ({"columns": ["site:code"]}, "site has no column 'code'. Did you mean site_code"),
        ({"columns": ["household:building_code"]}, "never leaves the house: it names the house"),
        ({"columns": ["site"]}, "names no columns"),
        ({"tables": ["site"], "columns": ["grid:grid_code"]}, "--tables does not"),
        ({"from_at": moment("08:01")}, "does not lie on five minutes"),
        ({"from_at": moment("09:00"), "until_at": moment("08:00")}, "ends before it begins"),
        ({"format_": "duckdb"}, "cannot be written as bundle"),
    ],
)
def test_what_cannot_be_is_refused_with_what_could_and_leaves_nothing(
    home: Settings, tmp_path: Path, wanted: dict[str, Any], said: str
) -> None:
    with pytest.raises(BundleError) as refused:
        carry(home, tmp_path / "bundle", **wanted)
    assert re.search(said, str(refused.value))
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_has_a_cap_and_is_refused_whole(home: Settings, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="13 lines of registrations; 12 are the most"):
        carry(replace(home, bundle_rows=12), tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_unasked_and_a_folder_that_is_no_bundle_never(home: Settings, tmp_path: Path) -> None:
    few: dict[str, Any] = {"tables": ["town"]}
    for name in ("b", "b.zip", "b.duckdb"):
        carry(home, tmp_path / name, **few)
        with pytest.raises(BundleError, match="exists already"):
            carry(home, tmp_path / name, **few)
        carry(home, tmp_path / name, force=True, tables=["site"])
    assert [path.name for path in (tmp_path / "b").glob("*.parquet")] == ["site.parquet"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(BundleError, match="no bundle of ours"):
        carry(home, tmp_path / "mine", force=True, **few)
    names = ["b", "b.duckdb", "b.duckdb.manifest.json", "b.zip", "mine"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_a_killed_export_leaves_no_half_bundle_and_the_next_one_removes_what_it_left(
    home: Settings, tmp_path: Path
) -> None:
    program = """
import os, signal, sys
from data.bundle import export
export.put_in_place = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from data.cli import main
main(sys.argv[1:])
"""
    wanted = ["export", "--home", str(home.home), "--out", str(tmp_path / "b"), "--tables", "site"]
    subprocess.run([sys.executable, "-c", program, *wanted], check=False)
    assert [path.name[:3] for path in tmp_path.iterdir()] == [".b."]
    carry(home, tmp_path / "b", tables=["site"])
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_full_disk_is_said_and_nothing_is_left_on_it(home: Settings, tmp_path: Path) -> None:
    with small_disk(tmp_path / "stick", 1) as problem:
        if problem:
            pytest.skip(problem)
        ballast = fill_disk(tmp_path / "stick")
        for name in ("b.duckdb", "b"):
            with pytest.raises(BundleError, match="the disk is full"):
                carry(home, tmp_path / "stick" / name)
        assert list((tmp_path / "stick").iterdir()) == [ballast]


def test_the_command_tells_what_it_wrote_and_the_account_who_took_it(
    home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m.duckdb"
    assert (
        main(["export", "--home", str(home.home), "--out", str(out), "--round", "M", "--tables", "registration,site"])
        == 0
    )
    assert re.match(rf"{out}: 2 tables, 7 rows, .* MB\.\nTokens of persons are made anew", capsys.readouterr().out)
    newest = read_account(home)[0]
    assert (newest.by, newest.outcome, newest.row_count) == ("export", "done", 7)
    assert newest.text == "export m.duckdb --format duckdb --round M --tables registration,site"


def test_sums_that_differ_from_the_rows_are_found() -> None:
    columns = {name: columns.split() for name, columns in DIFFERING.items()}
    with duckdb.connect() as connection:
        connection.execute(f"""
            create table registration as select 'S1' as site_code, {at("08:01")} as registered_at, {at("08:20")} as sampled_at;
            create table site_bucket as
            select 'S1' as site_code, {at("08:00")} as bucket_start_at, 2 as registered_count, 0 as sampled_count
            union all select 'S1', {at("08:20")}, 0, 2;
            create table site as select 'S2' as site_code;
        """)
        found = compare_tables(connection, columns, Scope(None, None, False, False))
        told = {one.name.split(" against ")[0]: (one.outcome, one.differing_count) for one in found}
        assert told["registrations"] == ("differs", 1)
        assert told["samplings"] == ("differs", 1)
        assert told["sites of registrations are known"] == ("differs", 1)
        assert told["residents of buildings"] == ("not compared", 0)
        erased = compare_tables(connection, columns, Scope(None, None, False, True))
    assert {one.outcome for one in erased if one.name.startswith(("registr", "sampl"))} == {"not compared"}


DIFFERING = {
    "registration": "site_code registered_at sampled_at",
    "site_bucket": "site_code bucket_start_at registered_count sampled_count",
    "site": "site_code",
}


def at(clock: str) -> str:
    return f"timestamptz '2022-07-14 {clock}:00+08'"


def test_every_table_that_analysts_see_is_in_a_bundle_or_said_to_be_left_out(home: Settings) -> None:
    seen = {name for (name,) in rows(home, "select table_name from duckdb_tables() where database_name = 'situation'")}
    told = set(BY_NAME) | {name.strip() for names, _ in NEVER for name in names.split(",")}
    assert sorted((seen | set(ROW_TABLES)) - told) == []
