"""Coverage over time against the time used, with what is expected until the deadline and between which bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard.answers import View
from dashboard.parts.chart import show_chart
from dashboard.parts.moment import Moment
from dashboard.parts.palette import Palette, read_palette
from dashboard.parts.rounds.choice import Place
from dashboard.parts.rounds.words import say_round, tell_time
from dashboard.parts.wording import Language

Row = Mapping[str, Any]

CHART_PX = 250
TICKS = (0, 25, 50, 75, 100)
STEPS = 24
"""Points of the forecast until the deadline."""


def show_curve(view: View, screening: Row, place: Place, language: Language) -> None:
    """Coverage over time in a place, with the forecast while there is one."""
    given = {"round_code": screening["round_code"], "place_kind": place.kind, "place_code": place.code}
    curve = [row for row in view.shelf.ask("coverage/round_curve", **given) if row["coverage_pct"] is not None]
    ahead = view.shelf.ask("coverage/forecast", **given, steps=STEPS)
    show_chart(
        draw_round(screening, curve, ahead, view.reading.moment, read_palette(), language),
        key="round_curve",
        title=say_round("curve", language),
        question="coverage/round_curve",
        rows=curve,
        reading=view.reading,
        language=language,
        height=CHART_PX,
    )


def draw_round(
    screening: Row, curve: Sequence[Row], ahead: Sequence[Row], moment: Moment, palette: Palette, language: Language
) -> go.Figure:
    """The chart of rows of coverage/round_curve and coverage/forecast; the deadline is a line across with its time."""
    done = palette.ramp_stale[4] if moment.is_stale else palette.done
    told = "%{y:.1f}%"
    figure = go.Figure()
    if ahead:
        now = [curve[-1]["step_at"]] if curve else []
        at = [moment.local(moment_) for moment_ in (*now, *(row["forecast_at"] for row in ahead))]
        start = [curve[-1]["coverage_pct"]] if curve else []

        def line(column: str) -> list[float]:
            return [*start, *(row[column] for row in ahead)]

        edge = {"mode": "lines", "line": {"width": 0}, "hovertemplate": told}
        figure.add_scatter(x=at, y=line("low_pct"), showlegend=False, name=say_round("curve_low", language), **edge)
        figure.add_scatter(
            x=at,
            y=line("high_pct"),
            fill="tonexty",
            fillcolor=fade(done),
            name=say_round("curve_band", language),
            **edge,
        )
        figure.add_scatter(
            x=at,
            y=line("expected_pct"),
            mode="lines",
            line={"color": done, "dash": "dot"},
            name=say_round("curve_expected", language),
            hovertemplate=told,
        )
    at = [moment.local(row["step_at"]) for row in curve]
    figure.add_scatter(
        x=[moment.local(screening["starts_at"]), moment.local(screening["deadline_at"])],
        y=[0, 100],
        mode="lines",
        line={"color": palette.text_3, "width": 1, "dash": "dash"},
        name=say_round("curve_time", language),
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=at,
        y=[row["coverage_pct"] for row in curve],
        mode="lines",
        line={"color": done, "width": 3},
        name=say_round("curve_coverage", language),
        hovertemplate=told,
    )
    figure.add_vline(x=moment.local(screening["deadline_at"]), line={"color": palette.text, "width": 1})
    figure.add_annotation(
        x=moment.local(screening["deadline_at"]),
        y=0,
        yanchor="bottom",
        xanchor="right",
        showarrow=False,
        text=say_round("curve_deadline", language, at=tell_time(screening["deadline_at"], moment, language)),
        font={"color": palette.text_2},
    )
    figure.update_yaxes(range=[0, 102], tickvals=TICKS, ticktext=[f"{tick}%" for tick in TICKS])
    ends = max(time for time in (*at, moment.local(screening["deadline_at"])) if time is not None)
    figure.update_xaxes(range=[moment.local(screening["starts_at"]), ends])
    return figure


def fade(colour: str) -> str:
    """The colour as a light ground: a third of its strength."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.3)"
