"""What is told of a map: each defect by itself, several together, and nothing of a sound one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box

from geo.fault import Fault, GridMap, Outlines
from geo.tiling import judge_map
from tests.geo.damage import (
    added,
    building_points,
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

Damage = Callable[[GridMap], GridMap]


def told(grids: GridMap) -> list[tuple[str, tuple[str, ...]]]:
    return [(fault.kind, fault.codes) for fault in judge_map(grids).faults]


def only(grids: GridMap) -> Fault:
    (fault,) = judge_map(grids).faults
    return fault


def spot_m(fault: Fault) -> tuple[float, float]:
    """Where the fault's point lies on the board, in metres."""
    point = in_metres(shapely.Point(fault.lon, fault.lat))
    return point.x, point.y


def test_nothing_is_told_of_a_map_that_tiles() -> None:
    judgement = judge_map(sound_map())
    assert judgement.faults == ()
    assert judgement.tiles
    assert (judgement.size.grid_count, judgement.size.community_count, judgement.size.town_count) == (16, 4, 2)
    assert judgement.size.area_m2 == pytest.approx(16 * 100 * 100, rel=1e-6)


def test_nothing_is_told_of_the_scenario_s_410_grids() -> None:
    assert judge_map(scenario_map()).faults == ()


def test_a_grid_without_a_code_is_told_by_its_row_and_refuses_the_map() -> None:
    judgement = judge_map(recoded(sound_map(), "A3", ""))
    (fault,) = judgement.faults
    assert (fault.kind, fault.level, fault.rows, fault.codes) == ("no_code", "refuse", (3,), ())
    assert judgement.is_refused
    assert spot_m(fault) == (pytest.approx(250, abs=50), pytest.approx(50, abs=50))


def test_a_code_that_occurs_twice_is_told_with_its_rows_and_refuses_the_map() -> None:
    judgement = judge_map(recoded(sound_map(), "A3", "C1"))
    (fault,) = judgement.faults
    assert (fault.kind, fault.level, fault.codes, fault.rows) == ("duplicate_code", "refuse", ("C1",), (3, 9))
    assert judgement.is_refused


def test_the_same_row_twice_is_a_doubled_code_and_no_overlap() -> None:
    assert told(added(sound_map(), "A1", box(0, 0, 100, 100), "C1", "T1")) == [("duplicate_code", ("A1",))]


def test_an_overlap_is_told_with_its_size_its_width_and_its_place() -> None:
    fault = only(overlapping(sound_map(), 10))
    assert (fault.kind, fault.level, set(fault.codes)) == ("overlap", "warn", {"B2", "C2"})
    assert fault.area_m2 == pytest.approx(1000, rel=1e-3)
    assert fault.width_m == pytest.approx(10, rel=0.03)
    assert spot_m(fault) == (pytest.approx(150, abs=50), pytest.approx(205, abs=5))
    assert (fault.near_code, fault.near_name) in {("B2", "第B2网格"), ("C2", "第C2网格")}


def test_an_overlap_up_to_the_stated_width_is_a_sliver() -> None:
    fault = only(overlapping(sound_map(), 0.6))
    assert (fault.kind, fault.level, set(fault.codes), fault.detail) == ("sliver", "repair", {"B2", "C2"}, "overlap")
    assert fault.area_m2 == pytest.approx(60, rel=1e-3)
    assert fault.width_m == pytest.approx(0.6, rel=0.03)


def test_the_stated_width_decides_what_is_a_sliver() -> None:
    kinds = [judge_map(overlapping(sound_map(), 3), snap_width_m=width).faults[0].kind for width in (1.0, 3.0, 5.0)]
    assert kinds == ["overlap", "sliver", "sliver"]


def test_a_gap_is_told_with_the_grids_round_it_the_longest_border_first() -> None:
    fault = only(gaping(sound_map(), 10))
    assert (fault.kind, fault.level) == ("gap", "warn")
    assert set(fault.codes) == {"B2", "C2", "B1", "B3"} or set(fault.codes[:2]) == {"B2", "C2"}
    assert fault.area_m2 == pytest.approx(1000, rel=1e-3)
    assert spot_m(fault) == (pytest.approx(150, abs=50), pytest.approx(195, abs=5))


def test_a_narrow_gap_is_a_sliver() -> None:
    fault = only(gaping(sound_map(), 0.5))
    assert (fault.kind, fault.detail) == ("sliver", "gap")
    assert {"B2", "C2"} <= set(fault.codes)
    assert fault.area_m2 == pytest.approx(50, rel=1e-2)


@pytest.mark.parametrize(("width_m", "kind"), [(0.5, "sliver"), (5.0, "gap")])
def test_a_gap_that_opens_to_the_outside_is_told(width_m: float, kind: str) -> None:
    fault = only(open_gap(sound_map(), width_m))
    assert fault.kind == kind
    assert {"A1", "A2"} <= set(fault.codes)
    assert fault.area_m2 == pytest.approx(width_m * 100, rel=0.05)


