"""Where points and areas lie, on three squares of about 100 m side by side."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo.location import find_areas, find_nearest, measure_outside, middles_and_radii
from tests.geo.layers import SQUARES

AREAS = np.array(SQUARES, dtype=object)


def points(*pairs: tuple[float, float]) -> np.ndarray:
    return np.array([shapely.Point(pair) for pair in pairs], dtype=object)


def test_a_point_is_found_in_its_area_on_an_edge_in_the_first_and_outside_in_none() -> None:
    found = find_areas(points((113.0725, 22.5805), (113.071, 22.5805), (113.08, 22.5805)), AREAS)
    assert found.tolist() == [2, 0, -1]


def test_the_nearest_area_is_told_with_its_distance() -> None:
    (area,), (distance,) = find_nearest(points((113.0740, 22.5805)), AREAS)
    assert area == 2
    assert distance == pytest.approx(102.8, abs=0.2)


def test_what_lies_beyond_an_outline_is_measured() -> None:
    outlines = [shapely.box(113.07, 22.58, 113.0705, 22.581), shapely.box(113.0, 22.0, 114.0, 23.0)]
    assert measure_outside(SQUARES[:2], outlines) == pytest.approx([102.8 * 110.8 / 2, 0], rel=0.01)


def test_a_footprint_has_a_point_within_and_the_size_of_its_square() -> None:
    hook = shapely.Polygon(
        [
            (113.07, 22.58),
            (113.071, 22.58),
            (113.071, 22.5801),
            (113.0701, 22.5801),
            (113.0701, 22.581),
            (113.07, 22.581),
        ]
    )
    shapes = np.array([hook, shapely.Point(113.07, 22.58), None], dtype=object)
    middles, radii = middles_and_radii(shapes)
    assert hook.contains(shapely.Point(middles[0]))
    assert middles[1].tolist() == [113.07, 22.58]
    assert np.isnan(middles[2]).all()
    assert radii[0] == pytest.approx(np.sqrt(hook.area * 1e10 * 1.028 * 1.108) / 2, rel=0.01)
    assert np.isnan(radii[1:]).all()
