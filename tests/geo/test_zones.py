"""The shapes of buildings and of sets of grids."""

from __future__ import annotations

import pytest
from pyproj import Geod
from shapely.geometry import box

from geo.coverage import areas_km2
from geo.zones import DEFAULT_RADIUS_M, area_of_grids, building_footprint, union_of_members


def test_a_building_is_a_square_of_twice_its_radius_round_its_point() -> None:
    footprint = building_footprint(113.071237, 22.581443, 14)
    area_m2, perimeter_m = Geod(ellps="WGS84").geometry_area_perimeter(footprint)
    assert abs(area_m2) == pytest.approx(28 * 28, rel=1e-3)
    assert perimeter_m == pytest.approx(4 * 28, rel=1e-3)
    assert (footprint.centroid.x, footprint.centroid.y) == (
        pytest.approx(113.071237, abs=1e-7),
        pytest.approx(22.581443, abs=1e-7),
    )


def test_a_building_of_unknown_size_takes_the_documented_one() -> None:
    assert areas_km2([building_footprint(113.07, 22.58)])[0] == pytest.approx(
        (2 * DEFAULT_RADIUS_M / 1000) ** 2, rel=1e-3
    )


def test_a_set_of_grids_is_one_outline_and_members_may_overlap() -> None:
    left, right = box(113.0, 22.0, 113.1, 22.1), box(113.1, 22.0, 113.2, 22.1)
    assert area_of_grids([left, right]).equals(box(113.0, 22.0, 113.2, 22.1))
    assert union_of_members([left, box(113.05, 22.0, 113.2, 22.1)]).equals(box(113.0, 22.0, 113.2, 22.1))
