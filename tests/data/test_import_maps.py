"""Importing map files: the same district from any format, places that are checked, parents that come on their own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely

from data.errors import ReferenceFileError
from data.lake import open_lake
from data.reference_import import ImportOptions, import_all, import_reference
from data.reference_import.codes import restore_code
from data.reference_import.headers import match_header
from data.reference_import.kinds import KINDS
from data.settings import Settings
from data.situation import open_situation
from geo.crs import metres_from_degrees
from geo.layer import LayerOptions
from tests.data.small_district import empty_lake
from tests.geo.layers import CODES, NAMES, SQUARES, three_grids, write_dbf, write_layer

PARENTS = {
    "community_code": "440703002143",
    "community_name": "侧贤社区",
    "town_code": "440703002",
    "town_name": "白沙街道",
}
FEEDS = "feed_code,feed_name,kind\nbaisha,白沙,registrations\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return empty_lake(tmp_path / "home")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three grids side by side and a feed, as it was imported."""
    files, home = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("untouched") / "home"
    import_all(empty_lake(home), [("feeds", write(files, "feeds.csv", FEEDS)), ("grids", write_grids(files))])
    return home


@pytest.fixture
def district(untouched: Path, tmp_path: Path) -> Settings:
    """That district, to be changed."""
    return Settings(home=shutil.copytree(untouched, tmp_path / "home"))


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def grids(**columns: Sequence[str] | str) -> geopandas.GeoDataFrame:
    """The three squares with their parents, and columns of one's own."""
    frame = three_grids().rename(columns={"名称": "grid_name"})
    for name, values in (PARENTS | columns).items():
        frame[name] = values
    return frame


def write_grids(folder: Path, suffix: str = "geojson", crs: int | None = None, **columns: Sequence[str] | str) -> Path:
    return write_layer(folder, suffix, grids(**columns), crs=crs)


def rows_of(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    with open_lake(settings, is_read_only=True) as lake:
        return lake.connection.execute(statement).fetchall()


def refusal_of(settings: Settings, kind: str, path: Path, options: ImportOptions | None = None) -> str:
    with pytest.raises(ReferenceFileError) as caught:
        import_reference(settings, kind, path, options)
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("suffix", "crs"),
    [("geojson", 4326), ("shp", 4490), ("gpkg", 4547), ("kml", 4326), ("fgb", 4526), ("parquet", 4509), ("csv", 3857)],
)
def test_a_layer_gives_the_same_grids_to_10_cm_from_any_format_and_system(
    settings: Settings, tmp_path: Path, suffix: str, crs: int
) -> None:
    columns = {"comm_name": "侧贤社区", "town_name": "白沙街道"}
    frame = grids(**columns).drop(columns="community_name").rename(columns={"community_code": "sqdm"})
    import_reference(settings, "grids", write_layer(tmp_path, suffix, frame, crs=crs))
    found = rows_of(settings, "select grid_code, grid_name, geometry_wkb from lake.grid order by label_lon")
    assert [row[:2] for row in found] == list(zip(CODES, NAMES, strict=True))
    move = metres_from_degrees(113.07, 22.58)
    for (_, _, wkb), right in zip(found, SQUARES, strict=True):
        shape = shapely.transform(shapely.from_wkb(bytes(wkb)), move)
        assert shapely.hausdorff_distance(shape, shapely.transform(right, move)) < 0.1
    assert rows_of(settings, "select community_code, community_name, town_code from lake.community") == [
        ("440703002143", "侧贤社区", "440703002")
    ]


