"""The background map that the settings may name: a template of tiles, checked, with the one address it may be fetched from.

Knows nothing of maps or pages. None is named by default: then no page asks for any tile.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from data.errors import SettingsError

DATUMS = ("wgs84", "gcj02")
"""Where the tiles' ground lies: WGS 84 (CGCS2000 is the same to a metre), or shifted as the law asks of Chinese web maps. The one
map with BD-09 cuts its tiles in a way of its own, which is no template."""
_WMTS_NAMES = {"TileMatrix": "z", "TileCol": "x", "TileRow": "y"}
_NAME = re.compile(r"\{(-?\w+)\}")
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_EXAMPLE = (
    "Write it as http://tiles.example/{z}/{x}/{y}.png; a WMTS template has {TileMatrix}, {TileRow}, {TileCol} instead."
)


@dataclass(frozen=True)
class Tiles:
    """`url` has {z}, {x} and {y} or {-y}; `origin` is its scheme and host, empty where our own server has them."""

    url: str
    origin: str
    attribution: str
    datum: str
    max_zoom: int


def read_tiles(url: str, attribution: str, datum: str, max_zoom: int) -> Tiles | None:
    """The background map of these settings; None where none is named.

    Raises SettingsError for an address that is no template of tiles, for an unknown datum and for an impossible zoom.
    """
    if datum not in DATUMS:
        raise SettingsError(f"tile_datum is {datum!r}.", f"It must be one of {', '.join(DATUMS)}.")
    if not 1 <= max_zoom <= 24:
        raise SettingsError(f"tile_max_zoom is {max_zoom}.", "It must be the deepest zoom that has tiles: 1 to 24.")
    if not url:
        return None
    template = _NAME.sub(lambda found: "{" + _WMTS_NAMES.get(found[1], found[1]) + "}", url)
    names = set(_NAME.findall(template))
    if not {"z", "x"} <= names or not {"y", "-y"} & names:
        raise SettingsError(f"tile_url {url!r} does not say where zoom, column and row go.", _EXAMPLE)
    unknown = names - {"z", "x", "y", "-y"}
    if unknown:
        raise SettingsError(
            f"tile_url {url!r} leaves {', '.join(sorted(unknown))} open.",
            "Write the value itself in its place: one host, one layer, one style.",
        )
    parts = urlsplit(template)
    is_ours = not parts.scheme and not parts.netloc and template.startswith("/")
    if not is_ours and (parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.netloc)):
        raise SettingsError(f"tile_url {url!r} names no single host.", f"{_EXAMPLE} Without user and password.")
    origin = f"{parts.scheme}://{parts.netloc}" if parts.scheme else ""
    return Tiles(template, origin, attribution, datum, max_zoom)
