"""What a reader can share: the page's language, measure, place, search and list, read from the URL and written to it.

The URL is the one source of truth for them: the map's script reads the same parameters, so a selection never needs
the map to be drawn again. Every value is checked; one that is not understood is dropped, never shown or executed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Literal, get_args
from urllib.parse import urlencode

import streamlit as st

from dashboard.parts.wording import LANGUAGES, Language

Measure = Literal["coverage", "waiting", "on_duty", "vulnerable"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
Zonewise = Literal["history", "changes", "give"]
ZONEWISE: tuple[Zonewise, ...] = get_args(Zonewise)
"""What the page of the zones shows below its list."""
Staffwise = Literal["gaps", "overload", "grids", "times"]
STAFFWISE: tuple[Staffwise, ...] = get_args(Staffwise)
"""What the page of the staff lists below."""
AlertLevel = Literal["act", "watch"]
ALERT_LEVELS: tuple[AlertLevel, ...] = get_args(AlertLevel)
AlertRule = Literal[
    "site_jammed", "unit_idle", "feed_silent", "whistle_late", "coverage_behind", "zone_without_staff", "sum_mismatch"
]
ALERT_RULES: tuple[AlertRule, ...] = get_args(AlertRule)
"""The files in queries/alerts/ that are rules."""
WAIT_CLASSES = ("jammed", "busy", "smooth", "resting", "unknown")
"""Of which the page of the sites shows one, or all."""
MOMENT_FORMAT = "%Y-%m-%dT%H:%M"

PLACES = ("town", "community", "grid")
"""Ranks of places, from above: the names of their parameters, of which an address has one at most."""
WHOLE = "all"
"""The value of `view` that shows the whole district; without it a map without a place opens on the risk zones. Else `view` is
lat,lon,zoom, written and read by the map alone."""
TEXT_MAX = 60
KNOWN_THEN = "then"
"""The value of `known` that shows a past moment by what had been received by then."""
_MOMENT = ("at", "known")
_WHERE = (*PLACES, "spot", "q", "list", "view")

_CODE = re.compile(r"[0-9A-Za-z._-]{1,40}")
_LANGUAGE_KEY = "language"
_WRITTEN_KEY = "written_query"
_PAGE_KEY, _PAST_KEY = "page_shown", "past_shown"
_IN_FLIGHT_S = 4.0
"""Seconds for which a tick may be under way: two ticks of the pages."""


@dataclass(frozen=True)
class _Written:
    before: dict[str, str]
    query: dict[str, str]
    at_s: float


@dataclass(frozen=True)
class Address:
    """Where a reader is. At most one of `grid`, `community`, `town` is set; codes are well-formed, not known to exist.

    `spot` is a building or site within the grid; `query` is what is searched for. `at` is the past moment that is looked at,
    by the district's clock, None for the newest; `is_known_then` looks at it by what had been received by then.
    """

    language: Language = "zh"
    measure: Measure = "coverage"
    town: str | None = None
    community: str | None = None
    grid: str | None = None
    spot: str | None = None
    query: str = ""
    lists_all: bool = False
    report: str | None = None
    zone: str | None = None
    shows: Zonewise = "history"
    whistle: str | None = None
    staff: Staffwise = "gaps"
    since: datetime | None = None
    until: datetime | None = None
    level: AlertLevel | None = None
    rule: AlertRule | None = None
    at: datetime | None = None
    is_known_then: bool = False
    round_code: str | None = None
    site: str | None = None
    wait_class: str | None = None


def parse_address(query: Mapping[str, str], language: Language = "zh") -> Address:
    """The address that a query string states; `language` is the one to keep where it states none."""
    grid, community = _code(query.get("grid")), _code(query.get("community"))
    return Address(
        language=next((known for known in LANGUAGES if known == query.get("lang")), language),
        measure=next((known for known in MEASURES if known == query.get("measure")), "coverage"),
        town=None if grid or community else _code(query.get("town")),
        community=None if grid else community,
        grid=grid,
        spot=_code(query.get("spot")) if grid else None,
        query=" ".join((query.get("q") or "").split())[:TEXT_MAX],
        lists_all=query.get("list") == "all",
        report=_code(query.get("report")),
        zone=_zone(query.get("zone")),
        shows=next((known for known in ZONEWISE if known == query.get("show")), "history"),
        whistle=_code(query.get("whistle")),
        staff=next((known for known in STAFFWISE if known == query.get("staff")), "gaps"),
        since=parse_moment(query.get("since")),
        until=parse_moment(query.get("until")),
        level=next((known for known in ALERT_LEVELS if known == query.get("level")), None),
        rule=next((known for known in ALERT_RULES if known == query.get("rule")), None),
        at=parse_moment(query.get("at")),
        is_known_then=query.get("known") == KNOWN_THEN,
        round_code=_code(query.get("round")),
        site=_code(query.get("site")),
        wait_class=next((known for known in WAIT_CLASSES if known == query.get("wait")), None),
    )


def read_address() -> Address:
    """The address of this run. The language outlives a change of page, which drops the query string."""
    kept: Language = st.session_state.get(_LANGUAGE_KEY, "zh")
    address = parse_address(_newest_query(), kept)
    st.session_state[_LANGUAGE_KEY] = address.language
    if address.language != "zh" and "lang" not in st.query_params:
        st.query_params["lang"] = address.language
    return address


def carry_moment(page: str) -> None:
    """Keeps the past moment when the reader goes to another page, which drops the query string; takes out one that is none."""
    query = _newest_query()
    if page != st.session_state.get(_PAGE_KEY) and "at" not in query:
        for name, value in st.session_state.get(_PAST_KEY, {}).items():
            st.query_params[name] = value
    elif "at" in query and parse_moment(query["at"]) is None:
        write_address(at=None, known=None)
    query = _newest_query()
    st.session_state[_PAGE_KEY] = page
    st.session_state[_PAST_KEY] = {name: query[name] for name in _MOMENT if name in query}


def go_to(**where: str | None) -> None:
    """Leads to a place, a search or a list; what was shown before goes out of the URL and into the browser's history."""
    nowhere: dict[str, str | None] = dict.fromkeys(_WHERE)
    write_address(**(nowhere | where))


