"""What a page says about itself: the time its data stands at, and the band when that is old, missing or broken."""

from __future__ import annotations

import streamlit as st

from dashboard.answers import Reading
from dashboard.parts import wording
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment_words import say_moment
from dashboard.parts.wording import Language
from dashboard.parts.words import say
from data.errors import WanggeError


def show_as_of(reading: Reading, language: Language) -> None:
    """数据截至 08:40:24 in the header, with the day where it is not today; 回看 7月14日 08:40 where the page looks back."""
    moment = reading.moment
    if reading.past is not None:
        _show_looking_back(reading, language)
        return
    day = ""
    if moment.as_of is not None and moment.as_of.date() != moment.now.date():
        day = wording.day(moment.as_of, language)
    with st.container(key="clock"):
        st.html(
            element(
                "div",
                element("em", say("synthetic", language)) if reading.is_synthetic else None,
                element("span", say("as_of", language)),
                element("span", day) if day else None,
                element("b", wording.time_of_day(moment.as_of, seconds=True)),
                classes="wg-as-of wg-stale-text" if moment.is_stale else "wg-as-of",
                role="status",
            )
        )


def _show_looking_back(reading: Reading, language: Language) -> None:
    assert reading.past is not None
    known = "known_then" if reading.past.is_known_then else "known_now"
    with st.container(key="clock"):
        st.html(
            element(
                "div",
                element("em", say("synthetic", language)) if reading.is_synthetic else None,
                element("span", say_moment(known, language)),
                element("span", wording.day(reading.moment.now, language)),
                element("b", wording.time_of_day(reading.moment.now)),
                classes="wg-as-of wg-looks-back",
                role="status",
            )
        )


def show_band(reading: Reading, language: Language) -> None:
    """The line under the header; nothing while all is well."""
    band = judge_band(reading, language)
    if band is not None:
        with st.container(key="band"):
            st.html(band)


def judge_band(reading: Reading, language: Language) -> Markup | None:
    """Empty, stale or broken, in words; None while the situation is fresh."""
    moment = reading.moment
    if reading.state == "error":
        return _band("act", say("state_error", language, message=reading.problem))
    if reading.state == "empty" and reading.past is not None:
        at = f"{wording.day(moment.now, language)} {wording.time_of_day(moment.now)}"
        return _band("plain", say_moment("empty_then" if reading.past.is_known_then else "empty_now", language, at=at))
    if reading.state == "empty":
        count = (reading.payload.get("summary") or {}).get("grid_count")
        return _band("plain", say("state_empty", language, grids=wording.count(count)))
    if moment.is_stale:
        age, at = wording.age(moment.age_s, language), wording.time_of_day(moment.as_of)
        return _band("watch", say("state_stale", language, age=age, at=at))
    return None


def show_block_error(title: str, error: WanggeError, language: Language) -> None:
    """A block that cannot be read: its title and one line; the rest of the page goes on."""
    message = say("state_block_now", language, message=error.message)
    st.html(
        element("section", element("h3", title), element("p", message, classes="wg-facts wg-watch"), classes="wg-block")
    )


def _band(level: str, text: str) -> Markup:
    return element("div", text, classes=f"wg-band wg-band-{level}", role="alert" if level == "act" else "status")
