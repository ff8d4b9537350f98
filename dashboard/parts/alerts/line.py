"""The alerts line: what, how bad, why, what to do, who. One number ties an alert to its place on the map.

The words are those of the wall (`dashboard/text/wall.*.toml`), put together in the wall's way (`describeAlert` in
`dashboard/assets/wall.js`): whoever telephones about an alert reads the same sentence on either page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil, floor
from typing import Any

from dashboard.parts import wording
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.text import read_text

Row = Mapping[str, Any]

ENDINGS_SHOWN = 3


@dataclass(frozen=True)
class Around:
    """What alerts refer to, by code: open whistles, running rounds, states of sites, names of grids."""

    whistles: Mapping[str, Row] = field(default_factory=dict)
    rounds: Mapping[str, Row] = field(default_factory=dict)
    sites: Mapping[str, Row] = field(default_factory=dict)
    grid_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AlertWords:
    """One alert in words: what is wrong, how bad, what to do, who does it, why."""

    title: str
    figure: str
    what: str
    who: str
    why: str


def alert_line(number: int, alert: Row, around: Around, moment: Moment, language: Language) -> Markup:
    """One alert: its number chip (filled: act, outlined: watch), title with the figure; what to do and who; why."""
    said = describe_alert(alert, around, moment, language)
    return element(
        "div",
        element("i", str(number)),
        element("strong", f"{said.title} {said.figure}"),
        element("p", element("b", said.what), f" · {said.who}", element("span", said.why) if said.why else None),
        classes=f"wg-alert wg-alert-{'act' if alert['level'] == 'act' else 'watch'}",
    )


def describe_alert(alert: Row, around: Around, moment: Moment, language: Language) -> AlertWords:
    """The words of one alert; the rules' figures are those of `queries/alerts`."""
    return _DESCRIBE[alert["rule"]](alert, around, moment, language)


def calm_line(alerts: Row, language: Language) -> Markup:
    """Nothing open; how the last ones ended proves that the silence is real."""
    closed: Sequence[Row] = alerts.get("closed") or []
    words, count = read_text("wall", language), alerts.get("closed_count")
    text = f"{words['alerts_none']} · "
    text += words["alerts_closed"].format(n=count) if count else words["alerts_closed_none"]
    last = [_ending(row, language) for row in closed[:ENDINGS_SHOWN]]
    return element("div", text, element("p", " · ".join(last)) if last else None, classes="wg-calm")


def unjudged_line(
    alerts: Row, moment: Moment, language: Language, *, is_empty: bool, failed_at: datetime | None = None
) -> Markup:
    """Without news nobody can say whether there is an alert; how many there were when the news stopped."""
    words = read_text("wall", language)
    if is_empty:
        return element("div", words["alerts_no_data"], classes="wg-calm")
    count = len(alerts.get("open") or [])
    reason = words["block_failed"].format(time=_clock(failed_at)) if failed_at else ""
    then = words["alerts_then" if count else "alerts_then_none"].format(time=_clock(moment.as_of), n=count)
    return element(
        "div",
        element("b", f"{words['alerts']} · {words['alerts_unsure']}"),
        element("p", reason or then) if reason or (alerts and moment.as_of) else None,
        classes="wg-calm",
    )


def _describe_jam(alert: Row, around: Around, moment: Moment, language: Language) -> AlertWords:
    words, site = read_text("wall", language), around.sites.get(alert["place_code"], {})
    action, waiting = alert.get("action"), wording.count(site.get("waiting_count"))
    if action == "assist_registration":
        what = words["site_jammed_do_assist"]
        why = words["site_jammed_assisted"].format(pct=floor((alert.get("detail_pct") or 0) + 0.5), waiting=waiting)
    else:
        is_short = action == "open_units"
        what = (
            words["site_jammed_do_units"].format(n=alert["detail_count"])
            if is_short
            else words["site_jammed_do_divert"]
        )
        units = (wording.count(site.get(f"{kind}_unit_count")) for kind in ("open", "needed"))
        why = words["site_jammed_waiting"].format(waiting=waiting, **dict(zip(("open", "needed"), units, strict=True)))
    who = words["site_jammed_who"].format(grid=around.grid_names.get(alert.get("grid_code") or "", "")).strip()
    return AlertWords(
        title=words["site_jammed"].format(place=_site_name(_place(alert, language), language)),
        figure=f"{wording.count(floor(alert['figure']))} {words['site_jammed_unit']}",
        what=what,
        who=_with_code(who, alert),
        why=why if site else "",
    )


def _describe_idle(alert: Row, _around: Around, moment: Moment, language: Language) -> AlertWords:
    words = read_text("wall", language)
    idle, opened = wording.count(alert.get("figure")), wording.count(alert.get("target"))
    neighbour = wording.name_in(dict(alert), "neighbour_name", language)
    return AlertWords(
        title=words["unit_idle"].format(place=_site_name(_place(alert, language), language)),
        figure=f"{idle}/{opened}",
        what=words["unit_idle_do"].format(n=wording.count(ceil((alert.get("figure") or 0) / 2)), place=neighbour),
        who=_with_code(words["unit_idle_who"], alert),
        why=words["unit_idle_detail"].format(time=_clock(moment.local(alert["since_at"])), n=idle, open=opened),
    )


def _describe_empty_zone(alert: Row, _around: Around, moment: Moment, language: Language) -> AlertWords:
    words, since = read_text("wall", language), moment.local(alert["since_at"])
    empty_min = (moment.now - since).total_seconds() / 60 if since else alert["figure"]
    level = "community" if alert.get("responsible_role") == "community_cadre" else "grid"
    return AlertWords(
        title=words["zone_without_staff"].format(place=_place(alert, language)),
        figure=f"{wording.count(floor(empty_min))} {words['site_jammed_unit']}",
        what=words["zone_without_staff_do"],
        who=_with_code(words[f"zone_without_staff_who_{level}"], alert),
        why=words["zone_without_staff_detail"].format(time=_clock(since), n=wording.count(alert.get("detail_count"))),
    )


