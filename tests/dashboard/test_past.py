"""Looking back: pages, map and questions at a past moment, and the way there and back."""

from __future__ import annotations

import json
import re
import shutil
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from dashboard import routes
from dashboard.parts.moment_bar import plan_play
from data.settings import PROJECT_ROOT, Settings
from tests.dashboard.conftest import Open, set_clock, take_in_morning, text_of
from tests.dashboard.test_routes import get
from tests.data.small_district import make_district

PAGE = str(PROJECT_ROOT / "dashboard" / "pages.py")


@pytest.fixture(scope="module")
def morning_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return take_in_morning(make_district(Settings(home=tmp_path_factory.mktemp("morning"))))


@pytest.fixture
def morning(morning_home: Settings, tmp_path: Path) -> Settings:
    """Of grid G1's five residents Ada registered at 08:10, was sampled at 08:20; Bo registered at 08:39. It is 08:40."""
    copied = Settings(home=tmp_path)
    shutil.copy(morning_home.situation_path, copied.situation_path)
    set_clock(copied, "08:40:00")
    return copied


def live(query: str = "") -> dict[str, Any]:
    body: dict[str, Any] = json.loads(get(f"/api/live{query}").body)
    return body


def test_a_page_looks_back_at_the_moment_of_its_address_and_says_so(morning: Settings, open_page: Open) -> None:
    page = open_page(morning, at="2022-07-14T08:17", grid="G1")
    said = text_of(page)
    assert "现在所知 7月14日 周四 08:15" in said  # the roll-ups tell of five minutes at once
    assert "数据截至" not in said
    assert re.search(r"覆盖率 0\.0 %", said)  # Ada is sampled at 08:20 only
    assert re.search(r"覆盖率 20\.0 %", text_of(open_page(morning, at="2022-07-14T08:25", grid="G1")))


def test_what_came_after_the_moment_is_not_shown(morning: Settings, open_page: Open) -> None:
    open_page(morning)
    before, after = live("?at=2022-07-14T08:15"), live("?at=2022-07-14T08:25")
    assert [round_["registered_person_count"] for round_ in before["rounds"]] == [1, 0]
    assert [body["grids"]["coverage_pct"][0] for body in (before, after, live())] == [0, 20, 20]
    assert (before["as_of"], before["state"]) == ("2022-07-14T00:15:00Z", "ok")


def test_the_map_gets_a_clock_that_stands_at_the_moment_and_a_tag_that_stays(
    morning: Settings, open_page: Open
) -> None:
    open_page(morning)
    reply = get("/api/live?at=2022-07-14T08:15")
    assert json.loads(reply.headers["wangge-clock"])["now"] == "2022-07-14T00:15:00.000+00:00"
    assert get("/api/live?at=2022-07-14T08:19", if_none_match=reply.headers["etag"]).status == 304
    assert live()["as_of"] == "2022-07-14T00:39:00Z"


def test_before_the_first_row_a_past_page_says_that_there_is_nothing(morning: Settings, open_page: Open) -> None:
    page = open_page(morning, at="2022-07-13T08:00")
    assert "7月13日 周三 08:00 以前没有任何数据" in text_of(page)
    assert live("?at=2022-07-13T08:00")["state"] == "empty"


@pytest.mark.parametrize("at", ["2022-07-14T09:00", "2022-13-45T99:00", "<script>"])
def test_a_moment_that_is_none_or_still_to_come_shows_the_newest(morning: Settings, open_page: Open, at: str) -> None:
    page = open_page(morning, at=at)
    assert "数据截至 08:39:00" in text_of(page)
    assert page.button(key="look_back")


def test_a_moment_that_cannot_be_read_is_refused_by_the_route(morning: Settings, open_page: Open) -> None:
    open_page(morning)
    assert get("/api/live?at=yesterday").status == 400


def test_a_damaged_file_is_told_on_a_past_page_too(morning: Settings, open_page: Open) -> None:
    morning.situation_path.write_bytes(b"not a database")
    page = open_page(morning, at="2022-07-14T08:15")
    assert "态势读取失败" in text_of(page)
    assert not page.exception


def test_the_slider_writes_the_moment_and_the_way_back_takes_it_out(morning: Settings, open_page: Open) -> None:
    page = open_page(morning, grid="G1")
    page.button(key="look_back").click().run()
    assert dict(page.query_params) == {"grid": "G1", "at": "2022-07-14T08:35"}
    page.slider(key="moment_time").set_value(time(8, 15)).run()
    assert page.query_params["at"] == "2022-07-14T08:15"
    assert re.search(r"覆盖率 0\.0 %", text_of(page))
    page.slider(key="moment_time").set_value(time(23, 0)).run()  # later than anything known: the newest step
    assert page.query_params["at"] == "2022-07-14T08:35"
    page.button(key="back_to_live").click().run()
    assert dict(page.query_params) == {"grid": "G1"}


def test_a_link_to_a_place_keeps_the_moment(morning: Settings, open_page: Open) -> None:
    page = open_page(morning, at="2022-07-14T08:15", town="T1")
    bodies = "".join(element.proto.body for element in page.get("html"))
    assert "?at=2022-07-14T08%3A15&amp;community=C1" in bodies


def test_the_page_of_the_zones_looks_back_too(morning: Settings, open_page: Open) -> None:
    before, after = (live_zones(open_page, morning, at) for at in ("2022-07-09T17:55", "2022-07-09T18:00"))
    assert (before, after) == ([], ["Z1"])


def live_zones(open_page: Open, settings: Settings, at: str) -> list[str]:
    open_page(settings, at=at)
    return [zone["zone_code"] for zone in live(f"?at={at}")["zones"]]


@pytest.mark.parametrize(
    ("speed", "period_s", "minutes"), [(1, 300.0, 5), (10, 30.0, 5), (60, 5.0, 5), (300, 1.0, 5), (600, 1.0, 10)]
)
def test_play_keeps_its_speed_in_whole_steps(speed: int, period_s: float, minutes: int) -> None:
    period, stride = plan_play(speed)
    assert (period, stride.total_seconds() / 60) == (period_s, minutes)


def test_play_goes_on_by_strides_and_stops_at_the_newest_moment(morning: Settings, open_page: Open) -> None:
    page = open_page(morning, at="2022-07-14T08:25")
    page.selectbox(key="moment_speed").select(600).run()
    page.button(key="moment_play").click().run()
    assert page.button(key="moment_play").label == "暂停"
    for _ in range(3):
        page.session_state["moment_due_s"] = 0.0
        page.run()
    assert page.query_params["at"] == "2022-07-14T08:35"
    assert page.button(key="moment_play").label == "播放"


def test_the_wall_stays_live(morning: Settings, open_page: Open) -> None:
    open_page(morning, at="2022-07-14T08:15")
    assert "at=" not in get("/kiosk").body.decode()
    assert routes.get_feed().picture is not None
