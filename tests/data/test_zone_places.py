"""Which places lie in which zones: points by the extents' shapes, buildings by name, radius or polygon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import shapely

from data.orders import give_orders
from data.questions import ask
from data.settings import Settings
from data.situation import Situation, open_situation
from data.zone_point import find_at_point
from tests.data.small_district import copy_of

ORDERS = [
    {"order_code": "O2", "zone_code": "Z2", "zone_name": "侧贤", "level": "medium", "extent_kind": "community", "extent_codes": "C1",
     "effective_at": "2022-07-09 18:00:00"},
    {"order_code": "O3", "zone_code": "Z3", "zone_name": "河边", "level": "low", "effective_at": "2022-07-09 18:00:00",
     "polygon": shapely.to_geojson(shapely.box(113.012, 22.502, 113.028, 22.508))},
    {"order_code": "O4", "zone_code": "Z4", "zone_name": "三号及周边", "level": "high", "extent_kind": "building", "extent_codes": "B3",
     "radius_m": 200, "effective_at": "2022-07-10 00:00:00", "ends_at": "2022-07-12 00:00:00"},
]  # fmt: skip


@pytest.fixture(scope="module")
def situation(tmp_path_factory: pytest.TempPathFactory, empty_district: Settings) -> Iterator[Situation]:
    settings = copy_of(empty_district, tmp_path_factory.mktemp("lookup") / "home")
    assert give_orders(settings, ORDERS).recorded_count == 3
    opened = open_situation(settings.situation_path)
    yield opened
    opened.close()


def codes(situation: Situation, lon: float, lat: float, as_of: str = "2022-07-10 08:00:00") -> list[str]:
    return sorted(find_at_point(ask(situation, "zones/shapes", as_of).to_pylist(), lon, lat))


def test_a_point_lies_in_the_zones_whose_shape_holds_it(situation: Situation) -> None:
    assert codes(situation, 113.00505, 22.50505) == ["O1", "O2"]  # in the circle of 14 m round B1
    assert codes(situation, 113.0060, 22.5050) == ["O2"]  # 100 m beside it
    assert codes(situation, 113.0150, 22.5050) == ["O2", "O3"]
    assert codes(situation, 113.0255, 22.5055) == ["O3", "O4"]  # within 200 m of B3
    assert codes(situation, 113.0255, 22.5055, as_of="2022-07-12 00:00:00") == ["O3"]
    assert codes(situation, 113.0050, 22.5050, as_of="2022-07-09 17:59:59") == []
    assert codes(situation, 114.0, 22.5) == []


def test_what_was_not_known_yet_did_not_hold_for_anybody(situation: Situation) -> None:
    recorded_at = min(row["recorded_at"] for row in ask(situation, "zones/spans").to_pylist())
    asked = {"building_code": "B2", "as_of": "2022-07-10 08:00:00"}
    assert ask(situation, "zones/at_building", **asked, known_at=recorded_at).num_rows == 0
    assert ask(situation, "zones/at_building", **asked).num_rows == 2


def test_buildings_within_a_stated_radius_are_inside(situation: Situation) -> None:
    rows = ask(situation, "zones/buildings_inside", "2022-07-10 08:00:00").to_pylist()
    assert [(row["zone_code"], row["building_code"], row["is_decisive"]) for row in rows] == [
        ("Z1", "B1", True), ("Z2", "B1", False), ("Z2", "B2", True), ("Z3", "B2", False), ("Z3", "B3", False), ("Z4", "B3", True),
    ]  # fmt: skip
