"""Reading map files: the same three grids in every format and coordinate system, and what is said of damaged ones."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from shapely import GeometryCollection
from shapely.geometry.base import BaseGeometry

from geo.crs import metres_from_degrees
from geo.errors import GeoError
from geo.layer import Layer, LayerOptions, read_layer
from geo.web_maps import degrees_from_web_map
from tests.geo.layers import CODES, NAMES, SQUARES, three_grids, write_dbf, write_layer

FORMATS = ("geojson", "geojsonl", "shp", "zip", "gpkg", "kml", "kmz", "fgb", "parquet", "csv")
SYSTEMS = ("EPSG:4326", "EPSG:4490", "EPSG:4547", "EPSG:4526", "EPSG:4509", "EPSG:3857", "EPSG:32649")
CARRY_A_SYSTEM = ("geojson", "shp", "zip", "gpkg", "fgb", "parquet", "csv")


def error_of(path: Path, options: LayerOptions | None = None) -> str:
    with pytest.raises(GeoError) as caught:
        read_layer(path, options or LayerOptions())
    assert caught.value.hint
    return str(caught.value)


def farthest_m(layer: Layer) -> float:
    """How far any vertex lies from where it should, in metres."""
    move = metres_from_degrees(113.07, 22.58)
    from_the_west = sorted(layer.shapes, key=lambda shape: shape.bounds[0])
    found = [move(shapely.get_coordinates(shapely.normalize(shape))) for shape in from_the_west]
    right = [move(shapely.get_coordinates(shapely.normalize(shape))) for shape in SQUARES]
    return max(
        float(shapely.hausdorff_distance(shapely.MultiPoint(a), shapely.MultiPoint(b)))
        for a, b in zip(found, right, strict=True)
    )


def share_their_vertices(layer: Layer) -> bool:
    """Whether neighbours' common corners are equal to the last bit."""
    return len(np.unique(shapely.get_coordinates(layer.shapes), axis=0)) == 8


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_grids_codes_and_names(tmp_path: Path, suffix: str) -> None:
    layer = read_layer(write_layer(tmp_path, suffix))
    # FlatGeobuf sorts features by their place
    assert set(zip(layer.frame["grid_code"], layer.frame["名称"], strict=True)) == set(zip(CODES, NAMES, strict=True))
    assert farthest_m(layer) < 0.01
    assert layer.frame.crs.to_epsg() == 4326


@pytest.mark.parametrize("crs", SYSTEMS)
@pytest.mark.parametrize("suffix", CARRY_A_SYSTEM)
def test_every_system_gives_the_same_grids_and_neighbours_keep_their_corners(
    tmp_path: Path, suffix: str, crs: str
) -> None:
    layer = read_layer(write_layer(tmp_path, suffix, crs=crs))
    assert farthest_m(layer) < 0.1
    assert share_their_vertices(layer)


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
@pytest.mark.parametrize("suffix", ["geojson", "shp", "gpkg", "csv"])
def test_web_map_coordinates_come_back_to_where_they_were(tmp_path: Path, suffix: str, system: str) -> None:
    import xyconvert

    shift = {"gcj02": xyconvert.wgs2gcj, "bd09": xyconvert.wgs2bd}[system]
    frame = three_grids()
    frame["geometry"] = shapely.transform(np.array(SQUARES, dtype=object), shift)
    path = write_layer(tmp_path, suffix, frame)
    assert farthest_m(read_layer(path)) > 100
    layer = read_layer(path, LayerOptions(crs=system))
    assert farthest_m(layer) < 0.01
    assert share_their_vertices(layer)


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
def test_the_inverse_of_a_shift_is_exact_all_over_china(system: str) -> None:
    import xyconvert

    shift = {"gcj02": xyconvert.wgs2gcj, "bd09": xyconvert.wgs2bd}[system]
    places = np.random.default_rng(7).uniform((74, 4), (135, 53), (5_000, 2))
    # a millimetre; the package's own inverse is off by more than a metre
    assert np.abs(degrees_from_web_map(shift(places), system) - places).max() < 1e-8
    coarse = {"gcj02": xyconvert.gcj2wgs, "bd09": xyconvert.bd2wgs}[system]
    assert np.abs(coarse(shift(places)) - places).max() > 1e-5


