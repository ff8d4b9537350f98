"""The leaders' map: `st_folium` with a figure that never changes, so that Streamlit never draws it again.

Which measure and place it shows it reads from the page's URL; figures it polls; shapes it fetches once. A pick on the map
comes back as the component's value: `{"go": {"grid": code}, "n": 1}`; so does a click on a link of the page that leads to a
place. `{"back": …}` says that the reader went back or forward in the browser's history.
"""

from __future__ import annotations

import json

import folium
import streamlit as st
from branca.element import MacroElement
from folium.elements import JSCSSMixin
from folium.template import Template
from streamlit_folium import st_folium

from dashboard.address import forget_writing, go_to, read_steps
from dashboard.asset import address_of
from dashboard.parts.map import bare_map
from dashboard.parts.wording import LANGUAGES
from dashboard.text import read_text

_KEY = "leader_map"
HEIGHT_PX = 492
"""The frame's height before the stylesheet gives it what the window leaves: 460 of map, 32 of legend."""
_OWN_WORDS = ("whole", "lost", "name", "up")
_SHARED_WORDS = ("high", "medium", "smooth", "busy", "jammed", "resting", "unknown", "unknown_fill")


class _LeaderEngine(JSCSSMixin, MacroElement):
    """Starts our engine on the folium map that it is added to, with its words in both languages."""

    _template = Template(
        "{% macro script(this, kwargs) %}Wangge.lead({{ this._parent.get_name() }}, {{ this.words }});{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.default_js = [(f"wangge_{name}", address_of(f"{name}.js")) for name in ("tip", "pointing", "lead")]
        self.default_css = [("wangge_lead_css", address_of("lead.css"))]
        self.words = _write_words()


def show_leader_map() -> None:
    """The map; where it asks to go is in the URL before the next run."""

    def choose() -> None:
        value = st.session_state.get(_KEY)
        if not isinstance(value, dict):
            return
        where = read_steps(value.get("go"))
        if where:
            go_to(**where)
        elif "back" in value:
            forget_writing()

    with st.container(key="map"):
        st_folium(
            _draw_map(), key=_KEY, height=HEIGHT_PX, use_container_width=True, returned_objects=[], on_change=choose
        )


def _draw_map() -> folium.Map:
    drawn = bare_map("leader")
    drawn.add_child(_LeaderEngine())
    return drawn


def _write_words() -> str:
    """The map's words as JSON: those of the wall, so that a mark has one name everywhere, and its own."""
    texts = {}
    for language in LANGUAGES:
        shared, own = read_text("wall", language), read_text("overview", language)
        texts[language] = {word: shared[word] for word in _SHARED_WORDS} | {
            **{word: own[f"map_{word}"] for word in _OWN_WORDS},
            "coverage": own["coverage"],
            "missing": own["missing"],
        }
    return json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c")
