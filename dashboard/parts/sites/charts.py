"""The charts of one site: throughput, wait, units, ways of registering, what each unit did, and the days before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboard.answers import Reading, Row
from dashboard.aside import AsideAnswer
from dashboard.parts import wording
from dashboard.parts.chart import show_chart
from dashboard.parts.figures import stale_class
from dashboard.parts.markup import element
from dashboard.parts.moment import Moment
from dashboard.parts.notices import show_block_error
from dashboard.parts.palette import Palette, read_palette
from dashboard.parts.sites.words import minutes_alone, say_site
from dashboard.parts.table import TableColumn, show_table
from dashboard.parts.wording import Language
from data.errors import WanggeError

Answers = Mapping[str, list[Row] | WanggeError]

SITE_QUESTIONS = ("sites/quarters", "sites/unit_history", "sites/quarter_waits", "sites/days")
"""What the charts ask about a site; of all sites they ask `sites/blocks`."""
QUARTER = timedelta(minutes=15)
LABEL_PX = {"zh": 84, "en": 102}
"""Room to the right of a chart for the names of its lines."""
DAYS_SHOWN = 14
CHANNELS = ("self", "assisted", "green")


def show_site_charts(answers: Answers, code: str, reading: Reading, language: Language) -> None:
    """The charts of the working day; one whose question failed says so in its place."""
    palette, moment = read_palette(), reading.moment
    quarters, history, waits, days = (answers[name] for name in SITE_QUESTIONS)
    blocks = answers["sites/blocks"]
    if isinstance(quarters, WanggeError):
        show_block_error(say_site("throughput", language), quarters, language)
    else:
        show_chart(
            draw_throughput(quarters, moment, palette, language),
            key="throughput",
            title=say_site("throughput", language),
            question="sites/quarters",
            rows=quarters,
            reading=reading,
            language=language,
            height=184,
        )
    if isinstance(history, WanggeError) or isinstance(waits, WanggeError):
        error = history if isinstance(history, WanggeError) else waits
        assert isinstance(error, WanggeError)
        show_block_error(say_site("wait_chart", language), error, language)
    else:
        with st.container(key="site_pair", horizontal=True):
            show_chart(
                draw_waits(history, waits, reading, palette, language),
                key="site_wait",
                title=say_site("wait_chart", language),
                question="sites/quarter_waits",
                rows=waits,
                reading=reading,
                language=language,
                height=188,
            )
            show_chart(
                draw_units(history, moment, palette, language),
                key="site_units",
                title=say_site("unit_chart", language),
                question="sites/unit_history",
                rows=history,
                reading=reading,
                language=language,
                height=188,
            )
    if not isinstance(days, WanggeError) and days:
        show_channels(days[0], reading, language)
    if not isinstance(blocks, WanggeError):
        for block in (row for row in blocks if row["site_code"] == code):
            st.html(element("p", tell_block(block, moment, language), classes="wg-line wg-line-watch"))


def draw_throughput(rows: Sequence[Row], moment: Moment, palette: Palette, language: Language) -> go.Figure:
    """Bars of those sampled, a line of those registered; the quarter that is running is only outlined."""
    over = [row for row in rows if _end(row, moment) <= moment.shown_at]
    running = [row for row in rows if _end(row, moment) > moment.shown_at]
    figure = go.Figure()
    for part, is_over in ((over, True), (running, False)):
        figure.add_bar(
            x=[_local(row["quarter_start_at"], moment) + QUARTER / 2 for row in part],
            y=[row["sampled_count"] for row in part],
            width=QUARTER.total_seconds() * 1000 * 0.92,
            marker={"color": palette.bar_2}
            if is_over
            else {"color": "rgba(0,0,0,0)", "line": {"width": 1, "color": palette.text_3}},
            name=say_site("label_sampled", language, count="") if is_over else say_site("label_running", language),
            showlegend=False,
        )
    figure.add_scatter(
        x=[_local(row["quarter_start_at"], moment) + QUARTER / 2 for row in over],
        y=[row["registered_count"] for row in over],
        mode="lines",
        line={"color": palette.text, "width": 2.5},
        name=say_site("label_registered", language, count=""),
        showlegend=False,
    )
    labels = []
    if over:
        last = over[-1]
        labels.append(
            (last["registered_count"], say_site("label_registered", language, count=last["registered_count"]), True)
        )
        labels.append((last["sampled_count"], say_site("label_sampled", language, count=last["sampled_count"]), False))
    if running:
        labels.append((0.0, say_site("label_running", language), False))
    highest = max((max(row["registered_count"], row["sampled_count"]) for row in rows), default=0)
    return _finish(figure, labels, highest, palette, language)


def draw_waits(
    history: Sequence[Row], waits: Sequence[Row], reading: Reading, palette: Palette, language: Language
) -> go.Figure:
    """What somebody who joined would wait, every five minutes; what those waited who were sampled; the district's two limits."""
    moment = reading.moment
    busy_min, jammed_min = reading.wait_bounds_min
    known = [row for row in history if row["wait_min"] is not None]
    ends = [_local(row["quarter_start_at"], moment) + QUARTER for row in waits]
    figure = go.Figure()
    figure.add_scatter(
        x=[_local(row["measured_at"], moment) for row in known],
        y=[row["wait_min"] for row in known],
        mode="lines",
        line={"color": palette.text, "width": 2.5},
        name=say_site("label_wait", language, minutes=""),
        hovertemplate="%{y:.0f}",
        showlegend=False,
    )
    for column, label, dash in (("median_wait_min", "median", "solid"), ("p90_wait_min", "p90", "dot")):
        figure.add_scatter(
            x=ends,
            y=[row[column] for row in waits],
            mode="lines",
            line={"color": palette.bar_2, "width": 2, "dash": dash},
            name=say_site(f"label_{label}", language, minutes=""),
            hovertemplate="%{y:.0f}",
            showlegend=False,
        )
    labels: list[tuple[float, str, bool]] = []
    if known:
        last = known[-1]["wait_min"]
        labels.append((last, say_site("label_wait", language, minutes=minutes_alone(last)), True))
    if waits:
        for column, label in (("median_wait_min", "median"), ("p90_wait_min", "p90")):
            last = waits[-1][column]
            labels.append((last, say_site(f"label_{label}", language, minutes=minutes_alone(last)), False))
    highest = max([jammed_min * 1.12, *(row["wait_min"] for row in known), *(row["p90_wait_min"] for row in waits)])
    for limit, name, colour in ((busy_min, "busy", palette.busy), (jammed_min, "jammed", palette.jam)):
        figure.add_hline(y=limit, line={"color": colour, "width": 1.5, "dash": "dash"})
        figure.add_annotation(
            x=0,
            xref="paper",
            xanchor="left",
            y=limit,
            yanchor="bottom",
            text=say_site(f"limit_{name}", language, minutes=f"{limit:g}"),
            showarrow=False,
            font={"color": palette.text_2},
        )
    return _finish(figure, labels, highest, palette, language)


