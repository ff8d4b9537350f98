"""Who answers for a place: a box for a grid, building or site, its responsibility chain, and the levels of dispatch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.answers import Reading, Row, Shelf
from dashboard.parts import wording
from dashboard.parts.definition import define
from dashboard.parts.figures import stale_class
from dashboard.parts.markup import Markup, element
from dashboard.parts.notices import show_block_error
from dashboard.parts.panel import chain_block, panel_head
from dashboard.parts.search_results import fold_text
from dashboard.parts.staffing.words import say_staff
from dashboard.parts.wording import Language
from data.errors import WanggeError

KINDS = ("grid", "building", "site")
TEXT_MAX, CHOICES_SHOWN, FOUND_MAX = 60, 8, 40
_TEXT, _CHOICE = "chain_box", "chain_choice"
QUESTIONS = ("coverage/grid", "staffing/responsibility_chain", "staffing/dispatch_chain")


def show_chain_box(shelf: Shelf, language: Language, pick: Callable[[str], None]) -> None:
    """The box; a text that means one place calls `pick` with its grid's code, of several the reader picks one."""
    st.text_input(
        say_staff("chain_box", language),
        key=_TEXT,
        placeholder=say_staff("chain_hint", language),
        on_change=lambda: _open_only(shelf, pick),
    )
    text = _read_text()
    if not text:
        return
    try:
        found = find_places(shelf, text)
    except WanggeError as error:
        show_block_error(say_staff("chain", language), error, language)
        return
    if not found:
        told = say_staff("chain_unknown", language, text=text)
        st.html(element("p", told, classes="wg-facts", role="status"))
    elif choose_only(found, text) is None:
        shown = {f"{row['kind']} {row['code']}": row for row in found[:CHOICES_SHOWN]}
        key = f"{_CHOICE}_{text}"
        st.pills(
            say_staff("chain_many", language, count=len(found)),
            list(shown),
            format_func=lambda name: wording.name_in(shown[name], "name", language),
            key=key,
            on_change=lambda: _open_choice(shown, key, pick),
        )


def show_chain(shelf: Shelf, grid_code: str | None, reading: Reading, language: Language) -> None:
    """The four levels that answer for the grid, and the five through which people are called to it."""
    if grid_code is None:
        st.html(element("p", say_staff("chain_pick", language), classes="wg-facts"))
        return
    answers = shelf.ask_each(*QUESTIONS, grid_code=grid_code)
    broken = next((answer for answer in answers.values() if isinstance(answer, WanggeError)), None)
    if broken is not None:
        show_block_error(say_staff("chain", language), broken, language)
        return
    grids, chain, dispatch = (answer for answer in answers.values() if isinstance(answer, list))
    if not grids:
        st.html(element("p", say_staff("chain_gone", language, code=grid_code), classes="wg-facts", role="status"))
        return
    meaning = define("staffing/responsibility_chain", None, reading, language)
    st.html(
        element(
            "div",
            panel_head(grids[0], language),
            element("div", chain_block(chain, grids[0], reading.moment, language), title=meaning),
            dispatch_block(dispatch, reading, language),
            classes=f"wg-panel wg-chain{stale_class(reading.moment)}",
        )
    )


def dispatch_block(dispatch: Sequence[Row], reading: Reading, language: Language) -> Markup:
    """City, district, town, community, grid: each with its name, or its code where no file names it, and who is on duty."""
    lines = [
        element(
            "tr",
            element("th", say_staff(f"dispatch_{row['level']}", language), scope="row"),
            element("td", wording.name_in(row, "name", language) if row["name"] else element("code", str(row["code"]))),
            element("td", wording.count(row["on_duty_count"])),
        )
        for row in dispatch
    ]
    return element(
        "section",
        element("h3", say_staff("dispatch", language)),
        element("table", element("tbody", *lines), classes="wg-table"),
        classes="wg-block",
        title=define("staffing/dispatch_chain", None, reading, language),
    )


def find_places(shelf: Shelf, text: str) -> list[Row]:
    """Grids, buildings and sites that answer to the text, best first."""
    found = shelf.ask("map/search", text=fold_text(text), limit=FOUND_MAX)
    return [row for row in found if row["kind"] in KINDS]


def choose_only(found: Sequence[Row], text: str) -> Row | None:
    """The place that is meant: the only one, or the only one that is called exactly so."""
    exact = [row for row in found if row["rank"] == 0]
    if len(exact) == 1:
        return exact[0]
    return found[0] if len(found) == 1 else None


def _read_text() -> str:
    return str(st.session_state.get(_TEXT) or "").strip()[:TEXT_MAX]


def _open_only(shelf: Shelf, pick: Callable[[str], None]) -> None:
    text = _read_text()
    try:
        only = choose_only(find_places(shelf, text), text) if text else None
    except WanggeError:
        return  # the box says what failed when it is drawn
    if only is not None:
        pick(str(only["area_code"]))


def _open_choice(shown: dict[str, Row], key: str, pick: Callable[[str], None]) -> None:
    chosen = st.session_state.get(key)
    if chosen in shown:
        pick(str(shown[chosen]["area_code"]))
