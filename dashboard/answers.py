"""The one place from which a page gets what it shows: `open_view`, at the newest moment or at a past one.

What it gives is described in `dashboard.shelf`: a shelf to ask, and a reading of the live figures at the same moment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from dashboard.address import read_address
from dashboard.live import Feed, Picture
from dashboard.parts.moment import make_moment
from dashboard.past import open_past
from dashboard.shelf import NewestShelf, OrderShelf, Past, Reading, Shelf, View
from dashboard.sittings import Row

__all__ = [
    "Past",
    "Reading",
    "Row",
    "Shelf",
    "View",
    "open_order_view",
    "open_view",
    "order_shelf_of",
    "read_picture",
    "shelf_of",
]


def read_picture(feed: Feed) -> Reading:
    """The feed's newest picture as a page reads it, judged by the district's clock."""
    picture = feed.picture
    settings, clock = feed.settings, feed.clock
    return Reading(
        state=picture.state if picture else "error",
        payload=_parse(picture) if picture else {},
        moment=make_moment(
            now=clock.now(),
            as_of=picture.as_of if picture else None,
            timezone=settings.timezone,
            stale_after_s=settings.stale_after_s,
            allowance_s=clock.pipeline_allowance_s(),
            is_open=bool(picture and picture.open_unit_count != 0),
            is_readable=bool(picture and picture.state != "error"),
        ),
        problem=picture.problem if picture else "",
    )


_parsed: tuple[str, Mapping[str, Any]] = ("", {})


def _parse(picture: Picture) -> Mapping[str, Any]:
    """The payload as a mapping; parsed once per publication, shared by all viewers, changed by none."""
    global _parsed
    if _parsed[0] != picture.live.etag:
        _parsed = (picture.live.etag, json.loads(picture.live.body))
    return _parsed[1]


_shelves: dict[Path, tuple[NewestShelf, OrderShelf]] = {}
_making = Lock()


def open_view(feed: Feed) -> View:
    """The view of a page: at the newest moment, or at the past one that the page's address names."""
    return open_past(feed, read_address()) or View(shelf_of(feed), read_picture(feed))


def open_order_view(feed: Feed) -> View:
    """The view of a page about orders, which hold by the clock; at a past moment it is that of every page."""
    return open_past(feed, read_address()) or View(order_shelf_of(feed), read_picture(feed))


def shelf_of(feed: Feed) -> Shelf:
    """The feed's one shelf of the newest moment."""
    return _shelves_of(feed)[0]


def order_shelf_of(feed: Feed) -> Shelf:
    """The feed's one shelf for what orders say."""
    return _shelves_of(feed)[1]


def _shelves_of(feed: Feed) -> tuple[NewestShelf, OrderShelf]:
    with _making:
        found = _shelves.get(feed.settings.home)
        if found is None or found[0].feed is not feed:
            newest = NewestShelf(feed)
            found = _shelves[feed.settings.home] = newest, OrderShelf(newest)
        return found