def link_to(address: Address, **where: str) -> str:
    """The URL of a place for a link, in the language and measure of this address."""
    kept = {"lang": address.language if address.language != "zh" else "", "measure": address.measure}
    if address.measure == "coverage":
        del kept["measure"]
    if address.at:
        kept |= {"at": address.at.strftime(MOMENT_FORMAT), "known": KNOWN_THEN if address.is_known_then else ""}
    return "?" + urlencode({name: value for name, value in kept.items() if value} | where)


def read_steps(value: object) -> dict[str, str] | None:
    """Where the map's script asks to go, checked as an address is; None where it asks for nothing understood."""
    if not isinstance(value, dict):
        return None
    where = {name: value[name] for name in (*PLACES, "spot") if _code(value.get(name))}
    if not where and value.get("view") != WHOLE:
        return None
    return where or {"view": WHOLE}


def forget_writing() -> None:
    """Takes the URL as the browser says it: the reader went back or forward in its history."""
    st.session_state.pop(_WRITTEN_KEY, None)


def write_address(**changes: str | None) -> None:
    """Puts parameters into the URL; None takes one out. The map follows within a fraction of a second."""
    before = _newest_query()
    kept = {name: value for name, value in before.items() if name not in changes and name != "view"}
    query = kept | {name: value for name, value in changes.items() if value is not None}
    if query != st.query_params.to_dict():
        st.session_state[_WRITTEN_KEY] = _Written(before, query, monotonic())
        st.query_params.from_dict(query)


def _newest_query() -> dict[str, str]:
    """The query string of this run, unless it is the one from before our own last writing.

    A tick that the browser sent off before it heard of the writing still carries the old one: without this, what a
    reader just picked would be gone for a tick.
    """
    query: dict[str, str] = st.query_params.to_dict()
    written: _Written | None = st.session_state.get(_WRITTEN_KEY)
    if written and query == written.before and monotonic() - written.at_s < _IN_FLIGHT_S:
        return written.query
    return query


def _code(value: object) -> str | None:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _zone(value: str | None) -> str | None:
    """A zone's code may be in any script."""
    return value if value and re.fullmatch(r"[\w.-]{1,40}", value) else None


def parse_moment(value: str | None) -> datetime | None:
    """A moment of the district's clock, without a zone: 2022-07-14T08:40."""
    try:
        return datetime.strptime(value or "", MOMENT_FORMAT)
    except ValueError:
        return None


def switch_language(language: Language) -> None:
    """Shows the page in the other language from the next run on."""
    st.session_state[_LANGUAGE_KEY] = language
    write_address(lang=None if language == "zh" else language)
