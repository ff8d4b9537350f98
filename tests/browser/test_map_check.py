"""The page of the map's check in a real browser: it draws, speaks to nobody else, and its problems can be read."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import BrowserContext

from data.settings import Settings
from tests.browser.conftest import Server, visit


@pytest.mark.parametrize(("language", "verdict"), [("zh", "没有发现问题"), ("en", "No problem was found")])
def test_the_map_in_force_is_drawn_with_its_verdict(
    server: Server, small_world: Settings, context: BrowserContext, language: str, verdict: str
) -> None:
    shutil.copytree(small_world.reports_dir, server.settings.reports_dir, dirs_exist_ok=True)
    visitor = visit(context, server, f"/map-check?lang={language}")
    page = visitor.page
    page.wait_for_selector(".st-key-map_check img")
    drawn = page.locator(".st-key-map_check img").evaluate("picture => picture.naturalWidth * picture.naturalHeight")
    assert drawn > 0
    assert verdict in page.inner_text(".wg-check h3")
    assert (visitor.strangers, visitor.errors) == ([], [])