def draw_units(history: Sequence[Row], moment: Moment, palette: Palette, language: Language) -> go.Figure:
    """Open units as a step line, needed ones dashed; amber between them where units are short."""
    at = [_local(row["measured_at"], moment) for row in history]
    open_counts = [row["open_unit_count"] for row in history]
    needed = [row["needed_unit_count"] for row in history]
    figure = go.Figure()
    figure.add_scatter(
        x=at,
        y=open_counts,
        mode="lines",
        line={"color": palette.bar, "width": 3, "shape": "hv"},
        name=say_site("label_open", language, count=""),
        showlegend=False,
    )
    figure.add_scatter(
        x=at,
        y=[max(have, need) if have is not None else None for have, need in zip(open_counts, needed, strict=True)],
        mode="lines",
        line={"width": 0, "shape": "hv"},
        fill="tonexty",
        fillcolor=_see_through(palette.busy, 0.28),
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=at,
        y=needed,
        mode="lines",
        line={"color": palette.text, "width": 2, "dash": "dot", "shape": "hv"},
        name=say_site("label_needed", language, count=""),
        showlegend=False,
    )
    labels: list[tuple[float, str, bool]] = []
    if history:
        last = history[-1]
        labels.append(
            (last["needed_unit_count"], say_site("label_needed", language, count=last["needed_unit_count"]), True)
        )
        if last["open_unit_count"] is not None:
            labels.append(
                (last["open_unit_count"], say_site("label_open", language, count=last["open_unit_count"]), False)
            )
    highest = max([3, *needed, *(count for count in open_counts if count is not None)])
    figure.update_yaxes(tickformat="d")
    return _finish(figure, labels, highest, palette, language)


def show_channels(today: Row, reading: Reading, language: Language) -> None:
    """How people registered today: one bar in three parts, each named with its share."""
    shares = {name: today[f"{name}_pct"] or 0.0 for name in CHANNELS}
    parts = (element("i", classes=f"wg-channel-{name}", style=f"flex:{share:.2f}") for name, share in shares.items())
    words = (
        element("span", say_site(f"channel_{name}", language, pct=wording.share_with_sign(share)))
        for name, share in shares.items()
    )
    st.html(
        element(
            "section",
            element(
                "h3",
                say_site("channels", language, count=wording.count(today["registered_count"])),
                classes="wg-block-title",
            ),
            element("div", *parts, classes="wg-channels", aria_hidden="true"),
            element("div", *words, classes="wg-channel-words"),
            classes=f"wg-site-channels{stale_class(reading.moment)}",
        )
    )


def tell_block(block: Row, moment: Moment, language: Language) -> str:
    """When help with registering blocked the entrance, how the queue grew, and when a green channel opened."""
    ended = moment.local(block["ended_at"])
    told = say_site(
        "block_over" if ended else "block_running",
        language,
        **{"from": wording.time_of_day(moment.local(block["started_at"]))},
        until=wording.time_of_day(ended),
        pct=wording.share_with_sign(block["assisted_pct"]),
        registered=wording.count(block["registered_count"]),
        sampled=wording.count(block["sampled_count"]),
        kept=wording.count(block["kept_waiting_count"]),
    )
    green = moment.local(block["green_from_at"])
    if green is None:
        return told
    return f"{told} {say_site('block_green', language, at=wording.time_of_day(green))}"


