"""Does a set of areas tile? On four squares of about 100 m that share their corners, near 113.07 E, 22.58 N."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo.coverage import (
    areas_km2,
    find_coverage_faults,
    label_points,
    mend_coverage,
    simplify_coverage,
    unite_coverage,
)
from geo.errors import GeoError

CODES = ["west-south", "east-south", "west-north", "east-north"]


def squares(gap_deg: float = 0.0) -> list[BaseGeometry]:
    return [
        box(113.070, 22.580, 113.071, 22.581),
        box(113.071 + gap_deg, 22.580, 113.072, 22.581),
        box(113.070, 22.581, 113.071, 22.582),
        box(113.071, 22.581, 113.072, 22.582),
    ]


def test_areas_that_share_their_edges_tile() -> None:
    assert find_coverage_faults(CODES, squares()) == []


def test_an_overlap_is_told_with_both_codes_and_its_size() -> None:
    (fault,) = find_coverage_faults(CODES, squares(gap_deg=-0.0001))
    assert (fault.kind, fault.codes) == ("overlap", ("west-south", "east-south"))
    assert fault.area_m2 == pytest.approx(10.28 * 110.8, rel=0.01)


def test_a_hole_in_the_middle_is_a_gap_with_the_codes_around_it() -> None:
    ring = [
        *squares()[:2],
        Polygon(box(113.069, 22.581, 113.073, 22.584).exterior, [box(113.070, 22.582, 113.071, 22.583).exterior]),
    ]
    (fault,) = find_coverage_faults(["a", "b", "c"], ring)
    assert (fault.kind, fault.codes) == ("gap", ("c",))
    assert fault.area_m2 == pytest.approx(102.8 * 110.8, rel=0.01)
    assert (fault.lon, fault.lat) == (pytest.approx(113.0705, abs=1e-3), pytest.approx(22.5825, abs=1e-3))


def test_a_sliver_that_opens_to_the_outside_is_told() -> None:
    kinds = {fault.kind for fault in find_coverage_faults(CODES[:2], squares(gap_deg=0.000003)[:2])}
    assert kinds == {"sliver"}


def test_islands_apart_from_the_rest_are_no_fault() -> None:
    assert find_coverage_faults(["mainland", "island"], [squares()[0], box(113.08, 22.58, 113.081, 22.581)]) == []


def test_a_missing_or_crossed_shape_is_told_by_its_code() -> None:
    bow_tie = Polygon([(113.0, 22.0), (113.1, 22.1), (113.1, 22.0), (113.0, 22.1)])
    faults = find_coverage_faults(["none", "line", "crossed"], [None, shapely.LineString([(0, 0), (1, 1)]), bow_tie])
    assert [(fault.kind, fault.codes) for fault in faults] == [
        ("empty", ("none",)),
        ("empty", ("line",)),
        ("invalid", ("crossed",)),
    ]


def test_a_corner_in_the_middle_of_a_neighbours_edge_is_mended_without_moving_an_area() -> None:
    shapes = [squares()[0], squares()[2], box(113.071, 22.580, 113.072, 22.582)]
    assert not shapely.coverage_is_valid(np.array(shapes, dtype=object))
    assert find_coverage_faults(CODES[:3], shapes) == []
    mended = mend_coverage(shapes)
    assert shapely.coverage_is_valid(mended)
    assert areas_km2(list(mended)) == pytest.approx(areas_km2(shapes), rel=1e-6)


def test_simplified_areas_still_tile_with_fewer_vertices() -> None:
    wave = [(113.071 + 0.00002 * (-1) ** i, 22.580 + i * 0.0001) for i in range(11)]
    west = Polygon([(113.070, 22.581), (113.070, 22.580), *wave])
    east = Polygon([*wave, (113.072, 22.581), (113.072, 22.580)])
    simple = simplify_coverage([west, east], tolerance_m=20)
    assert shapely.coverage_is_valid(simple)
    assert shapely.get_num_coordinates(simple).sum() < shapely.get_num_coordinates([west, east]).sum()


def test_areas_that_do_not_match_are_not_simplified_apart() -> None:
    with pytest.raises(GeoError, match="do not tile"):
        simplify_coverage(squares(gap_deg=-0.0001), tolerance_m=5)


def test_the_union_of_all_areas_is_their_common_outline() -> None:
    assert unite_coverage(squares()).equals(box(113.070, 22.580, 113.072, 22.582))


def test_areas_that_overlap_are_united_all_the_same() -> None:
    left, right = box(113.0, 22.0, 113.1, 22.1), box(113.05, 22.0, 113.2, 22.1)
    assert unite_coverage([left, right]).equals(box(113.0, 22.0, 113.2, 22.1))


def test_a_label_lies_in_the_widest_part_of_an_area() -> None:
    club = MultiPolygon([Polygon([(0, 0), (0.01, 0), (0.01, 0.001), (0.002, 0.001), (0.002, 0.002), (0, 0.002)])])
    ((lon, lat),) = label_points([club])
    assert (lon, lat) == (pytest.approx(0.001, abs=2e-4), pytest.approx(0.001, abs=2e-4))
