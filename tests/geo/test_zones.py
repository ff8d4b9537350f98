"""The shapes of buildings."""

from __future__ import annotations

import pytest
from pyproj import Geod

from geo.coverage import areas_km2
from geo.zones import DEFAULT_RADIUS_M, building_footprint


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
