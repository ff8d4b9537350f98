"""A corpus of damaged maps: each defect in every format and coordinate system is told exactly, and nothing else is.

The maps are made here, from the sound one of `tests.geo.damage`. A defect is written in each of seven formats; the four
coordinate systems take turns, so that every defect meets each of them, and so does every format that can.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
import xyconvert
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from data.reference_import import ImportOptions, TilingOptions, check_grids, import_reference
from data.reference_import.kinds import KINDS
from data.reference_import.read import read_records
from data.reference_import.tiling import mend_records, report_records
from data.settings import Settings
from geo.fault import Fault, GridMap
from geo.layer import LayerOptions
from geo.report import MapReport
from tests.geo.damage import (
    added,
    cornered,
    crossed,
    emptied,
    gaping,
    holed,
    in_degrees,
    in_metres,
    open_gap,
    overlapping,
    recoded,
    rehomed,
    reshaped,
    scenario_map,
    sound_map,
    split_in_two,
)
from tests.geo.layers import write_layer

GCJ02 = "gcj02"
SYSTEMS = ("EPSG:4326", "EPSG:4547", "EPSG:3857", GCJ02)
"""Degrees, a CGCS2000 zone in metres, the web maps' metres, the web maps' shifted degrees."""
FORMATS = ("geojson", "zip", "gpkg", "kml", "fgb", "parquet", "csv")


@dataclass(frozen=True)
class Told:
    """What must be told of a defect. `codes` in the order told, or a set where the order is no matter; `spot_m`: a box
    on the board in which the place must lie."""

    kind: str
    level: str
    codes: tuple[str, ...] | frozenset[str] = ()
    rows: tuple[int, ...] = ()
    spot_m: tuple[float, float, float, float] | None = None
    area_m2: float | None = None
    width_m: float | None = None
    length_m: float | None = None
    detail: str = ""


def cell(code: str) -> tuple[float, float, float, float]:
    """The box of a grid on the board."""
    west, south = (int(code[1]) - 1) * 100, "ABCD".index(code[0]) * 100
    return west, south, west + 100, south + 100


def tiny(grids: GridMap) -> GridMap:
    """A0, of 5 m by 5 m, is cut out of A1's corner."""
    notched = reshaped(grids, A1=Polygon([(5, 0), (100, 0), (100, 100), (0, 100), (0, 5), (5, 5)]))
    return added(notched, "A0", box(0, 0, 5, 5), "C1", "T1")


def three_towns(grids: GridMap) -> GridMap:
    """Communities C1 and C4, which touch at a corner only, belong to a town T3; C4 is the larger by E4."""
    for code in ("A1", "A2", "B1", "B2", "C3", "C4", "D3", "D4"):
        grids = rehomed(grids, code, town="T3")
    return added(grids, "E4", box(400, 200, 500, 300), "C4", "T3")


def told(kind: str, level: str, codes: Sequence[str] | frozenset[str] = (), **more: object) -> Told:
    return Told(kind, level, codes if isinstance(codes, frozenset) else tuple(codes), **more)  # type: ignore[arg-type]


