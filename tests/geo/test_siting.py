"""Sites near people, units where they are needed."""

from __future__ import annotations

import numpy as np
import pytest

from geo.crs import degrees_from_metres, metres_from_degrees
from geo.errors import GeoError
from geo.siting import place_sites, share_units


def test_two_villages_get_a_site_each_before_one_gets_two() -> None:
    points = np.array([[0.0, 0.0], [100.0, 0.0], [200.0, 0.0], [9000.0, 0.0], [9100.0, 0.0]])
    headcount = np.array([500.0, 900.0, 500.0, 40.0, 60.0])
    assert place_sites(points, headcount, 2) == [1, 4]


def test_more_sites_than_points_are_refused() -> None:
    with pytest.raises(GeoError, match="3 sites cannot be placed on 2 points"):
        place_sites(np.zeros((2, 2)), np.ones(2), 3)


def test_units_follow_headcount_between_two_and_ten() -> None:
    assert share_units([100, 100, 100], 9) == [3, 3, 3]
    assert share_units([1, 10_000, 10], 14) == [2, 10, 2]


def test_units_that_cannot_be_shared_are_refused() -> None:
    with pytest.raises(GeoError, match="31 units cannot be shared among 3 sites"):
        share_units([1, 1, 1], 31)


def test_metres_come_back_to_the_same_degrees() -> None:
    lonlat = np.array([[113.02, 22.58], [113.16, 22.81]])
    x_m, y_m = metres_from_degrees(113.04, 22.67)(lonlat)[0]
    assert (x_m, y_m) == pytest.approx((-2_057, -9_968), abs=5)
    assert degrees_from_metres(113.04, 22.67)(metres_from_degrees(113.04, 22.67)(lonlat)) == pytest.approx(
        lonlat, abs=1e-9
    )
