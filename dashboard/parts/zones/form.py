"""The form that gives an order on a zone: seal, change, lift or take back. What is wrong with it the orders' own checks say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from dashboard.address import Address
from dashboard.answers import Row, Shelf
from dashboard.outcome import Outcome, read_outcome
from dashboard.parts import wording
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.parts.zones.drawing import show_zone_drawing
from dashboard.parts.zones.words import name_level, name_zone, say_zone, tell_moment
from dashboard.text import read_text
from data.errors import WanggeError
from data.orders import GivenOrders, Refusal, give_orders
from data.roles import ANYBODY, may_give_orders

ACTIONS = ("new", "replace", "lift", "withdraw")
LEVELS = ("high", "medium", "low")
KINDS = ("building", "grid", "community", "polygon")
KEEP = "keep"
_GIVEN = "given"


def show_zone_form(shelf: Shelf, address: Address, moment: Moment) -> None:
    """The form for who may give orders; below it what became of the last one."""
    user, language, given = read_user(), address.language, read_given()
    if not may_give_orders(user, shelf.settings):
        _tell("give_not_you", language)
        return
    try:
        zones, orders = shelf.ask("zones/inside"), shelf.ask("zones/orders")
        with st.container(key="zone_form"):
            order = _ask_for_order(shelf, zones, orders, moment, language)
    except WanggeError as error:
        _tell("broken", language, "act", message=error.message)
        return
    if order["order_code"] in {row["order_code"] for row in orders} and not order.get("is_withdrawn"):
        _tell("give_corrects", language, "watch", order=order["order_code"])
    if st.button(say_zone("give_submit", language), key=_key("submit"), type="primary"):
        with given.changing():
            _give(given, shelf, order, user, moment, language)
        st.rerun()
    if given.told:
        st.html(given.told)


def read_given() -> Outcome:
    """What became of the last order of this session, once it was given; an order in force has its zone in the address."""
    return read_outcome(_GIVEN)


def read_user() -> str | None:
    """Who is signed in; None while there are no accounts."""
    return str(st.user.get("email") or "") or None


def describe_refusals(refusals: Sequence[Refusal], language: Language) -> Markup:
    """Every reason, with the field's name and what stood in it."""
    lines = []
    for refusal in refusals:
        words = read_text("zones", language)
        field = words.get(f"field_{refusal.column}", refusal.column)
        told = words.get(f"reason_{refusal.reason}", refusal.message)
        value = f"“{refusal.value}”" if refusal.value else None
        lines.append(
            element(
                "li",
                element("b", field + ("：" if language == "zh" else ": ")),
                " · ".join(part for part in (value, told) if part),
            )
        )
    return element(
        "div",
        element("b", say_zone("refused", language, count=len(refusals))),
        element("ul", *lines, classes="wg-refusals"),
        classes="wg-line wg-line-act",
        role="alert",
    )


def _give(
    given: Outcome, shelf: Shelf, order: Mapping[str, Any], user: str | None, moment: Moment, language: Language
) -> None:
    """Gives the order, and notes what became of it; if it holds already, its zone is to be opened."""
    try:
        taken = give_orders(shelf.settings, [order], given_by=user or ANYBODY)
    except WanggeError as error:
        given.told = element(
            "div",
            f"{say_zone('refused_plain', language, message=error.message)} {error.hint}",
            classes="wg-line wg-line-act",
        )
        return
    if taken.refusals:
        given.told = describe_refusals(taken.refusals, language)
        return
    given.told = _describe_taken(order, taken, moment, language)
    given.done_count += 1
    shelf.renew()
    if any(row["order_code"] == order["order_code"] for row in shelf.ask("zones/orders_in_force")):
        given.leads_to = {"zone": order["zone_code"]}


def _describe_taken(order: Mapping[str, Any], taken: GivenOrders, moment: Moment, language: Language) -> Markup:
    if order.get("is_withdrawn"):
        told = say_zone("given_back", language, order=order["order_code"])
    elif not taken.recorded_count:
        told = say_zone("given_before", language, order=order["order_code"])
    else:
        effective_at = datetime.fromisoformat(order["effective_at"]).replace(tzinfo=moment.now.tzinfo)
        key = "given_waiting" if effective_at > moment.now else "given"
        told = say_zone(key, language, order=order["order_code"], at=tell_moment(effective_at, moment, language))
    notes = (element("p", note, classes="wg-facts") for note in taken.notes)
    return element("div", element("b", told), *notes, classes="wg-line", role="status")


def _ask_for_order(
    shelf: Shelf, zones: Sequence[Row], orders: Sequence[Row], moment: Moment, language: Language
) -> dict[str, Any]:
    """The fields, and the order that they say so far, under the columns of a file of orders."""
    action = st.segmented_control(
        say_zone("give_kind", language),
        [name for name in ACTIONS if name == "new" or (orders if name == "withdraw" else zones)],
        format_func=lambda name: say_zone(f"give_{name}", language),
        default=ACTIONS[0],
        required=True,
        key=_key("action"),
    )
    if action == "withdraw":
        return _ask_what_to_withdraw(orders, language)
    order = _ask_for_new_zone(moment, language) if action == "new" else _ask_for_zone(zones, language)
    with st.container(horizontal=True):
        order["order_code"] = _ask_for_text("order_code", language, _suggest("P", moment))
        order["effective_at"] = _ask_for_moment(moment, language)
    if action == "lift":
        return order | {"level": "lifted"}
    order["level"] = st.segmented_control(
        say_zone("give_level", language),
        LEVELS,
        format_func=lambda level: name_level(level, language),
        default=LEVELS[0],
        required=True,
        key=_key("level"),
    )
    order |= _ask_for_extent(shelf, None if action == "new" else order["zone_code"], language)
    return order | {"party_branch_name": _ask_for_text("branch", language)}


