"""What stays true of areas that tile when they are simplified, united or drawn.

Four squares of about 100 m that share their corners, near 113.07 E, 22.58 N.
"""

from __future__ import annotations

import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo.coverage import (
    areas_km2,
    label_points,
    simplify_coverage,
    tile_for_drawing,
    unite_coverage,
)
from geo.errors import GeoError


def squares(gap_deg: float = 0.0) -> list[BaseGeometry]:
    return [
        box(113.070, 22.580, 113.071, 22.581),
        box(113.071 + gap_deg, 22.580, 113.072, 22.581),
        box(113.070, 22.581, 113.071, 22.582),
        box(113.071, 22.581, 113.072, 22.582),
    ]


def test_areas_that_overlap_are_drawn_once_and_the_smaller_is_seen() -> None:
    whole, corner = box(113.070, 22.580, 113.072, 22.582), box(113.070, 22.580, 113.071, 22.581)
    drawn = tile_for_drawing([whole, corner])
    assert shapely.coverage_is_valid(drawn)
    assert areas_km2(list(drawn)) == pytest.approx([3 * areas_km2([corner])[0], areas_km2([corner])[0]], rel=1e-3)


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


def test_the_outline_of_a_folded_area_holds_no_lines() -> None:
    folded = Polygon([(113.0, 22.0), (113.1, 22.0), (113.1, 22.1), (113.3, 22.1), (113.1, 22.1), (113.0, 22.1)])
    overlapping = box(113.05, 22.0, 113.2, 22.05)
    assert shapely.union_all(shapely.make_valid([folded, overlapping])).geom_type == "GeometryCollection"
    united = unite_coverage([folded, overlapping])
    assert united.geom_type == "Polygon"
    assert united.equals(box(113.0, 22.0, 113.1, 22.1).union(overlapping))


def test_a_label_lies_in_the_widest_part_of_an_area() -> None:
    club = MultiPolygon([Polygon([(0, 0), (0.01, 0), (0.01, 0.001), (0.002, 0.001), (0.002, 0.002), (0, 0.002)])])
    ((lon, lat),) = label_points([club])
    assert (lon, lat) == (pytest.approx(0.001, abs=2e-4), pytest.approx(0.001, abs=2e-4))