def test_the_published_shift_of_a_known_point_is_undone() -> None:
    # Tiananmen in GPS and on a web map, as the package eviltransform publishes the pair
    (found,) = degrees_from_web_map(np.array([[116.404, 39.915]]), "gcj02")
    assert found == pytest.approx([116.39775, 39.91360], abs=2e-5)


def test_web_map_coordinates_outside_of_china_are_refused(tmp_path: Path) -> None:
    frame = three_grids()
    frame["geometry"] = [shapely.box(5, 50, 6, 51)] * 3
    assert "exists in China only" in error_of(write_layer(tmp_path, "geojson", frame), LayerOptions(crs="gcj02"))


@pytest.mark.parametrize(
    ("written", "encoding"),
    [("gb18030", "gb18030"), ("big5", "big5hkscs"), ("cp932", "cp932"), ("utf-8", "utf-8"), ("cp1252", "cp1252")],
)
@pytest.mark.parametrize("label", [None, "nonsense", "ISO-8859-1"])
def test_the_encoding_of_attributes_is_told_from_their_bytes(
    tmp_path: Path, written: str, encoding: str, label: str | None
) -> None:
    names = {
        "gb18030": ("侧贤社区第一网格", "会龙村委会", "东湖广场"),
        "big5": ("臺北市信義區", "高雄網格", "東湖里"),
        "cp932": ("東京都港区六本木", "グリッドその二", "さくら町"),
        "utf-8": ("侧贤社区", "臺北市", "グリッド"),
        "cp1252": ("Münchner Straße", "Château d'Eau", "Größe"),
    }[written]
    path = write_layer(tmp_path, "shp")
    path.with_suffix(".cpg").unlink()
    if label:
        path.with_suffix(".cpg").write_text(label)
    rows = [[code.encode(), name.encode(written)] for code, name in zip(CODES, names, strict=True)]
    write_dbf(path.with_suffix(".dbf"), [(b"grid_code", "C", 15), (b"name", "C", 40)], rows)
    layer = read_layer(path)
    assert (layer.encoding, tuple(layer.frame["name"])) == (encoding, names)


def test_a_wrong_label_is_overruled_and_said_and_a_told_encoding_is_obeyed(tmp_path: Path) -> None:
    path = write_layer(tmp_path, "shp")
    path.with_suffix(".cpg").write_text("UTF-8")
    rows = [[code.encode(), "侧贤社区网格".encode("gb18030")] for code in CODES]
    write_dbf(path.with_suffix(".dbf"), [(b"grid_code", "C", 15), (b"name", "C", 40)], rows)
    layer = read_layer(path)
    assert layer.frame["name"][0] == "侧贤社区网格"
    assert layer.notes == ("Its .cpg says utf-8, its bytes are gb18030.",)
    assert read_layer(path, LayerOptions(encoding="big5")).frame["name"][0] != "侧贤社区网格"
    assert "no encoding 'klingon'" in error_of(path, LayerOptions(encoding="klingon"))


def test_text_cut_within_a_character_loses_that_character_only(tmp_path: Path) -> None:
    path = write_layer(tmp_path, "shp")
    rows = [[code.encode(), "侧贤社区".encode()[:10]] for code in CODES]
    write_dbf(path.with_suffix(".dbf"), [("网格编号".encode()[:10], "C", 15), (b"name", "C", 10)], rows)
    layer = read_layer(path)
    assert layer.columns == ("网格编", "name")
    assert layer.frame["name"][0] == "侧贤社"