def test_a_layer_with_the_usual_mess_is_taken_with_clear_words(settings: Settings, tmp_path: Path) -> None:
    """A Shapefile as a survey office sends it: no .prj, no .shx, GBK, numeric codes, cut names, one grid in two rows."""
    halves = [shapely.box(113.072, 22.580, 113.073, 22.5805), shapely.box(113.072, 22.5805, 113.073, 22.581)]
    frame = geopandas.GeoDataFrame({"x": [0] * 4}, geometry=[*SQUARES[:2], *halves], crs=4326)
    path = write_layer(tmp_path, "shp", frame, crs=4526)
    for suffix in (".prj", ".shx", ".cpg"):
        path.with_suffix(suffix).unlink()
    columns = [
        ("网格编码".encode("gbk"), "N", 19),
        ("网格名称".encode("gbk"), "C", 30),
        (b"SQDM", "N", 19),
        (b"SQMC", "C", 30),
        (b"town_code", "C", 9),
        (b"town_name_", "C", 4),
        ("镇街名称".encode("gbk"), "C", 20),
    ]
    rows = [
        [code, f"侧贤第{i}网格".encode("gbk"), b"440703002143", "侧贤社区".encode("gbk"), b"440703002", b"", "白沙街道".encode("gbk")]
        for i, code in ((1, b"440703002143001"), (2, b"440703002143002"), (3, b"440703002143003"), (3, b"440703002143003"))
    ]  # fmt: skip
    write_dbf(path.with_suffix(".dbf"), columns, rows)
    said = refusal_of(settings, "grids", path)
    assert "metres of the 3-degree zone 38" in said
    told = LayerOptions(crs="EPSG:4526")
    said = refusal_of(settings, "grids", path, ImportOptions(told))
    assert "feature 4, grid_code: '440703002143003'; this code stands in an earlier record already" in said
    assert "--dissolve" in said
    summary = import_reference(settings, "grids", path, ImportOptions(told, is_dissolved=True))
    assert summary.row_count == 3
    assert summary.notes == (
        "Read 4 features in EPSG:4526, attributes in gb18030.",
        "The column 'town_name_' is cut off; read as town_name_en.",
        "1 rows were merged into others of the same grid_code.",
    )
    assert rows_of(settings, "select grid_code, grid_name from lake.grid order by all")[2] == (
        "440703002143003",
        "侧贤第3网格",
    )


def test_parts_of_a_grid_that_disagree_are_not_merged(settings: Settings, tmp_path: Path) -> None:
    path = write_grids(tmp_path, grid_code=["1", "2", "2"], grid_name=["甲", "乙", "丙"])
    said = refusal_of(settings, "grids", path, ImportOptions(is_dissolved=True))
    assert "feature 3, grid_name 网格名称: '丙'; expected '乙', as in feature 2: both are parts of 2" in said


def test_a_column_of_an_unusual_name_is_named(settings: Settings, tmp_path: Path) -> None:
    path = write_layer(tmp_path, "geojson", grids().rename(columns={"grid_code": "objektnr"}))
    said = refusal_of(settings, "grids", path)
    assert "grid_code 网格编号: this column is required and not there; the file has 'objektnr', 'grid_name'" in said
    assert "--map grid_code=COLUMN" in said
    said = refusal_of(settings, "grids", path, ImportOptions(columns={"grid_cod": "objektnr", "grid_code": "nr"}))
    assert "--map, grid_cod: grids have no such field" in said
    assert "--map, grid_code: 'nr'; the file has no such column" in said
    import_reference(settings, "grids", path, ImportOptions(columns={"grid_code": "objektnr"}))
    assert rows_of(settings, "select count(*) from lake.grid") == [(3,)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("040703002143002", "040703002143002"),
        ("440703002143002.0", "440703002143002"),
        ("440703002143002.000", "440703002143002"),
        ("4.40703002143002E+14", "440703002143002"),
        ("4.40703E+14", None),
        ("4e14", None),
        ("B-38.0", "B-38.0"),
        ("E5", "E5"),
        ("1e2", None),
        ("", ""),
    ],
)
def test_a_code_is_restored_where_no_digit_is_lost(text: str, code: str | None) -> None:
    assert restore_code(text) == code


