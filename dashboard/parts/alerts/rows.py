"""The alerts line with its buttons: two in full, the others behind 另 N 条; each leads to its place on the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.address import go_to
from dashboard.answers import Reading, Shelf
from dashboard.parts.alerts.line import Around, alert_line, calm_line, unjudged_line
from dashboard.parts.wording import Language, name_in
from dashboard.parts.words import say

Row = Mapping[str, Any]
SHOWN = 2


def show_alerts(reading: Reading, shelf: Shelf, language: Language) -> None:
    """What needs a person now; that nothing does; or that nobody can tell."""
    alerts: Mapping[str, Any] = reading.payload.get("alerts") or {}
    opened: list[Row] = alerts.get("open") or []
    with st.container(key="alerts", horizontal=True, vertical_alignment="top"):
        if reading.state != "ok" or reading.moment.is_stale or not alerts:
            failed_at = reading.moment.local((reading.payload.get("errors") or {}).get("alerts"))
            is_empty = reading.state == "empty"
            st.html(unjudged_line(alerts, reading.moment, language, is_empty=is_empty, failed_at=failed_at))
            return
        if not opened:
            st.html(calm_line(alerts, language))
            return
        around = look_around(opened, reading.payload, shelf, language)
        for number, alert in enumerate(opened[:SHOWN], 1):
            _show_one(number, alert, around, reading, language)
        if len(opened) > SHOWN:
            with st.popover(
                say("alerts_more", language, count=len(opened) - SHOWN), key="more_alerts", width="content"
            ):
                for number, alert in enumerate(opened[SHOWN:], SHOWN + 1):
                    _show_one(number, alert, around, reading, language)


def look_around(opened: Sequence[Row], payload: Row, shelf: Shelf, language: Language) -> Around:
    """What the open alerts refer to. Sites and grids are asked for only when a site is jammed."""
    sites: list[dict[str, Any]] = []
    grids: list[dict[str, Any]] = []
    if any(alert["rule"] == "site_jammed" for alert in opened):
        found = shelf.ask_each("sites/state", "coverage/list").values()
        sites, grids = (rows if isinstance(rows, list) else [] for rows in found)
    return Around(
        whistles={row["whistle_code"]: row for row in payload.get("whistles") or []},
        rounds={row["round_code"]: row for row in payload.get("rounds") or []},
        sites={row["site_code"]: row for row in sites},
        grid_names={row["grid_code"]: name_in(row, "grid_name", language) for row in grids},
    )


def place_of(alert: Row, payload: Mapping[str, Any]) -> dict[str, str]:
    """What to write into the URL to see where this alert is; empty where it has no one place."""
    if alert.get("grid_code"):
        return {"grid": alert["grid_code"]}
    if alert["place_kind"] == "whistle":
        for row in payload.get("whistles") or []:
            if row["whistle_code"] == alert["place_code"] and row["place_kind"] == "community":
                return {"community": row["place_code"]}
    if alert["place_kind"] == "feed":
        for row in payload.get("feeds") or []:
            if row["feed_code"] == alert["place_code"] and row.get("town_code"):
                return {"town": row["town_code"]}
    return {}


def _show_one(number: int, alert: Row, around: Around, reading: Reading, language: Language) -> None:
    place = place_of(alert, reading.payload)
    with st.container(key=f"alert_{number}", horizontal=True, vertical_alignment="top"):
        st.html(alert_line(number, alert, around, reading.moment, language))
        if place and st.button(
            say("alerts_locate", language), key=f"locate_{number}", type="tertiary", width="content"
        ):
            go_to(**place)
            st.rerun()
