"""The map that pages embed: folium's Leaflet, cut off from every other host, with our engine beside it.

Owns which scripts and styles a map needs and how folium is told. What is drawn is `dashboard/assets/map.js`.
"""

from __future__ import annotations

from typing import Any

import folium

from dashboard.asset import address_of

LEAFLET = "vendor/leaflet-1.9.4"
MAP_SCRIPTS = [
    ("leaflet", address_of(f"{LEAFLET}/leaflet.js")),
    ("wangge_follow", address_of("follow.js")),
    ("wangge_map", address_of("map.js")),
]
SOURCE_SANS = "vendor/source-sans-3-5.3.1"
MAP_STYLES = [
    ("source_sans", address_of(f"{SOURCE_SANS}/source-sans.css")),
    ("leaflet_css", address_of(f"{LEAFLET}/leaflet.css")),
    ("wangge_map_css", address_of("map.css")),
]

# One script that fails to load leaves a map blank for ever, so folium's own list (eight addresses on other hosts) goes.
folium.Map.default_js = MAP_SCRIPTS
folium.Map.default_css = MAP_STYLES


def bare_map(name: str, box: tuple[int, int, int, int] | None = None) -> folium.Map:
    """A Leaflet map without tiles, at fractional zooms, called `map_<name>` in the page's script.

    `box` is left, top, width, height in px where the map stands absolutely; else it fills what holds it.
    """
    place: dict[str, Any] = {}
    if box is not None:
        left, top, width, height = (f"{value}px" for value in box)
        place = {"left": left, "top": top, "width": width, "height": height, "position": "absolute"}
    # The engine fits the view as soon as it knows the shapes; until then any point serves.
    drawn = folium.Map(
        location=(0.0, 0.0),
        tiles=None,
        zoom_start=12,
        zoom_control=False,
        attribution_control=False,
        zoom_snap=0,
        zoom_animation=False,
        fade_animation=False,
        keyboard=False,
        **place,
    )
    drawn._id = name
    return drawn
