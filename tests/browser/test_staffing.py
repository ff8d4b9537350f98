"""The staff's page in a real browser: whole on a laptop, one column on a phone; and every page's width on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from dashboard.shell import PAGE_PATHS
from tests.browser.conftest import Server, visit

GRID = "440703002143001"
WIDTHS = "() => [document.documentElement.scrollWidth, document.querySelector('.stMain').scrollWidth]"
PHONE_WIDTH = 390
STANDS = {
    "/": ".st-key-figures .wg-states",
    "/sites": ".st-key-sites [data-testid=stDataFrame], .st-key-site .js-plotly-plot",
    "/rounds": ".st-key-rounds .wg-block-title",
    "/staffing": ".st-key-staffing .wg-need",
    "/alerts": ".st-key-alerts_page .stHtml",
    "/zones": ".st-key-zones .wg-zone-figures",
    "/brief": ".st-key-brief iframe, .st-key-brief .stHtml",
    "/wall": "iframe",
    "/map-check": ".st-key-map_check",
}
"""What shows that a page has its figures."""


def test_a_whistle_a_list_and_a_place_are_chosen_and_the_address_holds_them(
    laptop: BrowserContext, server: Server
) -> None:
    visitor = visit(laptop, server, "/staffing")
    page = visitor.page
    page.wait_for_selector(".st-key-drawn_muster_curve .js-plotly-plot")
    expect(page.locator(".wg-need").first.locator("th")).to_have_text(
        ["网格长", "专职", "兼职", "志愿者", "突击队", "医务"]
    )
    page.get_by_role("button", name="东湖广场").click()
    expect(page.locator(".st-key-drawn_muster_curve")).to_contain_text("东湖广场")
    expect(page.get_by_role("heading", name="最近的空闲人员 · 突击队")).to_be_visible()
    page.get_by_role("radio", name="人次").click()
    expect(page.locator(".st-key-table_of_times h3")).to_be_visible()
    box = page.get_by_label("谁负责这里？")
    box.fill("侧贤社区第1网格")
    box.press("Enter")
    expect(page.locator(".wg-chain h2")).to_have_text("侧贤社区第1网格")
    expect(page.locator(".wg-chain tr")).to_have_count(9)
    expect(page).to_have_url(re.compile(f"(?=.*whistle=W0712-1)(?=.*staff=times)(?=.*grid={GRID})"))
    assert page.evaluate(WIDTHS)[0] == 1366
    assert (visitor.strangers, visitor.errors) == ([], [])


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param(("/staffing", "/brief", "/map-check"), id="those without a phone in their own walk"),
        pytest.param(
            (*PAGE_PATHS, f"/?grid={GRID}", "/sites?site=S0201", f"/staffing?staff=times&grid={GRID}"),
            id="all",
            marks=pytest.mark.soak,
        ),
    ],
)
def test_no_page_scrolls_sideways_on_a_phone(phone: BrowserContext, server: Server, paths: tuple[str, ...]) -> None:
    page = visit(phone, server, paths[0]).page
    wide = {}
    for path in paths:
        if path != paths[0]:
            page.goto(f"{server.url}{path}")
        page.wait_for_selector(STANDS[path.partition("?")[0]], state="attached")
        page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')")
        widths = page.evaluate(WIDTHS)
        if max(widths) > PHONE_WIDTH:
            wide[path] = widths
    assert wide == {}