def test_a_wide_number_of_a_table_keeps_every_digit_and_a_deleted_row_is_left_out(tmp_path: Path) -> None:
    path = write_layer(tmp_path, "shp")
    table = write_dbf(
        path.with_suffix(".dbf"), [(b"grid_code", "N", 19)], [[b"4407030021430020017"], [b"7"], [b"*" * 19]]
    )
    layer = read_layer(path)
    assert tuple(layer.frame["grid_code"]) == ("4407030021430020017", "7", "")
    assert layer.numeric_columns == {"grid_code"}
    raw = bytearray(table.read_bytes())
    raw[65 + 20] = ord("*")
    table.write_bytes(raw)
    layer = read_layer(path)
    assert (len(layer.frame), layer.row_numbers, layer.place_of(1)) == (2, (1, 3), "feature 3")


def test_a_shapefile_without_index_is_read_and_nothing_is_written_beside_it(tmp_path: Path) -> None:
    path = write_layer(tmp_path, "shp")
    path.with_suffix(".shx").unlink()
    before = sorted(tmp_path.iterdir())
    assert farthest_m(read_layer(path)) < 0.01
    assert sorted(tmp_path.iterdir()) == before


def test_any_part_names_a_shapefile_whatever_the_case_of_its_letters(tmp_path: Path) -> None:
    path = write_layer(tmp_path, "shp")
    for part in list(tmp_path.iterdir()):
        part.rename(part.with_name(part.name.upper()))
    assert farthest_m(read_layer(path.with_name("GRIDS.DBF"))) < 0.01


@pytest.mark.parametrize(
    ("crs", "looks_like"),
    [
        (4490, "degrees in China, longitude first"),
        (4547, "metres of a zone without its number"),
        (4526, "metres of the 3-degree zone 38 (the first two digits): EPSG:4526 for CGCS2000"),
        (4497, "metres of the 6-degree zone 19 (the first two digits): EPSG:4497 for CGCS2000"),
        (3857, "metres of a web map: EPSG:3857"),
    ],
)
def test_a_file_that_names_no_system_is_refused_and_its_coordinates_described(
    tmp_path: Path, crs: int, looks_like: str
) -> None:
    path = write_layer(tmp_path, "shp", crs=crs)
    path.with_suffix(".prj").unlink()
    said = error_of(path)
    assert "does not say what its coordinates are" in said
    assert looks_like in said
    assert "--crs" in said
    assert farthest_m(read_layer(path, LayerOptions(crs=f"EPSG:{crs}"))) < 0.1


def test_latitude_first_is_refused_and_never_swapped_by_itself(tmp_path: Path) -> None:
    frame = three_grids()
    frame["geometry"] = shapely.transform(np.array(SQUARES, dtype=object), lambda points: points[:, ::-1])
    said = error_of(write_layer(tmp_path, "geojson", frame))
    assert "degrees in China with latitude first: swap the two columns" in said
    assert "latitude stands first" in error_of(tmp_path / "grids.geojson", LayerOptions(crs="gcj02"))


def test_northing_first_is_refused_with_the_reason(tmp_path: Path) -> None:
    frame = three_grids().to_crs(4547)
    frame["geometry"] = shapely.transform(np.array(frame.geometry, dtype=object), lambda points: points[:, ::-1])
    said = error_of(write_layer(tmp_path, "gpkg", frame))
    assert "With the two axes swapped it would lie within" in said


def test_metres_in_plain_geojson_are_refused_with_what_they_look_like(tmp_path: Path) -> None:
    path = write_layer(tmp_path, "geojson", crs=4526)
    document = json.loads(path.read_text())
    del document["crs"]
    path.write_text(json.dumps(document))
    assert "3-degree zone 38" in error_of(path)
    assert farthest_m(read_layer(path, LayerOptions(crs="EPSG:4526"))) < 0.1


def test_the_wrong_zone_is_refused(tmp_path: Path) -> None:
    path = write_layer(tmp_path, "shp", crs=4547)
    path.with_suffix(".prj").unlink()
    assert "far from where that system is used" in error_of(path, LayerOptions(crs="EPSG:4534"))