def test_a_code_that_lost_digits_is_refused(district: Settings, tmp_path: Path) -> None:
    text = "building_code,building_name,grid_code,lon,lat\n4.40703E+14,侧贤里38号,,113.0705,22.5805\n"
    said = refusal_of(district, "buildings", write(tmp_path, "b.csv", text))
    assert "line 2, building_code 楼栋编号: '4.40703E+14'; a number has taken the place of this code" in said


def test_numeric_codes_of_unequal_length_raise_a_doubt(settings: Settings, tmp_path: Path) -> None:
    frame = grids()
    frame["grid_code"] = [440703002143001, 40703002143002, 440703002143003]
    summary = import_reference(settings, "grids", write_layer(tmp_path, "gpkg", frame))
    assert any("grid_code: the file holds these codes as numbers, of 14 to 15 digits" in n for n in summary.notes)


@pytest.mark.parametrize(
    ("cell", "field"),
    [
        ("GRID CODE", "grid_code"),
        ("GridCode", "grid_code"),
        ("综合网格编号", "grid_code"),
        ("网格名称", "grid_name"),
        ("name", "grid_name"),
    ],
)
def test_a_column_is_recognised_by_its_usual_names(cell: str, field: str) -> None:
    assert match_header([cell], KINDS["grids"], {}).names == (field,)


def test_a_general_name_counts_only_where_no_better_one_is_there() -> None:
    assert match_header(["Name", "grid_name"], KINDS["grids"], {}).names == (None, "grid_name")


def test_a_cut_off_name_with_several_meanings_is_asked_for() -> None:
    (problem, *_) = match_header(["community_"], KINDS["grids"], {}, may_be_cut=True).problems
    assert "could be community_code, community_name, community_name_en: say which with --map" in str(problem)


@pytest.mark.parametrize(
    ("kind", "cell", "field"),
    [
        ("buildings", "building_n", "building_name"),
        ("buildings", "building_c", "building_code"),
        ("grids", "town_name_", "town_name_en"),
        ("grids", "is_synthet", "is_synthetic"),
        ("grids", "社区编", "community_code"),
        ("grids", "name_of_it", None),
    ],
)
def test_a_cut_off_name_is_understood_where_it_can_mean_one_thing(kind: str, cell: str, field: str | None) -> None:
    assert match_header([cell], KINDS[kind], {}, may_be_cut=True).names == (field,)


def test_latitude_first_in_a_table_is_refused_at_once(district: Settings, tmp_path: Path) -> None:
    text = "building_code,building_name,lon,lat\n" + "".join(f"B-{i},甲,22.5805,113.0705\n" for i in range(500))
    said = refusal_of(district, "buildings", write(tmp_path, "b.csv", text))
    assert "1 problem." in said
    assert "degrees in China with latitude first: swap the two columns" in said


