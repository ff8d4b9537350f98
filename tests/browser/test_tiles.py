"""A background map from a server in the closed network: tiles come from it alone, and shapes lie where its shifted ground has them."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import atanh, cos, pi, radians, sin

import numpy as np
import pytest
import xyconvert
from PIL import Image
from playwright.sync_api import BrowserContext, Frame, expect

from data.settings import Settings
from tests.browser.conftest import Server, Visitor, publish, serving, stand_at, start_clock, visit
from tests.browser.test_overview import map_frame

GREY = io.BytesIO()
"""A tile of one colour."""
Image.new("L", (256, 256), 200).save(GREY, "PNG")
OPACITIES = """() => {
  const found = new Set();
  map.eachLayer((one) => { if (one.options.fillColor) found.add(one.options.fillOpacity); });
  return [...found];
}"""
ONE_METRE = 1.0
EARTH_M = 40_075_016.686


@dataclass
class TileServer:
    """A server of one grey tile that notes what it was asked for."""

    url: str
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def tile_server() -> Iterator[TileServer]:
    notes = TileServer("")

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            notes.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(GREY.getvalue())

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    served = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    notes.url = f"http://127.0.0.1:{served.server_address[1]}"
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield notes
    served.shutdown()


@pytest.fixture(scope="module")
def server(
    small_world: Settings, tmp_path_factory: pytest.TempPathFactory, tile_server: TileServer
) -> Iterator[Server]:
    """The small world's dashboard with a background map whose ground is shifted."""
    settings = Settings(home=tmp_path_factory.mktemp("tiled"))
    publish(settings, small_world.situation_path, stand_at("08:40:24"))
    start_clock(settings, "08:40:27")
    (settings.home / "settings.toml").write_text(
        f'tile_url = "{tile_server.url}/t/{{z}}/{{x}}/{{y}}.png"\ntile_datum = "gcj02"\ntile_attribution = "地图 © <b>测绘院</b>"\n',
        encoding="utf-8",
    )
    with serving(settings) as served:
        yield served


def open_map(context: BrowserContext, server: Server, tile_server: TileServer, path: str) -> Visitor:
    visitor = visit(context, server, path)
    visitor.page.route(f"{tile_server.url}/**", lambda route: route.continue_())
    visitor.page.reload()
    visitor.strangers.clear()  # those from before this page was told that tiles may come
    return visitor


def to_world(lon: float, lat: float) -> tuple[float, float]:
    """Where Web Mercator has a point, in shares of the world from the north-west."""
    return lon / 360 + 0.5, 0.5 - atanh(sin(radians(lat))) / (2 * pi)


def metres_off(frame: Frame, name: str, lon: float, lat: float) -> float:
    """How far a point of the data is drawn from where the shifted tiles, as they stand on the screen, have it."""
    found = frame.evaluate(
        """([name, lon, lat]) => {
          const map = window[name];
          const own = map.getContainer().getBoundingClientRect();
          const scale = own.width / map.getContainer().offsetWidth;
          const at = map.latLngToContainerPoint([lat, lon]);
          const tile = map.getContainer().querySelector('.wg-tile img');
          const box = tile.getBoundingClientRect();
          return { src: tile.src, tile: [box.left, box.top, box.width], at: [own.left + at.x * scale, own.top + at.y * scale] };
        }""",
        [name, lon, lat],
    )
    z, column, row = (int(part) for part in re.findall(r"/t/(\d+)/(\d+)/(\d+)\.png", found["src"])[0])
    shifted = xyconvert.wgs2gcj(np.array([[lon, lat]]))[0]
    x, y = (share * 2**z for share in to_world(*shifted))
    left, top, width = found["tile"]
    expected = left + (x - column) * width, top + (y - row) * width
    metres_per_pixel = EARTH_M * cos(radians(lat)) / 2**z / width
    return float(np.hypot(found["at"][0] - expected[0], found["at"][1] - expected[1])) * metres_per_pixel


PLACES = ((113.05531, 22.57566), (113.0448, 22.5848), (113.09, 22.63))


