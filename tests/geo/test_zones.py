"""The shapes of what orders name, and what lies within."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import Polygon, box

from geo.coverage import areas_km2
from geo.zones import (
    DEFAULT_RADIUS_M,
    building_ground,
    circle_around,
    find_points_inside,
    find_touched,
    judge_polygon,
)

DISTRICT = box(113.00, 22.50, 113.03, 22.51)


def test_a_building_without_a_footprint_is_a_circle_round_its_point() -> None:
    circle = circle_around(113.071237, 22.581443, 14)
    corners = np.array(circle.exterior.coords)
    _, _, distances = Geod(ellps="WGS84").inv(*np.broadcast_arrays(113.071237, 22.581443, *corners.T))
    assert distances == pytest.approx(14, rel=1e-3)
    assert (circle.centroid.x, circle.centroid.y) == (
        pytest.approx(113.071237, abs=1e-7),
        pytest.approx(22.581443, abs=1e-7),
    )


def test_a_building_of_unknown_size_takes_the_documented_one() -> None:
    size_km2 = areas_km2([building_ground(113.07, 22.58)])[0]
    assert size_km2 == pytest.approx(np.pi * (DEFAULT_RADIUS_M / 1000) ** 2, rel=0.03)


def test_a_footprint_is_a_buildings_own_ground() -> None:
    footprint = box(113.0700, 22.5800, 113.0702, 22.5801)
    assert building_ground(113.0701, 22.58005, 14, footprint) is footprint


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (None, "empty_polygon"),
        (Polygon(), "empty_polygon"),
        (shapely.Point(113.01, 22.505), "no_polygon"),
        (shapely.LineString([(113.01, 22.505), (113.02, 22.505)]), "no_polygon"),
        (Polygon([(113.01, 22.505), (113.02, 22.506), (113.01, 22.506), (113.02, 22.505)]), "crossing_polygon"),
        (box(113.01, 22.505, 113.010001, 22.505001), "empty_polygon"),
        (box(113.02, 22.50, 113.06, 22.51), "outside_district"),
        (box(113.01, 22.50, 113.02, 22.505), None),
        (box(113.01, 22.50, 113.031, 22.51), None),
    ],
)
def test_a_drawn_polygon_is_an_area_of_the_district_or_told_why_not(
    shape: shapely.Geometry | None, reason: str | None
) -> None:
    fault = judge_polygon(shape, DISTRICT)
    assert (fault[0] if fault else None) == reason


def test_the_place_of_a_crossing_is_told() -> None:
    crossing = Polygon([(113.01, 22.505), (113.02, 22.506), (113.01, 22.506), (113.02, 22.505)])
    fault = judge_polygon(crossing, None)
    assert fault is not None and "113.015000, 22.505500" in fault[1]


def test_an_area_reaches_into_a_grid_by_more_than_a_stroke_beside_the_border() -> None:
    grids = np.array([box(113.00, 22.50, 113.01, 22.51), box(113.01, 22.50, 113.02, 22.51)], dtype=object)
    tree = shapely.STRtree(grids)
    assert find_touched(box(113.00, 22.50, 113.01005, 22.51), grids, tree) == [(0, True)]
    assert find_touched(box(113.005, 22.50, 113.015, 22.51), grids, tree) == [(0, False), (1, False)]
    assert find_touched(box(113.002, 22.502, 113.0021, 22.5021), grids, tree) == [(0, False)]
    assert find_touched(box(114, 22, 115, 23), grids, tree) == []


def test_points_on_the_edge_of_an_area_lie_in_it() -> None:
    points = shapely.STRtree(shapely.points([(113.0, 22.5), (113.005, 22.505), (113.02, 22.505)]))
    assert find_points_inside(box(113.0, 22.5, 113.01, 22.51), points).tolist() == [0, 1]
