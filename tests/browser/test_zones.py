"""The page of the risk zones in a real browser: an order is given there and holds, a wrong one is refused, also on a phone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect

from data.settings import Settings
from tests.browser.conftest import Server, Visitor, serving, start_clock, visit
from tests.data.small_district import make_district

SIDEWAYS = "() => [document.documentElement.scrollWidth, document.querySelector('.stMain').scrollWidth - innerWidth]"
TARGETS = """[data-testid="stDateInputField"], [data-testid="stTimeInputTimeDisplay"], [data-testid="stNumberInputContainer"],
    .react-aria-ComboBox, [data-testid="stTextInputRootElement"], button"""
SMALL_TARGETS = f"""() => [...document.querySelector('.st-key-zones').querySelectorAll(`{TARGETS}`)]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
    .map(one => [one.outerHTML.slice(0, 120), one.getBoundingClientRect().height])"""

SMALL_BUTTONS = """() => [...document.querySelectorAll('button, .leaflet-bar a')]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.5).map(one => one.outerHTML)"""


@pytest.fixture(scope="module")
def zoned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three grids with one sealed building, in a home that can be written to."""
    settings = make_district(Settings(home=tmp_path_factory.mktemp("zoned") / "home"))
    start_clock(settings, "08:40:27")
    with serving(settings) as served:
        yield served


def open_zones(context: BrowserContext, server: Server, query: str = "") -> Visitor:
    visitor = visit(context, server, f"/zones{query}")
    visitor.page.wait_for_selector(".st-key-zone_list .wg-chip")
    return visitor


