"""The page of the sampling sites in a real browser: from the overview to a site, along its charts and neighbours, and on a phone."""

from __future__ import annotations

from playwright.sync_api import BrowserContext

from tests.browser.conftest import Server, visit

OVERFLOW = "document.querySelector('.stMain').scrollWidth - innerWidth"


def test_a_leader_goes_from_the_longest_queue_on_the_overview_to_its_site_and_to_the_list(
    server: Server, context: BrowserContext
) -> None:
    visitor = visit(context, server, "/")
    page = visitor.page
    page.set_viewport_size({"width": 1366, "height": 768})
    link = page.locator(".wg-longest a").first
    link.wait_for()
    name = link.inner_text()
    link.click()
    page.locator(".wg-site-title h1").wait_for()
    assert page.locator(".wg-site-title h1").inner_text() == name
    page.locator(".js-plotly-plot .bars path").first.wait_for(state="attached")
    page.locator(".wg-staff").wait_for()
    assert page.locator(".js-plotly-plot").count() >= 3
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function(f"{OVERFLOW} <= 0")
    assert page.locator(".wg-site-figures .wg-value b").first.bounding_box()["width"] > 0
    page.get_by_role("button", name="全部采样点").click()
    page.locator('[data-testid="stDataFrame"]').wait_for()
    assert "site=" not in page.url
    page.wait_for_function(f"{OVERFLOW} <= 0")
    assert (visitor.strangers, visitor.errors) == ([], [])
