"""Takes figures away: the popover beside a chart or a table with its definition and its downloads.

A file is written when it is asked for, never before: a page that ticks costs nothing for downloads that nobody wants. Pictures of
charts are drawn by the reader's own browser (`assets/share.js`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

import streamlit as st

from dashboard.answers import Reading, Row, View
from dashboard.parts.definition import define, say_age, say_grain, say_meaning, say_share, title_columns
from dashboard.parts.markup import Markup, element
from dashboard.parts.wording import Language
from data.errors import WanggeError
from data.questions import find_question, read_questions
from data.spreadsheet import CSV_TYPE, XLSX_TYPE, write_csv, write_xlsx

_PICTURES = ("svg", "png")


def show_share(
    rows: Sequence[Row],
    *,
    key: str,
    question: str,
    reading: Reading,
    language: Language,
    title: str = "",
    chart: str | None = None,
) -> None:
    """A small button that opens the definition of these rows and their downloads: CSV, XLSX, and of a chart SVG and PNG.

    `rows` are the answer to `question`, whole or a part; `chart` is the key of the chart that shows them.
    """
    with st.container(key=f"share_{key}", width="content"), st.popover(say_share("data", language), type="tertiary"):
        show_sharing(rows, key=key, question=question, reading=reading, language=language, title=title, chart=chart)


@dataclass(frozen=True)
class Source:
    """A question that a page's figures answer: its title there, and what it was asked with."""

    question: str
    title: str
    params: Mapping[str, Any] = field(default_factory=dict)


@st.fragment
def show_sources(sources: Sequence[Source], look: Callable[[], View], language: Language, *, key: str) -> None:
    """One button for a page whose figures are no charts and tables of ours: the definition and downloads of each.

    By touch and keyboard too, where nothing hovers. What it holds is asked when it is opened, of the view that `look` gives then.
    """
    with (
        st.container(key=f"share_{key}", width="content"),
        st.popover(say_share("data", language), type="tertiary", key=f"sources_{key}", on_change="rerun") as opened,
    ):
        if not opened.open:
            return
        view = look()
        for number, source in enumerate(sources):
            rows = view.shelf.ask_each(source.question, **source.params)[source.question]
            if isinstance(rows, WanggeError):
                st.html(element("p", rows.message, classes="wg-facts wg-watch"))
                continue
            show_sharing(
                rows,
                key=f"{key}_{number}",
                question=source.question,
                reading=view.reading,
                language=language,
                title=source.title,
            )


def show_sharing(
    rows: Sequence[Row],
    *,
    key: str,
    question: str,
    reading: Reading,
    language: Language,
    title: str = "",
    chart: str | None = None,
) -> None:
    """What stands in the popover; a popover may hold several, one below the other."""
    heading = element("strong", title) if title else None
    st.html(element("div", heading, define(question, None, reading, language), classes="wg-definition"))
    with st.container(key=f"files_{key}", horizontal=True, gap="small"):
        for label, suffix, kind, write in (
            ("CSV", "csv", CSV_TYPE, lambda: csv_of(rows, question, reading, language)),
            ("XLSX", "xlsx", XLSX_TYPE, lambda: xlsx_of(rows, question, reading, language)),
        ):
            name = f"{name_file(question, reading)}.{suffix}"
            _show_download(label, write, name, kind, key=f"{suffix}_{key}")
        if chart:
            st.html(draw_picture_buttons(chart, name_file(question, reading), title, reading, language))


def csv_of(rows: Sequence[Row], question: str, reading: Reading, language: Language) -> bytes:
    """The rows as CSV under the titles of their columns."""
    return write_csv(title_columns(question, rows, language), rows, _zone(reading))


def xlsx_of(rows: Sequence[Row], question: str, reading: Reading, language: Language) -> bytes:
    """The rows as a workbook, with a second sheet that says what they mean."""
    titles = title_columns(question, rows, language)
    asked = find_question(question, read_questions())
    about = [
        [question, say_meaning(asked, language)],
        ["", say_grain(asked, language)],
        ["", say_age(reading.moment, language)],
        [],
        [say_share("about_column", language), say_share("about_name", language)],
        *([title, name] for name, title in titles.items()),
    ]
    sheets = say_share("sheet", language), say_share("sheet_about", language)
    return write_xlsx(titles, rows, _zone(reading), *sheets, about)


def name_file(question: str, reading: Reading) -> str:
    """sites-state-20220714-0840: the question and the moment that its figures stand at."""
    as_of = reading.moment.as_of
    return f"{question.replace('/', '-')}{f'-{as_of:%Y%m%d-%H%M}' if as_of else ''}"


def draw_picture_buttons(chart: str, name: str, title: str, reading: Reading, language: Language) -> Markup:
    """Buttons that save the chart of this key as `name`.svg and `name`.png, under its title and the age of its figures."""
    buttons = (
        element(
            "button",
            kind.upper(),
            classes="wg-draw",
            type="button",
            data_kind=kind,
            data_name=f"{name}.{kind}",
            data_chart=_class_of(chart),
            data_title=title,
            data_note=say_age(reading.moment, language),
        )
        for kind in _PICTURES
    )
    return element("div", *buttons, classes="wg-pictures")


def _class_of(key: str) -> str:
    """The class that Streamlit gives an element of this key."""
    return "st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", key)


def _zone(reading: Reading) -> tzinfo:
    """The district's zone, in which every moment of a page is."""
    return reading.moment.now.tzinfo or UTC


def _show_download(label: str, write: Callable[[], bytes], name: str, kind: str, *, key: str) -> None:
    st.download_button(label, write, name, kind, key=key, on_click="ignore", width="content")
