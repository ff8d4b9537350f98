"""The form that gives an order on a zone: seal, change or lift. What is wrong with it is said by the import's own checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from dashboard.answers import Shelf
from dashboard.parts import wording
from dashboard.parts.markup import element
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.parts.zone_words import Row, name_level, name_zone, say_zone
from data.errors import WanggeError
from data.roles import may_give_orders

ACTIONS = ("new", "replace", "lift")
LEVELS = ("high", "medium", "low")
KINDS = ("building", "grid", "community", "polygon")
KEEP = "keep"
_RESULT = "give_result"


def show_zone_form(shelf: Shelf, moment: Moment, language: Language) -> None:
    """The form for who may give orders; below it what became of the last one."""
    user = read_user()
    if not may_give_orders(user, shelf.settings):
        st.html(element("p", say_zone("give_not_you", language), classes="wg-line", role="status"))
        return
    try:
        zones = shelf.ask("zones/inside")
        with st.container(key="zone_form"):
            order = _ask_for_order(shelf, zones, moment, language)
    except WanggeError as error:
        st.html(
            element(
                "p", say_zone("broken", language, message=error.message), classes="wg-line wg-line-act", role="alert"
            )
        )
        return
    st.button(
        say_zone("give_submit", language),
        key="give",
        type="primary",
        on_click=_give,
        args=(shelf, order, user, moment, language),
    )
    if _RESULT in st.session_state:
        st.html(st.session_state[_RESULT])


def read_user() -> str | None:
    """Who is signed in; None while there are no accounts."""
    return str(st.user.get("email") or "") or None


def _ask_for_order(shelf: Shelf, zones: Sequence[Row], moment: Moment, language: Language) -> dict[str, Any]:
    """The fields, and the order that they say so far, under the columns of a file of orders."""
    names = {row["zone_code"]: row for row in zones}
    action = st.segmented_control(
        say_zone("give_kind", language),
        ACTIONS if zones else ACTIONS[:1],
        format_func=lambda name: say_zone(f"give_{name}", language),
        default=ACTIONS[0],
        required=True,
        key="give_action",
    )
    order: dict[str, Any] = {}
    if action == "new":
        with st.container(horizontal=True):
            order["zone_name"] = st.text_input(say_zone("give_zone_name", language), key="give_zone_name", max_chars=60)
            order["zone_code"] = st.text_input(
                say_zone("give_zone_code", language), _suggest("Z", moment), key="give_zone_code", max_chars=40
            )
    else:
        code = st.selectbox(
            say_zone("give_zone", language),
            list(names),
            format_func=lambda code: (
                f"{name_zone(names[code], language)} · {name_level(names[code]['level'], language)}"
            ),
            key="give_zone",
        )
        order |= {"zone_code": code, "zone_name": names[code]["zone_name"] if code in names else ""}
    with st.container(horizontal=True):
        order["order_code"] = st.text_input(
            say_zone("give_order_code", language), _suggest("P", moment), key="give_order_code", max_chars=40
        )
        now = moment.now.replace(second=0, microsecond=0)
        day = st.date_input(say_zone("give_date", language), now.date(), key="give_date")
        time = st.time_input(say_zone("give_time", language), now.time(), key="give_time", step=60)
        order["effective_at"] = datetime.combine(day, time).strftime("%Y-%m-%d %H:%M:%S") if day and time else ""
    if action == "lift":
        return order | {"level": "lifted"}
    order["level"] = st.segmented_control(
        say_zone("give_level", language),
        LEVELS,
        format_func=lambda level: name_level(level, language),
        default=LEVELS[0],
        required=True,
        key="give_level",
    )
    order |= _ask_for_extent(shelf, None if action == "new" else order["zone_code"], language)
    order["party_branch_name"] = st.text_input(say_zone("give_branch", language), key="give_branch", max_chars=60)
    return order


def _ask_for_extent(shelf: Shelf, zone_code: str | None, language: Language) -> dict[str, Any]:
    """Places found by name or code, a drawn polygon, or the extent that the zone has now."""
    members = [row for row in shelf.ask("zones/members") if row["zone_code"] == zone_code] if zone_code else []
    may_keep = bool(members) and members[0]["member_kind"] != "polygon"
    kinds = (KEEP, *KINDS) if may_keep else KINDS
    kind = st.segmented_control(
        say_zone("give_extent", language),
        kinds,
        format_func=lambda name: say_zone("give_keep" if name == KEEP else f"extent_{name}", language),
        default=kinds[0],
        required=True,
        key=f"give_extent_{may_keep}",
    )
    if kind == KEEP:
        return {"extent_kind": members[0]["member_kind"], "extent_codes": [row["member_code"] for row in members]}
    if kind == "polygon":
        drawn = st.text_area(say_zone("give_polygon", language), key="give_polygon", height=120)
        return {"extent_kind": kind, "polygon": drawn.strip()}
    return {"extent_kind": kind, "extent_codes": _ask_for_places(shelf, str(kind), language)}


def _ask_for_places(shelf: Shelf, kind: str, language: Language) -> list[str]:
    """Places of one kind: those that were chosen stay, each search offers more."""
    chosen_key = f"give_{kind}s"
    known: dict[str, str] = st.session_state.setdefault(f"{chosen_key}_known", {})
    text = st.text_input(
        say_zone("give_search", language),
        key=f"{chosen_key}_text",
        placeholder=say_zone("give_search_hint", language),
        max_chars=60,
    ).strip()
    found = [row for row in shelf.ask("zones/find_places", text=text) if row["place_kind"] == kind] if text else []
    known |= {row["place_code"]: wording.name_in(dict(row), "place_name", language) for row in found}
    chosen: list[str] = st.session_state.get(chosen_key, [])
    if text and not found:
        st.html(element("p", say_zone("give_none_found", language, text=text), classes="wg-facts"))
    offered = list(dict.fromkeys([*chosen, *(row["place_code"] for row in found)]))
    label = say_zone("give_places", language, count=len(chosen))
    return st.multiselect(label, offered, format_func=lambda code: f"{known.get(code, code)} {code}", key=chosen_key)


def _suggest(letter: str, moment: Moment) -> str:
    """A code that nobody has given yet: the letter and the minute."""
    return f"{letter}-{moment.now:%m%d-%H%M}"


def _give(shelf: Shelf, order: Mapping[str, Any], user: str | None, moment: Moment, language: Language) -> None:
    raise NotImplementedError