def test_a_datum_without_public_transformation_is_refused_and_a_coarse_one_says_so(tmp_path: Path) -> None:
    assert "no public transformation leads across" in error_of(write_layer(tmp_path, "gpkg", crs=2383))
    path = write_layer(tmp_path, "fgb", crs=2435)
    (note,) = read_layer(path).notes
    assert "Beijing 1954 to WGS 84 (3): right to about 15 m" in note


def test_a_told_system_wins_over_the_files_own_and_says_so(tmp_path: Path) -> None:
    layer = read_layer(write_layer(tmp_path, "gpkg"), LayerOptions(crs="EPSG:4490"))
    assert layer.notes == ("The file says EPSG:4326; read as EPSG:4490, as told.",)
    assert "no coordinate system 'EPSG:9'" in error_of(tmp_path / "grids.gpkg", LayerOptions(crs="EPSG:9"))


def test_of_several_layers_one_must_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "grids.gpkg"
    for name in ("网格", "社区"):
        three_grids().to_file(path, layer=name, driver="GPKG", engine="pyogrio")
    assert "several layers: 网格, 社区" in error_of(path)
    assert "has no layer '镇街'. It has: 网格, 社区" in error_of(path, LayerOptions(layer="镇街"))
    assert len(read_layer(path, LayerOptions(layer="社区")).frame) == 3


def test_an_archive_of_several_maps_names_them(tmp_path: Path) -> None:
    path = tmp_path / "maps.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a.geojson", "b.geojson"):
            archive.write(write_layer(tmp_path, "geojson"), name)
    assert "several maps: a.geojson, b.geojson" in error_of(path)
    assert len(read_layer(path, LayerOptions(layer="b")).frame) == 3


def test_names_in_an_archive_are_read_in_the_language_that_packed_them(tmp_path: Path) -> None:
    path = tmp_path / "maps.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("xxxxx1.geojson", "xxxxx2.geojson"):
            archive.write(write_layer(tmp_path, "geojson"), name)
    path.write_bytes(path.read_bytes().replace(b"xxxxx", "网格".encode("gb18030") + b"_"))
    assert "several maps: 网格_1.geojson, 网格_2.geojson" in error_of(path)
    assert len(read_layer(path, LayerOptions(layer="网格_2")).frame) == 3


def test_gdal_wakes_with_no_driver_that_follows_references() -> None:
    wake = "from geo.vector_file import _wake_gdal; print(*sorted(_wake_gdal().list_drivers()), sep=',')"
    woken = subprocess.run([sys.executable, "-c", wake], capture_output=True, text=True, check=True)
    assert set(woken.stdout.strip().split(",")) <= {"ESRI Shapefile", "FlatGeobuf", "GPKG", "LIBKML", "MEM"}


def test_folders_of_a_kml_file_are_read_together(tmp_path: Path) -> None:
    path = tmp_path / "grids.kml"
    for name in ("一", "二"):
        three_grids().to_file(path, layer=name, driver="LIBKML", engine="pyogrio", append=path.exists())
    layer = read_layer(path)
    assert len(layer.frame) == 6
    assert layer.notes == ("Its 2 folders are read together: 一, 二.",)


def test_a_geojson_in_gb18030_is_read_as_it_is_meant(tmp_path: Path) -> None:
    path = write_layer(tmp_path, "geojson")
    path.write_bytes(path.read_text(encoding="utf-8").replace("東湖公園のグリッド", "东湖广场").encode("gb18030"))
    assert read_layer(path).frame["名称"][0] == "侧贤社区第一网格"


