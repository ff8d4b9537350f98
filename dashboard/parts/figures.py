"""The six figures over the map: two rounds, the sampling rate, who waits, the muster, who is on duty.

Each comes with its test: coverage with what is missing and the expected end, waiting with the busy sites, arrived with
needed. Pure functions from the live payload to HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dashboard.address import Address, link_to
from dashboard.parts import wording
from dashboard.parts.definition import tell_definition
from dashboard.parts.markup import Markup, element, join
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.parts.words import say

Row = Mapping[str, Any]


def figure(
    label: str,
    value: str,
    unit: str,
    note: str,
    *,
    told: str = "",
    is_late: bool = False,
    extra: Markup | None = None,
) -> Markup:
    """One figure: label, value with its unit, and the line that puts it to the test; `told` is its definition, on hover."""
    return element(
        "div",
        element("div", label, classes="wg-label"),
        element(
            "div",
            element("b", value),
            element("span", unit) if unit and value != wording.UNKNOWN else None,
            classes="wg-value",
        ),
        extra,
        element("div", note, classes="wg-note wg-watch" if is_late else "wg-note"),
        classes="wg-figure",
        **({"title": told} if told else {}),
    )


def progress_bar(pct: float | None, time_used_pct: float | None) -> Markup:
    """A bar for the share done, with a tick for the share of time used; empty where unknown."""
    done = element("i", style=f"width:{min(max(pct or 0, 0), 100):.1f}%") if pct is not None else None
    tick = element("s", style=f"left:{time_used_pct:.1f}%") if time_used_pct is not None else None
    return element("div", done, tick, classes="wg-bar")


def round_figures(payload: Row, moment: Moment, language: Language) -> Markup:
    """At most two rounds, narrowest first; one alone takes both places. That none runs is said only where it is known."""
    rounds: Sequence[Row] | None = payload.get("rounds")
    shown = [_round_figure(row, moment, language) for row in (rounds or [])[:2]]
    if not shown:
        failure = _tell_failure("rounds", payload, moment, language)
        note = failure or (say("round_none", language) if rounds is not None else "")
        shown = [figure(say("coverage", language), wording.UNKNOWN, "", note, is_late=bool(failure))]
    return element("div", *shown, classes=f"wg-figures wg-rounds{stale_class(moment)}")


def state_figures(payload: Row, moment: Moment, language: Language) -> Markup:
    """Sampling rate, waiting, muster, on duty. A figure whose question failed says since when."""

    def broken(block: str) -> str:
        return _tell_failure(block, payload, moment, language)

    rate: Row = payload.get("rate") or {}
    queues: Row = payload.get("queues") or {}
    duty: Sequence[Row] = payload.get("on_duty") or []
    lacking = "" if moment.is_stale else partial_note(payload.get("feeds") or [], moment, language)
    at = say("figure_as_of", language, at=wording.time_of_day(moment.as_of)) if moment.is_stale else ""
    waiting_note = ""
    if queues.get("busy_count") is not None:
        waiting_note = say("waiting_note", language, busy=queues["busy_count"], jammed=queues["jammed_count"])
    leaders = next((row for row in duty if row["role"] == "grid_leader"), None)
    leader_text = of_needed(leaders["on_duty_count"], leaders["roster_count"]) if leaders else wording.UNKNOWN
    total = _sum([row["on_duty_count"] for row in duty])
    return element(
        "div",
        figure(
            say("rate", language),
            wording.count(rate.get("sampled_per_hour")),
            say("rate_unit", language),
            broken("rate") or lacking or at or say("rate_note", language),
            told=tell_definition("wall/rate", "sampled_per_hour", moment, language),
            is_late=bool(broken("rate") or lacking),
        ),
        figure(
            say("waiting", language),
            wording.count(queues.get("waiting_count")),
            say("people", language),
            broken("queues") or lacking or at or waiting_note,
            told=tell_definition("sites/queues", "waiting_count", moment, language),
            is_late=bool(broken("queues") or lacking),
        ),
        _muster_figure(payload.get("whistles"), broken("whistles"), moment, language),
        figure(
            say("on_duty", language),
            wording.count(total),
            say("people", language),
            broken("on_duty") or at or say("on_duty_note", language, leaders=leader_text),
            told=tell_definition("staffing/on_duty", "on_duty_count", moment, language),
            is_late=bool(broken("on_duty")),
        ),
        classes=f"wg-figures wg-states{stale_class(moment)}",
    )


def town_shares(towns: Sequence[Row], payload: Row, moment: Moment, address: Address) -> Markup:
    """Coverage of every town, each a link to it; shown on a phone, where the map is too small to say it."""
    language = address.language
    shares = (payload.get("towns") or {}).get("coverage_pct") or []
    lines = [
        element(
            "tr",
            element("th", _town_link(town, address), scope="row"),
            element("td", progress_bar(pct, None)),
            element("td", element("b", wording.share_with_sign(pct))),
        )
        for town, pct in zip(towns, shares, strict=False)
    ]
    table = element("table", element("tbody", *lines), classes="wg-table")
    return element(
        "div",
        element("h3", say("towns", language), title=tell_definition("wall/towns", "coverage_pct", moment, language)),
        table,
        classes="wg-towns",
    )


def _town_link(town: Row, address: Address) -> Markup:
    name = wording.name_in(dict(town), "town_name", address.language)
    return element("a", name, classes="wg-go", href=link_to(address, town=str(town["town_code"])))


def partial_note(feeds: Sequence[Row], moment: Moment, language: Language) -> str:
    """What a sum lacks while a feed of registrations is silent: 潮连缺 08:29 后. Empty when none is."""
    for feed in feeds:
        if moment.is_silent(feed) and feed.get("kind") == "registrations":
            name = wording.name_in(dict(feed), "feed_name", language)
            last = moment.local(feed.get("last_event_at"))
            if last is None:
                return say("partial_never", language, feed=name)
            return say("partial", language, feed=name, at=wording.time_of_day(last))
    return ""


def of_needed(have: float | None, need: float | None) -> str:
    """203 / 210"""
    return f"{wording.count(have)} / {wording.count(need)}"


def _round_figure(row: Row, moment: Moment, language: Language) -> Markup:
    missing = row.get("missing_count")
    expected = moment.local(row.get("expected_finish_at"))
    deadline = moment.local(row.get("deadline_at"))
    if missing is None:
        note = ""
    elif missing == 0:
        note = say("round_complete", language)
    elif expected and moment.is_stale:
        note = say("round_expected_then", language, at=_time_or_day(expected, moment.now, language))
    else:
        note = say("round_missing", language, count=wording.count(missing))
        if expected:
            comma = "，" if language == "zh" else ", "
            note += comma + say("round_expected", language, at=_time_or_day(expected, moment.now, language))
    return figure(
        wording.name_in(dict(row), "round_name", language),
        wording.share(row.get("coverage_pct"), missing),
        "%",
        note,
        told=tell_definition("wall/rounds", "coverage_pct", moment, language),
        is_late=bool(expected and deadline and expected > deadline),
        extra=progress_bar(row.get("coverage_pct"), moment.time_used_pct(row.get("starts_at"), row.get("deadline_at"))),
    )


def _tell_failure(block: str, payload: Row, moment: Moment, language: Language) -> str:
    """Since when this block of the payload cannot be read; "" where it can, or where nothing can."""
    since = moment.local((payload.get("errors") or {}).get(block))
    return say("figure_failed", language, at=wording.time_of_day(since)) if since else ""


def _muster_figure(whistles: Sequence[Row] | None, failure: str, moment: Moment, language: Language) -> Markup:
    if not whistles:
        note = failure or (say("muster_none", language) if whistles is not None else "")
        return figure(say("muster", language), wording.UNKNOWN, "", note, is_late=bool(failure))
    row = whistles[0]
    place = wording.name_in(dict(row), "place_name", language)
    full = moment.local(row.get("full_at"))
    raised, due = moment.local(row.get("raised_at")), moment.local(row.get("due_at"))
    if full:
        note = say("muster_full", language, at=wording.time_of_day(full))
    elif raised and due:
        elapsed, limit = (int((end - raised).total_seconds() // 60) for end in (moment.shown_at, due))
        note = say("muster_note", language, elapsed=max(0, elapsed), limit=limit)
    else:
        note = ""
    return figure(
        join(say("muster", language), " ", place),
        wording.count(row.get("arrived_count")),
        f"/ {wording.count(row.get('needed_count'))}",
        note,
        told=tell_definition("staffing/whistles", "arrived_count", moment, language),
        is_late=bool(row.get("is_late")),
    )


def stale_class(moment: Moment) -> str:
    return " wg-is-stale" if moment.is_stale else ""


def _time_or_day(moment: datetime, now: datetime, language: Language) -> str:
    """The time, or the day where it is not today: then the hour no longer matters."""
    if moment.date() == now.date():
        return wording.time_of_day(moment)
    return wording.day(moment, language, with_weekday=False)


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
