"""What can be taken away, in a real browser: the daily brief, and a chart with its rows; nobody else is spoken to."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, Page
from python_calamine import CalamineWorkbook

from tests.browser.conftest import Server, visit


def take(page: Page, label: str, folder: Path) -> Path:
    """The file that the button of this name downloads, under its own name."""
    with page.expect_download() as download:
        page.get_by_role("button", name=label, exact=True).first.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_the_brief_is_drawn_and_can_be_taken_away(server: Server, context: BrowserContext, tmp_path: Path) -> None:
    visitor = visit(context, server, "/brief")
    page = visitor.page
    frame = page.frame_locator(".st-key-brief iframe")
    frame.locator("h1").wait_for()
    assert frame.locator("h1").inner_text() == "蓬江区疫情防控日报"
    assert frame.locator(".maps svg").count() == 2
    assert take(page, "PDF", tmp_path).read_bytes().startswith(b"%PDF")
    assert "日报" in take(page, "HTML", tmp_path).read_text(encoding="utf-8")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert frame.locator("body").evaluate("body => body.scrollWidth") <= 390
    assert (visitor.strangers, visitor.errors) == ([], [])


def test_a_chart_is_taken_away_as_its_rows_and_as_a_picture(
    server: Server, context: BrowserContext, tmp_path: Path
) -> None:
    visitor = visit(context, server, "/rounds")
    page = visitor.page
    page.locator(".st-key-chart_round_curve .main-svg").first.wait_for()
    page.locator(".st-key-share_round_curve button").click()
    lines = take(page, "CSV", tmp_path).read_text(encoding="utf-8-sig").splitlines()
    sheet = CalamineWorkbook.from_path(take(page, "XLSX", tmp_path)).get_sheet_by_index(0).to_python()
    assert len(lines) == len(sheet) > 2
    drawn = take(page, "SVG", tmp_path).read_text(encoding="utf-8")
    assert page.locator(".st-key-head_round_curve h3").inner_text() in drawn
    assert "数据截至" in drawn and "<script" not in drawn
    assert take(page, "PNG", tmp_path).read_bytes().startswith(b"\x89PNG")
    assert (visitor.strangers, visitor.errors) == ([], [])
