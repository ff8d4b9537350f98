"""The wall as a browser draws it: alone with its server, in both languages, through a lost server and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from dashboard.text import read_text
from data.clock import write_clock
from tests.browser.conftest import SHANGHAI, Server, Visitor, stand_at, start_clock, visit

CHINESE = re.compile(r"[\u4e00-\u9fff]")

# Pairs of texts that lie over each other, and texts that leave the page: nothing on the wall may be cut or covered.
COLLISIONS = """() => {
  const boxes = [];
  for (const region of document.querySelectorAll('#wall .region')) {
    const walker = document.createTreeWalker(region, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.textContent.trim();
      if (!text) continue;
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      const lines = [...range.getClientRects()];
      // A line's box holds room above and below its letters; the letters themselves are what must not touch.
      for (const r of lines) {
        const air = 0.22 * r.height;
        boxes.push({ text, region: region.id, x0: r.left, x1: r.right, y0: r.top + air, y1: r.bottom - air });
      }
    }
  }
  const found = [];
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
    const x = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0), y = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0);
    if (x > 1 && y > 1) found.push(`${a.region}: ${a.text} × ${b.text}`);
  }));
  for (const box of boxes) {
    const isOut = box.x0 < -1 || box.x1 > innerWidth + 1 || box.y0 < -1 || box.y1 > innerHeight + 1;
    if (isOut) found.push(`${box.region}: ${box.text} leaves the page`);
  }
  return found;
}"""
COLOURS = """() => {
  const canvas = document.querySelector('#map_district canvas');
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4 * 97) if (data[i + 3] === 255) seen.add((data[i] << 16) + (data[i + 1] << 8) + data[i + 2]);
  return seen.size;
}"""


def wait_for_state(page: Page, state: str) -> None:
    page.wait_for_selector(f'#wall[data-state="{state}"]')


@contextmanager
def open_wall(chromium: Browser, server: Server, lang: str, width: int, height: int) -> Iterator[Visitor]:
    """A wall in a window of its own, drawn."""
    with chromium.new_context(viewport={"width": width, "height": height}) as context:
        visitor = visit(context, server, f"/kiosk?lang={lang}")
        wait_for_state(visitor.page, "ok")
        yield visitor


@pytest.fixture(scope="module", params=["zh", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def kiosk(chromium: Browser, server: Server, lang: str) -> Iterator[Visitor]:
    """A wall that tests look at, drawn once for each language."""
    with open_wall(chromium, server, lang, 1920, 1080) as visitor:
        yield visitor


def test_it_draws_fully_and_asks_no_other_host(kiosk: Visitor) -> None:
    kiosk.page.wait_for_function("() => document.querySelectorAll('#map_zone .wg-sites rect').length > 0")
    kiosk.page.wait_for_function(f"() => ({COLOURS})() >= 4")
    assert kiosk.page.locator("#map_zone path[fill^='url(#']").count() >= 2
    assert kiosk.strangers == []
    assert kiosk.errors == []


def test_it_speaks_the_language_it_was_asked_in(kiosk: Visitor, lang: str) -> None:
    words = read_text("wall", lang)
    expect(kiosk.page.locator("#alerts h2")).to_contain_text(words["alerts"])
    expect(kiosk.page.locator("#queues")).to_contain_text(words["waiting"])
    expect(kiosk.page.locator("#moment")).to_contain_text("08:40")
    shown = kiosk.page.evaluate("() => document.getElementById('wall').textContent")
    assert bool(CHINESE.search(shown)) is (lang == "zh")


def test_the_sites_where_people_stand_longest_come_first_with_their_mark(kiosk: Visitor, lang: str) -> None:
    expect(kiosk.page.locator("#queues .strong.worth")).to_have_count(3)
    live = kiosk.page.evaluate("() => fetch('/api/live').then((response) => response.json())")
    waits = sorted((site[0] for site in live["sites"] if site[0]), reverse=True)[:3]
    unit = "分" if lang == "zh" else "min"
    shown = kiosk.page.locator("#queues .strong.worth").all_inner_texts()
    assert shown == [f"{wait} {unit}" for wait in waits]
    assert kiosk.page.locator("#queues .body > .at > svg").count() == 4 + 3


@pytest.mark.parametrize(("width", "height"), [(3840, 2160), (1366, 768), (390, 844)])
def test_nothing_is_cut_covered_or_scrolled(kiosk: Visitor, width: int, height: int) -> None:
    kiosk.page.set_viewport_size({"width": width, "height": height})
    kiosk.page.wait_for_timeout(300)
    root: dict[str, Any] = kiosk.page.evaluate(
        "() => ({w: document.scrollingElement.scrollWidth, h: document.scrollingElement.scrollHeight})"
    )
    assert (root["w"] <= width, root["h"] <= height) == (True, True)
    if width == 3840:
        assert kiosk.page.evaluate(COLLISIONS) == []


@pytest.fixture(scope="module")
def large_wall(chromium: Browser, server: Server, lang: str) -> Iterator[Visitor]:
    """A wall of 3840 × 2160 that stays open while the week goes by."""
    with open_wall(chromium, server, lang, 3840, 2160) as visitor:
        yield visitor


@pytest.mark.parametrize(
    "as_of",
    ["2022-07-09 19:30:24", "2022-07-12 10:00:24", "2022-07-13 12:00:24", "2022-07-14 23:00:24", "2022-07-16 00:30:24"],
    ids=["first evening", "one round", "between rounds", "at night", "zones lifted to buildings"],
)
def test_nothing_touches_at_other_moments_of_the_week(large_wall: Visitor, server: Server, as_of: str) -> None:
    now = datetime.fromisoformat(as_of).replace(tzinfo=SHANGHAI)
    try:
        server.publish(f"update meta set as_of = '{as_of}'")
        write_clock(server.settings.home, now, speed=0.0, ends_at=None)
        page = large_wall.page
        expect(page.locator("#moment .as-of")).to_contain_text(as_of[-8:])
        wait_for_state(page, "ok")
        page.wait_for_timeout(300)
        assert page.evaluate(COLLISIONS) == []
        assert large_wall.errors == []
        assert page.locator("#zone-head .note").inner_text().strip() != ""
        assert page.locator("#feeds .lacking").count() == 0
    finally:
        server.publish(stand_at("08:40:24"))
        start_clock(server.settings, "08:40:27")


def test_a_new_publication_shows_by_itself_and_leaves_view_and_map_alone(
    context: BrowserContext, server: Server
) -> None:
    page = visit(context, server, "/kiosk").page
    wait_for_state(page, "ok")
    page.evaluate(
        "() => { document.getElementById('map_district').marked = true; map_district.setView([22.6, 113.05], 14.31); }"
    )
    before = page.evaluate("() => [map_district.getZoom(), map_district.getCenter().lat, map_district.getCenter().lng]")
    server.publish(stand_at("08:40:41"))
    expect(page.locator("#moment")).to_contain_text("08:40:41")
    after = page.evaluate("() => [map_district.getZoom(), map_district.getCenter().lat, map_district.getCenter().lng]")
    assert after == before
    assert page.evaluate("() => document.getElementById('map_district').marked") is True


def test_a_name_from_the_data_is_text_and_never_markup(context: BrowserContext, server: Server) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    clean = server.settings.situation_path.read_bytes()
    server.publish(
        f"update round set round_name = '{hostile}'",
        f"update feed set feed_name = '{hostile}'",
        f"update town set town_name = '{hostile}'",
        "update meta set geometry_hash = 'hostile'",
    )
    visitor = visit(context, server, "/kiosk")
    wait_for_state(visitor.page, "ok")
    expect(visitor.page.locator("#coverage")).to_contain_text(hostile)
    expect(visitor.page.locator("#map_district")).to_contain_text(hostile)
    assert visitor.page.locator("img").count() == 0
    assert (visitor.dialogs, visitor.errors, visitor.strangers) == ([], [], [])
    (server.settings.home / "clean").write_bytes(clean)
    (server.settings.home / "clean").replace(server.settings.situation_path)


def test_a_server_with_newer_scripts_makes_the_open_page_load_itself_anew_once(
    context: BrowserContext, server: Server
) -> None:
    page = visit(context, server, "/kiosk").page
    wait_for_state(page, "ok")

    def release_anew(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, headers={**response.headers, "wangge-release": "another"})

    page.evaluate("() => { window.isOld = true; }")
    page.route("**/api/live", release_anew)
    page.wait_for_function("() => window.isOld === undefined")
    wait_for_state(page, "ok")
    page.evaluate("() => { window.isOld = true; }")
    page.wait_for_timeout(4000)
    assert page.evaluate("() => window.isOld") is True


def test_silence_of_every_feed_greys_the_wall_and_says_since_when(context: BrowserContext, server: Server) -> None:
    page = visit(context, server, "/kiosk").page
    wait_for_state(page, "ok")
    start_clock(server.settings, "08:52:00")
    wait_for_state(page, "stale")
    band = page.locator("#band")
    expect(band).to_be_visible()
    expect(band).to_contain_text("11 分钟没有新数据")
    expect(page.locator("#alerts")).to_contain_text("无法判断")
    start_clock(server.settings, "08:40:45")
    wait_for_state(page, "ok")
    expect(band).to_be_hidden()


def test_a_lost_server_leaves_the_last_picture_and_its_age_and_the_wall_heals_by_itself(
    context: BrowserContext, server: Server
) -> None:
    start_clock(server.settings, "08:40:45")
    pages = {lang: visit(context, server, f"/kiosk?lang={lang}") for lang in ("zh", "en")}
    framed = visit(context, server, "/wall")
    for visitor in pages.values():
        wait_for_state(visitor.page, "ok")
    frame = framed.page.frame_locator('iframe[src*="/kiosk"]')
    frame.locator('#wall[data-state="ok"]').wait_for()
    last = {lang: visitor.page.locator("#coverage .pct").first.inner_text() for lang, visitor in pages.items()}
    server.kill()
    for visitor in pages.values():
        wait_for_state(visitor.page, "broken")  # 15 s of silence make a server lost (UI, states)
    expect(pages["zh"].page.locator("#band")).to_contain_text(re.compile(r"与服务器失去联系 \d+ 秒，画面停在 08:40:"))
    expect(pages["en"].page.locator("#band")).to_contain_text(re.compile(r"Server lost for \d+ s, picture from 08:40:"))
    for lang, visitor in pages.items():
        assert visitor.page.locator("#coverage .pct").first.inner_text() == last[lang]
        assert (visitor.dialogs, visitor.strangers) == ([], [])
        assert visitor.page.locator("[role=dialog], dialog").count() == 0
    frame.locator('#wall[data-state="broken"]').wait_for()
    expect(framed.page.locator("[role=dialog]")).to_be_hidden()  # Streamlit's own words would be English ones
    assert framed.page.locator('iframe[src*="/kiosk"]').bounding_box() == {
        "x": 0,
        "y": 0,
        "width": 1920,
        "height": 1080,
    }
    server.start()
    for visitor in pages.values():
        wait_for_state(visitor.page, "ok")
        expect(visitor.page.locator("#band")).to_be_hidden()
    frame.locator('#wall[data-state="ok"]').wait_for()