B2_C2, B2_C2_AND_BESIDE = frozenset({"B2", "C2"}), frozenset({"B2", "C2", "B1", "B3"})
DEFECTS: dict[str, tuple[Callable[[GridMap], GridMap], list[Told]]] = {
    "none": (lambda grids: grids, []),
    "no code": (lambda grids: recoded(grids, "A3", ""), [told("no_code", "refuse", rows=(3,), spot_m=cell("A3"))]),
    "duplicate code": (
        lambda grids: recoded(grids, "A3", "C1"),
        [told("duplicate_code", "refuse", ["C1"], rows=(3, 9), spot_m=cell("C1"))],
    ),
    "the same row twice": (
        lambda grids: added(grids, "A1", box(0, 0, 100, 100), "C1", "T1"),
        [told("duplicate_code", "refuse", ["A1"], rows=(1, 17), spot_m=cell("A1"))],
    ),
    "no community": (
        lambda grids: rehomed(grids, "B4", community=""),
        [told("missing_parent", "refuse", ["B4"], rows=(8,), spot_m=cell("B4"), area_m2=10_000, detail="community:")],
    ),
    "no town": (
        lambda grids: rehomed(grids, "B4", town=""),
        [told("missing_parent", "warn", ["B4"], rows=(8,), spot_m=cell("B4"), area_m2=10_000, detail="town:")],
    ),
    "community in two towns": (
        lambda grids: rehomed(grids, "A2", town="T2"),
        [
            told("two_parents", "refuse", ["C1", "T1", "T2", "A2"], spot_m=cell("A2"), area_m2=10_000, detail="T1;T2"),
            told("town_apart", "warn", ["T2", "A2"], spot_m=cell("A2"), area_m2=10_000, detail="2"),
        ],
    ),
    "community in pieces": (
        lambda grids: rehomed(grids, "A1", community="C4", town="T2"),
        [told("community_apart", "warn", ["C4", "A1"], spot_m=cell("A1"), area_m2=10_000, detail="2")],
    ),
    "town in pieces": (
        three_towns,
        [
            told(
                "town_apart", "warn", frozenset({"T3", "A1", "A2", "B1", "B2"}),
                spot_m=(0, 0, 200, 200), area_m2=40_000, detail="2",
            )
        ],
    ),
    "crossed outline": (
        crossed,
        [
            told("invalid", "repair", ["B2"], rows=(6,), spot_m=(100, 150, 110, 160), detail="Self-intersection"),
            told("unmatched", "repair", frozenset({"B1", "B2"}), spot_m=(99, 99, 101, 201), length_m=100),
            told("hole", "warn", ["B2"], spot_m=(100, 150, 110, 160), area_m2=25, width_m=4.14),
        ],
    ),
    "no shape": (emptied, [told("no_shape", "warn", ["D4"], rows=(16,))]),
    "overlap": (
        lambda grids: overlapping(grids, 10),
        [told("overlap", "warn", B2_C2, spot_m=(100, 200, 200, 210), area_m2=1000, width_m=10)],
    ),
    "gap": (
        lambda grids: gaping(grids, 10),
        [told("gap", "warn", B2_C2_AND_BESIDE, spot_m=(100, 190, 200, 200), area_m2=1000, width_m=10)],
    ),
    "gap that opens to the outside": (
        lambda grids: open_gap(grids, 5),
        [
            told(
                "gap", "warn", frozenset({"A1", "A2", "B1"}), spot_m=(95, 0, 100, 100), area_m2=500, width_m=5, detail="open"
            )
        ],
    ),
    "overlapping sliver": (
        lambda grids: overlapping(grids, 0.6),
        [told("sliver", "repair", B2_C2, spot_m=(100, 200, 200, 200.6), area_m2=60, width_m=0.6, detail="overlap")],
    ),
    "gaping sliver": (
        lambda grids: gaping(grids, 0.5),
        [told("sliver", "repair", B2_C2, spot_m=(100, 199.5, 200, 200), area_m2=50, width_m=0.5, detail="gap")],
    ),
    "corner that the neighbour lacks": (
        cornered,
        [told("unmatched", "repair", frozenset({"A1", "B1"}), spot_m=(0, 99.9, 100, 100.1), length_m=100)],
    ),
    "grid in two parts": (
        split_in_two,
        [told("multipart", "warn", ["D4"], spot_m=(500, 350, 520, 370), area_m2=400, detail="2")],
    ),
    "hole": (holed, [told("hole", "warn", ["C3"], spot_m=(240, 240, 260, 270), area_m2=600, width_m=20)]),
    "exclave": (
        lambda grids: added(grids, "E9", box(600, 0, 700, 100), "C2", "T1"),
        [told("exclave", "warn", ["E9"], spot_m=(600, 0, 700, 100), area_m2=10_000)],
    ),
    "tiny": (tiny, [told("tiny", "warn", ["A0"], spot_m=(0, 0, 5, 5), area_m2=25, detail="400")]),
    "many at once": (
        lambda grids: rehomed(holed(split_in_two(overlapping(open_gap(grids, 0.5), 10))), "D1", town=""),
        [
            told(
                "sliver", "repair", frozenset({"A1", "A2"}), spot_m=(99.5, 0, 100, 100), area_m2=50, width_m=0.5, detail="gap"
            ),
            told("overlap", "warn", B2_C2, spot_m=(100, 200, 200, 210), area_m2=1000, width_m=10),
            told("missing_parent", "warn", ["D1"], rows=(13,), spot_m=cell("D1"), area_m2=10_000, detail="town:"),
            told("multipart", "warn", ["D4"], spot_m=(500, 350, 520, 370), area_m2=400, detail="2"),
            told("hole", "warn", ["C3"], spot_m=(240, 240, 260, 270), area_m2=600, width_m=20),
        ],
    ),
}  # fmt: skip


