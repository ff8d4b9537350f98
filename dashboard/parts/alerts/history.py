"""What became of alerts: those that are over today, and the log of who acknowledged what and what was told outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard.address import Address
from dashboard.answers import View
from dashboard.parts import wording
from dashboard.parts.alerts.board import is_wanted
from dashboard.parts.alerts.words import name_place, name_rule, say_alert, tell_time
from dashboard.parts.markup import element
from dashboard.parts.moment import Moment
from dashboard.parts.notices import show_block_error
from dashboard.parts.table import TableColumn, show_table
from dashboard.parts.wording import Language
from data.alert_log import AlertLog, LogEntry
from data.errors import WanggeError
from data.spreadsheet import CSV_TYPE, write_csv

Row = Mapping[str, Any]
LOG_SHOWN = 100
"""Entries shown, the newest first; the download has all of the last two months."""
LOG_COLUMNS = ("at", "kind", "rule", "place", "level", "by", "note")


def show_closed(view: View, address: Address) -> None:
    """The alerts of the working day that are over, the latest first."""
    language, moment = address.language, view.reading.moment
    try:
        closed = view.shelf.ask("alerts/closed_today")
    except WanggeError as error:
        show_block_error(say_alert("closed", language), error, language)
        return
    rows = [
        {**row, "rule_name": name_rule(row["rule"], language), "place": name_place(row, language)}
        for row in closed
        if address.rule in (None, row["rule"])
    ]
    show_table(
        rows,
        [
            TableColumn("rule_name", say_alert("column_rule", language)),
            TableColumn("place", say_alert("column_place", language)),
            TableColumn(
                "started_at", say_alert("column_started", language), lambda at: tell_time(at, moment, language)
            ),
            TableColumn("ended_at", say_alert("column_ended", language), lambda at: tell_time(at, moment, language)),
            TableColumn("duration_min", say_alert("column_lasted", language), lambda m: wording.minutes(m, language)),
        ],
        key="closed",
        title=say_alert("closed", language, count=len(rows)),
        question="alerts/closed_today",
        reading=view.reading,
        language=language,
    )


def show_log(view: View, log: AlertLog, address: Address) -> None:
    """Acknowledgements, and what was told outside, the newest first; as of the page's moment."""
    language, moment = address.language, view.reading.moment
    entries = [
        entry for entry in log.read(moment.now) if entry.kind != "delivered" and is_wanted(_as_alert(entry), address)
    ]
    with st.container(key="log_head", horizontal=True, vertical_alignment="center"):
        st.html(element("h3", say_alert("log", language)), width="stretch")
        if entries:
            titles = {name: say_alert(f"column_{name}", language) for name in LOG_COLUMNS}
            st.download_button(
                "CSV", lambda: write_csv(titles, _tell_entries(entries, moment, language), _zone_of(log)),
                file_name="alerts-log.csv", mime=CSV_TYPE, key="log_csv", type="tertiary",
            )  # fmt: skip
    if not entries:
        st.html(element("p", say_alert("log_empty", language), classes="wg-facts"))
        return
    st.html(_draw_log(_tell_entries(entries[: -LOG_SHOWN - 1 : -1], moment, language), language))


def _as_alert(entry: LogEntry) -> Row:
    return {"level": entry.level, "rule": entry.rule, "town_code": None}


def _zone_of(log: AlertLog) -> ZoneInfo:
    return ZoneInfo(log.settings.timezone)


def _tell_entries(entries: Sequence[LogEntry], moment: Moment, language: Language) -> list[dict[str, str]]:
    return [
        {
            "at": tell_time(entry.at, moment, language),
            "kind": say_alert(f"kind_{entry.kind}", language),
            "rule": name_rule(entry.rule, language),
            "place": name_place(vars(entry), language),
            "level": say_alert(f"level_{entry.level}", language) if entry.level else wording.UNKNOWN,
            "by": entry.by or entry.target or wording.UNKNOWN,
            "note": entry.note or wording.UNKNOWN,
        }
        for entry in entries
    ]


def _draw_log(rows: Sequence[Row], language: Language) -> str:
    head = element("tr", *(element("th", say_alert(f"column_{name}", language)) for name in LOG_COLUMNS))
    body = [element("tr", *(element("td", row[name]) for name in LOG_COLUMNS)) for row in rows]
    return element(
        "div", element("table", element("thead", head), element("tbody", *body), classes="wg-log"), classes="wg-scroll"
    )