def show_by_unit(answer: AsideAnswer, reading: Reading, language: Language) -> None:
    """What each unit sampled in each quarter hour: the darker the more; why not yet, where it is not known yet."""
    title = say_site("by_unit", language)
    if answer.error is not None:
        show_block_error(title, answer.error, language)
        return
    if answer.rows is None:
        reason = "working" if answer.is_working else "refused" if answer.is_refused else "no_rows"
        line = element("p", say_site(reason, language), classes="wg-facts")
        st.html(element("section", element("h3", title, classes="wg-block-title"), line))
        return
    rows = answer.rows
    units = list(dict.fromkeys(row["unit_no"] for row in rows))
    show_chart(
        draw_by_unit(rows, units, reading.moment, read_palette(), language),
        key="by_unit",
        title=title,
        question="sites/unit_quarters",
        rows=rows,
        reading=reading,
        language=language,
        height=52 + 22 * max(len(units), 2),
    )


def draw_by_unit(
    rows: Sequence[Row], units: Sequence[int | None], moment: Moment, palette: Palette, language: Language
) -> go.Figure:
    """A field a unit and quarter hour, with the number in it where there is room."""
    names = [
        say_site("unit_unknown", language) if unit is None else say_site("unit_axis", language, unit=unit)
        for unit in units
    ]
    starts = sorted({row["quarter_start_at"] for row in rows})
    told = {(row["unit_no"], row["quarter_start_at"]): row["sampled_count"] for row in rows}
    counts = [[told.get((unit, start)) for start in starts] for unit in units]
    figure = go.Figure(
        go.Heatmap(
            x=[_local(start, moment) + QUARTER / 2 for start in starts],
            y=names,
            z=counts,
            xgap=1,
            ygap=2,
            zmin=0,
            colorscale=[[0, palette.raised], [1, palette.bar_2]],
            showscale=False,
            texttemplate="%{z}" if len(starts) <= 24 else None,
            textfont={"size": 12, "color": palette.text},
            hovertemplate="%{y}: %{z}<extra></extra>",
        )
    )
    return figure.update_layout(hovermode="closest", yaxis={"autorange": "reversed", "showgrid": False})


def show_days(rows: list[Row] | WanggeError, reading: Reading, language: Language) -> None:
    """The site's working days, the newest first."""
    title = say_site("days", language)
    if isinstance(rows, WanggeError):
        show_block_error(title, rows, language)
        return

    def tell_day(value: Any) -> str:
        return wording.day(datetime(value.year, value.month, value.day), language)

    show_table(
        rows[:DAYS_SHOWN],
        [
            TableColumn("day_on", say_site("day_on", language), tell_day),
            TableColumn("registered_count", say_site("day_registered", language)),
            TableColumn("sampled_count", say_site("day_sampled", language)),
            TableColumn("assisted_pct", say_site("day_helped", language), wording.share_with_sign),
            TableColumn("green_pct", say_site("day_green", language), wording.share_with_sign),
            TableColumn("mean_wait_min", say_site("day_wait", language), lambda value: wording.wait(value, language)),
            TableColumn("opened_unit_count", say_site("day_units", language)),
            TableColumn("first_at", say_site("day_first", language)),
            TableColumn("last_at", say_site("day_last", language)),
        ],
        key="site_days",
        title=title,
        question="sites/days",
        reading=reading,
        language=language,
    )


def spread_labels(values: Sequence[float], least: float) -> list[float]:
    """Heights for labels at these values, at least so far apart, in the same order of height."""
    places = list(values)
    order = sorted(range(len(values)), key=lambda number: values[number])
    for below, above in pairwise(order):
        places[above] = max(places[above], places[below] + least)
    return places


def _finish(
    figure: go.Figure, labels: Sequence[tuple[float, str, bool]], highest: float, palette: Palette, language: Language
) -> go.Figure:
    """Names beside the lines' ends, apart from one another; room for them; an axis from zero."""
    top = max(highest, 1) * 1.06
    for (_, text, is_strong), place in zip(
        labels, spread_labels([value for value, _, _ in labels], top * 0.13), strict=True
    ):
        figure.add_annotation(
            x=1,
            xref="paper",
            xanchor="left",
            xshift=8,
            y=place,
            text=f"<b>{text}</b>" if is_strong else text,
            showarrow=False,
            font={"color": palette.text if is_strong else palette.text_2},
        )
    return figure.update_layout(margin={"l": 8, "r": LABEL_PX[language], "t": 8, "b": 8}, yaxis={"range": [0, top]})


def _end(row: Row, moment: Moment) -> datetime:
    return _local(row["quarter_start_at"], moment) + QUARTER


def _local(value: datetime, moment: Moment) -> datetime:
    at = moment.local(value)
    assert at is not None
    return at


def _see_through(colour: str, share: float) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"
