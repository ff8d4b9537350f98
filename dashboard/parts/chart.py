"""A chart in the house's look, with what it means on hover and its downloads beside its title.

The figure comes with its traces; ground, type, axes and the viewer's theme are given here. Everything is drawn by the plotly.js that
Streamlit serves itself; nothing may be drawn that fetches (maps with tiles or topojson).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboard.answers import Reading, Row
from dashboard.parts.definition import define, say_share
from dashboard.parts.markup import Markup, element
from dashboard.parts.palette import Palette, read_palette
from dashboard.parts.share import show_share
from dashboard.parts.wording import Language

FONT = '"Source Sans", "Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif'
CONFIG: dict[str, Any] = {
    "displayModeBar": False,
    "displaylogo": False,
    "scrollZoom": False,
    "doubleClick": False,  # a double click is a slip, not a wish to see another range
    "showTips": False,
    "responsive": True,
    "topojsonURL": "/none/",  # plotly.js would fetch shapes from the internet for a map of its own
}
_TIMES = [
    {"dtickrange": [None, 60_000], "value": "%H:%M:%S"},
    {"dtickrange": [60_000, 86_400_000], "value": "%H:%M"},
    {"dtickrange": [86_400_000, None], "value": "%m-%d"},
]
"""How an axis of time tells it, by the milliseconds between two ticks; no month has a name here, which would be English.
A template cannot hold them: plotly.js takes lists from the figure alone."""


def show_chart(
    figure: go.Figure,
    *,
    key: str,
    title: str,
    question: str,
    rows: Sequence[Row],
    reading: Reading,
    language: Language,
    height: int,
) -> None:
    """The chart under its title; one line in its place where there are no rows.

    `rows` are the answer to `question` that the figure was made of: they are what is downloaded. Moments in the figure are of the
    district's zone (`reading.moment.local`): plotly.js draws a time as it stands, without its offset. Colours that the figure sets are
    of `read_palette()`. What it sets itself, such as a range or a legend, is kept.
    """
    with st.container(key=f"drawn_{key}"):
        show_title(
            title, key=key, question=question, rows=rows, reading=reading, language=language, chart=f"chart_{key}"
        )
        if not rows:
            st.html(element("p", say_share("none", language), classes="wg-facts", style=f"min-height:{height}px"))
            return
        dress(figure, read_palette(), is_stale=reading.moment.is_stale)
        st.plotly_chart(figure, key=f"chart_{key}", height=height, theme=None, config=CONFIG, alt=title)


def show_title(
    title: str,
    *,
    key: str,
    question: str,
    rows: Sequence[Row],
    reading: Reading,
    language: Language,
    chart: str | None = None,
) -> None:
    """The title with its definition on hover, and beside it the button for definition and downloads."""
    with st.container(key=f"head_{key}", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(title_line(title, question, reading, language), width="stretch")
        show_share(
            rows,
            key=key,
            question=question,
            reading=reading,
            language=language,
            title=title,
            chart=chart if rows else None,
        )


def title_line(title: str, question: str, reading: Reading, language: Language) -> Markup:
    """A block's title that says on hover what its figures mean."""
    return element("h3", title, classes="wg-block-title", title=define(question, None, reading, language))


def dress(figure: go.Figure, palette: Palette, *, is_stale: bool = False) -> go.Figure:
    """Gives the figure the house's look in this theme; the same figure, for chaining. Grey ink where the data is out of date."""
    figure.update_layout(template=make_template(palette, is_stale=is_stale))
    figure.for_each_xaxis(lambda axis: axis.tickformatstops or axis.tickformat or axis.update(tickformatstops=_TIMES))
    return figure


def make_template(palette: Palette, *, is_stale: bool = False) -> go.layout.Template:
    """The look of every chart: plain ground, rules across, small type, no zoom and no drag, so that a finger scrolls the page."""
    ink = palette.stale if is_stale else palette.text
    axis = {
        "fixedrange": True,
        "automargin": True,
        "linecolor": palette.rule,
        "tickcolor": palette.rule,
        "zeroline": False,
        "tickfont": {"color": palette.text_2, "size": 13},
        "title": {"font": {"color": palette.text_2, "size": 13}, "standoff": 8},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": ink},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [palette.bar, palette.text, palette.bar_2, palette.text_3],
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "dragmode": False,
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": palette.page,
                "bordercolor": palette.rule,
                "font": {"family": FONT, "size": 13, "color": palette.text},
                "align": "left",
            },
            "legend": {"orientation": "h", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "itemclick": False}
            | {"itemdoubleclick": False, "font": {"color": palette.text_2, "size": 13}},
            "bargap": 0.08,
            "separators": ".,",
            "uirevision": True,
            "xaxis": {**axis, "showgrid": False, "showline": True, "ticks": ""},
            "yaxis": {**axis, "gridcolor": palette.rule, "gridwidth": 1, "rangemode": "tozero", "tickformat": ",~f"},
        },
        data={"bar": [{"marker": {"line": {"width": 0}}}], "scatter": [{"line": {"width": 2}}]},
    )
