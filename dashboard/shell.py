"""The HTML that a browser loads before any page runs: Streamlit's own, told where its server is.

Opened at `/wall`, Streamlit's script first looks for its server under `/wall/`, and the browser's console fills with
errors about addresses that do not exist. Streamlit reads `window.__streamlit` for a server elsewhere; naming this very
server there ends the search. The document also gets our title instead of "Streamlit",
and the script that takes a page's charts away as pictures.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard.asset import address_of
from dashboard.parts.words import say
from dashboard.text import read_language

PAGE_PATHS = (
    "/",
    "/sites",
    "/rounds",
    "/staffing",
    "/alerts",
    "/zones",
    "/brief",
    "/sql",
    "/wall",
    "/map-check",
    "/audit",
)
"""Where pages are; what is not named here gets Streamlit's document as it is, which works too."""
_TELL = '<script>window.__streamlit = { BACKEND_BASE_URL: location.origin + "/" }</script>'
_TITLE = "<title>Streamlit</title>"


async def answer_shell(request: Request) -> Response:
    """The document of a page. Never kept by the browser: it names scripts by the hash of one Streamlit version."""
    language = read_language(request.query_params.get("lang"))
    return HTMLResponse(_write_shell(language), headers={"Cache-Control": "no-cache"})


@cache
def _write_shell(language: str) -> str:
    document = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    share = f'<script src="{address_of("share.js")}" defer></script>'
    title = f"<title>{say('product', 'en' if language == 'en' else 'zh')}</title>{_TELL}{share}"
    return document.replace(_TITLE, title, 1).replace('<html lang="en">', f'<html lang="{language}">', 1)


async def lead_home(request: Request) -> Response:
    """The overview's other name leads to `/`, where Streamlit has it, with what the address asks for."""
    return RedirectResponse(f"/?{request.url.query}" if request.url.query else "/", status_code=307)


PAGE_ROUTES = [*(Route(path, answer_shell) for path in PAGE_PATHS), Route("/overview", lead_home)]
