"""Moving through the map: down from town to grid and up again, by mouse, keys, touch, history and address."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect

from dashboard.text import read_text
from tests.browser.conftest import Server
from tests.browser.test_overview import map_frame, open_overview, view_of

TOWN, COMMUNITY, GRID = "440703002", "440703002143", "440703002143002"
INSIDE = (22.57566, 113.05531)  # a point of that grid
AT = """([lat, lng]) => { const p = map.latLngToContainerPoint([lat, lng]); return [p.x, p.y]; }"""


def press_map(page: Page, frame: Frame, how: str = "click") -> None:
    """A click or tap on the point of the map that lies in the grid."""
    x, y = frame.evaluate(AT, list(INSIDE))
    map_ = page.locator(".st-key-map iframe")
    position = {"x": x, "y": y}
    (map_.tap if how == "tap" else map_.click)(position=position)  # type: ignore[arg-type]


def shown(page: Page) -> str:
    """The query of the address without the view that a reader made."""
    return re.sub(r"[?&]view=[\d.,-]+", "", str(page.evaluate("() => location.search")))


def expect_place(page: Page, code: str) -> None:
    expect(page.locator(".wg-path code")).to_have_text(code)


def test_the_map_leads_down_from_the_district_to_a_grid_and_history_and_address_lead_back(
    laptop: BrowserContext, server: Server
) -> None:
    visitor = open_overview(laptop, server, "?view=all")
    page, frame = visitor.page, map_frame(visitor.page)
    frame.evaluate("() => { map.getContainer().mark = 'same'; }")
    views = [view_of(frame)]
    for code, rank in ((TOWN, "town"), (COMMUNITY, "community"), (GRID, "grid")):
        press_map(page, frame)
        expect_place(page, code)
        frame.wait_for_function(f"() => parent.location.search.includes('{rank}={code}')")
        if rank != "grid":  # where a grid was clicked, the view stays under the hand
            frame.wait_for_function(f"() => map.getZoom() !== {views[-1][0]}")
        views.append(view_of(frame))
    assert page.locator(".wg-trail li").all_inner_texts() == ["蓬江区", "白沙街道", "侧贤社区", "侧贤社区第2网格"]
    assert views[1][0] < views[2][0]

    for code, view in ((COMMUNITY, views[2]), (TOWN, views[1])):
        page.go_back()
        expect_place(page, code)
        frame.wait_for_function(f"() => Math.abs(map.getZoom() - {view[0]}) < 0.02")
    page.go_forward()
    expect_place(page, COMMUNITY)
    page.locator(".wg-trail a", has_text="白沙街道").click()
    expect_place(page, TOWN)
    assert shown(page) == f"?town={TOWN}"
    frame.wait_for_function(f"() => Math.abs(map.getZoom() - {views[1][0]}) < 0.02")
    assert map_frame(page).evaluate("() => map.getContainer().mark") == "same"  # never drawn anew

    frame.evaluate(
        "() => { map.setView([22.6, 113.08], 13.2, { animate: false }); }"
    )  # the reader's own view of that place
    frame.wait_for_function("() => parent.location.search.includes('view=')")
    expected = view_of(frame)
    other = open_overview(laptop, server, str(page.evaluate("() => location.search")))
    expect_place(other.page, TOWN)
    assert view_of(map_frame(other.page)) == pytest.approx(expected, abs=1e-4)
    assert (visitor.errors, other.errors, visitor.strangers) == ([], [], [])


def test_keys_alone_lead_to_a_grid_and_up_again(laptop: BrowserContext, server: Server) -> None:
    visitor = open_overview(laptop, server, f"?town={TOWN}")
    page, frame = visitor.page, map_frame(visitor.page)
    expect_place(page, TOWN)
    frame.locator("#map_div").focus()
    page.keyboard.press("ArrowDown")
    expect(frame.locator(".lead-tip")).to_contain_text("覆盖率")
    first = frame.locator(".lead-tip b").inner_text()
    page.keyboard.press("ArrowRight")
    chosen = frame.locator(".lead-tip b").inner_text()
    assert chosen != first
    page.keyboard.press("Enter")
    expect(page.locator(".wg-place h2")).to_have_text(chosen)
    frame.wait_for_function("() => parent.location.search.includes('community=')")
    for _ in range(20):  # until the map has gone down to the grids
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(250)
        if "网格" in frame.locator(".lead-tip b").inner_text():
            break
    page.keyboard.press("Enter")
    expect(page.locator(".wg-panel")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".wg-place h2")).to_have_text(chosen)

    page.keyboard.press("/")
    page.keyboard.type("侧贤")
    page.keyboard.press("Enter")
    expect(page.locator(".wg-found li").first).to_contain_text("侧贤社区")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect_place(page, f"{COMMUNITY}001")
    assert visitor.errors == []


def test_the_pointer_tells_what_a_click_would_choose(laptop: BrowserContext, server: Server) -> None:
    page = open_overview(laptop, server, f"?community={COMMUNITY}").page
    frame = map_frame(page)
    expect_place(page, COMMUNITY)
    x, y = frame.evaluate(AT, list(INSIDE))
    page.locator(".st-key-map iframe").hover(position={"x": x, "y": y})
    tip = frame.locator(".lead-tip")
    expect(tip).to_contain_text("侧贤社区第2网格")
    row = page.locator(".wg-inside tr", has_text="侧贤社区第2网格").locator("td")
    assert tip.inner_text().split("\n")[1] == f"覆盖率 {row.nth(1).inner_text()} · 还差 {row.nth(2).inner_text()}"


def test_a_building_that_was_searched_for_is_marked_where_it_stands(laptop: BrowserContext, server: Server) -> None:
    page = open_overview(laptop, server).page
    page.get_by_placeholder(read_text("overview", "zh")["search_hint"]).fill("中远大厦")
    page.keyboard.press("Enter")
    expect(page.locator(".wg-spot")).to_contain_text("中远大厦")
    frame = map_frame(page)
    frame.locator("circle.wg-spot").wait_for(state="attached")
    lon, lat = (float(page.locator(".wg-spot").get_attribute(f"data-{name}") or "nan") for name in ("lon", "lat"))
    assert view_of(frame) == pytest.approx([16.5, lat, lon], abs=1e-4)


def test_on_a_phone_taps_lead_down_to_a_page_of_the_grid(phone: BrowserContext, server: Server) -> None:
    visitor = open_overview(phone, server, "?view=all")
    page, frame = visitor.page, map_frame(visitor.page)
    for code in (TOWN, COMMUNITY):
        page.locator(".st-key-map iframe").scroll_into_view_if_needed()
        press_map(page, frame, "tap")
        expect_place(page, code)
        frame.wait_for_function(f"() => parent.location.search.includes('{code}')")
        expect(page.locator(".st-key-map iframe")).to_be_in_viewport()
        assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    small = page.locator(".stMain :is(button, .wg-go):visible").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().height < 44).map(one => one.textContent)"
    )
    assert small == []
    buttons = frame.locator(".leaflet-bar a:visible").evaluate_all(
        "all => all.map(one => Math.min(one.offsetWidth, one.offsetHeight))"
    )
    assert len(buttons) == 4 and min(buttons) >= 44
    press_map(page, frame, "tap")
    expect_place(page, GRID)
    expect(page.locator(".st-key-map iframe")).not_to_be_in_viewport()
    page.locator(".wg-trail a", has_text="侧贤社区").tap()
    expect_place(page, COMMUNITY)
    expect(page.locator(".st-key-map iframe")).to_be_in_viewport()
    assert visitor.errors == []


OVERLAPPING = """() => {
  const drawn = [...document.querySelectorAll('.wg-labels text, .wg-callouts text')];
  const texts = drawn.map((one) => [one.textContent, one.getBoundingClientRect()]);
  const found = [];
  texts.forEach(([a, p], at) => texts.slice(at + 1).forEach(([b, q]) => {
    const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    // The boxes hold the face's full height: glyphs of Chinese fill 0.9 of it, two lines of one label touch.
    if (across > 1 && down > 0.3 * Math.min(p.height, q.height)) found.push(`${a} / ${b}`);
  }));
  return { found, count: texts.length };
}"""


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.soak)])
def test_no_two_labels_of_the_map_overlap_at_any_zoom(laptop: BrowserContext, server: Server, language: str) -> None:
    frame = map_frame(open_overview(laptop, server, f"?view=all&lang={language}").page)
    frame.wait_for_selector(".wg-labels text")
    seen = 0
    for lat, lng in ((22.58, 113.06), (22.63, 113.09), (22.65, 113.0)):
        for zoom in (11.8, 12.6, 13.3, 13.6, 14.3, 15.0, 15.6, 16.4):
            frame.evaluate(f"() => {{ map.setView([{lat}, {lng}], {zoom}, {{ animate: false }}); }}")
            labels = frame.evaluate(OVERLAPPING)
            assert labels["found"] == [], f"at {lat}, {lng}, zoom {zoom}"
            seen += labels["count"]
    assert seen > 150
