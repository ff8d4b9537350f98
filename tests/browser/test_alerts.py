"""The alerts' page in a real browser: on a phone an alert is acknowledged, and the wall says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from data.alert_log import AlertLog
from data.ingest import ingest_paths
from data.settings import Settings
from tests.browser.conftest import Server, serving, start_clock, visit
from tests.data.small_district import ADA, line, make_district, write_log

SIDEWAYS = "() => document.querySelector('.stMain').scrollWidth - innerWidth"
SMALL_TARGETS = """() => [...document.querySelectorAll('.st-key-alerts_page a, [class*=st-key-acknowledge_] button')]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.5).map(one => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """At 08:40 both rounds are behind: of twenty residents one was sampled."""
    settings = make_district(Settings(home=tmp_path_factory.mktemp("behind") / "home"))
    logs = settings.home / "logs" / "baisha"
    units = write_log(logs / "units.csv", ["S1,1,open,2022-07-14 06:00:00"], header="site_code,unit_no,event,event_at")
    rows = write_log(logs / "rows.csv", [line("S1", ADA, "08:20", "08:39", household="H1")])
    ingest_paths(settings, [units, rows])
    start_clock(settings, "08:40:00")
    with serving(settings) as served:
        yield served


def test_an_alert_is_acknowledged_on_a_phone_and_quiet_on_the_wall(phone: BrowserContext, behind: Server) -> None:
    visitor = visit(phone, behind, "/alerts")
    page = visitor.page
    first = page.locator(".st-key-open_1")
    expect(first).to_contain_text("加密筛查 进度落后")
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.evaluate(SMALL_TARGETS) == []
    first.get_by_role("button", name="确认").click()
    page.get_by_label("确认人").fill("BS-0001")
    page.get_by_label("备注").fill("已增派两组")
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(first).to_contain_text("由 BS-0001 确认：已增派两组")
    expect(page.locator(".wg-log")).to_contain_text("已增派两组")
    assert [entry.by for entry in AlertLog(behind.settings).read()] == ["BS-0001"]
    wall = visit(phone, behind, "/kiosk")
    expect(wall.page.locator("#alerts")).to_contain_text("已确认 08:4")
    assert "BS-0001" not in wall.page.locator("body").inner_text()
    assert (visitor.strangers, wall.strangers, visitor.errors, wall.errors) == ([], [], [], [])
