"""The panel of a town or a community: how it stands, and what lies in it. Answers' rows in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from dashboard.address import Address, Measure, link_to
from dashboard.parts import wording
from dashboard.parts.definition import tell_definition
from dashboard.parts.figures import figure, progress_bar, stale_class
from dashboard.parts.grid_list import FIGURES, rank_by_need
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.trail import LINK
from dashboard.parts.wording import Language
from dashboard.parts.words import say

Row = Mapping[str, Any]


def place_row(place: Row) -> dict[str, Any]:
    """A row of coverage/places with the codes and names of its way, as those of a grid have them."""
    own = {f"{place['kind']}_{part}": place[key] for part, key in (("code", "code"), ("name", "name"))}
    return dict(place) | own | {f"{place['kind']}_name_en": place["name_en"]}


def place_panel(place: Row, moment: Moment, address: Address) -> Markup:
    """Name and code, coverage with time used, households, sites, people on duty."""
    language = address.language
    pct, missing = place["coverage_pct"], place["missing_count"]
    people = say("people", language)
    sites = say("place_sites", language, count=wording.count(place["site_count"]))
    if place["jammed_site_count"]:
        sites += say("place_sites_jammed", language, count=place["jammed_site_count"])
    if place["unknown_site_count"]:
        sites += say("place_sites_unknown", language, count=place["unknown_site_count"])
    homes = say(
        "panel_households",
        language,
        count=wording.count(place["household_count"]),
        unseen=wording.count(place["unseen_household_count"]),
    )
    facts = [homes, say("panel_vulnerable", language, count=wording.count(place["vulnerable_count"]))]
    time_used = moment.time_used_pct(place["starts_at"], place["deadline_at"])
    if time_used is not None:
        facts.append(say("round_tick", language))
    others = [
        sites,
        say("place_on_duty", language, count=wording.count(place["on_duty_count"])),
        say("place_waiting", language, count=wording.count(place["waiting_count"])),
    ]
    told = partial(_define, "coverage/places", moment=moment, language=language)
    inside = say("place_grids", language, count=wording.count(place["grid_count"]))
    if place["kind"] == "town":
        inside = f"{say('place_communities', language, count=wording.count(place['community_count']))} · {inside}"
    return element(
        "div",
        element("div", element("h2", wording.name_in(dict(place), "name", language)), classes="wg-title"),
        element("div", element("code", str(place["code"])), f" · {inside}", classes="wg-path"),
        element(
            "div",
            element(
                "div",
                figure(say("coverage", language), wording.share(pct, missing), "%", "", told=told("coverage_pct")),
                figure(say("missing", language), wording.count(missing), people, "", told=told("missing_count")),
                figure(
                    say("residents", language),
                    wording.context_count(place["resident_count"], language),
                    people,
                    "",
                    told=told("resident_count"),
                ),
                classes="wg-figures wg-three",
            ),
            progress_bar(pct, time_used),
            element("p", " · ".join(facts), classes="wg-facts"),
            element("p", " · ".join(others), classes="wg-facts"),
            classes="wg-block",
        ),
        classes=f"wg-place{stale_class(moment)}",
    )


def list_inside(rows: Sequence[Row], kind: str, moment: Moment, address: Address) -> Markup:
    """What lies in a place, those that need most first: name, the map's figure, people missing; each name a link.

    `rows` are of coverage/places ("community") or coverage/list ("grid").
    """
    language, measure = address.language, address.measure
    code, name = ("grid_code", "grid_name") if kind == "grid" else ("code", "name")
    told = partial(_define, "coverage/list" if kind == "grid" else "coverage/places", moment=moment, language=language)
    head = element(
        "tr",
        element("th", say(f"place_list_{kind}", language), scope="col"),
        element("th", say(f"measure_{measure}", language), scope="col", title=told(FIGURES[measure])),
        element("th", say("missing", language), scope="col", title=told("missing_count")),
    )
    lines = [
        element(
            "tr",
            element(
                "td",
                element(
                    "a",
                    wording.name_in(dict(row), name, language),
                    classes=LINK,
                    href=link_to(address, **{kind: str(row[code])}),
                ),
            ),
            element("td", element("b", _figure_of(row, measure))),
            element("td", wording.count(row["missing_count"])),
        )
        for row in rank_by_need(rows, measure, code)
    ]
    table = element("table", element("thead", head), element("tbody", *lines), classes="wg-table wg-sites wg-inside")
    return element("section", table, classes=f"wg-block wg-list{stale_class(moment)}", tabindex="-1")


def _figure_of(row: Row, measure: Measure) -> str:
    if measure == "coverage":
        return wording.share_with_sign(row["coverage_pct"], row["missing_count"])
    return wording.count(row[FIGURES[measure]])


def _define(question: str, column: str, moment: Moment, language: Language) -> str:
    return tell_definition(question, column, moment, language)
