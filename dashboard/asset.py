"""The files under `dashboard/assets`, read once, with addresses that change when their content does.

Everything that a page loads comes from here: nothing is fetched from another host.
"""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dashboard.payload import Payload, pack_payload

ASSETS_DIR = Path(__file__).resolve().parent / "assets"
VERSIONED = "vendor/"
"""Folder whose sub-folders carry a version in their name, so that their files never change."""


@dataclass(frozen=True)
class Asset:
    """A file ready to send. `is_versioned`: its address alone says which version it is."""

    payload: Payload
    media_type: str
    hash: str
    is_versioned: bool


def find_asset(path: str) -> Asset | None:
    """The asset at this path below `assets/`; None where there is none. Only what lies there is ever served."""
    return _read_assets().get(path)


def address_of(path: str) -> str:
    """The URL under which a browser may keep the asset for ever."""
    found = _read_assets()[path]
    return f"/assets/{path}" if found.is_versioned else f"/assets/{path}?v={found.hash}"


@cache
def digest_assets() -> str:
    """What tells this release's assets from another's, in 12 characters."""
    tags = "".join(found.payload.etag for found in _read_assets().values())
    return hashlib.blake2b(tags.encode(), digest_size=6).hexdigest()


@cache
def _read_assets() -> dict[str, Asset]:
    found = {}
    for file in sorted(ASSETS_DIR.rglob("*")):
        if not file.is_file():
            continue
        path = file.relative_to(ASSETS_DIR).as_posix()
        payload = pack_payload(file.read_bytes())
        media_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
        found[path] = Asset(payload, media_type, payload.etag.strip('"')[:12], path.startswith(VERSIONED))
    return found
