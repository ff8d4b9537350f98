"""One-time addresses of downloads of the SQL page: the query is asked when the address is opened, and streamed.

An address is a random key. It works once, for some minutes, in this process; nothing about the query stands in it. The routes
call `send_file`; pages call `offer_file`, and `FILE_FORMATS` names what they may offer.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from dashboard.sql_stream import PRIVATE, Failed, Plan, send_answer
from data.sandbox import Limits, Query, Sandbox, SandboxError, mark
from data.sandbox.formats import FORMATS, write_answer

FILE_PATH = "/sql-file"
FILE_FORMATS = tuple(FORMATS)
LIFE_S = 600.0
OFFERS_MAX, OFFERED_BYTES_MAX = 1_000, 16_000_000
_GONE = (
    "这个下载地址已经用过，或已过期。请回到 SQL 页面再点一次下载。\n"
    "This address was used already, or is too old. Go back to the SQL page and press the download once more.\n"
)


@dataclass(frozen=True)
class Offer:
    """A download that somebody may fetch."""

    text: str
    user: str | None
    format_: str


class Offers:
    """The downloads that were offered and not fetched. Thread-safe, bounded: the oldest goes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offered: dict[str, tuple[float, Offer]] = {}
        self._keys: dict[Offer, str] = {}
        self._bytes = 0

    def add(self, offer: Offer) -> str:
        """The key of the offer: the one that it has already, while half of that one's life is left."""
        now = time.monotonic()
        with self._lock:
            key = self._keys.get(offer)
            if key and now < self._offered[key][0] - LIFE_S / 2:
                return key
            key = secrets.token_urlsafe(24)
            self._offered[key] = (now + LIFE_S, offer)
            self._keys[offer] = key
            self._bytes += len(offer.text)
            while len(self._offered) > OFFERS_MAX or self._bytes > OFFERED_BYTES_MAX:
                self._drop(next(iter(self._offered)))
            return key

    def take(self, key: str) -> Offer | None:
        """The offer of this key, which then is one no longer; None where there is none, or none any more."""
        now = time.monotonic()
        with self._lock:
            for old in [old for old, (until, _) in self._offered.items() if until < now]:
                self._drop(old)
            return self._drop(key) if key in self._offered else None

    def _drop(self, key: str) -> Offer:
        _, offer = self._offered.pop(key)
        self._bytes -= len(offer.text)
        if self._keys.get(offer) == key:
            del self._keys[offer]
        return offer


_offers = Offers()


def offer_file(text: str, user: str | None, format_: str) -> str:
    """The address under which the answer to this query can be fetched once, within ten minutes, as a file of this format."""
    if format_ not in FORMATS:
        raise ValueError(format_)
    return f"{FILE_PATH}/{_offers.add(Offer(text, user, format_))}"


async def send_file(request: Request, sandbox: Sandbox) -> Response:
    """The file of a one-time address; words with a status where there is none."""
    if request.method != "GET":  # who only looks must not use it up
        return PlainTextResponse("", 405, {**PRIVATE, "Allow": "GET"})
    offer = _offers.take(request.path_params["key"])
    if offer is None:
        return PlainTextResponse(_GONE, 410, PRIVATE)
    form = FORMATS[offer.format_]
    zone = ZoneInfo(sandbox.settings.timezone)
    now = datetime.now(zone)
    about = [["SQL", offer.text], ["", f"{now:%Y-%m-%d %H:%M:%S%z}"]]
    limits = Limits(None, form.most_rows(None), form.byte_max)

    def write(query: Query) -> Iterator[bytes]:
        return write_answer(
            query.batches(), offer.format_, zone, for_spreadsheet=True, note=partial(_say_cut, query), about=about,
            scratch=sandbox.settings.sandbox_dir,
        )  # fmt: skip

    name = f'attachment; filename="wangge-sql-{now:%Y%m%d-%H%M%S}.{form.suffix}"'
    submit = partial(sandbox.submit, offer.text, offer.user, limits, by="page", streams=True)
    try:
        return await send_answer(request, submit, Plan(form, write, {"Content-Disposition": name}))
    except Failed as failed:
        return PlainTextResponse(_say_error(failed, offer.text), failed.status, failed.headers)


def _say_cut(query: Query) -> str:
    if not query.cut_by:
        return ""
    count = query.progress().row_count
    return f"只到第 {count:,} 行，结果不完整。 Cut after {count:,} rows: the answer has more than a download may have."


def _say_error(failed: Failed, text: str) -> str:
    error = failed.error
    drawn = mark(text, error.line, error.column) if isinstance(error, SandboxError) else ""
    return "\n".join(line for line in (error.message, drawn, error.hint) if line) + "\n"