def test_a_missing_shape_is_told_by_its_code() -> None:
    fault = only(emptied(sound_map()))
    assert (fault.kind, fault.level, fault.codes, fault.rows, fault.lon) == ("no_shape", "warn", ("D4",), (16,), None)


def test_a_line_in_the_place_of_an_area_is_told_with_what_it_is() -> None:
    fault = only(reshaped(sound_map(), D4=shapely.LineString([(300, 300), (400, 400)])))
    assert (fault.kind, fault.codes, fault.detail) == ("no_shape", ("D4",), "LineString")


def test_an_outline_that_crosses_itself_is_told_where_it_does() -> None:
    faults = judge_map(crossed(sound_map())).faults
    invalid = [fault for fault in faults if fault.kind == "invalid"]
    assert [(fault.codes, fault.level, fault.detail) for fault in invalid] == [(("B2",), "repair", "Self-intersection")]
    assert spot_m(invalid[0]) == (pytest.approx(105, abs=6), pytest.approx(155, abs=6))


def test_a_corner_that_the_neighbour_lacks_is_told_with_the_length_of_the_border() -> None:
    fault = only(cornered(sound_map()))
    assert (fault.kind, fault.level, set(fault.codes)) == ("unmatched", "repair", {"A1", "B1"})
    assert fault.length_m == pytest.approx(100, rel=0.02)


def test_a_grid_in_two_parts_is_told_with_the_smaller_part() -> None:
    fault = only(split_in_two(sound_map()))
    assert (fault.kind, fault.codes, fault.detail) == ("multipart", ("D4",), "2")
    assert fault.area_m2 == pytest.approx(400, rel=1e-3)
    assert spot_m(fault) == (pytest.approx(510, abs=10), pytest.approx(360, abs=10))


def test_a_hole_within_one_grid_is_told() -> None:
    fault = only(holed(sound_map()))
    assert (fault.kind, fault.codes) == ("hole", ("C3",))
    assert fault.area_m2 == pytest.approx(600, rel=1e-3)


def test_a_grid_apart_from_the_rest_is_an_exclave_and_nothing_else() -> None:
    fault = only(added(sound_map(), "E9", box(600, 0, 700, 100), "C2", "T1"))
    assert (fault.kind, fault.level, fault.codes) == ("exclave", "warn", ("E9",))


def test_a_grid_within_a_hole_of_another_is_no_fault() -> None:
    ringed = reshaped(sound_map(), C3=Polygon(box(200, 200, 300, 300).exterior, [box(240, 240, 260, 260).exterior]))
    assert told(added(ringed, "C9", box(240, 240, 260, 260), "C4", "T2")) == []


def test_a_community_in_two_pieces_is_told_with_the_grids_of_the_smaller() -> None:
    assert told(rehomed(sound_map(), "A1", community="C4", town="T2"))[:1] == [("community_apart", ("C4", "A1"))]


def test_a_community_in_two_towns_is_told() -> None:
    kinds = told(rehomed(sound_map(), "A2", town="T2"))
    assert ("two_parents", ("C1", "T1", "T2", "A2")) in kinds


def test_a_town_in_two_pieces_is_told() -> None:
    grids = sound_map()
    for code in ("A1", "A2", "B1", "B2"):
        grids = rehomed(grids, code, town="T3")
    for code in ("C3", "C4", "D3", "D4"):
        grids = rehomed(grids, code, town="T3")
    assert [(kind, codes[0]) for kind, codes in told(grids)] == [("town_apart", "T3")]


@pytest.mark.parametrize(("home", "detail"), [({"community": ""}, "community:"), ({"town": ""}, "town:")])
def test_a_missing_parent_is_told(home: dict[str, str], detail: str) -> None:
    fault = only(rehomed(sound_map(), "A1", **home))
    assert (fault.kind, fault.codes, fault.detail, fault.rows) == ("missing_parent", ("A1",), detail, (1,))


def test_a_parent_that_its_own_layer_does_not_know_is_told() -> None:
    quarters = Outlines("community", ("C1", "C2", "C3"), np.array([in_degrees(box(0, 0, 400, 400))] * 3, dtype=object))
    faults = judge_map(sound_map(), outlines=[quarters]).faults
    assert {(fault.kind, fault.codes) for fault in faults} == {
        ("missing_parent", (code,)) for code in ("C3", "C4", "D3", "D4")
    }


def test_a_grid_beyond_its_community_s_own_outline_is_told_with_what_lies_outside() -> None:
    outlines = [box(0, 0, 200, 170), box(200, 0, 400, 200), box(0, 200, 200, 400), box(200, 200, 400, 400)]
    layer = Outlines(
        "community", ("C1", "C2", "C3", "C4"), np.array([in_degrees(one) for one in outlines], dtype=object)
    )
    faults = judge_map(sound_map(), outlines=[layer]).faults
    assert [(fault.kind, fault.codes) for fault in faults] == [
        ("not_nested", ("B1", "C1")),
        ("not_nested", ("B2", "C1")),
    ]
    assert faults[0].area_m2 == pytest.approx(3000, rel=1e-2)


