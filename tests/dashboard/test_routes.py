"""What goes over the wire: tags, caching, compression, health, and nothing that does not lie under assets."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette

from dashboard import routes
from dashboard.asset import digest_assets
from dashboard.shell import PAGE_ROUTES
from data.settings import Settings
from tests.dashboard.conftest import set_clock, take_in_morning


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


def get(path: str, **headers: str) -> Reply:
    """The application's answer to a GET; header names with _ for -."""
    address, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": "GET",
        "path": address,
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def serve() -> None:
        await Starlette(routes=[*routes.ROUTES, *PAGE_ROUTES])(scope, receive, send)  # type: ignore[arg-type]

    with ThreadPoolExecutor(1) as thread:  # whatever else runs a loop in this one
        thread.submit(asyncio.run, serve()).result()
    start = sent[0]
    return Reply(
        status=start["status"],  # type: ignore[arg-type]
        headers={name.decode(): value.decode() for name, value in start["headers"]},  # type: ignore[attr-defined]
        body=b"".join(message.get("body", b"") for message in sent[1:]),  # type: ignore[misc]
    )


@pytest.fixture
def home(district: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A served home whose morning was taken in; the clock stands at 08:40."""
    take_in_morning(district)
    monkeypatch.setenv("WANGGE_HOME", str(district.home))
    monkeypatch.setattr(routes, "_feed", None)
    yield district
    routes.get_feed().stop()


def test_who_has_the_newest_figures_gets_304_without_a_body_but_with_the_clock(home: Settings) -> None:
    first = get("/api/live")
    again = get("/api/live", if_none_match=first.headers["etag"])
    assert (first.status, again.status, again.body) == (200, 304, b"")
    assert json.loads(again.headers["wangge-clock"]) == {
        "now": "2022-07-14T00:40:00.000+00:00",
        "speed": 0.0,
        "ends_at": None,
    }
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["wangge-release"] == again.headers["wangge-release"] == digest_assets()


def test_who_takes_gzip_gets_the_same_figures_smaller(home: Settings) -> None:
    plain, zipped = get("/api/live"), get("/api/live", accept_encoding="gzip")
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == plain.body
    assert len(zipped.body) < len(plain.body)


def test_the_geometry_may_be_kept_for_ever_under_its_own_hash_and_under_no_other(home: Settings) -> None:
    address = json.loads(get("/api/live").body)["geometry"]
    kept, other, bare = get(address), get("/api/geometry?v=another"), get("/api/geometry")
    assert (kept.status, kept.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert other.status == 404
    assert (bare.status, bare.headers["cache-control"]) == (200, "no-cache")


def test_health_is_200_while_the_situation_is_fresh_and_503_with_a_reason_when_it_is_not(home: Settings) -> None:
    assert get("/healthz").status == 200
    set_clock(home, "08:50:00")
    routes.get_feed().look()
    stale = get("/healthz")
    body = json.loads(stale.body)
    assert (stale.status, body["status"], body["age_s"]) == (503, "stale", 660.0)
    assert "660 s" in body["reason"]


@pytest.mark.parametrize(
    ("query", "lang"), [("", "zh-CN"), ("?lang=zh", "zh-CN"), ("?lang=en", "en"), ("?lang=<b>", "zh-CN")]
)
def test_the_kiosk_speaks_the_language_it_is_asked_for(query: str, lang: str) -> None:
    reply = get(f"/kiosk{query}")
    assert reply.status == 200
    assert f'<html lang="{lang}">'.encode() in reply.body
    assert b"<b>" not in reply.body.split(b"<body>")[0]
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["map.js", "wall.css", "vendor/leaflet-1.9.4/leaflet.js"])
def test_an_asset_is_served_with_its_type(path: str) -> None:
    reply = get(f"/assets/{path}")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith(("text/javascript", "application/javascript", "text/css"))


@pytest.mark.parametrize(
    "path", ["../live.py", "..%2flive.py", "vendor/../../live.py", "/etc/passwd", "", "nothing.js"]
)
def test_nothing_outside_the_assets_is_ever_served(path: str) -> None:
    assert get(f"/assets/{path}").status == 404


def test_the_overviews_other_name_leads_home_with_what_the_address_asks_for() -> None:
    reply = get("/overview?town=440703002&lang=en")
    assert (reply.status, reply.headers["location"]) == (307, "/?town=440703002&lang=en")
    assert get("/overview").headers["location"] == "/"