def _describe_mismatch(alert: Row, _around: Around, _moment: Moment, language: Language) -> AlertWords:
    words, check = read_text("wall", language), alert["place_code"]
    return AlertWords(
        title=words["sum_mismatch"].format(check=words.get(f"check_{check}", check)),
        figure=f"{wording.count(alert.get('figure'))} {words['sum_mismatch_unit']}",
        what=words["sum_mismatch_do"],
        who=words["sum_mismatch_who"],
        why=words["sum_mismatch_detail"],
    )


def _describe_silence(alert: Row, _around: Around, moment: Moment, language: Language) -> AlertWords:
    words, place = read_text("wall", language), _place(alert, language)
    since, count = moment.local(alert["since_at"]), alert.get("detail_count")
    silent_min = (moment.now - since).total_seconds() / 60 if since else alert["figure"]
    why = words["feed_silent_detail" if count else "feed_silent_detail_plain"].format(time=_clock(since), n=count)
    return AlertWords(
        title=words["feed_silent"].format(place=place),
        figure=f"{wording.count(floor(silent_min))} {words['site_jammed_unit']}",
        what=words["feed_silent_do"],
        who=words["feed_silent_who"].format(place=place),
        why=why,
    )


def _describe_muster(alert: Row, around: Around, moment: Moment, language: Language) -> AlertWords:
    words, whistle = read_text("wall", language), around.whistles.get(alert["place_code"], {})
    role = words.get(whistle.get("role") or "", "").lower()
    raised = moment.local(whistle.get("raised_at") or alert["since_at"])
    due, expected = moment.local(whistle.get("due_at")), moment.local(alert.get("expected_at"))
    used = wording.minutes((moment.now - raised).total_seconds() / 60 if raised else None, language)
    if expected and due and expected <= due:
        why = words["whistle_late_detail_met"].format(used=used)
    elif expected and due:
        late = wording.minutes((expected - due).total_seconds() / 60, language)
        why = words["whistle_late_detail"].format(used=used, time=_clock(expected), late=late)
    else:
        why = words["whistle_late_detail_none"].format(used=used)
    arrived, needed = alert.get("figure") or 0, alert.get("target") or 0
    return AlertWords(
        title=" ".join(words["whistle_late"].format(place=_place(alert, language), role=role).split()),
        figure=f"{wording.count(arrived)}/{wording.count(needed)}",
        what=words["whistle_late_do"].format(n=wording.count(max(0, needed - arrived))),
        who=_with_code(words["whistle_late_who"], alert),
        why=why,
    )


def _describe_lag(alert: Row, around: Around, moment: Moment, language: Language) -> AlertWords:
    words, round_ = read_text("wall", language), around.rounds.get(alert["place_code"], {})
    missing = wording.count(round_.get("missing_count", alert.get("detail_count")))
    deadline, expected = moment.local(round_.get("deadline_at")), moment.local(alert.get("expected_at"))
    if alert.get("level") == "act" and deadline and moment.now >= deadline:
        why = words["coverage_behind_detail_over"].format(missing=missing)
    elif expected and deadline and expected <= deadline:
        why = words["coverage_behind_detail_met"].format(missing=missing)
    elif expected and deadline:
        late = wording.minutes((expected - deadline).total_seconds() / 60, language)
        why = words["coverage_behind_detail"].format(missing=missing, time=_clock(expected), late=late)
    else:
        why = words["coverage_behind_detail_none"].format(missing=missing)
    return AlertWords(
        title=words["coverage_behind"].format(place=_place(alert, language)),
        figure=wording.share_with_sign(alert.get("figure")),
        what=words["coverage_behind_do"],
        who=_with_code(words["coverage_behind_who"], alert),
        why=why,
    )


_DESCRIBE = {
    "site_jammed": _describe_jam,
    "unit_idle": _describe_idle,
    "zone_without_staff": _describe_empty_zone,
    "sum_mismatch": _describe_mismatch,
    "feed_silent": _describe_silence,
    "whistle_late": _describe_muster,
    "coverage_behind": _describe_lag,
}


def _ending(alert: Row, language: Language) -> str:
    """How a closed alert ended, in the wall's words: 东华名岸 拥堵，41 分解除."""
    words = read_text("wall", language)
    rule = alert["rule"]
    what = words[f"closed_{rule}"].format(
        place=wording.name_in(dict(alert), "place_name", language), n=wording.count(alert.get("needed_count"))
    )
    end = words[f"closed_{rule}_end"].format(duration=wording.minutes(alert.get("duration_min"), language))
    return f"{what}{'，' if language == 'zh' else ', '}{end}"


def _with_code(who: str, alert: Row) -> str:
    """Who answers for it: 网格长 BS-3501; without a number where nobody is known."""
    return f"{who} {alert['responsible_staff_code']}" if alert.get("responsible_staff_code") else who


def _place(alert: Row, language: Language) -> str:
    return wording.name_in(dict(alert), "place_name", language)


def _site_name(name: str, language: Language) -> str:
    """东华名岸采样点; a name that says already that it is a site stays as it is."""
    suffix = read_text("wall", language)["site_suffix"]
    if language == "en":
        return name if name.lower().endswith(suffix) else f"{name} {suffix}"
    return name if name.endswith("点") else f"{name}{suffix}"


def _clock(moment: datetime | None) -> str:
    return wording.time_of_day(moment)
