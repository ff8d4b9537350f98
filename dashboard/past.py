"""Past moments: what the pages and the map showed or would have shown then, worked out by what serves the newest one.

A past moment is a sitting of its own over the situation in force, or over what had been received by then
(`data.known_then`). Owns how many stay open, and when one is opened anew: rows may come late, but not every second.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.address import Address
from dashboard.live import (
    BLOCKS,
    Feed,
    Picture,
    build_blocks,
    count_open_units,
    describe_frame,
    tell_acknowledgements,
    write_payload,
    write_time,
)
from dashboard.parts.moment import make_moment
from dashboard.shelf import Past, Reading, Shelf, View
from dashboard.sittings import OpenSitting, Publication, choose_params, find_moment
from data.clock import Clock, read_clock
from data.errors import WanggeError
from data.known_then import gather_known
from data.settings import Settings
from data.situation import identify_file

STEP = timedelta(minutes=5)
"""Past moments are steps of this length: the roll-ups tell of so much at once."""
ASIDE = frozenset({"alerts"})
"""Blocks that cost as much as all the others together: while a reader waits, they are worked out beside them."""
PASTS_KEPT = 12
"""Past moments that stay open, for all viewers; one holds a few MB."""
REFRESH_S = 10.0
"""A past moment is asked anew after so long, where the situation was published since."""


class PastShelf(Shelf):
    """The shelf of one past moment, and the picture that the map draws of it."""

    def __init__(
        self,
        settings: Settings,
        expected: Sequence[str] = (),
        *,
        at: datetime,
        path: Path,
        is_known_then: bool,
        feed: Feed | None = None,
    ) -> None:
        super().__init__(settings)
        self.at, self.path, self.is_known_then = at, path, is_known_then
        self.as_of: datetime | None = None
        self._expected, self._feed = expected, feed
        self._opened_at_s = 0.0
        self._drawing = threading.Lock()
        self._drawn: tuple[OpenSitting, Picture, Mapping[str, Any]] | None = None

    def draw(self, feed: Feed) -> tuple[Picture, Mapping[str, Any]]:
        """The picture of the moment, built as the live feed builds its own; drawn once a sitting, for all viewers."""
        with self._drawing:
            try:
                with self.seated() as sitting:
                    if self._drawn is None or self._drawn[0] is not sitting:
                        self._drawn = (sitting, *self._draw(feed, sitting))
                    return self._drawn[1:]
            except WanggeError as error:
                return self._draw_failure(error)

    def _sit(self) -> OpenSitting:
        own = self._sitting
        if own is None or (
            monotonic() - self._opened_at_s > REFRESH_S and identify_file(self.path) != own.publication.identity
        ):
            publication = self._open()
            try:
                clock = stand_at(self.at)
                if self.is_known_then:
                    self.as_of, moment = publication.as_of, find_moment(publication, clock)[0]
                    params = choose_params(self.settings, read_clock(self.settings.home))
                else:
                    self.as_of = moment = self.at
                    params = choose_params(self.settings, clock)
                self._take(OpenSitting(publication, moment, params, self._expected))
            finally:
                publication.release()
            self._opened_at_s = monotonic()
        assert self._sitting is not None
        return self._sitting

    def _open(self) -> Publication:
        """The file's publication; that of the feed, where it is the one in force."""
        if self._feed is not None and self.path == self.settings.situation_path:
            with self._feed.seated() as newest:
                if newest.publication.identity == identify_file(self.path):
                    return newest.publication.hold()
        return Publication(self.path)

    def _draw(self, feed: Feed, sitting: OpenSitting) -> tuple[Picture, Mapping[str, Any]]:
        (district,) = sitting.ask("map/district")
        outline = feed.outline_of(sitting.ask, dict(district))
        with ThreadPoolExecutor(1, "past") as second:
            asked_aside = second.submit(build_blocks, sitting.ask, outline, wanted=ASIDE)
            others, failed = build_blocks(sitting.ask, outline, wanted=BLOCKS.keys() - ASIDE)
            aside, failed_aside = asked_aside.result()
        drawn = others | aside
        blocks = {name: drawn[name] for name in BLOCKS if name in drawn}
        tell_acknowledgements(blocks, feed.log.read(self.at))
        at = write_time(self.at)
        as_of = self.as_of if _has_told(blocks) else None
        body = {
            "version": f"{outline.hash[:8]}-{district['sequence']}-{at}{'-then' if self.is_known_then else ''}",
            "state": "ok" if as_of else "empty",
            "as_of": write_time(as_of),
            **describe_frame(self.settings, outline, self.allowance_s(feed)),
            **blocks,
            "errors": dict.fromkeys(failed + failed_aside, at),
        }
        picture = Picture(
            state=str(body["state"]),
            as_of=as_of,
            open_unit_count=count_open_units(blocks),
            live=write_payload(body),
            geometry=outline.payload,
        )
        return picture, json.loads(picture.live.body)

    def allowance_s(self, feed: Feed) -> float:
        """How far files may lag: what is known now of the past lags no more, what was known then did as the newest does."""
        return feed.clock.pipeline_allowance_s() if self.is_known_then else 0.0

    def _draw_failure(self, error: WanggeError) -> tuple[Picture, Mapping[str, Any]]:
        body = {"version": "none", "state": "error", "as_of": None, **describe_frame(self.settings, None, 0.0)}
        picture = Picture("error", None, None, write_payload({**body, "errors": {}}), None, str(error))
        return picture, body


