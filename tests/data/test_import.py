"""Importing reference files: what is taken, and what a refusal says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import shapely

from data.errors import ReferenceFileError
from data.lake import open_lake
from data.reference_import import (
    KINDS,
    ImportOptions,
    TilingOptions,
    check_grids,
    import_all,
    import_reference,
)
from data.saved_report import read_attempts, read_in_force
from data.settings import INBOX_FOLDERS, PROJECT_ROOT, Settings
from data.situation import open_situation
from tests.data.small_district import empty_lake

FEEDS = """\
feed_code,feed_name,feed_name_en,kind,town_code,silent_after_min
baisha,白沙,Baisha,registrations,440703002,5
checkin,签到,Check-in,staff,,30
"""
BUILDINGS = """\
building_code,building_name,building_name_en,grid_code,lon,lat,radius_m
B-38,侧贤里38号,38 Cexianli,G1,113.0705,22.5805,14
B-39,侧贤里39号,39 Cexianli,G2,113.0715,22.5805,
"""
HOUSEHOLDS = """\
户编号,楼栋编号,常住人数,重点人群人数
B-38-0101,B-38,3,1
B-39-0101,B-39,2,
"""
SITES = """\
site_code,site_name,grid_code,lon,lat,feed_code,unit_count
S1,东华名岸,G1,113.0705,22.5805,baisha,6
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return empty_lake(tmp_path / "home")


def square(code: str, lon: float, size_deg: float = 0.001, **properties: Any) -> dict[str, Any]:
    """A grid 0.001° high whose left edge stands at `lon`."""
    left, right, low, high = lon, lon + size_deg, 22.58, 22.581
    ring = [[left, low], [right, low], [right, high], [left, high], [left, low]]
    names = {
        "grid_code": code,
        "grid_name": f"侧贤社区{code}",
        "community_code": "440703002143",
        "community_name": "侧贤社区",
        "town_code": "440703002",
        "town_name": "白沙街道",
    }
    return {"type": "Feature", "properties": names | properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def write_grids(folder: Path, *features: dict[str, Any]) -> Path:
    path = folder / "grids.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), encoding="utf-8"
    )
    return path


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def build_district(home: Path, files: Path) -> Settings:
    """Two grids side by side, a building and a household in each."""
    settings = empty_lake(home)
    import_all(
        settings,
        [
            ("feeds", write(files, "feeds.csv", FEEDS)),
            (
                "grids",
                write_grids(files, square("G1", 113.070, is_synthetic=True), square("G2", 113.071, is_synthetic=True)),
            ),
            ("buildings", write(files, "buildings.csv", BUILDINGS)),
            ("households", write(files, "households.csv", HOUSEHOLDS)),
        ],
    )
    return settings


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of that district as it was imported."""
    return build_district(tmp_path_factory.mktemp("untouched"), tmp_path_factory.mktemp("files")).home


@pytest.fixture(scope="module")
def district(untouched: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A district that tests read, or try to import wrong files into: a refusal changes nothing."""
    return Settings(home=Path(shutil.copytree(untouched, tmp_path_factory.mktemp("read") / "home")))


@pytest.fixture
def own_district(untouched: Path, tmp_path: Path) -> Settings:
    """A district that one test may change."""
    return Settings(home=Path(shutil.copytree(untouched, tmp_path / "home")))


