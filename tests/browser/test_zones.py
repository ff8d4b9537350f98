"""The page of the risk zones in a real browser: an order is given there and holds, a wrong one is refused, also on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from data.settings import Settings
from tests.browser.conftest import Server, Visitor, serving, start_clock, visit
from tests.browser.test_overview import DRAWN_WITHIN_MS, laptop, phone
from tests.data.small_district import make_district

__all__ = ["laptop", "phone"]

GIVEN_WITHIN_MS = 30_000
SIDEWAYS = "() => [document.documentElement.scrollWidth, document.querySelector('.stMain').scrollWidth - innerWidth]"
TARGETS = """[data-testid="stDateInputField"], [data-testid="stTimeInputTimeDisplay"], [data-testid="stNumberInputContainer"],
    .react-aria-ComboBox, .stTextInput input, button"""
SMALL_TARGETS = f"""() => [...document.querySelector('.st-key-zones').querySelectorAll(`{TARGETS}`)]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
    .map(one => [one.outerHTML.slice(0, 120), one.getBoundingClientRect().height])"""


@pytest.fixture(scope="module")
def zoned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three grids with one sealed building, in a home that can be written to."""
    settings = make_district(Settings(home=tmp_path_factory.mktemp("zoned") / "home"))
    start_clock(settings, "08:40:27")
    with serving(settings) as served:
        yield served


def open_zones(context: BrowserContext, server: Server, query: str = "") -> Visitor:
    visitor = visit(context, server, f"/zones{query}")
    visitor.page.wait_for_selector(".st-key-zone_list .wg-chip", timeout=DRAWN_WITHIN_MS)
    return visitor


def fill(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Enter")


def test_an_order_is_refused_with_its_reasons_then_given_and_in_force(laptop: BrowserContext, zoned: Server) -> None:
    visitor = open_zones(laptop, zoned)
    page = visitor.page
    fill(page, "这里在不在风险区？", "二号")
    expect(page.locator(".wg-zone-answer")).to_have_text("二号 不在任何风险区。", timeout=GIVEN_WITHIN_MS)
    page.get_by_role("radio", name="下达指令").click()
    page.get_by_role("button", name="下达指令").click()
    expect(page.locator(".wg-refusals li")).to_have_text(
        ["范围：没有选择", "风险区名称：没有填写"], timeout=GIVEN_WITHIN_MS
    )
    fill(page, "风险区名称", "二号楼")
    fill(page, "查找楼栋、网格或社区", "二号")
    page.get_by_label("已选 0 个").click()
    page.get_by_role("option", name="二号 B2").click()
    expect(page.get_by_label("已选 1 个")).to_be_visible(timeout=GIVEN_WITHIN_MS)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="下达指令").click()
    expect(page.locator(".wg-head h2")).to_have_text("二号楼", timeout=GIVEN_WITHIN_MS)
    assert "zone=Z-0714-" in page.url
    expect(page.locator(".wg-zone-answer")).to_contain_text("二号 在 二号楼（高风险区）", timeout=GIVEN_WITHIN_MS)
    # everybody else sees it too
    other = open_zones(laptop, zoned, "?lang=en").page
    expect(other.locator(".st-key-zone_list .wg-chip-high")).to_have_text(["H1", "H2"], timeout=GIVEN_WITHIN_MS)
    assert (visitor.strangers, visitor.errors) == ([], [])


@pytest.mark.parametrize("shown", ["history", "changes", "give"])
def test_on_a_phone_nothing_scrolls_sideways_and_targets_are_large(
    phone: BrowserContext, zoned: Server, shown: str
) -> None:
    page = open_zones(phone, zoned, f"?show={shown}").page
    page.wait_for_selector(".st-key-zone_below")
    assert page.evaluate(SIDEWAYS) == [390, 0]
    assert page.evaluate(SMALL_TARGETS) == []


def test_on_a_phone_a_zone_is_a_page_of_its_own_with_a_way_back(phone: BrowserContext, zoned: Server) -> None:
    page = open_zones(phone, zoned).page
    page.get_by_role("button", name="侧贤里38号").tap()
    expect(page).to_have_url(re.compile("zone=Z1"), timeout=GIVEN_WITHIN_MS)
    expect(page.locator(".st-key-zone_list")).not_to_be_in_viewport(timeout=GIVEN_WITHIN_MS)
    expect(page.locator(".wg-head h2")).to_be_in_viewport()
    page.get_by_role("button", name="返回全部风险区").tap()
    expect(page.locator(".st-key-zone_list")).to_be_in_viewport(timeout=GIVEN_WITHIN_MS)