_pasts: OrderedDict[tuple[Path, datetime, Path], PastShelf] = OrderedDict()
_keeping = threading.Lock()


def draw_past(feed: Feed, at: datetime | None, *, is_known_then: bool) -> tuple[Past, Picture] | None:
    """The picture that the map draws of a past moment; None for the newest one, and for one that is still to come."""
    past = choose_past(feed, at, is_known_then=is_known_then)
    if past is None:
        return None
    shelf, past = open_shelf(feed, past)
    return past, shelf.draw(feed)[0]


def open_past(feed: Feed, address: Address) -> View | None:
    """The view of the past moment that the address names; None where it names none, or one that is still to come."""
    past = choose_past(feed, address.at, is_known_then=address.is_known_then)
    if past is None:
        return None
    shelf, past = open_shelf(feed, past)
    picture, payload = shelf.draw(feed)
    moment = make_moment(
        now=past.at,
        as_of=picture.as_of,
        timezone=feed.settings.timezone,
        stale_after_s=feed.settings.stale_after_s,
        allowance_s=shelf.allowance_s(feed),
        is_open=picture.open_unit_count != 0,
        is_readable=picture.state != "error",
    )
    return View(shelf, Reading(picture.state, payload, moment, picture.problem, past))


def choose_past(feed: Feed, at: datetime | None, *, is_known_then: bool) -> Past | None:
    """The past moment that the district's clock calls `at`: the step that holds it; None for one that is still to come."""
    if at is None:
        return None
    moment = at.replace(tzinfo=ZoneInfo(feed.settings.timezone)).astimezone(UTC)
    moment -= timedelta(seconds=moment.timestamp() % STEP.total_seconds())
    newest = feed.picture.as_of if feed.picture else None
    if moment > max(feed.clock.now(), newest or moment.min.replace(tzinfo=UTC)):
        return None
    return Past(moment, wanted_known_then=is_known_then)


def open_shelf(feed: Feed, past: Past) -> tuple[PastShelf, Past]:
    """The shelf of a past moment, and what it rests on: by what is known now, until what was known then is gathered."""
    settings = feed.settings
    path = settings.situation_path
    if past.wanted_known_then:
        known = gather_known(settings, past.at)
        path = known.path or path
        past = replace(past, is_known_then=known.path is not None, gathered_pct=known.done_pct, problem=known.problem)
    key = (settings.home, past.at, path)
    with _keeping:
        shelf = _pasts.get(key)
        if shelf is None:
            shelf = _pasts[key] = PastShelf(
                settings, feed.asked, at=past.at, path=path, is_known_then=past.is_known_then, feed=feed
            )
        _pasts.move_to_end(key)
        worn = [_pasts.popitem(last=False)[1] for _ in range(len(_pasts) - PASTS_KEPT)]
    for one in worn:
        one.close()
    return shelf, past


def stand_at(at: datetime) -> Clock:
    """A clock that stands at a past moment: the map judges ages by it."""
    return Clock(at, datetime.now(UTC), at, 0.0)


def _has_told(blocks: Mapping[str, Any]) -> bool:
    """Whether any feed of logs had told anything by then."""
    feeds = blocks.get("feeds")
    return feeds is None or any(one["last_event_at"] is not None for one in feeds if one["kind"] != "orders")
