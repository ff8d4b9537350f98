"""What the map is drawn from: names, label points and shapes, once for each change of the reference data."""

from __future__ import annotations

from data.questions import ask
from tests.queries.district import REFERENCE
from tests.queries.world import World, answers, build_world

SHAPES = """
geometry: kind code geojson
grid G11 {"g11"}
grid G12 {"g12"}
town T1  {"t1"}
"""


def _district() -> World:
    return build_world(REFERENCE, SHAPES, as_of="08:40")


def test_only_grids_with_a_shape_are_drawn() -> None:
    answers(
        _district(),
        "map/grids",
        """
        grid_code grid_name community_code town_code label_lon resident_count geojson
        G11 侧贤社区第1网格 C1 T1 113.1 100 {"g11"}
        G12 侧贤社区第2网格 C1 T1 113.1 60  {"g12"}
        """,
    )


def test_communities_and_towns_have_names_and_label_points() -> None:
    answers(
        _district(),
        "map/communities",
        "community_code community_name_en town_code\nC1 Cexian T1\nC2 Donghua T1\nC3 Liyuan T2",
    )
    answers(_district(), "map/towns", "town_code town_name label_lon\nT1 白沙街道 113.1\nT2 环市街道 113.1")


def test_every_site_is_drawn_with_its_feed_and_units() -> None:
    answers(
        _district(),
        "map/sites",
        "site_code grid_code feed_code unit_count\nS1 G12 baisha 4\nS2 G21 baisha 6\nS3 L-1 huanshi 2\nS4 P-9 huanshi 2",
    )


def test_the_district_says_when_it_is_synthetic_and_what_it_knows() -> None:
    answers(_district(), "map/district", "timezone is_synthetic as_of\nAsia/Shanghai true 08:40")
    answers(build_world(REFERENCE, as_of=None), "map/district", "is_synthetic as_of\ntrue -")


def test_the_map_is_drawn_anew_when_the_district_is_renamed() -> None:
    world = _district()
    before = ask(world, "map/district").column("geometry_source").to_pylist()
    world.connection.execute("update meta set district_name = '江海区'")
    assert ask(world, "map/district").column("geometry_source").to_pylist() != before
