"""The list of what changed: since when, in words, and where each line leads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.address import Address
from dashboard.parts.changes import change_list, choose_since, describe_change
from dashboard.parts.moment import Moment, make_moment
from dashboard.parts.wording import Language
from data.settings import Settings
from tests.dashboard.conftest import Open, take_in_morning, text_of


def PAGE() -> None:
    from dashboard.address import read_address
    from dashboard.answers import open_view
    from dashboard.parts.changes import show_change_list
    from dashboard.routes import get_feed

    show_change_list(open_view(get_feed()), read_address())


def at(time: str) -> Moment:
    now = datetime.fromisoformat(f"2022-07-14T{time}:00+08:00")
    return make_moment(now, now, "Asia/Shanghai", 120.0, 0.0, is_open=True)


def change(**given: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(
        ("grid_code", "community_code", "town_code", "level", "person_count", "duration_min")
    )
    row |= {"place_kind": "site", "place_code": "S1", "place_name": "东华名岸", "place_name_en": "Donghua Mingan"}
    return (
        row
        | {"kind": "site_jammed", "change": "opened", "changed_at": datetime(2022, 7, 14, 0, 22, tzinfo=UTC)}
        | given
    )


@pytest.mark.parametrize(
    ("row", "zh", "en"),
    [
        (change(), "东华名岸 拥堵", "Donghua Mingan jammed"),
        (change(change="closed", duration_min=35.0), "东华名岸 缓解，拥堵 35 分", "Donghua Mingan eased after 35 min"),
        (change(kind="zone", change="lowered", level="medium"), "东华名岸 降为中风险区", "Donghua Mingan: lowered to medium risk"),
        (change(kind="whistle", change="filled", person_count=7, duration_min=9.0),
         "东华名岸 集结齐 7 人，用时 9 分", "Donghua Mingan: 7 people mustered in 9 min"),
        (change(kind="a_rule_to_come"), "告警：东华名岸", "Alert: Donghua Mingan"),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(row: dict[str, Any], zh: str, en: str) -> None:
    languages: tuple[Language, Language] = ("zh", "en")
    assert [describe_change(row, language) for language in languages] == [zh, en]


def test_a_change_leads_to_its_place_at_the_moment_looked_at() -> None:
    address = Address(at=datetime(2022, 7, 14, 8, 30))
    rows = [
        change(grid_code="G1"),
        change(kind="zone", change="sealed", place_kind="zone", place_code="Z1", level="high"),
    ]
    drawn = change_list(rows, at("08:00").now, at("08:30"), address)
    assert 'href="?at=2022-07-14T08%3A30&amp;grid=G1"' in drawn
    assert 'href="/zones?at=2022-07-14T08%3A30&amp;zone=Z1"' in drawn


def test_changes_are_told_since_the_last_look_the_morning_or_within_the_hour() -> None:
    moment = at("09:10")
    seen = moment.now - timedelta(minutes=25)
    told = {name: f"{since:%H:%M}" for name, since in choose_since(moment, seen).items()}
    assert told == {"looked": "08:45", "morning": "08:00", "hour": "08:10"}
    later = moment.now + timedelta(minutes=1)
    assert list(choose_since(moment, later)) == ["morning", "hour"]  # a last look that is still to come is none
    assert choose_since(at("07:00"), None)["morning"].day == 13


def test_the_list_tells_the_round_that_began_and_what_towns_gained(district: Settings, open_page: Open) -> None:
    page = open_page(take_in_morning(district), at="2022-07-14T08:25")
    page.segmented_control(key="changes_since").select("morning").run()
    said = text_of(page)
    assert "白沙街道 0.0% → 5.3% +1 人" in said
    page.button(key="changes_mark").click().run()
    assert "08:25 以来没有变化" in text_of(page)


def test_a_damaged_situation_is_told_in_place_of_the_list(district: Settings, open_page: Open) -> None:
    page = open_page(district)
    district.situation_path.write_bytes(b"not a database")
    assert "变化读取失败" in text_of(page.run())
