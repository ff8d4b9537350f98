"""The map on which an order's extent is drawn; it fills the form's field, and shows what was pasted there.

Like the leaders' map it is `st_folium` with a figure that never changes, so no run of the page draws it again. What was drawn
comes as the component's value, `{"polygon": GeoJSON text, "n": 1}`; what the field holds goes back as `data-polygon`. Corners
are WGS 84, also over a background map whose ground is shifted: there the map's projection shifts, not the corners.
"""

from __future__ import annotations

import json

import folium
import streamlit as st
from branca.element import MacroElement
from folium.elements import JSCSSMixin
from folium.template import Template
from streamlit_folium import st_folium

from dashboard.asset import address_of
from dashboard.parts.map import bare_map
from dashboard.parts.markup import element
from dashboard.parts.wording import LANGUAGES, Language
from dashboard.parts.zones.words import say_zone
from dashboard.text import read_text

_KEY = "zone_drawing"
HEIGHT_PX = 460
"""Buttons, map, what to do next, legend."""
SHOWN_BACK_LIMIT = 200_000
"""Characters of a pasted text beyond which the map does not show it; the order takes it all the same."""
_OWN_WORDS = (
    *("name", "polygon", "rectangle", "finish", "undo", "delete"),
    *("idle", "idle_phone", "polygon_hint", "rectangle_hint", "drawn", "foreign"),
)
_SHARED_WORDS = ("high", "medium")


class _DrawingEngine(JSCSSMixin, MacroElement):
    """Starts the drawing on the folium map that it is added to, with its words in both languages."""

    _template = Template(
        "{% macro script(this, kwargs) %}Wangge.draw({{ this._parent.get_name() }}, {{ this.words }});{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.default_js = [("wangge_draw", address_of("draw.js"))]
        self.default_css = [("wangge_lead_css", address_of("lead.css")), ("wangge_draw_css", address_of("draw.css"))]
        self.words = _write_words()


def show_zone_drawing(field: str, language: Language) -> None:
    """The map; it shows what the session's `field` holds, and a drawing is there before the next run."""

    def take_over() -> None:
        value = st.session_state.get(_KEY)
        if isinstance(value, dict) and isinstance(value.get("polygon"), str):
            st.session_state[field] = value["polygon"]

    held = str(st.session_state.get(field) or "").strip()
    shown = held if len(held) <= SHOWN_BACK_LIMIT else ""
    st.html(element("p", say_zone("draw_or_paste", language), classes="wg-facts wg-drawn", data_polygon=shown))
    with st.container(key="zone_map"):
        st_folium(
            _draw_map(), key=_KEY, height=HEIGHT_PX, use_container_width=True, returned_objects=[], on_change=take_over
        )


def _draw_map() -> folium.Map:
    drawn = bare_map("drawing")
    drawn.add_child(_DrawingEngine())
    return drawn


def _write_words() -> str:
    """The map's words as JSON; a mark is called as on the wall."""
    texts = {}
    for language in LANGUAGES:
        shared, own = read_text("wall", language), read_text("zones", language)
        texts[language] = {word: own[f"draw_{word}"] for word in _OWN_WORDS} | {
            word: shared[word] for word in _SHARED_WORDS
        }
    return json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c")
