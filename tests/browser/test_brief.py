"""The daily brief in a real browser: it is drawn, speaks to nobody else, and can be taken away."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import BrowserContext

from tests.browser.conftest import Server, visit


def test_the_brief_is_drawn_and_can_be_taken_away(server: Server, context: BrowserContext, tmp_path: Path) -> None:
    visitor = visit(context, server, "/brief")
    page = visitor.page
    frame = page.frame_locator(".st-key-brief iframe")
    frame.locator("h1").wait_for(timeout=60_000)
    assert re.search(r"蓬江区疫情防控日报", frame.locator("h1").inner_text())
    assert frame.locator(".maps svg").count() == 2
    taken = {}
    for label in ("PDF", "HTML"):
        with page.expect_download(timeout=60_000) as download:
            page.get_by_role("button", name=label, exact=True).click()
        taken[label] = tmp_path / label
        download.value.save_as(taken[label])
    assert taken["PDF"].read_bytes().startswith(b"%PDF")
    assert "日报" in taken["HTML"].read_text(encoding="utf-8")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert frame.locator("body").evaluate("body => body.scrollWidth") <= 390
    assert (visitor.strangers, visitor.errors) == ([], [])