def test_numbers_of_a_file_become_texts_without_a_point(tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "properties": {"a": 440703002143002, "b": 440703002143002.0, "c": 4.40703002143002e14, "d": None, "e": True, "f": 1.5},
        "geometry": json.loads(shapely.to_geojson(SQUARES[0])),
    }  # fmt: skip
    path = tmp_path / "grids.geojson"
    path.write_text(json.dumps(feature))
    layer = read_layer(path)
    assert layer.frame.drop(columns="geometry").iloc[0].tolist() == ["440703002143002"] * 3 + ["", "true", "1.5"]
    assert layer.numeric_columns == {"a", "b", "c", "f"}


@pytest.mark.parametrize("suffix", ["gpkg", "fgb", "parquet"])
def test_wide_integers_with_gaps_stay_whole(tmp_path: Path, suffix: str) -> None:
    frame = three_grids()
    frame["wide"] = geopandas.pd.array([4407030021430020017, None, 7], dtype="Int64")
    assert read_layer(write_layer(tmp_path, suffix, frame)).frame["wide"].tolist().count("4407030021430020017") == 1


def test_one_unreadable_shape_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "grids.csv"
    path.write_text(f"grid_code,wkt\n1,{SQUARES[0].wkt!r}\n2,POLYGON((1 2\n".replace("'", '"'))
    layer = read_layer(path, LayerOptions(crs="EPSG:4326"))
    assert layer.shapes[1] is None
    assert "its WKT cannot be read" in layer.faults[1]
    assert layer.place_of(1) == "line 3"


def test_a_shape_with_coordinates_that_are_no_numbers_is_a_fault(tmp_path: Path) -> None:
    frame = three_grids()
    ring = [(113.07, 22.58), (np.nan, np.inf), (113.071, 22.581), (113.07, 22.58)]
    frame["geometry"] = [shapely.Polygon(ring), *SQUARES[1:]]
    layer = read_layer(write_layer(tmp_path, "gpkg", frame))
    assert layer.shapes[0] is None
    assert layer.faults == {0: "some of its coordinates are no numbers"}


