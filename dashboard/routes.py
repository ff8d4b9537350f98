"""The routes that are ours beside Streamlit's: live figures, geometry, health, the wall's document, assets.

Owns HTTP: tags, caching, compression, the wall's content security policy. What is sent comes from `dashboard.live`,
`dashboard.wall` and `dashboard.assets`. `ROUTES` and `lifespan` are what `dashboard.app` hands to Streamlit.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Lock
from typing import Any
from zlib import crc32

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from dashboard import asset, doors, sql_files, sql_http
from dashboard.address import KNOWN_THEN, parse_moment
from dashboard.live import Feed, describe_clock, write_time
from dashboard.past import draw_past, stand_at
from dashboard.payload import Payload
from dashboard.text import read_language
from dashboard.wall import write_wall
from data.sandbox import Sandbox
from data.settings import Settings, read_settings
from data.worker_state import Waiting

CLOCK_HEADER = "Wangge-Clock"
"""Carries the district's clock with every answer of `/api/live`, also with 304: it is no part of the body."""
RELEASE_HEADER = "Wangge-Release"
"""Tells a page that stays open for weeks that the server has newer scripts: it loads itself anew."""
KEEP_FOREVER = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"

_feed: Feed | None = None
_sandbox: Sandbox | None = None
_sandbox_lock = Lock()


def get_feed() -> Feed:
    """The process's one live feed, started by `lifespan`, or by the first who asks where none ran."""
    global _feed
    if _feed is None:
        _feed = Feed(read_settings())
        _feed.start()
    return _feed


def get_sandbox() -> Sandbox:
    """The process's one sandbox for analysts' SQL, made for the first who asks."""
    global _sandbox
    with _sandbox_lock:
        if _sandbox is None:
            _sandbox = Sandbox(get_feed().settings)
        return _sandbox


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """Runs the live feed for as long as the server runs; ends it and the sandbox with it."""
    global _feed, _sandbox
    feed = await run_in_threadpool(get_feed)
    try:
        yield {"feed": feed}
    finally:
        feed.stop()
        _feed = None
        if _sandbox is not None:
            await run_in_threadpool(_sandbox.close)
            _sandbox = None


async def answer_live(request: Request) -> Response:
    """The figures of the newest publication, or of the past moment `at`; 304 to who has them already."""
    feed = get_feed()
    if feed.picture is None:
        return JSONResponse({"state": "error", "errors": {}}, status_code=503)
    if "at" in request.query_params:
        return await _answer_past(request, feed)
    about = {CLOCK_HEADER: describe_clock(feed.clock), RELEASE_HEADER: _name_release(feed.settings)}
    return _send(request, feed.picture.live, "application/json", ASK_EACH_TIME, about)


async def _answer_past(request: Request, feed: Feed) -> Response:
    at = parse_moment(request.query_params["at"])
    if at is None:
        return JSONResponse({"error": "`at` is no moment; expected such as 2022-07-14T08:40."}, status_code=400)
    is_known_then = request.query_params.get("known") == KNOWN_THEN
    found = await run_in_threadpool(draw_past, feed, at, is_known_then=is_known_then)
    picture, clock = (found[1], stand_at(found[0].at)) if found else (feed.picture, feed.clock)
    assert picture is not None
    about = {CLOCK_HEADER: describe_clock(clock), RELEASE_HEADER: _name_release(feed.settings)}
    return _send(request, picture.live, "application/json", ASK_EACH_TIME, about)


async def answer_geometry(request: Request) -> Response:
    """Shapes, names and places; for ever under their own hash, 404 under one that is neither the newest nor the one before."""
    feed = get_feed()
    wanted = request.query_params.get("v")
    if feed.picture is None or feed.picture.geometry is None:
        return JSONResponse({"error": "There is no situation to draw yet."}, status_code=404)
    if wanted is None:
        return _send(request, feed.picture.geometry, "application/json", ASK_EACH_TIME)
    found = feed.find_geometry(wanted)
    if found is None:
        return JSONResponse({"error": "The geometry has changed. Ask /api/live for its address."}, status_code=404)
    return _send(request, found, "application/json", KEEP_FOREVER)


