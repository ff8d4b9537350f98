"""What was ordered, as it was believed, and what changed between two moments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import streamlit as st

from dashboard.address import MOMENT_FORMAT, Address, write_address
from dashboard.answers import Shelf
from dashboard.parts import wording
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.notices import show_block_error
from dashboard.parts.wording import Language
from dashboard.parts.zones.words import Row, level_chip, name_level, name_zone, say_zone, tell_moment
from data.errors import WanggeError

SHOWN_COUNT = 200
_PARAMS = {"changes_from": "since", "changes_until": "until", "known_at": "until"}
"""The URL's parameter behind each picker."""


def show_history(shelf: Shelf, address: Address, moment: Moment) -> None:
    """All orders, of the chosen zone where one is chosen, in every version that was believed by the moment of the URL."""
    language = address.language
    with st.container(key="zone_known", horizontal=True):
        is_past = address.until is not None
        label = say_zone("known_now" if is_past else "known_then", language)
        now = moment.now.replace(second=0, microsecond=0, tzinfo=None)
        turned = None if is_past else now.strftime(MOMENT_FORMAT)
        if address.until:
            _pick_moment("known_at", address.until, language)
        st.button(label, key="zone_known_button", on_click=write_address, kwargs={"until": turned})
        if address.grid:
            st.button(
                say_zone("all_orders", language), key="zone_all_orders", on_click=write_address, kwargs={"grid": None}
            )
    known_at = (address.until or now + timedelta(minutes=1)).replace(tzinfo=moment.now.tzinfo)
    try:
        if address.grid:
            orders = shelf.ask("zones/grid_history", grid_code=address.grid, known_at=known_at)
        else:
            orders = shelf.ask("zones/orders", known_at=known_at)
    except WanggeError as error:
        show_block_error(say_zone("show_history", language), error, language)
        return
    title = say_zone("history_title", language)
    if address.grid:
        title = say_zone("history_of_grid", language, grid=address.grid)
    elif address.zone:
        orders = [row for row in orders if row["zone_code"] == address.zone]
        if orders:
            title = say_zone("history_of", language, zone=name_zone(orders[0], language))
    st.html(element("h3", title, classes="wg-list-title"))
    st.html(order_table(orders, moment, language))


def show_changes(shelf: Shelf, address: Address, moment: Moment) -> None:
    """What differs between two moments of the URL: by default since a day before."""
    language = address.language
    until = address.until or moment.now.replace(tzinfo=None)
    since = address.since or until - timedelta(days=1)
    with st.container(key="zone_span", horizontal=True):
        since = _pick_moment("changes_from", since, language)
        until = _pick_moment("changes_until", until, language)
    if since >= until:
        st.html(element("p", say_zone("wrong_span", language), classes="wg-line wg-line-watch", role="status"))
        return
    zone = moment.now.tzinfo
    began, ended = since.replace(tzinfo=zone), until.replace(tzinfo=zone)
    try:
        changes = shelf.ask_at(ended, "zones/changes", since=began)
    except WanggeError as error:
        show_block_error(say_zone("show_changes", language), error, language)
        return
    if changes:
        st.html(change_table(changes, moment, language))
        return
    told = {"since": tell_moment(began, moment, language), "until": tell_moment(ended, moment, language)}
    st.html(element("p", say_zone("no_changes", language, **told), classes="wg-facts"))


def _pick_moment(name: str, value: datetime, language: Language) -> datetime:
    """A day and a time of the district's clock; a change goes into the URL."""
    day_key, time_key = f"zone_{name}_day", f"zone_{name}_time"
    st.session_state[day_key], st.session_state[time_key] = value.date(), value.time().replace(second=0, microsecond=0)

    def write() -> None:
        picked = datetime.combine(st.session_state[day_key], st.session_state[time_key])
        write_address(**{_PARAMS[name]: picked.strftime(MOMENT_FORMAT)})

    st.date_input(say_zone(name, language), key=day_key, on_change=write, width=150)
    st.time_input(say_zone(name, language), key=time_key, on_change=write, width=110, label_visibility="hidden")
    return value


