"""Looking back in a browser: the slider moves map and page, other pages keep the moment, and the way back leads to now."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Server
from tests.browser.test_overview import map_frame, open_overview


def expect_moment(page: Page, time: str) -> None:
    page.wait_for_function(f"() => location.search.includes('at=2022-07-14T{time.replace(':', '%3A')}')")
    expect(page.locator(".wg-looks-back b")).to_have_text(time)


def test_the_slider_moves_map_and_page_through_the_past_and_back(laptop: BrowserContext, server: Server) -> None:
    visitor = open_overview(laptop, server, "?view=all")
    page, frame = visitor.page, map_frame(visitor.page)
    frame.evaluate("() => { map.getContainer().mark = 'same'; }")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/live?at=" in request.url else None)
    page.get_by_role("button", name="回看").click()
    expect_moment(page, "08:40")
    page.get_by_role("slider").press("ArrowLeft")
    expect_moment(page, "08:35")
    frame.wait_for_function("() => parent.location.search.includes('view=')")
    expect(page.locator(".st-key-moment_bar")).to_be_visible()
    page.wait_for_timeout(500)
    assert any(re.search(r"at=2022-07-14T08:35$", url) for url in asked)
    assert frame.evaluate("() => map.getContainer().mark") == "same"  # the map was never drawn again
    page.get_by_role("link", name="风险区").click()
    expect(page.locator(".st-key-zones")).to_be_visible()
    expect_moment(page, "08:35")
    page.get_by_role("button", name="回到实时").click()
    expect(page.locator(".wg-looks-back")).to_have_count(0)
    page.wait_for_function("() => !location.search.includes('at=')")
    assert (visitor.strangers, visitor.errors) == ([], [])


@pytest.mark.soak
def test_play_walks_on_by_itself_and_stops_at_the_newest_moment(laptop: BrowserContext, server: Server) -> None:
    visitor = open_overview(laptop, server, "?at=2022-07-14T08:20")
    page = visitor.page
    page.get_by_role("button", name="播放").click()
    expect_moment(page, "08:25")
    page.wait_for_function("() => location.search.includes('08%3A40')")
    expect(page.get_by_role("button", name="播放")).to_be_visible()