def system_of(defect: int, suffix: str) -> str:
    """The coordinate system whose turn it is. A KML file holds degrees only."""
    turn = SYSTEMS[(defect + FORMATS.index(suffix)) % len(SYSTEMS)]
    return "EPSG:4326" if suffix == "kml" and turn != GCJ02 else turn


def as_layer(grids: GridMap) -> geopandas.GeoDataFrame:
    """The map as a layer with columns of names that also fit into a Shapefile."""
    columns = {
        "grid_code": grids.codes,
        "grid_name": grids.names,
        "sqdm": grids.communities,
        "sqmc": tuple(f"第{code}社区" if code else "" for code in grids.communities),
        "jddm": grids.towns,
        "jdmc": tuple(f"第{code}街道" if code else "" for code in grids.towns),
    }
    return geopandas.GeoDataFrame(columns, geometry=list(grids.shapes), crs=4326)


def write_map(
    folder: Path, suffix: str, system: str, frame: geopandas.GeoDataFrame
) -> tuple[Path, ImportOptions | None]:
    """A file of the layer in this format and system, and what has to be told to read it."""
    if system != GCJ02:
        return write_layer(folder, suffix, frame, crs=system, is_sorted=False), None
    frame = frame.set_geometry(
        [None if shape is None else shapely.transform(shape, xyconvert.wgs2gcj) for shape in frame.geometry], crs=4326
    )
    return write_layer(folder, suffix, frame, is_sorted=False), ImportOptions(LayerOptions(crs=GCJ02))


def assert_told(faults: Sequence[Fault], expected: Sequence[Told], suffix: str) -> None:
    """Exactly these, in this order: what it is, which grids, which rows, how much and where."""
    first_row = 2 if suffix == "csv" else 1  # a line of a table, whose first is its header
    assert [(fault.kind, fault.level, fault.rows, fault.detail) for fault in faults] == [
        (one.kind, one.level, tuple(row + first_row - 1 for row in one.rows), one.detail) for one in expected
    ]
    for fault, one in zip(faults, expected, strict=True):
        assert (frozenset(fault.codes) if isinstance(one.codes, frozenset) else fault.codes) == one.codes
        for figure, tolerance in (("area_m2", 2e-3), ("width_m", 0.03), ("length_m", 2e-3)):
            right = getattr(one, figure)
            if right is not None:
                assert getattr(fault, figure) == pytest.approx(right, rel=tolerance)
        if one.spot_m is None:
            assert fault.lon is None
        else:
            spot = in_metres(shapely.Point(fault.lon, fault.lat))
            assert box(*one.spot_m).buffer(0.02).covers(spot), (fault.kind, spot.wkt)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_told_exactly_in_any_format_and_system(tmp_path: Path, defect: str, suffix: str) -> None:
    damage, expected = DEFECTS[defect]
    system = system_of(list(DEFECTS).index(defect), suffix)
    path, options = write_map(tmp_path, suffix, system, as_layer(damage(sound_map())))
    report = check_grids(Settings(home=tmp_path / "nowhere"), path, options)
    assert report.judgement.size.row_count == len(damage(sound_map()).codes)
    assert_told(report.judgement.faults, expected, suffix)


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with the sound map, communities whose own outlines leave something out, and buildings of which two stray."""
    folder = tmp_path_factory.mktemp("surroundings")
    home = Settings(home=folder / "home")

    def bring(kind: str, suffix: str, system: str, frame: geopandas.GeoDataFrame) -> None:
        (folder / kind).mkdir()
        path, options = write_map(folder / kind, suffix, system, frame)
        import_reference(home, kind, path, options)

    bring("grids", "fgb", "EPSG:4547", as_layer(sound_map()))
    # C1 ends 30 m short of its northern grids' northern edge; all others are as their grids are
    outlines = [box(0, 0, 200, 170), box(200, 0, 400, 200), box(0, 200, 200, 400), box(200, 200, 400, 400)]
    codes = {"sqdm": ["C1", "C2", "C3", "C4"], "sqmc": ["一", "二", "三", "四"], "jddm": ["T1", "T1", "T2", "T2"]}
    names = {"jdmc": ["第T1街道"] * 2 + ["第T2街道"] * 2}
    bring(
        "communities", "gpkg", "EPSG:3857",
        geopandas.GeoDataFrame(codes | names, geometry=[in_degrees(one) for one in outlines], crs=4326),
    )  # fmt: skip
    spots = [(50, 50), (150, 50), (50, -30), (350, 350)]
    buildings = {"ldbm": ["K1", "K2", "K3", "K4"], "address": ["甲"] * 4, "grid_code": ["A1", "A1", "A1", "D4"]}
    points = [in_degrees(shapely.Point(spot)) for spot in spots]
    bring("buildings", "zip", GCJ02, geopandas.GeoDataFrame(buildings, geometry=points, crs=4326))
    return home


@pytest.mark.parametrize("suffix", FORMATS)
def test_points_outside_and_what_is_not_nested_are_told_exactly_in_any_format(
    surroundings: Settings, tmp_path: Path, suffix: str
) -> None:
    path, options = write_map(tmp_path, suffix, system_of(1, suffix), as_layer(sound_map()))
    report = check_grids(surroundings, path, options)
    assert_told(
        report.judgement.faults,
        [
            told("not_nested", "warn", ["B1", "C1"], spot_m=(0, 170, 100, 200), area_m2=3000, detail="community"),
            told("not_nested", "warn", ["B2", "C1"], spot_m=(100, 170, 200, 200), area_m2=3000, detail="community"),
            told(
                "point_elsewhere", "warn", ["K2", "A1", "A2"], spot_m=(149, 49, 151, 51), length_m=50, detail="building"
            ),
            told("point_nowhere", "warn", ["K3", "A1"], spot_m=(49, -31, 51, -29), length_m=30, detail="building"),
        ],
        suffix,
    )


def read_as_stored(path: Path, options: ImportOptions | None, *, is_repair_asked: bool = False) -> MapReport:
    """A file's grids as an import would store them."""
    records = read_records(path, KINDS["grids"], options or ImportOptions())
    told_how = TilingOptions(is_repair_asked, 1.0)
    report = report_records(path, records, "Asia/Shanghai", told_how)
    stored = mend_records(records, report)
    assert stored.shapes is not None
    return MapReport(
        report.source, report.made_at, GridMap(report.grids.codes, stored.shapes), report.judgement, report.repair
    )


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("suffix", ("geojson", "zip", "gpkg", "fgb", "parquet", "csv"))
def test_one_layer_of_any_format_and_system_gives_the_same_grids_to_10_cm(
    tmp_path: Path, suffix: str, system: str
) -> None:
    grids = sound_map()
    stored = read_as_stored(*write_map(tmp_path, suffix, system, as_layer(grids))).grids
    assert sorted(stored.codes) == sorted(grids.codes)
    right = dict(zip(grids.codes, grids.shapes, strict=True))
    for code, shape in zip(stored.codes, stored.shapes, strict=True):
        assert shapely.hausdorff_distance(in_metres(shape), in_metres(right[code])) < 0.1
    assert shapely.coverage_is_valid(stored.shapes)