def cut(path: Path, share: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


@pytest.mark.parametrize(
    ("suffix", "share"),
    # of a CSV file, what is left after a cut may be whole
    [(suffix, share) for suffix in FORMATS for share in (0.0, 0.02, 0.3, 0.6, 0.9) if suffix != "csv" or share < 0.5],
)
def test_a_file_that_breaks_off_is_refused_in_words(tmp_path: Path, suffix: str, share: float) -> None:
    said = error_of(cut(write_layer(tmp_path, suffix), share))
    assert "Traceback" not in said


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_of_noise_is_refused_in_words(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"grids.{suffix}"
    path.write_bytes(np.random.default_rng(7).bytes(5_000))
    error_of(path)


def test_a_table_with_more_rows_than_shapes_is_refused(tmp_path: Path) -> None:
    path = write_layer(tmp_path, "shp")
    write_dbf(path.with_suffix(".dbf"), [(b"grid_code", "C", 3)], [[b"1"]] * 4)
    assert "has 3 shapes, but its .dbf 4 rows" in error_of(path)


def test_a_shapefile_without_its_table_is_refused(tmp_path: Path) -> None:
    path = write_layer(tmp_path, "shp")
    path.with_suffix(".dbf").unlink()
    assert "no .dbf beside it" in error_of(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.kml", '<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>', "no placemark"),
        ("a.kml", "<kml><NetworkLink><href>http://a.example/</href></NetworkLink></kml>", "only links to other files"),
        ("a.kml", '<!DOCTYPE k [<!ENTITY a "aa">]><kml><Placemark>&a;</Placemark></kml>', "defines XML entities"),
        ("a.kml", "<html><body>Not found</body></html>", "XML, but no KML"),
        ("a.xml", "<OGRVRTDataSource><x/></OGRVRTDataSource>", "XML, but no KML"),
        ("a.geojson", '{"type": "gdal_streamed_alg", "command_line": "gdal"}', "no GeoJSON: it is 'gdal_streamed_alg'"),
        ("a.geojson", '{"type": "FeatureCollection", "features": []}', "holds no feature"),
        ("a.geojson", '{"type": "FeatureCollection", "features": [{"type": "Feature"}]}', "no feature with a geometry"),
        ("a.geojson", '{"type": "Feature", "geometry": {"type": "Polyg", "coordinates": []}}', "Unknown geometry type"),
        ("a.geojson", "[" * 100_000, "not a readable map file"),
        ("a.geojson", '{"type": "FeatureCollection", "features": [1, null]}', "no feature with a geometry: no Feature"),
        ("a.csv", "grid_code,name\n1,a\n", "has no column of places"),
        ("a.csv", "grid_code,wkt\n1,garbage\n", "its WKT cannot be read"),
        ("a.csv", "grid_code,wkt\n1\n", "line 2 has 1 cells, its header 2"),
        ("a.gpkg", "SQLite format 3\x00 and nothing else", "not a readable map file"),
        ("a.zip", "PK\x03\x04 and nothing else", "damaged or locked archive"),
        ("a.doc", "anything", "not a readable map file"),
        ("a.topojson", '{"type": "Topology", "objects": {}, "arcs": []}', "is TopoJSON, which is not read. Export it"),
        ("a.json", '{"geometryType": "esriGeometryPolygon", "features": 1}', "JSON of an ArcGIS server"),
        ("a.json", '{"name": "x"}', "no GeoJSON: it has no member 'type'"),
        ("a.dwg", "AC1032", "is a drawing (CAD)"),
        ("a.xlsx", "PK", "is a workbook. Save the sheet as CSV"),
        ("a.rar", "Rar!", "is an archive, but not zip"),
        ("a.gml", "<gml/>", "of a format that is not read"),
    ],
)
def test_what_is_no_map_is_refused_with_what_it_is(tmp_path: Path, name: str, content: str, said: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert said in error_of(path)


def write_features(path: Path, shapes: Sequence[BaseGeometry], **document: object) -> Path:
    features = [
        {"type": "Feature", "properties": {"code": str(i)}, "geometry": json.loads(shapely.to_geojson(shape))}
        for i, shape in enumerate(shapes)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features} | document))
    return path


@pytest.mark.parametrize(
    "crs",
    [
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}},
        {"type": "name", "properties": {"name": "EPSG:4547"}},
        {"type": "EPSG", "properties": {"code": 4547}},
    ],
)
def test_the_old_member_crs_of_geojson_is_obeyed_in_each_of_its_forms(tmp_path: Path, crs: dict[str, object]) -> None:
    shapes = three_grids().to_crs(4547).geometry
    assert farthest_m(read_layer(write_features(tmp_path / "grids.geojson", shapes, crs=crs))) < 0.1


def test_of_mixtures_the_areas_are_taken_and_said(tmp_path: Path) -> None:
    mixture = GeometryCollection([SQUARES[0], shapely.LineString([(113.07, 22.58), (113.071, 22.581)])])
    nested = GeometryCollection([shapely.MultiPolygon([SQUARES[1]]), shapely.Point(113.0715, 22.5805)])
    layer = read_layer(write_features(tmp_path / "grids.geojson", [mixture, nested, SQUARES[2]]))
    assert farthest_m(layer) < 0.01
    assert [shape.geom_type for shape in layer.shapes] == ["Polygon"] * 3
    assert layer.notes == ("2 shapes are mixtures of areas, lines and points; of these the areas are taken.",)


def test_heights_are_left_out(tmp_path: Path) -> None:
    layer = read_layer(
        write_features(tmp_path / "grids.geojson", [shapely.force_3d(square, 7.5) for square in SQUARES])
    )
    assert not shapely.has_z(layer.shapes).any()
    assert farthest_m(layer) < 0.01


