"""The values of a text's parameters, chosen above the editor: rounds and places by name, the rest as they are typed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from dashboard.answers import Shelf, View
from dashboard.parts import wording
from dashboard.parts.rounds.choice import choose_round
from dashboard.parts.sql.desk import Desk
from dashboard.parts.sql.words import say_sql
from dashboard.parts.wording import Language
from data.errors import WanggeError
from data.question_text import read_needs, read_values
from data.questions import Param

Options = dict[str, str]
LISTED = {
    "round_code": ("coverage/rounds", "round"),
    "town_code": ("map/towns", "town"),
    "community_code": ("map/communities", "community"),
    "grid_code": ("coverage/list", "grid"),
    "site_code": ("map/sites", "site"),
    "building_code": ("zones/buildings_inside", "building"),
    "whistle_code": ("staffing/whistles", "place"),
    "code": ("map/sites", "site"),
}
"""Parameters that are chosen from the rows of a question, and what those rows are."""
_LOOK_BACK = timedelta(hours=3)
"""What a text looks back where it asks since when, and nobody has said."""


def choose_values(desk: Desk, view: View) -> dict[str, str | None]:
    """The values that the desk's text runs with: those in the text itself, then what was chosen, then a default.

    Those with a default of their own are left out, unless chosen. `as_of` is among them where the page looks back.
    """
    chosen: dict[str, Any] = {}
    try:
        chosen = read_values(desk.text)
        for name, param in read_needs(desk.text).items():
            if name not in chosen and (name in desk.values or not param.has_default):
                chosen[name] = desk.values.get(name) or _first(name, param, view)
    except WanggeError:
        pass  # told when the text is run
    if view.reading.past is not None:
        at = view.reading.past.at.astimezone(view.reading.moment.now.tzinfo)
        chosen.setdefault("as_of", at.isoformat(timespec="minutes"))
    return {name: value for name, value in chosen.items() if value is not None}


def show_values(desk: Desk, view: View, language: Language) -> None:
    """A button that tells the first value and opens all of them; nothing where the text takes none."""
    try:
        needs, given = read_needs(desk.text), read_values(desk.text)
    except WanggeError:
        return
    needs = {name: param for name, param in needs.items() if name not in given}
    if not needs:
        return
    name, param = next(iter(needs.items()))
    label = f"{name} = {_tell(name, param, desk, view, language)}"
    if len(needs) > 1:
        label += say_sql("values_more", language, more=len(needs) - 1)
    with st.popover(label, key="sql_values", on_change="rerun", width="content") as popover:
        if popover.open:
            for name, param in needs.items():
                _show_one(name, param, desk, view, language)


def _show_one(name: str, param: Param, desk: Desk, view: View, language: Language) -> None:
    key = f"sql_value_{name}"
    held = desk.values.get(name) or ("" if param.has_default else _first(name, param, view))

    def take() -> None:
        value = str(st.session_state[key] or "").strip()
        if value:
            desk.values[name] = value
        else:
            desk.values.pop(name, None)

    options = _options(name, view.shelf, language)
    st.session_state[key] = held
    if options:
        known = list(options) if held in options else [held, *options]
        st.selectbox(
            name,
            known,
            format_func=lambda code: options.get(code) or code or _default(param, language),
            key=key,
            on_change=take,
        )
    else:
        st.text_input(name, key=key, placeholder=_default(param, language), help=param.note or None, on_change=take)


def _tell(name: str, param: Param, desk: Desk, view: View, language: Language) -> str:
    held = desk.values.get(name)
    if not held and param.has_default:
        return _default(param, language)
    held = held or _first(name, param, view)
    return _options(name, view.shelf, language).get(held) or held or wording.UNKNOWN


def _default(param: Param, language: Language) -> str:
    if not param.has_default:
        return ""
    return say_sql("values_none", language) if param.default is None else str(param.default)


def _options(name: str, shelf: Shelf, language: Language) -> Options:
    """Codes with the names that a reader knows them by; empty where the parameter is not chosen from a list."""
    if name not in LISTED:
        return {}
    question, kind = LISTED[name]
    try:
        rows = shelf.ask(question)
    except WanggeError:
        return {}
    column = name if name != "code" else "site_code"
    return {str(row[column]): wording.name_in(row, f"{kind}_name", language) for row in _in_order(name, rows)}


def _in_order(name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first = choose_round(rows, None) if name == "round_code" else None
    return [first, *(row for row in rows if row is not first)] if first else rows


def _first(name: str, param: Param, view: View) -> str:
    """What a parameter is where nobody has chosen: the round that runs, the first place of a list, three hours ago."""
    for code in _options(name, view.shelf, "zh"):
        return code
    if param.type == "TIMESTAMPTZ" and view.reading.moment.as_of is not None:
        return (view.reading.moment.as_of - _LOOK_BACK).isoformat(timespec="minutes")
    if name == "text":
        return next(iter(_options("town_code", view.shelf, "zh").values()), "")
    return ""
