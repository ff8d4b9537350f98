"""What changed since one last looked, since the morning or within the hour: a short list behind a button, each line a way there.

When this browser last looked is a cookie that the map's script writes while the page is seen (a time, nothing else).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from dashboard.address import Address, link_to
from dashboard.answers import View, open_view
from dashboard.live import Feed
from dashboard.parts import wording
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.moment_words import say_moment
from dashboard.parts.wording import Language
from dashboard.parts.zones.words import name_level
from dashboard.text import read_text
from data.errors import WanggeError

Row = Mapping[str, Any]

SHOWN = 24
MORNING_H = 8
TICK_S = 15.0
SEEN_COOKIE = "wangge_seen"
_SEEN, _SINCE = "changes_seen", "changes_since"
_LOOKED, _MORNING, _HOUR = "looked", "morning", "hour"


def show_changes(feed: Feed, address: Address) -> None:
    """The button 变化; what it opens is asked for only while it is open."""
    opened = st.popover(say_moment("changes", address.language), key="changes", on_change="rerun", width="content")
    with opened:
        if opened.open:
            _tick(feed, address)


@st.fragment(run_every=TICK_S)
def _tick(feed: Feed, address: Address) -> None:
    show_change_list(open_view(feed), address)


def show_change_list(view: View, address: Address) -> None:
    """Since when, and what changed since then, the latest first; below it how much further each town is."""
    language, moment = address.language, view.reading.moment
    choices = choose_since(moment, _find_seen(moment))
    chosen = st.session_state.get(_SINCE)
    st.session_state[_SINCE] = chosen if chosen in choices else next(iter(choices))
    with st.container(key="changes_choice", horizontal=True, vertical_alignment="center"):
        picked = st.segmented_control(
            say_moment("changes_since", language),
            list(choices),
            format_func=lambda name: say_moment(f"since_{name}", language, at=_tell(choices[name], moment, language)),
            key=_SINCE,
            required=True,
            label_visibility="collapsed",
            width="content",
        )
        st.button(say_moment("seen", language), key="changes_mark", on_click=_mark_seen, args=(moment.shown_at,))
    since = choices[picked or next(iter(choices))]
    try:
        changes = view.shelf.ask("changes/list", since=since)
        towns = view.shelf.ask("changes/coverage", since=since)
    except WanggeError as error:
        st.html(element("p", say_moment("changes_failed", language, message=error.message), classes="wg-watch"))
        return
    st.html(change_list(changes, since, moment, address))
    st.html(town_list(towns, address))


def choose_since(moment: Moment, seen: datetime | None) -> dict[str, datetime]:
    """The moments since which changes are told: when one last looked, where that is known; the morning; an hour ago."""
    now = moment.shown_at
    morning = now.replace(hour=MORNING_H, minute=0, second=0, microsecond=0)
    if morning >= now:
        morning -= timedelta(days=1)
    choices = {_LOOKED: seen} if seen is not None and seen <= now else {}
    return choices | {_MORNING: morning, _HOUR: now - timedelta(hours=1)}


def change_list(changes: Sequence[Row], since: datetime, moment: Moment, address: Address) -> Markup:
    """The changes as lines: when, what, and a link to the place where it has one."""
    language = address.language
    told = _tell(since, moment, language)
    if not changes:
        return element("p", say_moment("changes_none", language, since=told), classes="wg-facts", role="status")
    lines = [
        element(
            "li",
            element("time", _tell(moment.local(row["changed_at"]) or since, moment, language)),
            _link(row, describe_change(row, language), address),
        )
        for row in changes[:SHOWN]
    ]
    more = len(changes) - SHOWN
    return element(
        "section",
        element("h3", say_moment("changes_title", language, since=told, count=len(changes))),
        element("ul", *lines),
        element("p", say_moment("changes_more", language, count=more), classes="wg-facts") if more > 0 else None,
        classes="wg-changes",
    )


def describe_change(row: Row, language: Language) -> str:
    """The change in words, such as 东华名岸 缓解，拥堵 35 分."""
    key = f"{row['kind']}_{row['change']}"
    words = read_text("moment", language)
    return words[key if key in words else f"alert_{row['change']}"].format(
        place=wording.name_in(dict(row), "place_name", language),
        level=name_level(row["level"], language),
        count=wording.count(row["person_count"]),
        duration=wording.minutes(row["duration_min"], language),
    )


def town_list(towns: Sequence[Row], address: Address) -> Markup:
    """How much further each town is: 73.4% → 78.5%, and how many people."""
    language = address.language
    lines = []
    for row in towns:
        name = wording.name_in(dict(row), "town_name", language)
        before = wording.share_with_sign(row["coverage_before_pct"])
        now = wording.share_with_sign(row["coverage_pct"], row["missing_count"])
        lines.append(
            element(
                "tr",
                element("td", element("a", name, classes="wg-go", href=link_to(address, town=row["town_code"]))),
                element("td", say_moment("town_change", language, before=before, now=now)),
                element("td", say_moment("town_people", language, count=wording.count(row["covered_since_count"]))),
            )
        )
    return element(
        "section",
        element("h3", say_moment("changes_towns", language)),
        element("table", element("tbody", *lines), classes="wg-table"),
        classes="wg-changes wg-block",
    )


def _link(row: Row, text: str, address: Address) -> Markup:
    if row["place_kind"] == "zone":
        return element("a", text, href=f"/zones{link_to(address, zone=row['place_code'])}", target="_self")
    for rank in ("grid", "community", "town"):
        if row[f"{rank}_code"]:
            return element("a", text, classes="wg-go", href=link_to(address, **{rank: row[f"{rank}_code"]}))
    return element("span", text)


def _tell(at: datetime, moment: Moment, language: Language) -> str:
    """08:22, with the day where it is another than the page's."""
    clock = wording.time_of_day(at)
    return clock if at.date() == moment.now.date() else f"{wording.day(at, language, with_weekday=False)} {clock}"


def _find_seen(moment: Moment) -> datetime | None:
    """When this browser last looked before this session, or said that it has seen everything."""
    if _SEEN not in st.session_state:
        st.session_state[_SEEN] = _parse(st.context.cookies.get(SEEN_COOKIE), moment)
    found: datetime | None = st.session_state[_SEEN]
    return found


def _parse(value: object, moment: Moment) -> datetime | None:
    """The cookie's moment; None where there is none, or something else stands there."""
    try:
        seen = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        return None
    return seen.astimezone(moment.now.tzinfo) if seen.tzinfo else None


def _mark_seen(at: datetime) -> None:
    st.session_state[_SEEN] = at
    st.session_state[_SINCE] = _LOOKED
