"""On duty against need, as bars: one bar a role, post or town, with a tick where the need is. Answers' rows in, HTML out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.answers import Reading
from dashboard.parts import wording
from dashboard.parts.chart import show_title
from dashboard.parts.figures import stale_class
from dashboard.parts.markup import Markup, element
from dashboard.parts.notices import show_block_error
from dashboard.parts.staffing.words import Row, name_role, say_staff
from dashboard.parts.wording import Language
from data.errors import WanggeError

QUESTIONS = {"by_role": "staffing/by_role", "by_post": "staffing/by_post", "by_town": "staffing/by_town"}


def show_total(total: Sequence[Row] | WanggeError, reading: Reading, language: Language) -> None:
    """How many are on duty, needed and missing in all, and what is not in these figures."""
    if isinstance(total, WanggeError):
        show_block_error(say_staff("title", language), total, language)
        return
    row = total[0]
    told = {name: wording.count(row[f"{name}_count"]) for name in ("on_duty", "needed", "lacking", "roster")}
    missing = (
        element("b", say_staff("total_missing", language, **told), classes="wg-watch") if row["lacking_count"] else None
    )
    hints = [say_staff("total_hint", language, **told)]
    if row["unknown_need_count"]:
        hints.append(say_staff("unknown_sites", language, count=wording.count(row["unknown_need_count"])))
    if row["on_duty_count"] is None:
        hints = [say_staff("empty", language)]
    st.html(
        element(
            "p",
            element("b", say_staff("total", language, **told)),
            missing,
            element("span", " · ".join(hints)),
            classes=f"wg-total{stale_class(reading.moment)}",
        )
    )


def show_bars(block: str, rows: Sequence[Row] | WanggeError, reading: Reading, language: Language) -> None:
    """The bars of a block (by_role, by_post, by_town) under its title."""
    title = say_staff(block, language)
    if isinstance(rows, WanggeError):
        show_block_error(title, rows, language)
        return
    with st.container(key=f"need_{block}"):
        show_title(
            title, key=block, question=QUESTIONS[block], rows=list(map(dict, rows)), reading=reading, language=language
        )
        st.html(draw_bars(rows, NAMES[block], reading, language))


def draw_bars(
    rows: Sequence[Row], name: Callable[[Row, Language], str], reading: Reading, language: Language
) -> Markup:
    """One line a row: name, bar with the need's tick, on duty, needed, and what is missing in amber. Unknown is —."""
    widest = max((value for row in rows for value in (row["on_duty_count"], row["needed_count"]) if value), default=1)
    lines = [_line(row, name(row, language), widest, language) for row in rows]
    table = element("table", element("tbody", *lines), classes="wg-need")
    return element("div", table, classes=stale_class(reading.moment).strip())


def _line(row: Row, name: str, widest: int, language: Language) -> Markup:
    on_duty, needed, missing = row["on_duty_count"], row["needed_count"], row["lacking_count"]
    bar = element("i", style=f"width:{100 * on_duty / widest:.1f}%") if on_duty else None
    tick = element("s", style=f"left:{100 * needed / widest:.1f}%") if needed is not None else None
    told = {"on_duty": wording.count(on_duty), "needed": wording.count(needed)}
    return element(
        "tr",
        element("th", name, scope="row"),
        element(
            "td", element("div", bar, tick, role="img", aria_label=say_staff("bar_text", language, name=name, **told))
        ),
        element("td", element("b", told["on_duty"])),
        element("td", say_staff("need_of", language, needed=told["needed"])),
        element(
            "td", say_staff("missing", language, count=wording.count(missing)) if missing else "", classes="wg-watch"
        ),
    )


def _town(row: Row, language: Language) -> str:
    return wording.name_in(dict(row), "town_name", language) if row["town_code"] else say_staff("no_town", language)


NAMES: dict[str, Callable[[Row, Language], str]] = {
    "by_role": lambda row, language: name_role(row["role"], language),
    "by_post": lambda row, language: say_staff(f"post_{row['post_kind']}", language),
    "by_town": _town,
}