def rows_of(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    with open_lake(settings) as lake:
        return lake.connection.execute(statement).fetchall()


def refusal_of(settings: Settings, kind: str, path: Path) -> str:
    with pytest.raises(ReferenceFileError) as caught:
        import_reference(settings, kind, path)
    return str(caught.value)


def test_a_district_is_in_the_situation_as_soon_as_it_is_imported(district: Settings) -> None:
    situation = open_situation(district.situation_path)
    try:
        rows = situation.connection.execute(
            "select grid_code, town_code, resident_count from grid order by grid_code"
        ).fetchall()
        assert rows == [("G1", "440703002", 3), ("G2", "440703002", 2)]
        assert situation.is_synthetic
    finally:
        situation.close()


def test_an_empty_cell_is_unknown_unless_the_format_names_a_default(district: Settings) -> None:
    assert rows_of(district, "select radius_m from lake.building order by building_code") == [(14.0,), (15.0,)]
    assert rows_of(district, "select vulnerable_count from lake.household order by household_code") == [(1,), (None,)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_reads_the_same_in_each_encoding(own_district: Settings, tmp_path: Path, encoding: str) -> None:
    import_reference(own_district, "buildings", write(tmp_path, "b.csv", BUILDINGS, encoding))
    assert rows_of(own_district, "select building_name from lake.building order by all") == [
        ("侧贤里38号",),
        ("侧贤里39号",),
    ]


def test_chinese_headers_and_words_in_any_order_mean_the_same(settings: Settings, tmp_path: Path) -> None:
    text = "类别,备注,数据源名称,数据源编号\r\n登记,无,白沙,baisha\r\n\r\n签到,无,签到,checkin\r\n"
    import_reference(settings, "feeds", write(tmp_path, "feeds.csv", text))
    assert rows_of(settings, "select feed_code, kind, silent_after_min from lake.feed order by sort_order") == [
        ("baisha", "registrations", None),
        ("checkin", "staff", None),
    ]


def test_a_time_without_offset_is_local_and_a_round_closes_at_its_deadline(
    own_district: Settings, tmp_path: Path
) -> None:
    text = (
        "round_code,round_name,scope,community_codes,starts_at,deadline_at\n"
        "M4,加密筛查,社区,440703002143,2022-07-14 07:00:00,2022-07-14T02:00:00Z\n"
    )
    import_reference(own_district, "rounds", write(tmp_path, "rounds.csv", text))
    (row,) = rows_of(
        own_district, "select starts_at::varchar, deadline_at::varchar, closes_at = deadline_at, scope from lake.round"
    )
    assert row == ("2022-07-13 23:00:00+00", "2022-07-14 02:00:00+00", True, "community")


def test_every_fault_of_a_file_is_told_at_once_with_its_line(district: Settings, tmp_path: Path) -> None:
    text = (
        "site_code,site_name,grid_code,lon,lat,feed_code,unit_count,is_sampling_reported\n"
        "S1,东华名岸,G1,113.07,22.58,baisha,6,true\n"
        "\n"
        "S1,东湖广场,G9,east,22.58,baisha,0,maybe\n"
        "S3,,G1,113.07,122.58,checkin,3.5,\n"
    )
    said = refusal_of(district, "sites", write(tmp_path, "sites.csv", text))
    assert "9 problems" in said
    for expected in (
        "line 4, site_code: 'S1'; this code stands in an earlier record",
        "line 4, grid_code 网格编号: 'G9'; expected the code of a grid",
        "line 4, lon 经度: 'east'; expected a number from -180 to 180",
        "line 4, unit_count 采样单元数: '0'; expected a whole number from 1 to 99",
        "line 4, is_sampling_reported 是否上报采样时间: 'maybe'; expected true or false",
        "line 5, site_name 采样点名称: empty; expected a text",
        "line 5, lat 纬度: '122.58'; expected a number from -90 to 90",
        "line 5, unit_count 采样单元数: '3.5'; expected a whole number",
        "line 5, feed_code 数据源编号: 'checkin'; expected a feed of kind registrations",
    ):
        assert expected in said
    assert rows_of(district, "select count(*) from lake.site") == [(0,)]


def test_a_refused_file_leaves_what_was_there(district: Settings, tmp_path: Path) -> None:
    refusal_of(district, "households", write(tmp_path, "h.csv", HOUSEHOLDS.replace("B-39,", "B-77,")))
    assert rows_of(district, "select count(*) from lake.household") == [(2,)]


def test_many_problems_are_counted_and_the_first_are_shown(district: Settings, tmp_path: Path) -> None:
    text = "户编号,楼栋编号,常住人数\n" + "".join(f"H{i},B-38,many\n" for i in range(3_000))
    said = refusal_of(district, "households", write(tmp_path, "h.csv", text))
    assert "3,000 problems" in said
    assert "line 21, resident_count" in said
    assert "line 22," not in said
    assert "and 2,980 more" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "feed_code 数据源编号: this column is required"),
        ("feed_code,feed_name\nbaisha,白沙\n", "header, kind 类别: this column is required and not there"),
        (FEEDS.replace("feed_name_en", "数据源名称"), "header, feed_name: two columns have this meaning"),
        (FEEDS + "short,行\n", "line 4: '2 cells'; expected 6"),
        (FEEDS.replace("baisha", "bai/sha"), "'bai/sha'; expected letters, digits, - and _"),
        (FEEDS.splitlines()[0] + "\n", "the file has no record"),
    ],
)
def test_a_malformed_table_is_refused_in_words(settings: Settings, tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal_of(settings, "feeds", write(tmp_path, "feeds.csv", text))


def test_what_looks_like_an_id_or_telephone_number_is_not_repeated(district: Settings, tmp_path: Path) -> None:
    said = refusal_of(
        district, "households", write(tmp_path, "h.csv", HOUSEHOLDS.replace("B-38,3", "990101195003070015,19900000001"))
    )
    assert "***" in said
    assert "99010119500307" not in said
    assert "19900000001" not in said


def test_grids_that_overlap_are_stored_as_they_are_and_told_with_both_codes_and_the_size(
    settings: Settings, tmp_path: Path
) -> None:
    path = write_grids(tmp_path, square("G1", 113.070, 0.0011), square("G2", 113.071))
    summary = import_reference(settings, "grids", path)
    assert summary.report is not None
    assert [(fault.kind, set(fault.codes)) for fault in summary.report.judgement.faults] == [("overlap", {"G1", "G2"})]
    assert summary.report.judgement.faults[0].area_m2 == pytest.approx(1139, rel=0.01)
    assert sum(area for (area,) in rows_of(settings, "select area_km2 from lake.grid")) == pytest.approx(
        0.0239, rel=0.01
    )


def test_a_repair_stores_grids_that_tile_and_says_what_it_changed(settings: Settings, tmp_path: Path) -> None:
    path = write_grids(tmp_path, square("G1", 113.070, 0.001005), square("G2", 113.071))
    summary = import_reference(settings, "grids", path, tiling=TilingOptions(is_repair_asked=True))
    assert summary.report is not None
    assert summary.report.repair is not None
    (change,) = summary.report.repair.changes
    assert change.lost_m2 == pytest.approx(57, rel=0.02)
    assert summary.report.judgement.faults == ()
    shapes = shapely.from_wkb([shape for (shape,) in rows_of(settings, "select geometry_wkb from lake.grid")])
    assert shapely.coverage_is_valid(shapes)


def test_a_grid_without_a_shape_is_stored_without_one(settings: Settings, tmp_path: Path) -> None:
    path = write_grids(tmp_path, square("G1", 113.070), square("G2", 113.071) | {"geometry": None})
    import_reference(settings, "grids", path)
    assert rows_of(settings, "select grid_code, geometry_wkb is null from lake.grid order by all") == [
        ("G1", False),
        ("G2", True),
    ]


def test_a_map_is_refused_for_a_code_that_is_missing_or_doubled_and_its_report_is_kept(
    settings: Settings, tmp_path: Path
) -> None:
    doubled = [square("G1", 113.070), square("G1", 113.071), square("", 113.072)]
    said = refusal_of(settings, "grids", write_grids(tmp_path, *doubled))
    assert "feature 2, grid_code" in said
    assert "feature 3, grid_code" in said
    (attempt,) = read_attempts(settings)
    assert attempt.outcome == "refused"
    assert [fault["kind"] for fault in attempt.faults] == ["no_code", "duplicate_code"]
    assert read_in_force(settings) is None


def test_the_map_in_force_is_judged_anew_with_its_buildings(own_district: Settings, tmp_path: Path) -> None:
    before = read_in_force(own_district)
    assert before is not None
    assert before.faults == ()
    import_reference(own_district, "buildings", write(tmp_path, "b.csv", BUILDINGS.replace("113.0715", "113.0705")))
    after = read_in_force(own_district)
    assert after is not None
    assert [fault["kind"] for fault in after.faults] == ["point_elsewhere"]
    assert "B-39" in after.faults[0]["en"]["sentence"]


def test_checking_a_file_changes_nothing_in_the_lake(own_district: Settings, tmp_path: Path) -> None:
    before = rows_of(own_district, "select * from lake.grid order by all")
    report = check_grids(own_district, write_grids(tmp_path, square("G1", 113.2), square("G1", 113.3)))
    assert report.judgement.is_refused
    assert rows_of(own_district, "select * from lake.grid order by all") == before
    assert read_attempts(own_district)[0].outcome == "checked"
    assert read_in_force(own_district) is not None


def test_a_town_has_one_name(settings: Settings, tmp_path: Path) -> None:
    said = refusal_of(
        settings, "grids", write_grids(tmp_path, square("G1", 113.070), square("G2", 113.071, town_name="环市街道"))
    )
    assert "feature 2, town_name: '环市街道'; expected 白沙街道" in said


def test_codes_that_a_map_file_keeps_as_numbers_are_text(settings: Settings, tmp_path: Path) -> None:
    import_reference(settings, "grids", write_grids(tmp_path, square("G1", 113.070, community_code=440703002143)))
    assert rows_of(settings, "select community_code from lake.community") == [("440703002143",)]


def test_a_file_that_is_no_map_is_refused_in_words(settings: Settings, tmp_path: Path) -> None:
    assert "not a readable map file" in refusal_of(settings, "grids", write(tmp_path, "grids.geojson", "not a map"))


def test_a_household_moves_with_its_building(own_district: Settings, tmp_path: Path) -> None:
    import_reference(own_district, "buildings", write(tmp_path, "b.csv", BUILDINGS.replace("G1", "G2")))
    assert rows_of(own_district, "select distinct grid_code from lake.household") == [("G2",)]


def test_an_import_names_what_refers_to_things_that_are_gone(own_district: Settings, tmp_path: Path) -> None:
    path = write_grids(tmp_path, square("G1", 113.070))
    assert "1 buildings name 1 grid codes that this file leaves out: G2" in refusal_of(own_district, "grids", path)
    summary = import_reference(own_district, "grids", path, ImportOptions(is_replacing=True))
    assert "1 buildings name a grid that is gone, such as G2: import buildings next." in summary.notes


def test_a_zone_names_only_what_exists(own_district: Settings, tmp_path: Path) -> None:
    text = (
        "order_code,zone_code,zone_name,level,extent_kind,extent_codes,issued_at,effective_at\n"
        "O-1,Z1,侧贤里38号,高,楼栋,B-38；B-77,2022-07-09 17:30:00,2022-07-09 18:00:00\n"
    )
    said = refusal_of(own_district, "zones", write(tmp_path, "zones.csv", text))
    assert "line 2, extent_codes 范围编号: 'B-77'; expected the code of a building" in said
    import_reference(own_district, "zones", write(tmp_path, "zones.csv", text.replace("；B-77", "")))
    assert rows_of(own_district, "select order_code, member_code from lake.zone_member") == [("O-1", "B-38")]


def test_a_stand_in_is_somebody_of_the_same_file(district: Settings, tmp_path: Path) -> None:
    text = "staff_code,role,grid_code,stand_in_staff_code\nBS-1,专职网格员,G1,BS-2\nBS-2,full_time,G1,BS-3\n"
    said = refusal_of(district, "staff", write(tmp_path, "staff.csv", text))
    assert "1 problem." in said
    assert "line 3, stand_in_staff_code AB角工号: 'BS-3'; expected a staff_code of this file" in said


def test_a_feed_gets_its_inbox(district: Settings) -> None:
    assert {"baisha", "checkin"} == {path.name for path in district.inbox_dir.iterdir()} - set(INBOX_FOLDERS)


def test_a_feed_cannot_bear_the_name_of_a_folder_that_is_the_inboxs_own(settings: Settings, tmp_path: Path) -> None:
    text = "feed_code,feed_name,kind\ndone,完成,registrations\nTaking,领取,staff\n"
    said = refusal_of(settings, "feeds", write(tmp_path, "feeds.csv", text))
    assert "2 problems." in said
    assert "line 2, feed_code 数据源编号: 'done'" in said
    assert "taking, done, refused, scenario are the inbox's own" in said


def test_an_unknown_kind_is_answered_with_the_closest(settings: Settings, tmp_path: Path) -> None:
    assert "Did you mean households?" in refusal_of(settings, "household", tmp_path / "h.csv")
    assert "there is no such file" in refusal_of(settings, "households", tmp_path / "h.csv")


@pytest.mark.parametrize("kind", KINDS)
def test_the_formats_page_describes_every_column_that_is_read(kind: str) -> None:
    page = (PROJECT_ROOT / "data" / "FORMATS.md").read_text(encoding="utf-8")
    section = page.partition(f"### {kind} ")[2].partition("\n###")[0].partition("\n## ")[0]
    for field in KINDS[kind].fields:
        assert f"{field.name} (r)" in section if field.is_required else field.name in section, field.name
        assert field.name_zh in section, field.name_zh
        for english, chinese in field.words.items():
            assert f"`{english}` {chinese}" in section, english


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "grids"])
def test_the_examples_of_the_formats_page_lack_nothing_but_what_they_refer_to(tmp_path: Path, kind: str) -> None:
    page = (PROJECT_ROOT / "data" / "FORMATS.md").read_text(encoding="utf-8")
    section = page.partition(f"### {kind} ")[2].partition("\n###")[0].partition("\n## ")[0]
    example = "\n".join(line.strip() for line in section.splitlines() if line.startswith("    "))
    reasons = refused_reasons(empty_lake(tmp_path / "home"), kind, write(tmp_path, f"{kind}.csv", example + "\n"))
    assert [reason for reason in reasons if "was imported" not in reason] == []


def refused_reasons(settings: Settings, kind: str, path: Path) -> list[str]:
    """The lines that a refusal lists; none where the file is taken."""
    try:
        import_reference(settings, kind, path)
    except ReferenceFileError as error:
        return [line for line in error.message.splitlines() if line.startswith("  ")]
    return []
