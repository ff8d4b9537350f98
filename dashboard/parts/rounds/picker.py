"""Above a round's figures: which round, and the way from the district down to the place. Each pick writes the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.address import WHOLE, Address, go_to, write_address
from dashboard.answers import Reading
from dashboard.parts import wording
from dashboard.parts.markup import element
from dashboard.parts.rounds.choice import Place
from dashboard.parts.rounds.words import name_place, name_round, say_round
from dashboard.parts.trail import Step, steps_to
from dashboard.parts.wording import Language

Row = Mapping[str, Any]

WORST_COUNT = 10
_ROUND = "round_control"


def show_picker(rounds: Sequence[Row], screening: Row, address: Address) -> None:
    """All rounds that have begun, the newest first."""
    language = address.language
    names = {row["round_code"]: name_round(row, language) for row in reversed(rounds)}
    st.session_state[_ROUND] = screening["round_code"]
    st.selectbox(
        say_round("choose", language),
        list(names),
        format_func=lambda code: names.get(code, code),
        key=_ROUND,
        on_change=lambda: write_address(round=st.session_state[_ROUND]),
        label_visibility="collapsed",
        width=280,
    )
    if address.round_code and address.round_code not in names:
        name = wording.name_in(dict(screening), "round_name", language)
        text = say_round("unknown_round", language, code=address.round_code, name=name)
        st.html(element("p", text, classes="wg-line", role="status"))


def show_trail(place: Place, reading: Reading, language: Language) -> None:
    """蓬江区 › 白沙街道 › 侧贤社区: each step above the place leads there."""
    district = wording.name_in(dict(reading.payload.get("district") or {}), "name", language)
    with st.container(key="round_trail", horizontal=True, gap="small", vertical_alignment="center"):
        steps = steps_to(place_way(place.row), district, language)
        for number, step in enumerate(steps):
            if number == len(steps) - 1:
                st.html(element("h2", step.name), width="content")
            else:
                key = f"way_{number}"
                st.button(step.name, key=key, type="tertiary", on_click=go_to, kwargs=_where(step), width="content")
                st.html(element("span", "›", classes="wg-step"), width="content")


def place_way(row: Row) -> dict[str, Any]:
    """The row with the codes and names of its way, as `steps_to` wants them."""
    own = {}
    if row["kind"] == "grid":
        own = {"grid_code": row["code"], "grid_name": row["name"], "grid_name_en": row["name_en"]}
    return dict(row) | own


def show_worst(places: Sequence[Row], place: Place, language: Language) -> None:
    """The grids of the place with most people missing; a press opens one."""
    own = f"{place.kind}_code"
    grids = [row for row in places if row["kind"] == "grid" and row["missing_count"]]
    if place.kind != "district":
        grids = [row for row in grids if row[own] == place.code]
    if not grids:
        return
    st.html(element("h3", say_round("top_grids", language), classes="wg-list-title"))
    with st.container(key="worst_grids"):
        for row in grids[:WORST_COUNT]:
            with st.container(key=f"worst_{row['code']}", horizontal=True, vertical_alignment="center"):
                st.button(
                    name_place(row, language),
                    key=f"open_{row['code']}",
                    type="tertiary",
                    on_click=go_to,
                    kwargs={"grid": row["code"]},
                    width="stretch",
                )
                missing, unseen = (wording.count(row[f"{name}_count"]) for name in ("missing", "unseen_household"))
                text = say_round("worst", language, missing=missing, unseen=unseen)
                st.html(element("span", text, classes="wg-worst"), width="content")


def _where(step: Step) -> dict[str, str | None]:
    """Where a step leads on this page: the whole district is no place in the address."""
    return {} if step.where.get("view") == WHOLE else dict(step.where)
