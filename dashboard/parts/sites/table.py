"""All sampling sites: filters, the table by wait, and beside it the moves that would help now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.address import TEXT_MAX, WAIT_CLASSES, Address, write_address
from dashboard.answers import Reading
from dashboard.answers import Row as Answer
from dashboard.parts import wording
from dashboard.parts.chart import show_title
from dashboard.parts.figures import of_needed, stale_class
from dashboard.parts.markup import element, join
from dashboard.parts.sites.words import (
    MARKS,
    Row,
    describe_effect,
    describe_move,
    link_to_site,
    mark_class,
    name_class,
    name_site,
    say_site,
)
from dashboard.parts.table import TableColumn, show_table
from dashboard.parts.wording import Language

TABLE_PX = 572
MOVES_SHOWN = 9
_TOWN, _CLASS, _SEARCH = "sites_town", "sites_class", "sites_search"
_ALL = ""


def show_summary(queues: Sequence[Row], language: Language) -> None:
    """Who waits in all, the longest wait, units open of those needed."""
    for row in queues:
        told = say_site(
            "summary",
            language,
            waiting=wording.count(row["waiting_count"]),
            longest=wording.wait(row["longest_wait_min"], language),
            open=wording.count(row["open_unit_count"]),
            needed=wording.count(row["needed_unit_count"]),
        )
        st.html(
            element("div", element("h1", say_site("title", language)), element("p", told), classes="wg-site-title"),
        )


def show_filters(sites: Sequence[Row], address: Address) -> None:
    """Town, wait class and search; each writes the URL."""
    language = address.language
    towns = {row["town_code"]: wording.name_in(dict(row), "town_name", language) for row in sites if row["town_code"]}
    counts = {name: sum(row["wait_class"] == name for row in sites) for name in WAIT_CLASSES}

    def tell(name: str) -> str:
        if name == _ALL:
            return say_site("class_all", language, count=len(sites))
        return say_site("class_some", language, mark=MARKS[name], name=name_class(name, language), count=counts[name])

    with st.container(key="site_filters", horizontal=True, vertical_alignment="center"):
        st.session_state[_CLASS] = address.wait_class or _ALL
        st.segmented_control(
            say_site("class", language),
            [_ALL, *WAIT_CLASSES],
            format_func=tell,
            key=_CLASS,
            required=True,
            on_change=lambda: write_address(wait=st.session_state[_CLASS] or None),
            label_visibility="collapsed",
            width="content",
        )
        st.session_state[_TOWN] = address.town if address.town in towns else _ALL
        st.selectbox(
            say_site("town", language),
            [_ALL, *sorted(towns)],
            format_func=lambda code: towns.get(code, say_site("town_all", language)),
            key=_TOWN,
            on_change=lambda: write_address(town=st.session_state[_TOWN] or None),
            label_visibility="collapsed",
            width=132,
        )
        st.session_state[_SEARCH] = address.query
        st.text_input(
            say_site("search", language),
            key=_SEARCH,
            placeholder=say_site("search_hint", language),
            on_change=lambda: write_address(q=str(st.session_state[_SEARCH]).strip()[:TEXT_MAX] or None),
            label_visibility="collapsed",
            width=200,
        )


def choose_sites(sites: Sequence[Answer], address: Address) -> list[Answer]:
    """The sites of the town and class in the address whose name, community or code holds what is searched for."""
    wanted = address.query.casefold()
    names = ("site_code", "site_name", "site_name_en", "community_name", "community_name_en")
    return [
        row
        for row in sites
        if address.town in (None, row["town_code"])
        and address.wait_class in (None, row["wait_class"])
        and (not wanted or any(wanted in str(row[name] or "").casefold() for name in names))
    ]


def show_site_table(rows: Sequence[Answer], reading: Reading, language: Language, pick: Callable[[str], None]) -> None:
    """The sites by wait; a press on a row opens its site."""
    stem = "_en" if language == "en" else ""

    def told_wait(value: Any) -> str:
        return wording.wait(value, language)

    columns = [
        TableColumn("rank_no", say_site("column_rank", language), width=36),
        TableColumn(f"site_name{stem}", say_site("column_site", language), width=168),
        TableColumn("wait_min", say_site("column_wait", language), told_wait, width=64),
        TableColumn(
            "wait_class", say_site("column_class", language), lambda name: mark_class(name, language), width=76
        ),
        TableColumn("waiting_count", say_site("column_waiting", language), width=56),
        TableColumn("median_wait_min", say_site("column_median", language), told_wait, width=64),
        TableColumn("p90_wait_min", say_site("column_p90", language), told_wait, width=64),
        TableColumn("open_unit_count", say_site("column_open", language), width=50),
        TableColumn("needed_unit_count", say_site("column_needed", language), width=50),
        TableColumn("next_hour_unit_count", say_site("column_next", language), width=70),
        TableColumn("expected_close_at", say_site("column_close", language), width=70),
        TableColumn(f"town_name{stem}", say_site("column_town", language), width=80),
    ]
    show_table(
        rows,
        columns,
        key="sites",
        title=say_site("list", language, count=len(rows)),
        question="sites/list",
        reading=reading,
        language=language,
        height=TABLE_PX,
        on_pick=lambda row: pick(str(row["site_code"])),
    )


def show_moves(
    moves: Sequence[Answer], sites: Sequence[Row], reading: Reading, address: Address, *, is_one_site: bool = False
) -> None:
    """What would help now, the longest wait first: a line with the site, a line with the move, and what it does to the wait."""
    language = address.language
    names = {str(row["site_code"]): name_site(row, language) for row in sites}
    classes = {str(row["site_code"]): str(row["wait_class"]) for row in sites}
    show_title(
        say_site("moves", language), key="moves", question="sites/moves", rows=moves, reading=reading, language=language
    )
    if not moves:
        st.html(
            element("p", say_site("moves_none_here" if is_one_site else "moves_none", language), classes="wg-facts")
        )
        return
    lines, told = [], ""
    for move in moves[:MOVES_SHOWN]:
        code = str(move["site_code"])
        if code != told and not is_one_site:
            mark = element("i", classes=f"wg-mark wg-{classes.get(code, 'unknown')}", aria_hidden="true")
            link = link_to_site(address, code, names.get(code, code))
            lines.append(element("dt", mark, link, " ", element("b", wording.wait(move["wait_min"], language))))
        told = code
        effect = element("small", describe_effect(move, language))
        lines.append(element("dd", describe_move(move, names, language), " ", effect))
    more = len(moves) - MOVES_SHOWN
    rest = element("p", say_site("moves_more", language, count=more), classes="wg-facts") if more > 0 else None
    st.html(join(element("dl", *lines, classes=f"wg-moves{stale_class(reading.moment)}"), rest))


def tell_units(row: Mapping[str, Any]) -> str:
    """5 / 7: units open of those needed."""
    return of_needed(row["open_unit_count"], row["needed_unit_count"])
