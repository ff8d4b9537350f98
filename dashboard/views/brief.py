"""The daily brief 日报: one page for this moment, to read, to print and to hand on, as HTML and PDF.

It stands still: a document is of one moment. The line above it says when there is newer data, and a press makes it anew.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import streamlit as st

from dashboard.address import read_address
from dashboard.answers import View, open_view
from dashboard.parts.markup import element
from dashboard.parts.notices import show_as_of, show_band
from dashboard.parts.wording import Language
from dashboard.routes import get_feed
from dashboard.text import read_text
from data.brief.document import find_chinese_font, write_pdf
from data.brief.figures import read_brief
from data.brief.page import write_html
from data.brief.telling import Told, tell_brief

TICK_S = 5.0
"""Seconds between looks at whether there is newer data."""
MAKE_ANEW_AFTER_S = 60.0
"""Data that is so much newer than the brief is told of."""


def show_brief() -> None:
    """The brief of the view's moment with both downloads; a line in its place where there is nothing to tell."""
    language, view = read_address().language, open_view(get_feed())
    with st.container(key="brief"):
        show_standing(view.reading.moment.as_of)
        if view.reading.state == "error":
            return
        told = make_brief(view, language)
        name = f"brief{f'-{at:%Y%m%d-%H%M}' if (at := view.reading.moment.as_of) else ''}-{language}"
        with st.container(key="brief_files", horizontal=True):
            if find_chinese_font():
                st.download_button("PDF", lambda: write_pdf(told), f"{name}.pdf", "application/pdf", on_click="ignore")
            st.download_button("HTML", lambda: write_html(told), f"{name}.html", "text/html", on_click="ignore")
            st.html(
                element("span", say_brief("print" if find_chinese_font() else "no_font", language), classes="wg-facts")
            )
        st.iframe(write_html(told), alt=told.title)


@st.fragment(run_every=TICK_S)
def show_standing(made_for: datetime | None) -> None:
    """As-of time and band; whether there is newer data than the brief has."""
    language, reading = read_address().language, open_view(get_feed()).reading
    show_as_of(reading, language)
    show_band(reading, language)
    newest = reading.moment.as_of
    if newest and made_for and (newest - made_for).total_seconds() > MAKE_ANEW_AFTER_S:
        with st.container(key="brief_newer", horizontal=True):
            st.html(element("p", say_brief("newer", language, at=f"{newest:%H:%M}"), classes="wg-line", role="status"))
            if st.button(say_brief("anew", language), key="brief_anew"):
                st.rerun(scope="app")


def make_brief(view: View, language: Language) -> Told:
    """The brief from the very answers that the pages show."""
    at = None if view.reading.state == "empty" else view.reading.moment.as_of
    settings, past = get_feed().settings, view.reading.past
    brief = read_brief(view.shelf.ask, at, settings.timezone)
    return tell_brief(replace(brief, is_known_then=bool(past and past.is_known_then)), settings, language)


def say_brief(key: str, language: Language, **values: object) -> str:
    """The words for `key` in `dashboard/text/brief.<language>.toml`."""
    return read_text("brief", language)[key].format(**values)