@pytest.mark.parametrize(
    "second",
    [
        shapely.box(-179.9, -17.0, -179.8, -16.9),
        shapely.MultiPolygon([shapely.box(179.9, -17, 180, -16.9), shapely.box(-180, -17, -179.9, -16.9)]),
        shapely.Polygon([(179.9, -17), (-179.9, -17), (-179.9, -16.9), (179.9, -16.9)]),
    ],
    ids=["grids on both sides", "a grid cut in two", "a grid round the world"],
)
def test_a_map_across_the_180th_meridian_is_refused_with_what_it_is(tmp_path: Path, second: BaseGeometry) -> None:
    path = write_features(tmp_path / "grids.geojson", [shapely.box(179.8, -17.0, 179.9, -16.9), second])
    said = error_of(path)
    assert "more than half round the world" in said
    assert "crosses the 180th meridian" in said


def test_degrees_that_count_on_past_180_are_refused_with_what_they_are(tmp_path: Path) -> None:
    path = write_features(tmp_path / "grids.geojson", [shapely.box(179.8, -17, 180.2, -16.9)])
    assert "count on past 180°" in error_of(path)


def test_a_city_of_the_south_comes_from_its_own_system(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame({"code": ["2A01"]}, geometry=[shapely.box(151.2, -33.9, 151.21, -33.89)], crs=4326)
    layer = read_layer(write_layer(tmp_path, "gpkg", frame, crs=7856))
    assert shapely.hausdorff_distance(layer.shapes[0], frame.geometry[0]) < 1e-6


def test_a_finer_transformation_that_is_not_there_raises_no_warning(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    frame = geopandas.GeoDataFrame({"code": ["36061"]}, geometry=[shapely.box(-74.02, 40.70, -74.01, 40.71)], crs=4269)
    path = write_layer(tmp_path, "gpkg", frame.to_crs(2263))
    recwarn.clear()
    layer = read_layer(path)
    assert [str(warning.message) for warning in recwarn] == []
    assert any("right to about" in note for note in layer.notes)


def test_data_of_kml_keeps_its_names_in_any_script(tmp_path: Path) -> None:
    placemark = """<Placemark><name>一</name><ExtendedData><Data name="grid_code"><value>0407</value></Data>
        <Data name='社区 &amp; 编号'><value>C1</value></Data><Data name="Größe"><value>7</value></Data></ExtendedData>
        <Polygon><outerBoundaryIs><LinearRing><coordinates>113.07,22.58,0 113.071,22.58,0 113.071,22.581,0 113.07,22.58,0
        </coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"""
    path = tmp_path / "grids.kml"
    path.write_text(
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>北</name>{placemark}</Folder>'
        f"<Folder><name>南</name><Folder><name>里</name>{placemark}</Folder></Folder></Document></kml>",
        encoding="utf-8",
    )
    frame = read_layer(path).frame
    assert frame[["Name", "grid_code", "社区 & 编号", "Größe"]].to_numpy().tolist() == [["一", "0407", "C1", "7"]] * 2


def test_a_parquet_file_without_geo_metadata_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "grids.parquet"
    three_grids().drop(columns="geometry").to_parquet(path)
    assert "without the metadata of GeoParquet" in error_of(path)


def test_an_archive_that_unpacks_beyond_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.source.LARGEST_BYTES", 1_000)
    path = tmp_path / "grids.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("grids.geojson", " " * 100_000)
    assert "unpacks to more than" in error_of(path)


def test_names_within_an_archive_lead_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "grids.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(write_layer(tmp_path, "geojson"), "../../outside.geojson")
    assert len(read_layer(path).frame) == 3
    assert not (tmp_path.parent.parent / "outside.geojson").exists()


def test_a_folder_and_a_missing_file_are_said_to_be_that(tmp_path: Path) -> None:
    (tmp_path / "city.gdb").mkdir()
    assert "is a geodatabase of ArcGIS. Export the layer there" in error_of(tmp_path / "city.gdb")
    assert "is a folder" in error_of(tmp_path)
    assert "there is no such file" in error_of(tmp_path / "nowhere.geojson")
    shutil.rmtree(tmp_path)