def test_shapes_lie_on_the_shifted_ground_and_all_else_stays_where_it_is(
    laptop: BrowserContext, server: Server, tile_server: TileServer
) -> None:
    visitor = open_map(laptop, server, tile_server, "/?view=22.5757,113.0553,18")
    page, frame = visitor.page, map_frame(visitor.page)
    frame.wait_for_selector(".wg-tile img.leaflet-tile-loaded")
    assert [metres_off(frame, "map", *place) < ONE_METRE for place in PLACES] == [True] * 3
    lon, lat = PLACES[0]
    there_and_back = frame.evaluate(
        "([lon, lat]) => { const back = map.containerPointToLatLng(map.latLngToContainerPoint([lat, lon]));"
        " return [back.lng - lon, back.lat - lat]; }",
        [lon, lat],
    )
    assert np.abs(there_and_back).max() < 1e-5  # to the pixel
    x, y = frame.evaluate(
        "([lon, lat]) => { const p = map.latLngToContainerPoint([lat, lon]); return [p.x, p.y]; }", [lon, lat]
    )
    page.locator(".st-key-map iframe").click(position={"x": x, "y": y})
    page.locator(".wg-path code", has_text="440703002143002").wait_for()
    assert frame.locator(".wg-attribution").inner_text() == "地图 © <b>测绘院</b>"
    assert frame.evaluate(OPACITIES) == [0.75]
    assert tile_server.asked and all(path.startswith("/t/") for path in tile_server.asked)
    assert (visitor.strangers, visitor.errors) == ([], [])


def test_the_wall_has_the_same_background_under_both_maps_and_asks_nobody_else(
    context: BrowserContext, server: Server, tile_server: TileServer
) -> None:
    visitor = open_map(context, server, tile_server, "/kiosk")
    frame = visitor.page.main_frame
    for name in ("map_district", "map_zone"):
        frame.wait_for_selector(f"#{name} .wg-tile img.leaflet-tile-loaded")
        pixel_m = frame.evaluate("name => 40075016.686 * Math.cos(0.394) / 256 / 2 ** window[name].getZoom()", name)
        assert metres_off(frame, name, *PLACES[0]) < 1.5 * pixel_m < 40  # shapes and tiles each stand on whole pixels
    assert (visitor.strangers, visitor.errors) == ([], [])


@pytest.mark.soak
def test_an_extent_drawn_over_the_shifted_ground_stays_where_it_is(
    laptop: BrowserContext, server: Server, tile_server: TileServer
) -> None:
    visitor = open_map(laptop, server, tile_server, "/zones?show=give")
    page = visitor.page
    page.get_by_role("radio", name="多边形", exact=True).click()
    handle = page.wait_for_selector(".st-key-zone_map iframe")
    frame = handle.content_frame() if handle else None
    assert frame is not None
    frame.wait_for_selector(".wg-tile img.leaflet-tile-loaded")
    (lon, lat), away = PLACES[0], 0.0005
    frame.evaluate("([lon, lat]) => { map.setView([lat, lon], 18, { animate: false }); }", [lon, lat])
    frame.wait_for_function("() => map.getContainer().querySelector('.wg-tile img').src.includes('/t/18/')")
    assert metres_off(frame, "map", lon, lat) < ONE_METRE
    frame.get_by_role("button", name="画矩形").click()
    for place in ((lon, lat), (lon + away, lat + away)):
        x, y = frame.evaluate(
            "([lon, lat]) => { const p = map.latLngToContainerPoint([lat, lon]); return [p.x, p.y]; }", place
        )
        frame.locator("#map_div").click(position={"x": x, "y": y})
    field = page.locator(".st-key-zone_form textarea")
    expect(field).to_have_value(re.compile("Polygon"))
    ring = json.loads(field.input_value())["coordinates"][0]
    assert np.abs(np.array(ring[:1] + ring[2:3]) - [[lon, lat], [lon + away, lat + away]]).max() < 2e-5  # two metres
    assert (visitor.strangers, visitor.errors) == ([], [])
