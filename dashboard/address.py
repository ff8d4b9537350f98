"""What a reader can share: the page's language, measure, place and list, read from the URL and written to it.

The URL is the one source of truth for them: the map's script reads the same parameters, so a selection never needs
the map to be drawn again. Every value is checked; one that is not understood is dropped, never shown or executed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Literal, get_args

import streamlit as st

from dashboard.parts.wording import LANGUAGES, Language

Measure = Literal["coverage", "waiting", "on_duty", "vulnerable"]
MEASURES: tuple[Measure, ...] = get_args(Measure)

_CODE = re.compile(r"[0-9A-Za-z._-]{1,40}")
_LANGUAGE_KEY = "language"
_WRITTEN_KEY = "written_query"
_IN_FLIGHT_S = 4.0
"""Seconds for which a tick may be under way: two ticks of the pages."""


@dataclass(frozen=True)
class _Written:
    before: dict[str, str]
    query: dict[str, str]
    at_s: float


@dataclass(frozen=True)
class Address:
    """Where a reader is. At most one of `grid` and `community` is set; codes are well-formed, not known to exist."""

    language: Language = "zh"
    measure: Measure = "coverage"
    town: str | None = None
    community: str | None = None
    grid: str | None = None
    lists_all: bool = False
    report: str | None = None


def parse_address(query: Mapping[str, str], language: Language = "zh") -> Address:
    """The address that a query string states; `language` is the one to keep where it states none."""
    grid = _code(query.get("grid"))
    return Address(
        language=next((known for known in LANGUAGES if known == query.get("lang")), language),
        measure=next((known for known in MEASURES if known == query.get("measure")), "coverage"),
        town=_code(query.get("town")),
        community=None if grid else _code(query.get("community")),
        grid=grid,
        lists_all=query.get("list") == "all",
        report=_code(query.get("report")),
    )


def read_address() -> Address:
    """The address of this run. The language outlives a change of page, which drops the query string."""
    kept: Language = st.session_state.get(_LANGUAGE_KEY, "zh")
    address = parse_address(_newest_query(), kept)
    st.session_state[_LANGUAGE_KEY] = address.language
    if address.language != "zh" and "lang" not in st.query_params:
        st.query_params["lang"] = address.language
    return address


def write_address(**changes: str | None) -> None:
    """Puts parameters into the URL; None takes one out. The map follows within a fraction of a second."""
    before = _newest_query()
    query = before | {name: value for name, value in changes.items() if value is not None}
    query = {name: value for name, value in query.items() if changes.get(name, value) is not None}
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


def _code(value: str | None) -> str | None:
    return value if value and _CODE.fullmatch(value) else None


def switch_language(language: Language) -> None:
    """Shows the page in the other language from the next run on."""
    st.session_state[_LANGUAGE_KEY] = language
    write_address(lang=None if language == "zh" else language)
