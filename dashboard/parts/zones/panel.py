"""One zone: when it can come down, what is missing, which rule says so, and what it consists of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import streamlit as st

from dashboard.answers import Shelf
from dashboard.parts import wording
from dashboard.parts.definition import tell_definition
from dashboard.parts.markup import Markup, element, join
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.parts.zones.words import Row, level_chip, name_level, name_zone, number_zones, say_zone, tell_moment
from data.errors import WanggeError

NAMES_SHOWN = 8


def show_zone_panel(
    shelf: Shelf, chosen: str | None, moment: Moment, language: Language, pick: Callable[[str | None], None]
) -> None:
    """The panel of the zone with this code, else of the first in force. A block that fails costs itself only."""
    answers = shelf.ask_each("zones/inside", "zones/release", "zones/members")
    zones, releases, members = answers.values()
    if isinstance(zones, WanggeError) or not zones:
        return
    numbers = number_zones(zones)
    found = [row for row in zones if row["zone_code"] == chosen]
    if chosen and not found:
        st.html(element("p", say_zone("gone", language, code=chosen), classes="wg-line", role="status"))
    zone = (found or zones)[0]
    number = None if zone["level"] == "low" else numbers[zone["zone_code"]]
    blocks = [zone_head(zone, number, moment, language)]
    if isinstance(releases, WanggeError):
        blocks.append(_failed(say_zone("release", language), releases, language))
    else:
        blocks += [release_block(row, moment, language) for row in releases if row["zone_code"] == zone["zone_code"]]
    if isinstance(members, WanggeError):
        blocks.append(_failed(say_zone("extent", language), members, language))
    else:
        blocks.append(extent_block([row for row in members if row["zone_code"] == zone["zone_code"]], language))
    picked = " wg-zone-picked" if found else ""
    st.html(element("div", *blocks, classes=f"wg-panel{picked}"))
    if chosen:
        st.button(say_zone("back", language), key="zone_back", on_click=pick, args=(None,))


def zone_head(zone: Row, number: int | None, moment: Moment, language: Language) -> Markup:
    """Name, chip, order, since when."""
    since = say_zone("since", language, at=tell_moment(zone["from_at"], moment, language))
    return element(
        "div",
        element(
            "div",
            element("h2", name_zone(zone, language)),
            level_chip(zone["level"], number, language),
            classes="wg-title",
        ),
        element(
            "div",
            element("code", str(zone["zone_code"])),
            f" · {name_level(zone['level'], language)} · {zone['order_code']} · {since}",
            classes="wg-path",
        ),
        classes="wg-head",
    )


def release_block(release: Row, moment: Moment, language: Language) -> Markup:
    """The earliest moment and what the zone becomes; each condition, met or not; the rule with its source."""
    return element(
        "section",
        element(
            "h3",
            say_zone("release", language),
            title=tell_definition("zones/release", "earliest_release_at", moment, language),
        ),
        element("p", *_verdict(release, moment, language), classes="wg-release"),
        element("ul", *_conditions(release, moment, language), classes="wg-conditions"),
        element("p", _count_start(release, moment, language), classes="wg-facts") if release["next_level"] else None,
        _rule(release, moment, language),
        element("p", say_zone("release_condition", language), classes="wg-facts") if release["next_level"] else None,
        classes="wg-block",
    )


def extent_block(members: Sequence[Row], language: Language) -> Markup:
    """What the zone consists of, and its party branch; nothing where no place is known."""
    if not members:
        return join()
    lines = []
    for kind, group in groupby(members, key=lambda row: row["member_kind"]):
        rows = list(group)
        names = [wording.name_in(dict(row), "member_name", language) for row in rows[:NAMES_SHOWN]]
        told = ("、" if language == "zh" else ", ").join(names) + (" …" if len(rows) > NAMES_SHOWN else "")
        words = say_zone(f"extent_{kind}", language)
        lines.append(
            element(
                "p",
                say_zone("members", language, kind=words, count=wording.count(len(rows)), names=told),
                classes="wg-facts",
            )
        )
    branch = next((row["party_branch_name"] for row in members if row["party_branch_name"]), None)
    if branch:
        lines.append(element("p", f"{say_zone('party_branch', language)} · {branch}", classes="wg-facts"))
    return element("section", element("h3", say_zone("extent", language)), *lines, classes="wg-block")


def _failed(title: str, error: WanggeError, language: Language) -> Markup:
    told = element("p", say_zone("broken", language, message=error.message), classes="wg-facts wg-watch")
    return element("section", element("h3", title), told, classes="wg-block")


def _verdict(release: Row, moment: Moment, language: Language) -> list[Markup]:
    at = tell_moment(release["earliest_release_at"], moment, language)
    if release["is_due"]:
        told = [element("b", say_zone("release_due", language, at=at))]
    elif release["earliest_release_at"] is None:
        told = [element("b", say_zone("release_unknown", language))]
    else:
        told = [element("b", say_zone("release_at", language, at=at))]
    if release["next_level"]:
        becomes = name_level(release["next_level"], language)
        words = (
            say_zone("release_lift", language)
            if release["next_level"] == "none"
            else say_zone("release_to", language, level=becomes)
        )
        told.append(element("span", words))
    return told


def _conditions(release: Row, moment: Moment, language: Language) -> list[Markup]:
    """One line a condition: a mark, and the figures."""
    blocked = release["blocked_by"].split(";")
    if "no_rule" in blocked:
        return [_condition(False, say_zone("no_rule" if release["rule_set_code"] else "no_rules", language), language)]
    days = {"done": release["clear_day_count"], "owed": release["clear_days"]}
    rounds = {"done": release["owed_round_count"] - release["missing_round_count"], "owed": release["owed_round_count"]}
    if "days" in blocked:
        left = say_zone("days_left", language, left=release["missing_day_count"])
        lines = [_condition(False, f"{say_zone('days_done', language, **days)} · {left}", language)]
    else:
        lines = [_condition(True, say_zone("days_ok", language, **days), language)]
    if not release["owed_round_count"]:
        lines.append(_condition(True, say_zone("rounds_none", language), language))
    elif "round_missing" in blocked:
        on = release["next_round_on"]
        told = {"left": release["missing_round_count"], "on": wording.day(on, language, with_weekday=False)}
        lines.append(_condition(False, say_zone("rounds_missing", language, **rounds, **told), language))
    elif not release["missing_round_count"]:
        lines.append(_condition(True, say_zone("rounds_ok", language, **rounds), language))
    for reason, codes in (("result_unknown", "unknown_round_codes"), ("round_positive", "positive_round_codes")):
        if reason in blocked:
            told_codes = (release[codes] or "").replace(";", "、" if language == "zh" else ", ")
            lines.append(_condition(False, say_zone(reason, language, rounds=told_codes), language))
    if "infections_unknown" in blocked:
        lines.append(_condition(False, say_zone("infections_unknown", language), language))
    return lines


def _condition(is_met: bool, words: str, language: Language) -> Markup:
    mark = element("i", "✓" if is_met else "○", role="img", aria_label=say_zone("done" if is_met else "open", language))
    return element("li", mark, words, classes="wg-met" if is_met else "wg-open")


def _count_start(release: Row, moment: Moment, language: Language) -> str:
    on = release["counted_from_on"]
    day = wording.day(on, language, with_weekday=False) if on else wording.UNKNOWN
    if release["last_infection_code"] is None:
        return say_zone("counted_order", language, at=day)
    told = {"code": release["last_infection_code"], "at": tell_moment(release["last_infection_at"], moment, language)}
    if release["counted_from"] != "infection":
        return say_zone("counted_earlier", language, on=day, **told)
    vague = "" if release["last_infection_place_kind"] == "building" else say_zone("vague_infection", language)
    return " · ".join(part for part in (say_zone("counted_infection", language, **told), vague) if part)


def _rule(release: Row, moment: Moment, language: Language) -> Markup | None:
    if release["rule_set_code"] is None:
        return None
    valid_from = moment.local(release["rule_valid_from"])
    name = wording.name_in(dict(release), "rule_set_name", language)
    source = wording.name_in(dict(release), "rule_source", language) if release["rule_source"] else ""
    since = wording.UNKNOWN if valid_from is None else f"{valid_from:%Y-%m-%d}"
    told = say_zone("rule", language, name=name, since=since, source=source)
    came = None
    if release["came_from_level"]:
        came = f" · {say_zone('came_from', language, level=name_level(release['came_from_level'], language))}"
    return element("p", told, came, classes="wg-facts")