def test_a_tiny_and_a_huge_grid_are_told_with_how_many_times() -> None:
    small = reshaped(sound_map(), A1=Polygon([(5, 0), (100, 0), (100, 100), (0, 100), (0, 5), (5, 5)]))
    small = added(small, "A0", box(0, 0, 5, 5), "C1", "T1")
    huge = added(small, "Z1", box(400, 0, 2400, 1000), "C2", "T1")
    faults = {fault.kind: fault for fault in judge_map(huge).faults}
    assert faults["tiny"].codes == ("A0",)
    assert faults["tiny"].detail == "400"
    assert (faults["huge"].codes, faults["huge"].detail) == (("Z1",), "200")


def test_points_in_another_grid_or_in_none_are_told_with_how_far_they_are() -> None:
    layer = building_points(np.array([[50, 50], [150, 50], [50, -30], [100.5, 50]]), ("A1", "A1", "A1", "A1"))
    faults = judge_map(sound_map(), points=[layer]).faults
    assert [(fault.kind, fault.codes) for fault in faults] == [
        ("point_elsewhere", ("K2", "A1", "A2")),
        ("point_nowhere", ("K3", "A1")),
    ]
    assert [fault.length_m for fault in faults] == [pytest.approx(50, rel=0.01), pytest.approx(30, rel=0.01)]


def test_a_map_with_many_defects_is_told_each_of_them_worst_first() -> None:
    grids = holed(split_in_two(open_gap(overlapping(sound_map(), 10), 0.5)))
    grids = rehomed(recoded(recoded(grids, "A4", ""), "C4", "C1"), "D1", town="")
    assert [(fault.level, fault.kind) for fault in judge_map(grids).faults] == [
        ("refuse", "no_code"),
        ("refuse", "duplicate_code"),
        ("repair", "sliver"),
        ("warn", "overlap"),
        ("warn", "missing_parent"),
        ("warn", "multipart"),
        ("warn", "hole"),
    ]


def test_an_overlap_and_a_gap_drawn_into_the_scenario_are_told_with_their_size() -> None:
    grids = scenario_map()
    shapes = grids.shapes.copy()
    one = in_metres(shapes[200])
    grown = one.buffer(8, join_style="mitre")
    shapes[200] = in_degrees(grown)
    whole = shapely.union_all([in_metres(shape) for i, shape in enumerate(grids.shapes) if i != 200])
    expected = shapely.intersection(grown, whole).area
    overlaps = [
        f for f in judge_map(GridMap(grids.codes, shapes, grids.names)).faults if f.kind in ("overlap", "sliver")
    ]
    assert sum(fault.area_m2 or 0 for fault in overlaps) == pytest.approx(expected, rel=0.02)
    assert all(grids.codes[200] in fault.codes for fault in overlaps)
    assert all(one.buffer(10).contains(in_metres(shapely.Point(fault.lon, fault.lat))) for fault in overlaps)


def test_a_grid_taken_out_of_the_scenario_s_middle_is_a_gap_of_its_size_with_its_neighbours() -> None:
    grids = scenario_map()
    whole = shapely.union_all(grids.shapes)
    inner = next(i for i, shape in enumerate(grids.shapes) if whole.exterior.distance(shape) > 0.01)
    shapes = np.delete(grids.shapes, inner)
    codes = grids.codes[:inner] + grids.codes[inner + 1 :]
    (fault,) = judge_map(GridMap(codes, shapes)).faults
    neighbours = {codes[k] for k in np.flatnonzero(shapely.intersects(shapes, grids.shapes[inner]))}
    assert (fault.kind, set(fault.codes)) == ("gap", neighbours)
    assert fault.area_m2 == pytest.approx(in_metres(grids.shapes[inner]).area, rel=1e-3)


@given(
    pushes=st.lists(st.tuples(st.integers(0, 15), st.floats(-3, 3), st.floats(-3, 3)), max_size=4),
    x_m=st.floats(5, 395),
    y_m=st.floats(5, 395),
)
@settings(max_examples=60)
def test_no_point_of_a_map_that_passed_lies_in_two_grids_or_in_none(
    pushes: list[tuple[int, float, float]], x_m: float, y_m: float
) -> None:
    """However grids are pushed: where a point lies in two of them or in none, the map did not pass."""
    shapes = [in_metres(shape) for shape in sound_map().shapes]
    for k, east, north in pushes:
        shapes[k] = shapely.affinity.translate(shapes[k], east, north)
    grids = replace(sound_map(), shapes=np.array([in_degrees(shape) for shape in shapes], dtype=object))
    point = shapely.Point(x_m, y_m)
    inside = sum(bool(shape.contains(point)) for shape in shapes)
    on_edge = any(shape.boundary.distance(point) < 1e-3 for shape in shapes)
    assert inside == 1 or on_edge or judge_map(grids).faults != ()


def test_parts_that_share_an_edge_are_an_invalid_shape_and_no_second_part() -> None:
    halves = reshaped(sound_map(), A1=MultiPolygon([box(0, 0, 50, 100), box(50, 0, 100, 100)]))
    assert told(halves)[0] == ("invalid", ("A1",))
    assert "multipart" not in dict(told(halves))
