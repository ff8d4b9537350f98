"""A query's answer on the map: the places of one column in the colours of another, with what to pick and the legend beside it.

Like the leaders' map it is `st_folium` with a figure that never changes: what it shows stands in the page beside it, and no pick
draws it again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import folium
import streamlit as st
from branca.element import MacroElement
from folium.elements import JSCSSMixin
from folium.template import Template
from streamlit_folium import st_folium

from dashboard.asset import address_of
from dashboard.parts import wording
from dashboard.parts.map import bare_map
from dashboard.parts.markup import Markup, element
from dashboard.parts.palette import DARK, HUES, LIGHT
from dashboard.parts.sql.answer import NONE, ROWS, Answer, pick
from dashboard.parts.sql.classes import METHODS, choose_categories, make_classes
from dashboard.parts.sql.places import TAKINGS, PlaceColumn, Placed, Places, choose_taking, choose_value, place_rows
from dashboard.parts.sql.result_words import say_result
from dashboard.parts.sql.sheet import NUMBERS, SheetColumn, tell_value
from dashboard.parts.wording import LANGUAGES, Language
from dashboard.text import read_text

HEIGHT_PX = 376
"""The frame's height before the stylesheet gives it what the window leaves."""
_MEANINGS = {"smooth": "ok", "busy": "busy", "jammed": "jam", "resting": "rest", "high": "zone"}
"""Words that have a colour everywhere: classes of waiting, and the level of a zone."""


