"""The frame's way into the past: a button in the header, and while a page looks back the bar with day, time and play.

What is chosen lives in the URL (`at`, `known`): map and pages read it there. Play is the reader's own: it moves the URL
on, a step of five minutes at a time, and ends at the newest moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil
from time import monotonic
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard.address import KNOWN_THEN, MOMENT_FORMAT, Address, write_address
from dashboard.answers import Past, open_view, shelf_of
from dashboard.asset import ASSETS_DIR
from dashboard.live import Feed
from dashboard.parts import wording
from dashboard.parts.markup import element
from dashboard.parts.moment_words import say_moment
from dashboard.parts.wording import Language
from dashboard.past import STEP
from data.errors import WanggeError

SPEEDS = (1, 10, 60, 300, 600)
LEAST_PERIOD_S = 1.0
"""Play shows a new moment at most so often; what is faster takes longer strides."""
_DAY, _TIME, _SPEED, _KNOWN = "moment_day", "moment_time", "moment_speed", "moment_known"
_PLAYING = "moment_playing"
_DUE = "moment_due_s"
_NOW, _THEN = "now", "then"


@dataclass(frozen=True)
class Limits:
    """The first and the last step that can be looked at, by the district's clock."""

    first: datetime
    last: datetime

    def clamp(self, at: datetime) -> datetime:
        """The step that holds this moment, or the nearest there is."""
        return min(max(_floor(at), self.first), self.last)

    @property
    def days(self) -> list[date]:
        count = (self.last.date() - self.first.date()).days + 1
        return [self.first.date() + timedelta(days=number) for number in range(count)]


def show_moment_bar(feed: Feed, address: Address) -> None:
    """The button 回看 in the header; while a page looks back, the bar below it."""
    language = address.language
    limits = find_limits(feed)
    past = open_view(feed).reading.past
    st.html(ASSETS_DIR / "moment.css")
    if past is None:
        st.session_state.pop(_PLAYING, None)
        with st.container(key="moment_entry"):
            st.button(
                say_moment("look_back", language),
                key="look_back",
                type="tertiary",
                help=say_moment("look_back_help", language),
                on_click=_look_back,
                args=(limits,),
                disabled=limits is None,
            )
        return
    at = past.at.astimezone(ZoneInfo(feed.settings.timezone)).replace(tzinfo=None)
    limits = limits or Limits(at, at)
    with st.container(key="moment_bar"):
        with st.container(key="moment_controls", horizontal=True, vertical_alignment="center"):
            _show_when(at, limits, language)
            _show_play(limits, language)
            _show_known(past, language)
            st.button(say_moment("back_to_live", language), key="back_to_live", type="primary", on_click=_go_live)
        told = tell_known(past, language)
        if told:
            st.html(element("div", told, classes="wg-known", role="status"))
    if st.session_state.get(_PLAYING):
        _play(limits)


def find_limits(feed: Feed) -> Limits | None:
    """From when until when the past can be looked at; None while nothing is known, or it cannot be read."""
    try:
        (span,) = shelf_of(feed).ask("quality/span")
    except WanggeError:
        return None
    zone = ZoneInfo(feed.settings.timezone)
    if span["first_at"] is None or span["last_at"] is None:
        return None
    first, last = (_floor(span[name].astimezone(zone).replace(tzinfo=None)) for name in ("first_at", "last_at"))
    return Limits(first, max(first, last))


def tell_known(past: Past, language: Language) -> str:
    """That what was known then is still being gathered, or could not be; nothing where the page shows what was asked for."""
    if past.is_known_then or not past.wanted_known_then:
        return ""
    if past.problem:
        return say_moment("ungathered", language, message=past.problem)
    return say_moment("gathering", language, pct=past.gathered_pct or 0)


def plan_play(speed: int) -> tuple[float, timedelta]:
    """How often play shows another moment, in seconds, and how far it goes each time, at so many district seconds a second."""
    period_s = max(LEAST_PERIOD_S, STEP.total_seconds() / speed)
    return period_s, ceil(speed * period_s / STEP.total_seconds()) * STEP


def _show_when(at: datetime, limits: Limits, language: Language) -> None:
    days = limits.days
    st.session_state[_DAY] = at.date() if at.date() in days else days[0]
    st.session_state[_TIME] = at.time()
    st.html(element("span", say_moment("look_back", language), classes="wg-past"), width="content")
    st.selectbox(
        say_moment("day", language),
        days,
        format_func=lambda day: wording.day(datetime.combine(day, time()), language),
        key=_DAY,
        on_change=_choose,
        args=(limits,),
        label_visibility="collapsed",
        width=132,
    )
    with st.container(key="moment_slider"):
        st.slider(
            say_moment("time", language),
            time(0),
            time(23, 55),
            step=STEP,
            format="HH:mm",
            key=_TIME,
            on_change=_choose,
            args=(limits,),
            label_visibility="collapsed",
        )


def _show_play(limits: Limits, language: Language) -> None:
    is_playing = bool(st.session_state.get(_PLAYING))
    st.button(
        say_moment("pause" if is_playing else "play", language),
        key="moment_play",
        on_click=_toggle_play,
        width="content",
    )
    st.selectbox(
        say_moment("speed", language),
        SPEEDS,
        SPEEDS.index(60),
        format_func=lambda speed: f"{speed}×",
        key=_SPEED,
        label_visibility="collapsed",
        width=88,
    )


def _show_known(past: Past, language: Language) -> None:
    st.session_state[_KNOWN] = _THEN if past.wanted_known_then else _NOW
    st.segmented_control(
        say_moment("known", language),
        (_NOW, _THEN),
        format_func=lambda name: say_moment(f"known_{name}", language),
        key=_KNOWN,
        required=True,
        on_change=lambda: write_address(known=KNOWN_THEN if st.session_state[_KNOWN] == _THEN else None),
        help=say_moment("known_help", language),
        label_visibility="collapsed",
        width="content",
    )


def _play(limits: Limits) -> None:
    """Goes a stride on as often as the speed wants; the whole page follows."""
    period_s, stride = plan_play(st.session_state[_SPEED])
    due_s = st.session_state.setdefault(_DUE, monotonic() + period_s)

    @st.fragment(run_every=period_s)
    def go_on() -> None:
        at = st.session_state.get(_PLAYING)
        if not at or monotonic() < due_s - period_s / 4:
            return
        st.session_state[_DUE] = monotonic() + period_s
        following = limits.clamp(at + stride)
        st.session_state[_PLAYING] = following if following < limits.last else None
        write_address(at=following.strftime(MOMENT_FORMAT))
        st.rerun()

    go_on()


def _toggle_play() -> None:
    if st.session_state.pop(_PLAYING, None) is None:
        st.session_state[_PLAYING] = datetime.combine(st.session_state[_DAY], st.session_state[_TIME])
        st.session_state.pop(_DUE, None)


def _choose(limits: Limits) -> None:
    at = limits.clamp(datetime.combine(st.session_state[_DAY], st.session_state[_TIME]))
    if st.session_state.get(_PLAYING):
        st.session_state[_PLAYING] = at
    write_address(at=at.strftime(MOMENT_FORMAT))


def _look_back(limits: Limits) -> None:
    write_address(at=limits.last.strftime(MOMENT_FORMAT))


def _go_live() -> None:
    st.session_state.pop(_PLAYING, None)
    write_address(at=None, known=None)


def _floor(at: datetime) -> datetime:
    return at - (at - datetime.min) % STEP
