"""The open alerts of the alerts' page: ranked as on the map, each with what, how bad, why, what to do and who; and its acknowledgement."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.address import Address, link_to
from dashboard.answers import Reading, View
from dashboard.outcome import Outcome, read_outcome
from dashboard.parts import wording
from dashboard.parts.alerts.line import alert_line, calm_line, describe_alert, unjudged_line
from dashboard.parts.alerts.rows import look_around, place_of
from dashboard.parts.alerts.words import name_responsible, say_alert, tell_time
from dashboard.parts.markup import element
from dashboard.parts.moment import Moment
from dashboard.parts.share import show_share
from dashboard.parts.wording import Language
from data.alert_log import AlertLog, acknowledge, mark_acknowledged
from data.errors import WanggeError
from data.roles import may_acknowledge_alerts

Row = Mapping[str, Any]


def show_board(view: View, log: AlertLog, address: Address, towns: Mapping[str, str]) -> None:
    """What needs a person now, as filtered; that nothing does; or that nobody can tell."""
    reading, language = view.reading, address.language
    alerts: Mapping[str, Any] = reading.payload.get("alerts") or {}
    if reading.state != "ok" or reading.moment.is_stale or not alerts:
        failed_at = reading.moment.local((reading.payload.get("errors") or {}).get("alerts"))
        is_empty = reading.state == "empty"
        st.html(unjudged_line(alerts, reading.moment, language, is_empty=is_empty, failed_at=failed_at))
        return
    opened = mark_acknowledged(alerts.get("open") or [], log.read(reading.moment.now))
    numbered = [(number, alert) for number, alert in enumerate(opened, 1) if is_wanted(alert, address)]
    _show_heading(opened, [alert for _, alert in numbered], reading, language)
    if not opened:
        st.html(calm_line(alerts, language))
    elif not numbered:
        st.html(element("p", say_alert("none_wanted", language, count=len(opened)), classes="wg-facts"))
    around = look_around(opened, reading.payload, view.shelf, language)
    for number, alert in numbered:
        with st.container(key=f"open_{number}"):
            st.html(alert_line(number, alert, around, reading.moment, language))
            st.html(_tell_facts(alert, place_of(alert, reading.payload), towns, address, reading.moment))
            suggestion = describe_alert(alert, around, reading.moment, language).what
            _show_acknowledgement(alert, suggestion, log, reading, language)


def is_wanted(alert: Row, address: Address) -> bool:
    """Whether an alert passes the filters of the address. One of no town in particular passes every town."""
    return (
        address.level in (None, alert.get("level"))
        and address.rule in (None, alert["rule"])
        and (address.town is None or alert.get("town_code") in (None, address.town))
    )


def _show_heading(opened: Sequence[Row], wanted: list[dict[str, Any]], reading: Reading, language: Language) -> None:
    unseen = sum(1 for alert in opened if not alert["acknowledged_at"])
    with st.container(key="board_head", horizontal=True, vertical_alignment="center"):
        title = say_alert("open", language, count=len(opened))
        note = say_alert("unacknowledged", language, count=unseen) if opened else ""
        st.html(element("h3", title, element("small", note) if note else None), width="stretch")
        show_share(wanted, key="open", question="alerts/open", reading=reading, language=language)


def _tell_facts(alert: Row, place: dict[str, str], towns: Mapping[str, str], address: Address, moment: Moment) -> str:
    language = address.language
    since = moment.local(alert["since_at"])
    who = name_responsible(alert, language, is_short=alert["rule"] != "feed_silent")
    lasted_min = (moment.now - since).total_seconds() / 60 if since else None
    facts = [
        say_alert(
            "since", language, time=tell_time(alert["since_at"], moment, language),
            duration=wording.minutes(lasted_min, language),
        ),
        *([who] if who else []),
    ]  # fmt: skip
    town = towns.get(alert.get("town_code") or "")
    link = (
        element("a", say_alert("locate", language), classes="wg-go", href=f"/{link_to(address, **place)}")
        if place
        else None
    )
    words = " · ".join([*facts, *([town] if town else [])])
    return element("p", element("span", words), " " if link else None, link, classes="wg-alert-facts")


def _show_acknowledgement(alert: Row, suggestion: str, log: AlertLog, reading: Reading, language: Language) -> None:
    """Who acknowledged it, when and with what note; else the form to do so, unless the page looks back."""
    if alert["acknowledged_at"]:
        said = say_alert(
            "acknowledged", language, who=alert["acknowledged_by"], note=alert["acknowledged_note"],
            time=tell_time(alert["acknowledged_at"], reading.moment, language),
        )  # fmt: skip
        st.html(element("p", said, classes="wg-acknowledged"))
        return
    if reading.past is not None or not may_acknowledge_alerts(None, log.settings):
        return
    mark = hashlib.sha256(f"{alert['rule']} {alert['place_code']} {alert['since_at']}".encode()).hexdigest()[:16]
    acknowledged = read_outcome(f"acknowledged_{mark}")
    with st.popover(say_alert("acknowledge", language), key=f"acknowledge_{mark}", width="content"):
        with st.form(f"form_{mark}", border=False):
            code = alert.get("responsible_staff_code") or ""
            by = st.text_input(say_alert("by", language), value=code, key=f"by_{mark}")
            note = st.text_input(say_alert("note", language), value=suggestion, key=f"note_{mark}")
            is_sent = st.form_submit_button(say_alert("acknowledge", language), type="primary")
        if is_sent:
            with acknowledged.changing():
                _acknowledge(acknowledged, alert, by, note, mark, log, language)
            if not acknowledged.told:
                st.rerun()
        if acknowledged.told:
            st.error(acknowledged.told)


def _acknowledge(
    acknowledged: Outcome, alert: Row, by: str, note: str, mark: str, log: AlertLog, language: Language
) -> None:
    """Acknowledges the alert, or notes why that was refused."""
    acknowledged.told = ""
    try:
        acknowledge(log.settings, alert, by=by, note=note, entry_id=f"acknowledged {mark}")
    except WanggeError as error:
        is_refusal = _is_refusal(by, note)
        acknowledged.told = say_alert("refused", language) if is_refusal else f"{error.message} {error.hint}"


def _is_refusal(by: str, note: str) -> bool:
    return not by.strip() or not note.strip() or sum(letter.isdigit() for letter in by + note) >= 11
