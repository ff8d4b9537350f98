"""The alerts line: what, how bad, why, what to do. One number ties an alert to its place on the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.parts import wording
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.parts.words import say
from dashboard.text import read_text

Row = Mapping[str, Any]

ENDINGS_SHOWN = 3
MANY_ASSISTED_PCT = 40.0
"""From this share of assisted registrations on, registering is the bottleneck and helpers cure it: at the published case
(东华名岸, 9 July 2022) a green channel and helpers did, not more units."""


def alert_line(number: int, alert: Row, moment: Moment, language: Language) -> Markup:
    """One alert: its number chip (filled: act, outlined: watch), title with the figure, and the line on what to do."""
    return element(
        "div",
        element("i", str(number)),
        element("strong", f"{alert_title(alert, language)} {_figure(alert, language)}".strip()),
        element("p", _advice(alert, moment, language)),
        classes=f"wg-alert wg-alert-{'act' if alert['level'] == 'act' else 'watch'}",
    )


def alert_title(alert: Row, language: Language) -> str:
    """Where and what: 东华名岸 拥堵."""
    return say(f"alert_{alert['rule']}", language, place=wording.name_in(dict(alert), "place_name", language))


def calm_line(alerts: Row, language: Language) -> Markup:
    """Nothing open; how the last ones ended proves that the silence is real."""
    closed: Sequence[Row] = alerts.get("closed") or []
    text = say("alerts_none", language)
    if alerts.get("closed_count"):
        text += " · " + say("alerts_closed", language, count=alerts["closed_count"])
    last = [_ending(row, language) for row in closed[:ENDINGS_SHOWN]]
    return element("div", text, element("p", " · ".join(last)) if last else None, classes="wg-calm")


def unjudged_line(language: Language, *, is_empty: bool) -> Markup:
    """Without news nobody can say whether there is an alert."""
    text = say("alerts_no_data" if is_empty else "alerts_unjudged", language)
    return element("div", text, classes="wg-calm" if is_empty else "wg-calm wg-watch")


def _ending(alert: Row, language: Language) -> str:
    """How a closed alert ended, in the wall's words: 东华名岸 拥堵 41 分解除."""
    words = read_text("wall", language)
    rule = alert["rule"]
    what = words[f"closed_{rule}"].format(
        place=wording.name_in(dict(alert), "place_name", language), n=wording.count(alert.get("needed_count"))
    )
    return f"{what} {words[f'closed_{rule}_end'].format(duration=wording.minutes(alert.get('duration_min'), language))}"


def _figure(alert: Row, language: Language) -> str:
    figure, target = alert.get("figure"), alert.get("target")
    match alert["rule"]:
        case "site_jammed" | "feed_silent":
            return wording.minutes(figure, language)
        case "whistle_late":
            return f"{wording.count(figure)}/{wording.count(target)}"
        case "coverage_behind":
            return wording.share_with_sign(figure)
        case _:
            return ""


def _advice(alert: Row, moment: Moment, language: Language) -> str:
    expected, target = moment.local(alert.get("expected_at")), alert.get("target")
    short, assisted = alert.get("detail_count"), alert.get("detail_pct")
    match alert["rule"]:
        case "site_jammed" if assisted is not None and assisted >= MANY_ASSISTED_PCT:
            return say("alert_site_jammed_assist", language, pct=wording.share_with_sign(assisted))
        case "site_jammed" if short and short > 0:
            return say("alert_site_jammed_units", language, count=wording.count(short))
        case "site_jammed":
            return say("alert_site_jammed_divert", language)
        case "feed_silent":
            return say("alert_feed_silent_why", language, at=wording.time_of_day(moment.local(alert.get("since_at"))))
        case "whistle_late" if expected:
            return say("alert_whistle_late_why", language, at=wording.time_of_day(expected))
        case "whistle_late":
            return say("alert_whistle_late_never", language)
        case "coverage_behind":
            goal, reached = wording.share_with_sign(target), wording.share_with_sign(assisted)
            missing = wording.count(short)
            return say("alert_coverage_behind_why", language, goal=goal, reached=reached, missing=missing)
        case _:
            return ""
