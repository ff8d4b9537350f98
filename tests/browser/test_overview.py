"""The leaders' page as a browser draws it: alone with its server, its map drawn once, the same on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, TimeoutError, expect

from dashboard.text import read_text
from tests.browser.conftest import LAPTOP, PHONE, Server, Visitor, stand_at, start_clock, visit

PRESSES, HEARD_WITHIN_MS = 12, 3_000
CHINESE = re.compile(r"[一-鿿]")


@pytest.fixture(scope="module")
def desk(chromium: Browser, server: Server) -> Iterator[Visitor]:
    """The page as a leader has it open all day, drawn once: each test leaves it with nothing picked and nothing searched."""
    with chromium.new_context(viewport=LAPTOP) as context:
        yield open_overview(context, server)


@pytest.fixture(scope="module")
def english(chromium: Browser, server: Server) -> Iterator[Page]:
    """The page in English with a grid picked."""
    with chromium.new_context(viewport=LAPTOP) as context:
        yield open_overview(context, server, "?lang=en&grid=440703002143002").page


def search(page: Page, words: str) -> None:
    page.get_by_placeholder(read_text("overview", "zh")["search_hint"]).fill(words)
    page.keyboard.press("Enter")


def put_back(page: Page) -> None:
    """Empties the search and goes up, level by level, until nothing is picked."""
    search(page, "")
    for _ in range(PRESSES):  # one is lost while the page still follows what was done before
        if not re.search("(grid|community|town)=", page.url):
            break
        picked = page.url
        page.keyboard.press("Escape")
        with suppress(TimeoutError):
            page.wait_for_function("url => location.href !== url", arg=picked, timeout=HEARD_WITHIN_MS)
    expect(page.locator(".wg-longest")).to_have_count(1)


def open_overview(context: BrowserContext, server: Server, query: str = "") -> Visitor:
    """The page once its figures, its map and its panel stand."""
    visitor = visit(context, server, f"/{query}")
    frame = map_frame(visitor.page)
    frame.wait_for_selector(".lead-legend .lead-ramp")
    visitor.page.wait_for_selector(".wg-panel, .wg-place, [data-testid=stDataFrame]")
    return visitor


def map_frame(page: Page) -> Frame:
    handle = page.wait_for_selector(".st-key-map iframe")
    assert handle is not None
    frame = handle.content_frame()
    assert frame is not None
    return frame


def view_of(frame: Frame) -> list[float]:
    """Zoom and centre of the map."""
    return frame.evaluate("() => [map.getZoom(), map.getCenter().lat, map.getCenter().lng]")  # type: ignore[no-any-return]


def live(page: Page) -> dict[str, Any]:
    return page.evaluate("async () => (await fetch('/api/live')).json()")  # type: ignore[no-any-return]


def shapes(page: Page) -> dict[str, Any]:
    return page.evaluate("async () => (await fetch('/api/geometry')).json()")  # type: ignore[no-any-return]


def test_the_page_draws_fully_without_asking_any_other_host(desk: Visitor) -> None:
    expect(desk.page.locator(".wg-as-of b")).to_have_text("08:40:24")
    expect(desk.page.locator(".wg-figure")).to_have_count(6)
    assert (desk.strangers, desk.errors, desk.dialogs) == ([], [], [])


def test_no_label_of_the_map_lies_under_the_zoom_buttons(desk: Visitor) -> None:
    frame = map_frame(desk.page)
    frame.wait_for_selector(".wg-labels text")
    covered = frame.evaluate("""() => {
      const bar = document.querySelector('.leaflet-bar').getBoundingClientRect();
      return [...document.querySelectorAll('.wg-labels text, .wg-callouts rect')].filter((one) => {
        const box = one.getBoundingClientRect();
        return box.left < bar.right && box.right > bar.left && box.top < bar.bottom && box.bottom > bar.top;
      }).map((one) => one.textContent);
    }""")
    assert covered == []


def test_the_map_follows_the_theme_and_keeps_its_view(desk: Visitor) -> None:
    page = desk.page
    frame = map_frame(page)
    ground = "() => getComputedStyle(map.getContainer()).backgroundColor"
    assert frame.evaluate(ground) == "rgb(244, 246, 248)"
    before = view_of(frame)
    page.emulate_media(color_scheme="dark")
    frame.wait_for_function(f"() => ({ground})() === 'rgb(18, 26, 33)'")
    assert view_of(frame) == before
    page.emulate_media(color_scheme="light")
    frame.wait_for_function(f"() => ({ground})() === 'rgb(244, 246, 248)'")


def test_new_figures_arrive_by_themselves(desk: Visitor, server: Server) -> None:
    page = desk.page
    server.publish(stand_at("08:41:00"))
    expect(page.locator(".wg-as-of b")).to_have_text("08:41:00")
    server.publish(stand_at("08:40:24"))
    start_clock(server.settings, "08:40:27")
    expect(page.locator(".wg-as-of b")).to_have_text("08:40:24")


def test_the_sites_with_the_longest_waits_stand_under_the_grids_while_nothing_is_picked(desk: Visitor) -> None:
    page = desk.page
    waits = sorted((site[0] for site in live(page)["sites"] if site[0]), reverse=True)[:8]
    rows = page.locator(".wg-longest tbody tr")
    expect(rows).to_have_count(len(waits))
    assert [row.locator("b").inner_text() for row in rows.all()] == [f"{wait} 分" for wait in waits]
    assert page.evaluate("() => document.scrollingElement.scrollHeight") <= LAPTOP["height"]
    search(page, "侧贤")
    expect(page.locator(".wg-longest")).to_have_count(0)
    put_back(page)


def test_escape_closes_what_a_search_opened(laptop: BrowserContext, server: Server) -> None:
    page = open_overview(laptop, server).page
    search(page, "440703002143002")
    expect(page.locator(".wg-panel")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".wg-panel")).to_have_count(0)


def test_a_search_moves_the_map_without_drawing_it_again(desk: Visitor) -> None:
    page = desk.page
    frame = map_frame(page)
    frame.evaluate("() => { map.setView([22.7, 113.1], 13, { animate: false }); map.getContainer().mark = 'same'; }")
    search(page, "440703002143")
    expect(page.locator(".wg-place h2")).to_have_text("侧贤社区")
    frame.wait_for_function("() => map.getCenter().lat < 22.69")
    assert frame.evaluate("() => map.getContainer().mark") == "same"
    put_back(page)


def test_a_search_without_a_hit_says_so(desk: Visitor) -> None:
    page = desk.page
    search(page, "无此地")
    expect(page.locator(".wg-list-title")).to_contain_text("没有找到“无此地”")
    put_back(page)


def test_a_click_on_a_grid_opens_its_panel_and_the_map_is_not_drawn_again(
    laptop: BrowserContext, server: Server
) -> None:
    page = open_overview(laptop, server).page
    frame = map_frame(page)
    frame.evaluate(
        "() => { map.setView([22.62, 113.02], 13.9, { animate: false }); map.getContainer().mark = 'same'; }"
    )
    before = view_of(frame)
    page.locator(".st-key-map iframe").click(position={"x": 500, "y": 260})
    expect(page.locator(".wg-path code")).to_have_text(re.compile(r"^\d{15}$"))
    code = page.locator(".wg-path code").text_content()
    page.wait_for_function(f"() => location.search.includes('grid={code}')")
    page.wait_for_timeout(5000)  # two ticks of everything that ticks
    assert map_frame(page).evaluate("() => map.getContainer().mark") == "same"
    assert view_of(map_frame(page)) == before


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_menu_speaks_of_the_theme_and_of_us_only(desk: Visitor, english: Page, language: str) -> None:
    page = desk.page if language == "zh" else english
    page.get_by_test_id("stMainMenu").click()
    menu = page.get_by_test_id("stMainMenuPopover")
    expect(menu.get_by_role("menuitemradio")).to_have_count(3)
    expect(page.get_by_text("Made with")).to_be_hidden()
    expect(page.get_by_test_id("stAppDeployButton")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()


def test_the_english_page_says_everything_in_english(english: Page) -> None:
    expect(english.locator(".wg-panel")).to_contain_text("Who answers for it")
    said = english.locator(".stMain").inner_text() + map_frame(english).locator("body").inner_text()
    assert set(CHINESE.findall(said)) == set(CHINESE.findall(read_text("overview", "en")["language_other"]))


def test_the_wall_opened_by_its_address_asks_for_nothing_that_does_not_exist(
    laptop: BrowserContext, server: Server
) -> None:
    visitor = visit(laptop, server, "/wall")
    visitor.page.frame_locator("iframe").locator("#wall[data-state=ok]").wait_for()
    assert (visitor.strangers, visitor.errors) == ([], [])


def test_a_picked_grid_scrolls_nothing_on_a_leaders_laptop_and_its_panel_says_what_the_map_shows(
    laptop: BrowserContext, server: Server
) -> None:
    page = open_overview(laptop, server, "?grid=440703002143002").page
    page.wait_for_selector(".wg-panel")
    sizes = "() => [document.documentElement.scrollWidth, document.querySelector('.stMain').scrollHeight]"
    assert page.evaluate(sizes) == [LAPTOP["width"], LAPTOP["height"]]
    at = shapes(page)["grids"]["codes"].index("440703002143002")
    expected = live(page)["grids"]["coverage_pct"][at]
    shown = page.locator(".wg-panel .wg-value b").first.text_content()
    assert float(shown or "nan") == pytest.approx(expected, abs=0.05)


def test_the_list_holds_every_grid_with_the_figure_that_the_map_has(laptop: BrowserContext, server: Server) -> None:
    page = open_overview(laptop, server, "?list=all").page
    cells = page.locator("[data-testid=stDataFrame] table[role=grid]")
    expect(cells).to_have_attribute("aria-rowcount", "411")
    names, shares = shapes(page)["grids"]["names"], live(page)["grids"]["coverage_pct"]
    on_map = dict(zip(names, shares, strict=True))
    listed = cells.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td')].slice(0, 2).map(cell => cell.textContent))"
    )
    assert len(listed) > 10
    for name, share in listed:
        assert float(share.rstrip("%")) == pytest.approx(on_map[name], abs=0.1)


def test_on_a_phone_nothing_leaves_the_width_and_every_target_is_large_enough(
    phone: BrowserContext, server: Server
) -> None:
    visitor = open_overview(phone, server)
    page = visitor.page
    assert page.evaluate("() => document.documentElement.scrollWidth") == PHONE["width"]
    small = page.locator(".stMain button:visible").evaluate_all(
        "buttons => buttons.filter(b => b.getBoundingClientRect().height < 44 && !b.closest('[data-testid=stElementToolbar]'))"
        ".map(b => b.textContent)"
    )
    assert small == []
    assert (visitor.strangers, visitor.errors) == ([], [])


def test_on_a_phone_a_picked_grid_is_a_page_of_its_own(phone: BrowserContext, server: Server) -> None:
    page = open_overview(phone, server, "?grid=440703002143002").page
    page.wait_for_function("() => document.querySelector('.wg-trail').getBoundingClientRect().top < 100")
    page.get_by_role("button", name=read_text("overview", "zh")["panel_clear"]).tap()
    expect(page.locator(".wg-panel")).to_have_count(0)
    expect(page.locator(".st-key-map iframe")).to_be_in_viewport()


def test_when_the_server_is_lost_the_page_says_so_in_its_language_and_comes_back_by_itself(
    desk: Visitor, server: Server
) -> None:
    page = desk.page
    server.kill()
    expect(page.locator("#wg-lost")).to_contain_text("与服务器失去联系")
    expect(page.get_by_role("dialog")).to_be_hidden()
    server.start()
    expect(page.locator("#wg-lost")).to_have_count(0)
    server.publish(stand_at("08:40:30"))
    expect(page.locator(".wg-as-of b")).to_have_text("08:40:30")
