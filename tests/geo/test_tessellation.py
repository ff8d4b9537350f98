"""The synthetic map: cells that tile, nest and keep their neighbours' vertices."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon

from data.scenario.geography import CEXIAN, DONGHUA, GANGKOU, HUILONG, JIANGBIAN, Geography, make_geography
from geo.tessellation import bend_cells, cut_power_cells, make_warp, round_cells, split_by_weight

SQUARE = Polygon([(0, 0), (4000, 0), (4000, 4000), (0, 4000)])


@pytest.fixture(scope="module")
def geography() -> Geography:
    return make_geography()


def _shapes(geography: Geography) -> np.ndarray:
    return np.array([grid.shape for grid in geography.grids], dtype=object)


def test_410_grids_are_nested_in_132_communities_and_6_towns(geography: Geography) -> None:
    grids = geography.grids
    assert len(grids) == len({grid.code for grid in grids}) == 410
    assert len({grid.community.code for grid in grids}) == 132
    assert len({grid.town.code for grid in grids}) == 6
    assert all(grid.code.startswith(grid.community.code) and len(grid.code) == 15 for grid in grids)
    assert all(grid.community.town_code == grid.town.code for grid in grids)


def test_389_of_410_grids_have_a_party_organisation(geography: Geography) -> None:
    assert sum(grid.has_party_organisation for grid in geography.grids) == 389


def test_grids_tile_the_district_without_gap_or_overlap(geography: Geography) -> None:
    shapes = _shapes(geography)
    assert shapely.coverage_is_valid(shapes)
    whole = shapely.coverage_union_all(shapes)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert sum(shape.area for shape in shapes) == pytest.approx(whole.area, rel=1e-9)


def test_every_community_and_every_town_is_one_piece(geography: Geography) -> None:
    for key in ("community", "town"):
        members: dict[str, list[Polygon]] = {}
        for grid in geography.grids:
            members.setdefault(getattr(grid, key).code, []).append(grid.shape)
        pieces = {
            code: shapely.coverage_union_all(np.array(own, dtype=object)).geom_type for code, own in members.items()
        }
        assert set(pieces.values()) == {"Polygon"}


@settings(max_examples=60)
@given(lon=st.floats(112.90, 113.18), lat=st.floats(22.54, 22.82))
def test_a_point_of_the_district_lies_in_exactly_one_grid(lon: float, lat: float) -> None:
    shapes = _shapes(make_geography())
    point = Point(lon, lat)
    inside = int(shapely.contains_properly(shapes, point).sum())
    is_on_a_border = bool((shapely.intersects(shapes, point) & ~shapely.contains_properly(shapes, point)).any())
    in_district = bool(shapely.intersects(shapely.coverage_union_all(shapes), point))
    assert inside == (1 if in_district and not is_on_a_border else 0)


def test_communities_of_the_account_lie_together_on_the_south_west_edge(geography: Geography) -> None:
    def outline(code: str) -> Polygon:
        return shapely.coverage_union_all(
            np.array([geography.grids[i].shape for i in geography.positions(code)], dtype=object)
        )

    gangkou, jiangbian, donghua, huilong, cexian = map(outline, (GANGKOU, JIANGBIAN, DONGHUA, HUILONG, CEXIAN))
    assert gangkou.touches(jiangbian)
    assert jiangbian.touches(donghua)
    assert donghua.touches(huilong)
    assert huilong.touches(cexian)
    latitudes = [shape.centroid.y for shape in (gangkou, jiangbian, donghua, cexian)]
    assert latitudes == sorted(latitudes, reverse=True)


def test_gangkou_has_three_grids(geography: Geography) -> None:
    assert len(geography.positions(GANGKOU)) == 3


def test_power_cells_share_an_area_in_the_proportion_asked_for() -> None:
    cells = cut_power_cells(SQUARE, np.array([[800.0, 900.0], [3000.0, 1200.0], [2000.0, 3200.0]]), [1, 2, 5])
    assert [cell.area / SQUARE.area for cell in cells] == pytest.approx([1 / 8, 2 / 8, 5 / 8], rel=0.02)


def test_bent_and_rounded_cells_still_tile() -> None:
    rng = np.random.default_rng(3)
    crowd = rng.uniform(0, 4000, (3000, 2))
    straight = split_by_weight(SQUARE, crowd, [1.0] * 12, 0.4, rng)
    bent = bend_cells(straight, make_warp(rng), tolerance_m=5.0)
    kept = round_cells(bent, decimals=1)
    assert len(kept) == 12
    assert shapely.coverage_is_valid(np.array(kept, dtype=object))
    assert any(len(cell.exterior.coords) > 12 for cell in kept), "lines bend"


def test_a_warp_straightens_what_it_bent() -> None:
    warp = make_warp(np.random.default_rng(5))
    points = np.array([[0.0, 0.0], [12_000.0, -7_000.0], [350.0, 9_999.0]])
    assert warp.straighten(warp.bend(points)) == pytest.approx(points, abs=1e-5)