class _SqlEngine(JSCSSMixin, MacroElement):
    """Starts the map's script on the folium map that it is added to, with its words in both languages."""

    _template = Template(
        "{% macro script(this, kwargs) %}Wangge.sqlMap({{ this._parent.get_name() }}, {{ this.words }});{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.default_js = [(f"wangge_{name}", address_of(f"{name}.js")) for name in ("tip", "sqlmap")]
        self.default_css = [("wangge_lead_css", address_of("lead.css"))]
        texts = {language: read_text("sql_result", language) for language in LANGUAGES}
        words = {
            language: {word: text[f"map_{word}"] for word in ("whole", "name", "absent")}
            for language, text in texts.items()
        }
        self.words = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")


@dataclass(frozen=True)
class _Picked:
    """The columns that were picked, and what the answer says of each place then. `value` and `label` None: no column, but the number
    of rows, or no label."""

    column: PlaceColumn
    value: str | None
    label: str | None
    placed: Placed
    labelled: Placed | None


@dataclass(frozen=True)
class _Painting:
    """Which colour each place has, and how the legend says them."""

    colours: Sequence[tuple[str, str]]
    labels: Sequence[str]
    indexes: Mapping[str, int]


def show_map(answer: Answer, places: Places, *, key: str, language: Language) -> None:
    """The map with its picks and legend; one line where no column holds places."""
    columns = answer.place_columns(places)
    if not columns:
        st.html(element("p", say_result("map_none", language), classes="wg-facts"))
        return
    with st.container(key=f"{key}_result_map"):
        left, right = st.columns([700, 330], gap="medium")
        with right:
            picked, room = _show_picks(answer, columns, places, key, language)
            with room:
                painting = _paint(picked, answer, key, language)
            st.html(_draw_legend(painting, picked, language))
        with left:
            shown = _describe(answer, picked, painting, language)
            text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
            st.html(element("p", say_result("map_hint", language), classes="wg-sql-map wg-facts", data_shown=text))
            with st.container(key=f"{key}_result_frame"):
                st_folium(
                    _draw_map(), key=f"{key}_folium", height=HEIGHT_PX, use_container_width=True, returned_objects=[]
                )


def _draw_map() -> folium.Map:
    drawn = bare_map("answer")
    drawn.add_child(_SqlEngine())
    return drawn


def _show_picks(
    answer: Answer, columns: Sequence[PlaceColumn], places: Places, key: str, language: Language
) -> tuple[_Picked, Any]:
    """What is picked of the columns, and room for one pick more beside the last."""
    sheet, kinds = answer.shown, {column.name: column for column in columns}
    name = pick(
        say_result("map_place", language),
        list(kinds),
        columns[0].name,
        answer=answer,
        key=key,
        name="place",
        told=lambda one: f"{one} · {say_result(f'kind_{kinds[one].kind}', language)}",
    )
    colourable = [
        one.name
        for one in sheet.columns
        if one.name not in kinds and (one.kind in NUMBERS or one.kind in ("text", "flag"))
    ]
    tell = {ROWS: say_result("map_rows", language), NONE: say_result("map_unlabelled", language)}
    value = pick(
        say_result("map_colour", language),
        [*colourable, ROWS],
        choose_value(answer.whole, columns) or ROWS,
        answer=answer,
        key=key,
        name="colour",
        told=lambda one: tell.get(one, one),
    )
    column = kinds[name]
    first = place_rows(sheet, column, None, "count", places)
    taking = choose_taking(value)
    if first.row_max > 1 and value != ROWS and sheet.column(value).kind in NUMBERS:
        taking = pick(  # type: ignore[assignment]
            say_result("map_taking", language, count=wording.count(first.row_max)),
            TAKINGS,
            taking,
            answer=answer,
            key=key,
            name=f"taking_{value}",
            told=lambda one: say_result(f"taking_{one}", language),
        )
    here, beside = st.columns(2, gap="small")
    with here:
        label = pick(
            say_result("map_label", language),
            [NONE, ROWS, *(one.name for one in sheet.columns if one.name != name)],
            NONE,
            answer=answer,
            key=key,
            name="label",
            told=lambda one: tell.get(one, one),
        )
    placed = first if value == ROWS else place_rows(sheet, column, value, taking, places)
    labelled = None
    if label == ROWS:
        labelled = first
    elif label != NONE:
        labelled = place_rows(sheet, column, label, taking if label == value else choose_taking(label), places)
    own_label = None if label in (ROWS, NONE) else label
    return _Picked(column, None if value == ROWS else value, own_label, placed, labelled), beside


def _paint(picked: _Picked, answer: Answer, key: str, language: Language) -> _Painting:
    """Classes of numbers in the ramp, words in colours of their own; the last colour is that of places without a value."""
    known = {code: found for code, found in picked.placed.values.items() if found is not None}
    column = _column_of(answer, picked.value)
    if column.kind in NUMBERS:
        known = {code: float(found) for code, found in known.items() if found == found}
        method = "quantile"
        if len(set(known.values())) > 5:
            method = pick(
                say_result("map_classes", language),
                METHODS,
                "quantile",
                answer=answer,
                key=key,
                name="classes",
                told=lambda one: say_result(f"classes_{one}", language),
            )
        classes = make_classes(known.values(), method, _decimals_of(column, known))  # type: ignore[arg-type]
        count = len(classes.labels)
        ramp = [(LIGHT.ramp[place], DARK.ramp[place]) for place in range(7 - count, 7)]
        indexes = {code: classes.place(found) for code, found in known.items()}
        return _Painting(ramp, classes.labels, indexes)
    words = choose_categories(known.values())
    indexes = {code: words.index(str(found)) if str(found) in words else len(words) for code, found in known.items()}
    colours = [_colour_of(word, place) for place, word in enumerate(words)]
    labels = list(words)
    if len(words) in indexes.values():
        colours.append(HUES[-1])
        labels.append(say_result("map_others", language))
    return _Painting(colours, labels, indexes)


def _colour_of(word: str, place: int) -> tuple[str, str]:
    token = _MEANINGS.get(word)
    if token is None:
        return HUES[place % len(HUES)]
    return str(getattr(LIGHT, token)), str(getattr(DARK, token))


def _column_of(answer: Answer, value: str | None) -> SheetColumn:
    return answer.shown.column(value) if value else SheetColumn("", "whole", "BIGINT")


def _decimals_of(column: SheetColumn, known: Mapping[str, float]) -> int | None:
    """Of the values by place: a mean of whole numbers is none."""
    if all(found == int(found) for found in known.values()):
        return 0
    return column.decimals if column.kind == "real" and column.decimals else 1


def _describe(answer: Answer, picked: _Picked, painting: _Painting, language: Language) -> dict[str, Any]:
    """What the map's script reads: of each place its class and what is told of it, and the labels."""
    placed, labelled, rows = picked.placed, picked.labelled, say_result("map_rows", language)
    value_column, label_column = _column_of(answer, picked.value), _column_of(answer, picked.label)
    labels = labelled.values if labelled is not None else {}
    told = {}
    for code, found in placed.values.items():
        said = [f"{picked.value or rows} {_tell(found, value_column)}"]
        if labelled is not None and picked.label != picked.value:
            said.append(f"{picked.label or rows} {_tell(labels.get(code), label_column)}")
        if placed.row_max > 1 and picked.value is not None:
            said.append(say_result("rows", language, count=wording.count(placed.row_counts[code])))
        told[code] = [painting.indexes.get(code, len(painting.colours)), said]
    colours = [*painting.colours, ("unknown", "unknown")]
    return {
        "kind": picked.column.kind,
        "places": told,
        "labels": {code: _tell(found, label_column) for code, found in labels.items() if found is not None},
        "colours": {"light": [light for light, _ in colours], "dark": [dark for _, dark in colours]},
    }


def _tell(found: Any, column: SheetColumn) -> str:
    if isinstance(found, float) and column.kind == "whole":
        return f"{found:,.1f}"
    return tell_value(found, column)


def _draw_legend(painting: _Painting, picked: _Picked, language: Language) -> Markup:
    """Every colour with its words and how many places have it; then what is not on the map."""
    counts = Counter(painting.indexes.values())
    placed, title = picked.placed, picked.value or say_result("map_rows", language)
    rows = [
        _legend_row(f"light-dark({light}, {dark})", label, counts[place])
        for place, ((light, dark), label) in enumerate(zip(painting.colours, painting.labels, strict=True))
    ]
    missing = len(placed.values) - len(painting.indexes)
    if missing:
        rows.append(_legend_row(_dots(), say_result("map_unknown", language), missing))
    are_dots = picked.column.kind == "site"
    if not are_dots:
        rows.append(_legend_row("var(--surface)", say_result("map_absent", language), None))
    notes = [
        say_result(word, language, count=wording.count(count))
        for word, count in (("map_off", placed.unknown_count), ("map_codeless", placed.codeless_count))
        if count
    ]
    return element(
        "section",
        element("h3", title),
        element("ul", *rows, classes="wg-sql-dot" if are_dots else ""),
        *(element("p", note, classes="wg-facts") for note in notes),
        classes="wg-sql-legend",
    )


def _legend_row(background: str, label: str, count: int | None) -> Markup:
    number = element("small", wording.count(count)) if count is not None else None
    return element("li", element("i", style=f"background: {background}"), element("span", label), number)


def _dots() -> str:
    """The pattern of a place without a figure, as on every map."""
    ground = f"light-dark({LIGHT.unknown}, {DARK.unknown})"
    return f"radial-gradient(circle, light-dark(#A3ABB1, #6E7982) 1px, transparent 1.1px) 0 0 / 6px 6px {ground}"