def test_footprints_give_a_point_within_a_size_and_stay(district: Settings, tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame(
        {"building_code": ["B-38", "B-39"], "address": ["侧贤里38号", "侧贤里39号"]},
        geometry=[shapely.box(113.0702, 22.5802, 113.0704, 22.5804), shapely.Point(113.0715, 22.5805)],
        crs=4326,
    )
    summary = import_reference(district, "buildings", write_layer(tmp_path, "gpkg", frame, crs=4547))
    (first, second) = rows_of(
        district, "select grid_code, lon, lat, radius_m, footprint_wkb from lake.building order by building_code"
    )
    assert first[:3] == (CODES[0], pytest.approx(113.0703, abs=1e-6), pytest.approx(22.5803, abs=1e-6))
    assert first[3] == pytest.approx(np.sqrt(20.57 * 22.15) / 2, abs=0.05)
    assert shapely.from_wkb(bytes(first[4])).area == pytest.approx(4e-8, rel=1e-3)
    assert second[:1] + second[3:] == (CODES[1], 15.0, None)
    assert "2 records had no grid_code; it was found by their point." in summary.notes


def test_a_point_in_no_grid_is_refused_where_its_grid_is_not_told(district: Settings, tmp_path: Path) -> None:
    text = "building_code,building_name,lon,lat\nB-1,甲,113.0705,22.5805\nB-2,乙,113.0750,22.5805\n"
    said = refusal_of(district, "buildings", write(tmp_path, "b.csv", text))
    assert (
        f"line 3, grid_code 网格编号: empty; its point lies in no grid; the nearest is {CODES[2]}, 206 m away" in said
    )
    assert "1 problem." in said


def test_a_point_outside_of_its_grid_is_told_with_the_distance(district: Settings, tmp_path: Path) -> None:
    text = f"building_code,building_name,grid_code,lon,lat\nB-1,甲,{CODES[0]},113.0725,22.5805\n"
    summary = import_reference(district, "buildings", write(tmp_path, "b.csv", text))
    assert summary.notes == (
        f"1 buildings lie outside of their own grids. line 2: grid_code is {CODES[0]}, but the point lies in {CODES[2]}, "
        f"154 m from {CODES[0]}.",
    )


def test_many_points_outside_of_their_grids_are_refused_as_another_system(district: Settings, tmp_path: Path) -> None:
    lines = [f"B-{i},甲,{CODES[i % 3]},{113.0705 + i % 3 * 0.001 + 0.0053},{22.5805 - 0.0026}" for i in range(30)]
    text = "building_code,building_name,grid_code,lon,lat\n" + "\n".join(lines) + "\n"
    path = write(tmp_path, "b.csv", text)
    said = refusal_of(district, "buildings", path)
    assert "30 of 30 points lie outside of their own grids" in said
    assert "--crs gcj02" in said
    assert import_reference(district, "buildings", path, ImportOptions(LayerOptions(crs="gcj02"))).row_count == 30
    assert rows_of(district, "select min(lon) between 113.070 and 113.071 from lake.building") == [(True,)]


def test_sites_come_from_a_table_of_metres(district: Settings, tmp_path: Path) -> None:
    frame = geopandas.GeoSeries([shapely.Point(113.0705, 22.5805)], crs=4326).to_crs(4547)
    text = f"site_code,site_name,x,y,feed_code,unit_count\nS1,东华名岸,{frame.x[0]},{frame.y[0]},baisha,6\n"
    path = write(tmp_path, "sites.csv", text)
    said = refusal_of(district, "sites", path)
    assert "lon, lat: these are no degrees, longitude first. They look like metres of a zone without its number" in said
    import_reference(district, "sites", path, ImportOptions(LayerOptions(crs="EPSG:4547")))
    ((grid_code, lon, lat),) = rows_of(district, "select grid_code, lon, lat from lake.site")
    assert (grid_code, lon, lat) == (CODES[0], pytest.approx(113.0705, abs=1e-7), pytest.approx(22.5805, abs=1e-7))


TOWNS = "镇街编号,镇街名称\n440703002,白沙街道\n"
COMMUNITIES = "社区编号,社区名称,镇街编号\n440703002143,侧贤社区,440703002\n440703002144,会龙社区,440703002\n"


def test_names_and_parents_may_come_with_files_of_their_own(settings: Settings, tmp_path: Path) -> None:
    bare = grids().drop(columns=["community_name", "town_code", "town_name"])
    path = write_layer(tmp_path, "geojson", bare)
    said = refusal_of(settings, "grids", path)
    assert (
        "feature 1, community_name 社区名称: empty; 440703002143 has none: expected here, or in a file of communities"
        in said
    )
    import_reference(settings, "towns", write(tmp_path, "towns.csv", TOWNS))
    import_reference(settings, "communities", write(tmp_path, "communities.csv", COMMUNITIES))
    import_reference(settings, "grids", path)
    assert rows_of(settings, "select * exclude (outline_wkb) from lake.community") == [
        ("440703002143", "侧贤社区", None, "440703002")
    ]
    situation = open_situation(settings.situation_path)
    try:
        rows = situation.connection.execute("select town_code, town_name from town").fetchall()
        assert rows == [("440703002", "白沙街道")]
    finally:
        situation.close()


def test_a_community_of_the_grids_cannot_be_left_out(district: Settings, tmp_path: Path) -> None:
    text = COMMUNITIES.replace("440703002143,侧贤社区,440703002\n", "")
    said = refusal_of(district, "communities", write(tmp_path, "communities.csv", text))
    assert "community_code: '440703002143'; left out, but 3 grids of the lake are in it" in said
    said = refusal_of(district, "towns", write(tmp_path, "towns.csv", TOWNS.replace("440703002", "440703009")))
    assert "town_code: '440703002'; left out, but 1 communities of the lake are in it" in said


def test_a_file_of_communities_renames_them_and_its_outlines_are_held_against_the_grids(
    district: Settings, tmp_path: Path
) -> None:
    outline = shapely.box(113.070, 22.580, 113.0725, 22.581)
    frame = geopandas.GeoDataFrame(
        {"community_code": ["440703002143"], "name": ["侧贤"], "town_code": ["440703002"]}, geometry=[outline], crs=4326
    )
    summary = import_reference(district, "communities", write_layer(tmp_path, "fgb", frame))
    assert (
        f"1 grids do not nest in the outline of their community: {CODES[2]} by 5,694 m² beyond 440703002143."
        in summary.notes
    )
    assert rows_of(district, "select community_name from lake.community") == [("侧贤",)]
    assert rows_of(district, "select town_name from lake.town") == [("白沙街道",)]
    summary = import_reference(district, "grids", write_grids(tmp_path))
    assert summary.report is not None
    assert [(fault.kind, fault.codes) for fault in summary.report.judgement.faults] == [
        ("not_nested", (CODES[2], "440703002143"))
    ]


def test_grids_that_others_name_do_not_vanish_unasked(district: Settings, tmp_path: Path) -> None:
    buildings = "building_code,building_name,lon,lat\nB-1,甲,113.0725,22.5805\nB-2,乙,113.0705,22.5805\n"
    import_reference(district, "buildings", write(tmp_path, "b.csv", buildings))
    rounds = (
        "round_code,round_name,scope,community_codes,starts_at,deadline_at\n"
        "M4,加密筛查,社区,440703002143,2022-07-14 07:00:00,2022-07-14 10:00:00\n"
    )
    import_reference(district, "rounds", write(tmp_path, "r.csv", rounds))
    path = write_grids(tmp_path, grid_code=["1", "2", CODES[2]], community_code="440703002199")
    said = refusal_of(district, "grids", path)
    assert f"grid_code: 1 buildings name 1 grid codes that this file leaves out: {CODES[0]}; keep them" in said
    assert "community_code: 1 rounds name 1 community codes that this file leaves out: 440703002143" in said
    summary = import_reference(district, "grids", path, ImportOptions(is_replacing=True))
    assert f"1 buildings name a grid that is gone, such as {CODES[0]}: import buildings next." in summary.notes


def test_a_shape_that_cannot_be_read_is_a_problem_of_its_row(settings: Settings, tmp_path: Path) -> None:
    path = write_grids(tmp_path)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["features"][1]["geometry"]["coordinates"] = [[[113.07, "north"]]]
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "feature 2, geometry: its geometry cannot be read" in refusal_of(settings, "grids", path)


def test_a_layer_of_points_is_no_map_of_grids(settings: Settings, tmp_path: Path) -> None:
    frame = grids()
    frame["geometry"] = frame.geometry.representative_point()
    said = refusal_of(settings, "grids", write_layer(tmp_path, "geojson", frame))
    assert "none of its 3 features has an area: they are points. Each of the grids needs its outline" in said


def test_kinds_without_places_are_read_from_tables_only(settings: Settings, tmp_path: Path) -> None:
    path = write_grids(tmp_path)
    assert "staff are read from CSV files only" in refusal_of(settings, "staff", path)
