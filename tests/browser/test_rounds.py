"""The page of the rounds in a real browser: down to a grid, its doors on paper without a network, and on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from data.settings import Settings
from tests.browser.conftest import Server, serving, start_clock, visit
from tests.browser.test_zones import SIDEWAYS
from tests.dashboard.conftest import take_in_morning
from tests.data.small_district import make_district

TARGETS = ".st-key-rounds :is(button, a, .react-aria-ComboBox, [data-testid='stNumberInputContainer'])"
SMALL_TARGETS = f"""() => [...document.querySelectorAll(`{TARGETS}`)]
    .filter(one => one.checkVisibility() && !one.closest('[data-testid="stPopover"], label'))
    .filter(one => one.matches(':not([data-testid="stNumberInputContainer"] *)') && one.getBoundingClientRect().height < 43.5)
    .map(one => [one.outerHTML.slice(0, 120), one.getBoundingClientRect().height])"""


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Grid G1 in the zone's round: of household H1 one of three was sampled, of H2 nobody came."""
    settings = take_in_morning(make_district(Settings(home=tmp_path_factory.mktemp("morning") / "home")))
    start_clock(settings, "08:39:30")
    with serving(settings) as served:
        yield served


def test_from_the_round_to_a_grid_to_the_sheets_for_its_teams(laptop: BrowserContext, morning: Server) -> None:
    visitor = visit(laptop, morning, "/rounds?round=M")
    page = visitor.page
    page.get_by_role("button", name="第2网格").click()
    expect(page).to_have_url(re.compile("round=M.*grid=G2"))
    page.get_by_role("button", name="侧贤社区").click()
    expect(page).to_have_url(re.compile("community=C1"))
    page.get_by_role("button", name="第1网格").click()
    expect(page.locator(".wg-agreed")).to_contain_text("名册、地图、总数一致：2 户，其中 1 户未见一人")
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    expect(page.locator(".wg-teams li")).to_have_text("第 1 队：1 栋 2 户")
    with laptop.expect_page() as opened:
        page.get_by_role("link", name="打印各队名册").click()
    sheet = opened.value
    asked: list[str] = []
    sheet.on("request", lambda request: asked.append(request.url))
    expect(sheet.locator("section")).to_have_count(1)
    assert sheet.locator("li").all_inner_texts() == ["H1\n3 人\n已 1 ★", "H2\n2 人"]
    laptop.set_offline(True)
    sheet.emulate_media(media="print")
    expect(sheet.locator("nav")).to_be_hidden()
    assert sheet.locator("section").evaluate("one => getComputedStyle(one).breakAfter") == "auto"
    assert len(re.findall(rb"/Type\s*/Page[^s]", sheet.pdf(prefer_css_page_size=True))) == 1
    laptop.set_offline(False)
    assert (asked, visitor.strangers, visitor.errors) == ([], [], [])


def test_on_a_phone_the_round_scrolls_in_one_direction_and_targets_are_large(
    phone: BrowserContext, morning: Server
) -> None:
    page = visit(phone, morning, "/rounds?round=M&grid=G1&list=all").page
    page.wait_for_selector(".wg-teams")
    assert page.evaluate(SIDEWAYS) == [390, 0]
    assert page.evaluate(SMALL_TARGETS) == []
    # who came for the list finds it first
    top = "one => one.getBoundingClientRect().top"
    assert page.locator(".wg-teams").evaluate(top) < page.locator(".wg-six").evaluate(top)
