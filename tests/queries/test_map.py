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


def _found(text: str) -> list[tuple[str, str]]:
    rows = ask(_district(), "map/search", text=text).to_pylist()
    return [(row["kind"], row["code"]) for row in rows]


def test_a_search_tells_what_was_found_with_where_it_lies() -> None:
    answers(
        _district(),
        "map/search",
        """
        kind code name role area_code grid_name community_name town_name rank found_count
        community C1 侧贤 - C1 - 侧贤 白沙街道 0 6
        grid G11 侧贤社区第1网格 - G11 侧贤社区第1网格 侧贤 白沙街道 2 6
        grid G12 侧贤社区第2网格 - G12 侧贤社区第2网格 侧贤 白沙街道 2 6
        building B38 侧贤里38号 - G11 侧贤社区第1网格 侧贤 白沙街道 2 6
        building B39 侧贤里39号 - G11 侧贤社区第1网格 侧贤 白沙街道 2 6
        """,
        text="侧贤",
        limit=5,
    )


def test_places_are_found_by_code_address_pinyin_and_post() -> None:
    assert _found("g21") == [("grid", "G21")]
    assert _found("侧贤里38号") == [("building", "B38")]
    assert _found("凤阳里") == [("building", "B117")]
    assert _found("donghua-mingan") == [("site", "S2")]
    assert _found("l12") == [("post", "L12")]
    assert _found("白沙")[0] == ("town", "T1")  # without its kind


def test_every_word_of_a_search_counts_also_those_of_the_places_above() -> None:
    assert _found("网格长 侧贤") == [("post", "L11"), ("post", "L12")]
    assert _found("huanshi site") == [("site", "S3"), ("site", "S4")]
    assert _found("环市 侧贤") == []
    assert _found("白沙 环市") == []


def test_a_search_that_could_be_anything_finds_what_stands_there_and_nothing_else() -> None:
    assert _found("%") == [] and _found("_") == [] and _found("'; drop table grid") == []


def test_a_building_and_a_site_are_found_by_their_code_with_their_place() -> None:
    columns = "kind code name grid_code lon lat household_count resident_count unit_count\n"
    answers(_district(), "map/spot", f"{columns}building B38 侧贤里38号 G11 113.1 22.6 10 25 -", code="B38")
    answers(_district(), "map/spot", f"{columns}site S2 东华名岸 G21 113.1 22.6 - - 6", code="S2")
    assert ask(_district(), "map/spot", code="G11").num_rows == 0