async def answer_health(_request: Request) -> Response:
    """200 while the situation is fresh enough to act on, else 503 with the reason."""
    health = get_feed().judge_health()
    waiting = health.worker.waiting if health.worker else Waiting()
    body = {
        "status": health.status,
        "reason": health.reason,
        "as_of": write_time(health.as_of),
        "age_s": None if health.age_s is None else round(health.age_s, 1),
        "worker": health.worker.status if health.worker else None,
        "waiting": {
            "file_count": waiting.file_count,
            "byte_count": waiting.byte_count,
            "oldest_s": round(waiting.oldest_s, 1),
        },
    }
    return JSONResponse(body, 200 if health.is_well else 503, {"Cache-Control": "no-store"})


async def answer_kiosk(request: Request) -> Response:
    """The wall's one document, in the language of `?lang=`."""
    tiles = get_feed().settings.tiles
    document = write_wall(read_language(request.query_params.get("lang")), tiles.origin if tiles else "")
    policy = {"Content-Security-Policy": document.policy, "X-Content-Type-Options": "nosniff"}
    return _send(request, document.payload, "text/html; charset=utf-8", ASK_EACH_TIME, policy)


async def answer_doors(request: Request) -> Response:
    """The workers' lists of one grid to print, or as a file to keep. Worked out in its turn, never on the server's own thread."""
    query = dict(request.query_params)
    document, status = await run_in_threadpool(doors.write_doors, get_feed(), query)
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": doors.POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    if "file" in query and status == 200:
        headers["Content-Disposition"] = f'attachment; filename="{doors.name_file(query)}"'
    return HTMLResponse(document, status, headers)


async def answer_asset(request: Request) -> Response:
    """A script, stylesheet or picture; for ever where the address carries its hash or version."""
    found = asset.find_asset(request.path_params["path"])
    if found is None:
        return JSONResponse({"error": "There is no such asset."}, status_code=404)
    is_pinned = found.is_versioned or request.query_params.get("v") == found.hash
    return _send(request, found.payload, found.media_type, KEEP_FOREVER if is_pinned else ASK_EACH_TIME)


async def answer_sql_file(request: Request) -> Response:
    """A download of the SQL page, under its one-time address."""
    return await sql_files.send_file(request, await run_in_threadpool(get_sandbox))


async def answer_sql(request: Request) -> Response:
    """SQL from another machine, with a token."""
    return await sql_http.answer_sql(request, await run_in_threadpool(get_sandbox))


async def answer_sql_schema(request: Request) -> Response:
    """What another machine can select from."""
    return await sql_http.answer_schema(request, await run_in_threadpool(get_sandbox))


async def answer_sql_ending(request: Request) -> Response:
    """How a query of another machine ended."""
    return await sql_http.answer_ending(request, await run_in_threadpool(get_sandbox))


ROUTES = [
    Route("/api/live", answer_live),
    Route("/api/geometry", answer_geometry),
    Route("/healthz", answer_health),
    Route("/kiosk", answer_kiosk),
    Route("/doors", answer_doors),
    Route(sql_http.SQL_PATH, answer_sql, methods=[*sql_http.METHODS]),
    Route(f"{sql_http.SQL_PATH}/schema", answer_sql_schema),
    Route(f"{sql_http.SQL_PATH}/queries/{{key}}", answer_sql_ending),
    Route(f"{sql_files.FILE_PATH}/{{key}}", answer_sql_file),
    Route("/assets/{path:path}", answer_asset),
]


def _name_release(settings: Settings) -> str:
    """Another name for other scripts, and for another host of a background map: an open page may fetch from neither."""
    tiles = settings.tiles
    origin = tiles.origin if tiles else ""
    return f"{asset.digest_assets()}{f'-{crc32(origin.encode()):08x}' if origin else ''}"


def _send(
    request: Request, payload: Payload, media_type: str, caching: str, more: dict[str, str] | None = None
) -> Response:
    """The answer, gzipped for who takes it; 304 without a body for who holds this tag already."""
    headers = {"ETag": payload.etag, "Cache-Control": caching, "Vary": "Accept-Encoding", **(more or {})}
    if payload.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(payload.zipped, media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(payload.body, media_type=media_type, headers=headers)