def order_table(orders: Sequence[Row], moment: Moment, language: Language) -> Markup:
    """Every version of every order, newest first: what it said, when it held, when it was recorded."""
    if not orders:
        return element("p", say_zone("no_history", language), classes="wg-facts")
    columns = ("order", "level", "extent", "effective", "held", "recorded")
    head = element("tr", *(element("th", say_zone(f"column_{name}", language), scope="col") for name in columns))
    newest_first = sorted(
        orders, key=lambda row: (row["recorded_at"], row["order_code"], row["version_no"]), reverse=True
    )
    rows = [_order_row(row, moment, language) for row in newest_first[:SHOWN_COUNT]]
    table = element("table", element("thead", head), element("tbody", *rows), classes="wg-table wg-orders")
    return element("div", table, classes="wg-wide", tabindex="0")


def change_table(changes: Sequence[Row], moment: Moment, language: Language) -> Markup:
    """A row a zone that differs between the two moments."""
    rows = [
        element(
            "tr",
            element("td", element("b", name_zone(row, language))),
            element("td", say_zone(f"change_{row['change']}", language)),
            element("td", " → ".join(name_level(row[name], language) for name in ("level_before", "level_after"))),
            element("td", _people(row, language)),
            element("td", tell_moment(row["changed_at"], moment, language)),
        )
        for row in changes
    ]
    table = element("table", element("tbody", *rows), classes="wg-table wg-changes")
    return element("div", table, classes="wg-wide", tabindex="0")


def _people(row: Row, language: Language) -> str:
    counts = {name: wording.count(row[f"resident_count_{name}"]) for name in ("before", "after")}
    told = [say_zone("change_people", language, **counts)]
    if row["is_extent_changed"] and row["level_before"] and row["level_after"]:
        told.append(say_zone("extent_changed", language))
    return " · ".join(told)


def _order_row(row: Row, moment: Moment, language: Language) -> Markup:
    if row["is_withdrawn"]:
        state = say_zone("withdrawn", language)
    else:
        state = say_zone("believed" if row["is_believed"] else "corrected", language)
    version = f"{say_zone('version', language, number=row['version_no'])} · {state}"
    recorded = [tell_moment(row["recorded_at"], moment, language)]
    if row["recorded_by"]:
        recorded.append(say_zone("recorded_by", language, who=row["recorded_by"]))
    return element(
        "tr",
        element("td", element("b", str(row["order_code"])), element("small", version)),
        element("td", level_chip(row["level"], None, language) if row["level"] else wording.UNKNOWN),
        element(
            "td",
            element("span", name_zone(row, language)) if row["zone_code"] else None,
            element("small", _extent(row, language)),
        ),
        element(
            "td",
            tell_moment(row.get("effective_at", row["from_at"]), moment, language),
            data_label=say_zone("column_effective", language),
        ),
        element("td", *_held(row, moment, language), data_label=say_zone("column_held", language)),
        element(
            "td",
            recorded[0],
            element("small", recorded[1]) if len(recorded) > 1 else None,
            data_label=say_zone("column_recorded", language),
        ),
        classes="wg-believed" if row["is_believed"] else "wg-past",
    )


def _extent(row: Row, language: Language) -> str:
    if row["extent_kind"] is None:
        return ""
    if "is_touched" in row:
        if not row["is_touched"]:
            return say_zone("grid_untouched", language)
        return say_zone(
            "grid_whole" if row["is_whole"] else "grid_part", language, count=wording.count(row["building_count"])
        )
    kind = say_zone(f"extent_{row['extent_kind']}", language)
    return f"{kind} {wording.count(row['member_count'])}"


def _held(row: Row, moment: Moment, language: Language) -> list[str | Markup | None]:
    if not row["is_believed"]:
        return [wording.UNKNOWN]
    if row["from_at"] is None:
        return [say_zone("never_held", language)]
    begun, ended = tell_moment(row["from_at"], moment, language), row["ended_by_order_code"]
    if row["until_at"] is None:
        is_begun = row["from_at"] <= moment.now
        return [
            f"{begun} – {say_zone('open_end', language)}" if is_begun else say_zone("held_from", language, at=begun)
        ]
    note = element("small", say_zone("ended_by", language, order=ended)) if ended else None
    return [f"{begun} – {tell_moment(row['until_at'], moment, language)}", note]