def _ask_for_new_zone(moment: Moment, language: Language) -> dict[str, Any]:
    with st.container(horizontal=True):
        name = _ask_for_text("zone_name", language)
        return {"zone_name": name, "zone_code": _ask_for_text("zone_code", language, _suggest("Z", moment))}


def _ask_for_zone(zones: Sequence[Row], language: Language) -> dict[str, Any]:
    known = {row["zone_code"]: row for row in zones}
    code = st.selectbox(
        say_zone("give_zone", language),
        list(known),
        format_func=lambda code: f"{name_zone(known[code], language)} · {name_level(known[code]['level'], language)}",
        key=_key("zone"),
    )
    return {"zone_code": code, "zone_name": known[code]["zone_name"], "zone_name_en": known[code]["zone_name_en"]}


def _ask_what_to_withdraw(orders: Sequence[Row], language: Language) -> dict[str, Any]:
    """The order that was given by mistake."""
    believed = {row["order_code"]: row for row in orders if row["is_believed"]}
    code = st.selectbox(
        say_zone("give_order_code", language),
        list(believed),
        format_func=lambda code: f"{code} · {name_zone(believed[code], language)}",
        key=_key("withdrawn"),
    )
    return {"order_code": code, "is_withdrawn": True}


def _ask_for_moment(moment: Moment, language: Language) -> str:
    now = moment.now.replace(second=0, microsecond=0)
    day = st.date_input(say_zone("give_date", language), _begin("date", now.date()), key=_key("date"))
    time = st.time_input(say_zone("give_time", language), _begin("time", now.time()), key=_key("time"), step=60)
    return datetime.combine(day, time).strftime("%Y-%m-%d %H:%M:%S") if day and time else ""


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
        key=_key(f"extent_{may_keep}"),
    )
    if kind == KEEP:
        return {"extent_kind": members[0]["member_kind"], "extent_codes": [row["member_code"] for row in members]}
    if kind == "polygon":
        return {"extent_kind": kind, "polygon": _ask_for_polygon(language)}
    extent: dict[str, Any] = {"extent_kind": kind, "extent_codes": _ask_for_places(shelf, str(kind), language)}
    if kind == "building":
        extent["radius_m"] = st.number_input(say_zone("give_radius", language), 1.0, value=None, key=_key("radius"))
    return extent


def _ask_for_polygon(language: Language) -> str:
    """A polygon drawn on the map, or pasted below it."""
    drawn, field = _key("drawn"), _key("polygon")

    def take_over() -> None:
        st.session_state[drawn] = st.session_state[field]

    show_zone_drawing(drawn, language)
    st.session_state[field] = st.session_state.get(drawn, "")  # in each run: one may be broken off before the field
    return st.text_area(say_zone("give_polygon", language), key=field, on_change=take_over, height=120).strip()


def _ask_for_places(shelf: Shelf, kind: str, language: Language) -> list[str]:
    """Places of one kind: those that were chosen stay, each search offers more."""
    names: dict[str, str] = st.session_state.setdefault(_key(f"{kind}_names"), {})
    hint = say_zone("give_search_hint", language)
    text = st.text_input(say_zone("give_search", language), key=_key(f"{kind}_text"), placeholder=hint).strip()[:60]
    found = [row for row in shelf.ask("zones/find_places", text=text) if row["place_kind"] == kind] if text else []
    names |= {row["place_code"]: wording.name_in(row, "place_name", language) for row in found}
    if text and not found:
        st.html(element("p", say_zone("give_none_found", language, text=text), classes="wg-facts"))
    chosen: list[str] = st.session_state.get(_key(kind), [])
    return st.multiselect(
        say_zone("give_places", language, count=len(chosen)),
        list(dict.fromkeys([*chosen, *(row["place_code"] for row in found)])),
        format_func=lambda code: f"{names.get(code, code)} {code}",
        key=_key(kind),
        placeholder=say_zone("give_found" if found else "give_choose", language, count=len(found)),
    )


def _ask_for_text(name: str, language: Language, suggested: str = "") -> str:
    field: str = st.text_input(say_zone(f"give_{name}", language), _begin(name, suggested), key=_key(name))
    return field.strip()[:60]


def _begin(name: str, suggested: Any) -> Any:
    """What a field begins with: the first that was suggested for this order.

    Not put into the session under the field's own key: if that run is broken off before the field is drawn, the browser
    would never hear of it, and send what fields of its kind begin with. For a time that is now, by the browser's clock.
    """
    return st.session_state.setdefault(_key(f"{name}_begin"), suggested)


def _suggest(letter: str, moment: Moment) -> str:
    """A code that nobody has given yet: the letter and the second."""
    return f"{letter}-{moment.now:%m%d-%H%M%S}"


def _key(name: str) -> str:
    return f"give_{name}_{st.session_state[_GIVEN].done_count}"


def _tell(key: str, language: Language, level: str = "", **values: object) -> None:
    classes = f"wg-line wg-line-{level}" if level else "wg-line"
    st.html(
        element("p", say_zone(key, language, **values), classes=classes, role="alert" if level == "act" else "status")
    )
