"""The address `/doors`: the workers' lists of one grid as a document to print or to keep.

Owns what the address may ask for and what is answered when there is nothing to list. Knows nothing of how a sheet looks.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from dashboard.address import parse_address
from dashboard.answers import shelf_of
from dashboard.aside import aside_of
from dashboard.live import Feed
from dashboard.parts import wording
from dashboard.parts.rounds.sheets import PRINT, write_note, write_sheets
from dashboard.parts.rounds.words import say_round
from dashboard.parts.wording import Language
from data.errors import WanggeError

TEAMS_MAX = 40
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src 'sha256-"
    + base64.b64encode(hashlib.sha256(PRINT.encode()).digest()).decode()
    + "'"
)
"""Nothing from anywhere: the document is all there is."""


def write_doors(feed: Feed, query: Mapping[str, str]) -> tuple[str, int]:
    """The document for `grid`, `round`, `teams`, `as_of` (or `at`) and `lang` of the address, and its status.

    Without a round it is the grid's current one as of that moment.
    """
    address, zone = parse_address(query), ZoneInfo(feed.settings.timezone)
    language = address.language
    grid = address.grid or ""
    try:
        with shelf_of(feed).seated() as sitting:
            moment = _moment(query.get("as_of"), address.at, zone) or sitting.moment
            as_of = min(moment, sitting.moment)  # of what is still to come nothing is known
            newest = sitting.publication.as_of
            places = sitting.ask_at(as_of, "coverage/grid", grid_code=grid)
            rounds = sitting.ask_at(as_of, "coverage/rounds")
    except WanggeError as error:
        return write_note(say_round("sheet_failed", language, message=error.message), language), 503
    code = address.round_code or (places[0]["round_code"] if places else None)
    if places and code is None:
        return write_note(say_round("sheet_no_round", language, at=_tell(as_of, zone, language)), language), 404
    screening = next((row for row in rounds if row["round_code"] == code), None)
    if not places or screening is None:
        return write_note(say_round("sheet_unknown", language), language), 404
    given = {"grid_code": grid, "round_code": code, "team_count": _count(query.get("teams"))}
    answer = aside_of(feed.settings).ask_and_wait("coverage/missing_households", as_of, **given)
    if answer.rows is None:
        text = say_round("sheet_busy", language)
        if answer.error:
            text = say_round("sheet_failed", language, message=answer.error.message)
        return write_note(text, language), 503
    if answer.note and not answer.rows:
        return write_note(say_round("check_erased", language), language), 410
    if not answer.rows and not _is_in_round(feed, grid, screening["round_code"], as_of):
        return write_note(say_round("sheet_unknown", language), language), 404
    sheets = write_sheets(
        answer.rows,
        wording.name_in(places[0], "grid_name", language),
        wording.name_in(screening, "round_name", language),
        _tell(screening["deadline_at"], zone, language),
        _tell(min(as_of, newest) if newest else None, zone, language),
        f"/doors?{urlencode({**query, 'file': '1'})}",
        language,
    )
    return sheets, 200


def _is_in_round(feed: Feed, grid: str, round_code: str, as_of: datetime) -> bool:
    """Whether the round screens the grid: of one that it leaves to another round nobody is missing, and nobody was asked."""
    places = shelf_of(feed).ask_at(as_of, "coverage/round_places", round_code=round_code)
    return any(row["kind"] == "grid" and row["code"] == grid for row in places)


def name_file(query: Mapping[str, str]) -> str:
    """doors-440703002143001.html"""
    return f"doors-{parse_address(query).grid or 'none'}.html"


def _tell(value: datetime | None, zone: ZoneInfo, language: Language) -> str:
    if value is None:
        return wording.UNKNOWN
    at = value.astimezone(zone)
    return f"{wording.day(at, language, with_weekday=False)} {wording.time_of_day(at)}"


def _count(text: str | None) -> int | None:
    return (
        min(int(text), TEAMS_MAX)
        if text and text.isdecimal() and text.isascii() and len(text) < 4 and int(text)
        else None
    )


def _moment(text: str | None, at: datetime | None, zone: ZoneInfo) -> datetime | None:
    """A moment with its offset, as a page writes it into the link, else that of the page's address; None for anything else."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo:
        return moment
    return at.replace(tzinfo=zone) if at else None