def fill(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Enter")


def test_an_order_is_refused_with_its_reasons_then_given_and_in_force(laptop: BrowserContext, zoned: Server) -> None:
    visitor = open_zones(laptop, zoned)
    page = visitor.page
    fill(page, "这里在不在风险区？", "二号")
    expect(page.locator(".wg-zone-answer")).to_have_text("二号 不在任何风险区。")
    page.get_by_role("radio", name="下达指令").click()
    page.get_by_role("button", name="下达指令").click()
    expect(page.locator(".wg-refusals li")).to_have_text(["范围：没有选择", "风险区名称：没有填写"])
    fill(page, "风险区名称", "二号楼")
    fill(page, "查找楼栋、网格或社区", "二号")
    page.get_by_placeholder("找到 1 个，在此选择").wait_for()
    chosen = page.get_by_label("已选 0 个")
    chosen.scroll_into_view_if_needed()
    chosen.click()
    page.get_by_role("option", name="二号 B2").click()
    expect(page.get_by_label("已选 1 个")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="下达指令").click()
    expect(page.locator(".wg-head h2")).to_have_text("二号楼")
    assert "zone=Z-0714-" in page.url
    expect(page.locator(".wg-zone-answer")).to_contain_text("二号 在 二号楼（高风险区）")
    # everybody else sees it too
    other = open_zones(laptop, zoned, "?lang=en").page
    expect(other.locator(".st-key-zone_list .wg-chip-high")).to_have_text(["H1", "H2"])
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
    expect(page).to_have_url(re.compile("zone=Z1"))
    expect(page.locator(".st-key-zone_list")).not_to_be_in_viewport()
    expect(page.locator(".wg-head h2")).to_be_in_viewport()
    page.get_by_role("button", name="返回全部风险区").tap()
    expect(page.locator(".st-key-zone_list")).to_be_in_viewport()


def open_drawing(context: BrowserContext, server: Server) -> tuple[Visitor, Frame]:
    """The form with the map to draw on, once the zones in force stand there."""
    visitor = open_zones(context, server, "?show=give")
    visitor.page.get_by_role("radio", name="多边形", exact=True).click()
    handle = visitor.page.wait_for_selector(".st-key-zone_map iframe")
    assert handle is not None
    frame = handle.content_frame()
    assert frame is not None
    frame.wait_for_selector(".wg-zones path", state="attached")
    frame.locator("#map_div").scroll_into_view_if_needed()
    return visitor, frame


def spots_of(frame: Frame, *places: tuple[float, float]) -> list[tuple[float, float]]:
    """Where places (lon, lat) of the drawing's map stand on the page, in pixels."""
    box = frame.locator("#map_div").bounding_box()
    assert box is not None
    found = [frame.evaluate("([lon, lat]) => map.latLngToContainerPoint([lat, lon])", place) for place in places]
    return [(box["x"] + point["x"], box["y"] + point["y"]) for point in found]


def corners_in(page: Page) -> list[tuple[float, float]]:
    """The corners that the form's field holds, to some ten metres."""
    text = page.locator(".st-key-zone_form textarea").input_value()
    ring = json.loads(text)["coordinates"][0] if text else []
    return [(round(lon, 4), round(lat, 4)) for lon, lat in ring[:-1]]


def test_a_polygon_drawn_with_the_mouse_becomes_a_zone_in_force(laptop: BrowserContext, zoned: Server) -> None:
    visitor, frame = open_drawing(laptop, zoned)
    page = visitor.page
    # a frame that gets its size late is fitted anew
    zoom = frame.evaluate("map.getZoom()")
    for width, fitted in (("4px", "zoom => map.getZoom() < zoom"), ("", "zoom => map.getZoom() === zoom")):
        page.locator(".st-key-zone_map iframe").evaluate("(one, width) => { one.style.width = width; }", width)
        frame.wait_for_function(fitted, arg=zoom)
    frame.evaluate("() => { map.setView([22.505, 113.005], 16, { animate: false }); }")
    a, b, c, d = spots_of(frame, (113.002, 22.503), (113.008, 22.503), (113.008, 22.507), (113.002, 22.507))
    frame.get_by_role("button", name="画多边形").click()
    for spot in (a, b, c, d, a):  # back at the first corner the polygon is closed
        page.mouse.click(*spot)
    field = page.locator(".st-key-zone_form textarea")
    expect(field).to_have_value(re.compile("Polygon"))
    assert corners_in(page) == [(113.002, 22.503), (113.008, 22.503), (113.008, 22.507), (113.002, 22.507)]
    drawn = field.input_value()
    # a corner is moved; the page runs anew, and ticks; map, view and drawing stay
    frame.evaluate("window.isSameMap = true")
    page.mouse.move(*c)
    page.mouse.down()
    page.mouse.move(c[0] + 30, c[1] - 30, steps=4)
    page.mouse.up()
    expect(field).not_to_have_value(drawn)
    fill(page, "风险区名称", "画定区")
    page.get_by_role("radio", name="中风险区").click()
    page.wait_for_timeout(6_000)
    assert frame.evaluate("[window.isSameMap, map.getZoom(), document.querySelectorAll('.draw-corner').length]") == [
        True,
        16,
        4,
    ]
    east, north = corners_in(page)[2]
    assert east > 113.0085 and north > 22.5075
    page.get_by_role("button", name="下达指令").click()
    expect(page.locator(".wg-head h2")).to_have_text("画定区")
    fill(page, "这里在不在风险区？", "113.003,22.504")
    expect(page.locator(".wg-zone-answer")).to_contain_text("在 画定区（中风险区）")
    assert (visitor.strangers, visitor.errors) == ([], [])


@pytest.mark.soak
def test_a_rectangle_drawn_with_a_finger_can_be_undone_and_a_pasted_one_is_shown(
    phone: BrowserContext, zoned: Server
) -> None:
    visitor, frame = open_drawing(phone, zoned)
    page = visitor.page
    field = page.locator(".st-key-zone_form textarea")
    assert frame.evaluate(SMALL_BUTTONS) == []
    frame.evaluate("() => { map.setView([22.505, 113.005], 15, { animate: false }); }")
    south_west, north_east = spots_of(frame, (113.003, 22.503), (113.007, 22.507))
    frame.get_by_role("button", name="画矩形").tap()
    page.touchscreen.tap(*south_west)
    page.touchscreen.tap(*north_east)
    expect(field).to_have_value(re.compile("Polygon"))
    assert len(corners_in(page)) == 4
    frame.get_by_role("button", name="删除").tap()
    expect(field).to_have_value("")
    frame.get_by_role("button", name="撤销").tap()
    expect(field).to_have_value(re.compile("Polygon"))
    field.fill(
        '{"type":"Polygon","coordinates":[[[113.012,22.502],[113.018,22.502],[113.018,22.508],[113.012,22.502]]]}'
    )
    field.press("Control+Enter")
    expect(frame.locator(".draw-hint")).to_contain_text("3 个角点")
    assert (visitor.strangers, visitor.errors) == ([], [])
