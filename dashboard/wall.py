"""The wall: one document, rendered once per language, that polls `/api/live` and nothing else.

Owns where every region stands on the 3840 × 2160 page and how folium puts both maps, the panels, the stylesheet and
the poll script into one document. `/kiosk` serves it; the Streamlit page `/wall` frames it. Knows no figures.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from html import escape

import folium
from branca.element import Element

from dashboard.asset import address_of
from dashboard.parts.map import SOURCE_SANS, bare_map
from dashboard.payload import Payload, pack_payload
from dashboard.text import read_text

PAGE_SIZE_PX = (3840, 2160)
REGIONS_PX = {
    "title": (48, 36, 960, 100),
    "band": (1048, 24, 1500, 128),
    "moment": (1920, 20, 1872, 132),
    "district-head": (48, 176, 1216, 76),
    "zone-head": (1288, 176, 1216, 76),
    "district-map": (48, 252, 1216, 1296),
    "zone-map": (1288, 252, 1216, 1296),
    "district-legend": (48, 1560, 1216, 52),
    "zone-legend": (1288, 1560, 1216, 52),
    "throughput": (48, 1660, 880, 380),
    "whistles": (992, 1660, 800, 380),
    "on-duty": (1856, 1660, 648, 380),
    "alerts": (2560, 176, 1232, 540),
    "coverage": (2560, 740, 1232, 596),
    "queues": (2560, 1360, 1232, 680),
    "feeds": (48, 2064, 3744, 64),
}
"""Left, top, width, height of each region, in px of the page (UI, layout). No state moves one."""
TITLED = {
    "throughput": "throughput",
    "whistles": "whistles",
    "on-duty": "on_duty",
    "alerts": "alerts",
    "coverage": "coverage",
    "queues": "queues",
}
"""Regions with a block title, and the key of its words; the titles stand before the first figure arrives."""
MAPS = {"district": "district-map", "zone": "zone-map"}


@dataclass(frozen=True)
class Document:
    """The page as sent, and the policy that forbids it every other host."""

    payload: Payload
    policy: str


@cache
def write_wall(lang: str, tile_origin: str = "") -> Document:
    """The wall's document in one language; the same bytes until the program changes.

    `tile_origin` is the one other address that pictures may come from: that of a background map.
    """
    words = read_text("wall", lang)
    figure = folium.Figure(title=words["page_title"].format(district="").strip())
    figure.html.add_child(Element(f'<main id="wall" class="lang-{lang}">'))
    for name, box in REGIONS_PX.items():
        if name not in MAPS.values():
            figure.html.add_child(Element(_write_region(name, box, words)))
    for name, region in MAPS.items():
        drawn = bare_map(name, REGIONS_PX[region])
        figure.add_child(drawn)
        drawn.render()  # type: ignore[no-untyped-call]  # now: what follows must come after it in head and body
    figure.html.add_child(Element('<div id="plate"></div><div id="ramp"></div><div id="notes"></div></main>'))
    for weight in (400, 600, 700):
        font = address_of(f"{SOURCE_SANS}/source-sans-3-latin-{weight}-normal.woff2")
        figure.header.add_child(Element(f'<link rel="preload" as="font" type="font/woff2" href="{font}" crossorigin/>'))
    figure.header.add_child(Element('<link rel="icon" href="data:,"/>'))  # none, and no request for one
    figure.header.add_child(Element(f'<link rel="stylesheet" href="{address_of("wall.css")}"/>'))
    figure.header.add_child(Element(f'<script src="{address_of("wall.js")}"></script>'))
    options = json.dumps({"lang": lang, "words": words}, ensure_ascii=False).replace("<", "\\u003c")
    maps = ", ".join(f"{name}: map_{name}" for name in MAPS)
    figure.script.add_child(Element(f"Wangge.page = Wangge.wall({{{maps}}}, {options});"))
    page = figure.render().replace("<html>", f'<html lang="{"zh-CN" if lang == "zh" else lang}">', 1)
    return Document(pack_payload(page.encode()), _write_policy(page, tile_origin))


def _write_region(name: str, box: tuple[int, int, int, int], words: dict[str, str]) -> str:
    left, top, width, height = box
    place = f"left:{left}px;top:{top}px;width:{width}px;height:{height}px"
    title = f"<h2>{escape(words[TITLED[name]])}</h2>" if name in TITLED else ""
    head = f'<header>{title}<span class="since"></span><span class="note"></span></header>' if title else ""
    return f'<section id="{name}" class="region" style="{place}">{head}<div class="body"></div></section>'


def _write_policy(page: str, tile_origin: str) -> str:
    """The content security policy: own files, this document's own inline scripts by hash, no other host at all but that
    of a background map, for pictures only."""
    inline = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in inline
    )
    rules = [
        "default-src 'none'",
        f"script-src 'self' {hashes}",
        "style-src 'self' 'unsafe-inline'",
        f"img-src 'self' data: {tile_origin}".rstrip(),
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    ]
    return "; ".join(rules)