@dataclass(frozen=True)
class Tiles:
    """Areas that must tile, with an index of them and what they cover together."""

    shapes: np.ndarray = field(repr=False)

    @cached_property
    def tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.shapes)

    @cached_property
    def whole(self) -> shapely.Geometry:
        whole = shapely.coverage_union_all(self.shapes)
        shapely.prepare(whole)
        return whole


@pytest.fixture(scope="module")
def tiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tiles]:
    """The built-in grids, and a careless layer after it was read from a file and repaired."""
    careless = open_gap(gaping(overlapping(cornered(crossed(sound_map())), 0.6), 0.3), 0.5)
    path, options = write_map(tmp_path_factory.mktemp("tiled"), "zip", "EPSG:3857", as_layer(careless))
    repaired = read_as_stored(path, options, is_repair_asked=True).grids.shapes
    return {"built in": Tiles(scenario_map().shapes), "repaired": Tiles(repaired)}


# the whole of the board but for its outermost 40 cm: its outline is straight in metres, not in degrees
share = st.floats(0.001, 0.999)


@settings(max_examples=300)
@given(east=share, north=share, name=st.sampled_from(("built in", "repaired")))
def test_no_point_lies_in_two_grids_or_in_none(tiled: dict[str, Tiles], east: float, north: float, name: str) -> None:
    tiles = tiled[name]
    west, south, right, top = shapely.total_bounds(tiles.shapes)
    point = shapely.Point(west + east * (right - west), south + north * (top - south))
    touched = tiles.tree.query(point, predicate="intersects")
    inside = [k for k in touched if tiles.shapes[k].contains(point)]
    assert len(inside) == 1 if len(touched) == 1 else not inside  # on an edge it touches several and is within none
    assert len(touched) >= 1 or (name == "built in" and not tiles.whole.intersects(point))
