"""Beside a site's charts: who is on duty, who is responsible, what would help, the sites near, and how fresh the data is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.address import Address
from dashboard.answers import Reading
from dashboard.answers import Row as Answer
from dashboard.parts import wording
from dashboard.parts.definition import define
from dashboard.parts.figures import stale_class
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.notices import show_block_error
from dashboard.parts.sites.table import show_moves, tell_units
from dashboard.parts.sites.words import Row, draw_mark, link_to_site, name_site, say_site
from dashboard.parts.wording import Language
from dashboard.parts.words import say
from data.errors import WanggeError

PANEL_QUESTIONS = ("sites/list", "sites/moves", "sites/reach", "quality/feeds")
"""What the panel asks besides the site's own staff and people; each is of all sites."""
CODES_SHOWN = 3
RESPONSIBLE = ("full_time", "medic")


def show_site_panel(
    answers: Mapping[str, list[Answer] | WanggeError], code: str, reading: Reading, address: Address
) -> None:
    """All blocks; one whose question failed says so in its place."""
    language = address.language
    sites = answers["sites/list"]
    if isinstance(sites, WanggeError):
        return  # the head says so
    site = next((row for row in sites if row["site_code"] == code), None)
    if site is None:
        return
    staff, people = answers["sites/staff"], answers["sites/people"]
    if isinstance(staff, WanggeError):
        show_block_error(say_site("staff", language, count=""), staff, language)
    else:
        st.html(staff_block(staff, reading, language))
    if isinstance(people, WanggeError):
        show_block_error(say_site("people", language), people, language)
    else:
        st.html(people_block(people, reading.moment, language))
    moves = answers["sites/moves"]
    if isinstance(moves, WanggeError):
        show_block_error(say_site("moves", language), moves, language)
    else:
        with st.container(key="site_moves"):
            own = [row for row in moves if row["site_code"] == code]
            show_moves(own, sites, reading, address, is_one_site=True)
    reach = answers["sites/reach"]
    if isinstance(reach, WanggeError):
        show_block_error(say_site("nearby", language), reach, language)
    else:
        near = [row for row in reach if row["site_code"] == code]
        st.html(near_block(near, {str(row["site_code"]): row for row in sites}, reading, address))
    feeds = answers["quality/feeds"]
    st.html(data_block(site, [] if isinstance(feeds, WanggeError) else feeds, reading.moment, language))


def staff_block(staff: Sequence[Row], reading: Reading, language: Language) -> Markup:
    """A bar a role with a tick for what is needed, and how many are short."""
    known = [row["on_duty_count"] for row in staff if row["on_duty_count"] is not None]
    longest = max([1, *known, *(row["needed_count"] or 0 for row in staff)])
    lines = []
    for row in staff:
        have, need, short = row["on_duty_count"], row["needed_count"], row["missing_count"]
        bar = element("i", style=f"width:{100 * (have or 0) / longest:.1f}%")
        tick = element("s", style=f"left:{100 * need / longest:.1f}%") if need is not None else None
        lines.append(
            element(
                "tr",
                element("th", say(f"role_{row['role']}", language), scope="row"),
                element("td", element("div", bar, tick, classes="wg-staff-bar")),
                element("td", element("b", wording.count(have))),
                element("td", f"/ {wording.count(need)}"),
                element("td", say_site("staff_missing", language, count=short) if short else "", classes="wg-watch"),
            )
        )
    title = element(
        "h3",
        say_site("staff", language, count=wording.count(sum(known) if known else None)),
        " ",
        element("small", say_site("staff_tick", language)),
        title=define("sites/staff", None, reading, language),
    )
    table = element("table", element("tbody", *lines), classes="wg-table wg-staff")
    return element("section", title, table, classes=f"wg-block wg-first{stale_class(reading.moment)}")


def people_block(people: Sequence[Row], moment: Moment, language: Language) -> Markup:
    """The leader, then full-time workers and medics by staff number. Never a person's name."""
    lines = [_leader_line(next((row for row in people if row["is_leader"]), None), moment, language)]
    for role in RESPONSIBLE:
        here = [row for row in people if row["role"] == role and row["is_here"] and not row["is_leader"]]
        codes = " ".join(str(row["staff_code"]) for row in here[:CODES_SHOWN])
        more = say("chain_more", language, count=len(here)) if len(here) > CODES_SHOWN else ""
        lines.append(
            element(
                "tr",
                element("th", say(f"role_{role}", language), scope="row"),
                element("td", f"{codes} {more}".strip() or wording.UNKNOWN),
                element("td", say_site("on_duty" if here else "nobody", language)),
            )
        )
    return _section(
        say_site("people", language), element("table", element("tbody", *lines), classes="wg-table wg-people")
    )


def _leader_line(leader: Row | None, moment: Moment, language: Language) -> Markup:
    duty = wording.UNKNOWN
    if leader is not None and leader["is_on_duty"] is not None:
        if not leader["is_on_duty"]:
            duty = say_site("off_duty", language)
        elif leader["is_here"]:
            since = wording.time_of_day(moment.local(leader["checked_in_at"]))
            duty = say_site("on_duty_since", language, at=since)
        else:
            duty = say_site("on_duty_elsewhere", language)
    return element(
        "tr",
        element("th", say_site("leader", language), scope="row"),
        element("td", str(leader["staff_code"]) if leader else wording.UNKNOWN),
        element("td", duty),
    )


def near_block(near: Sequence[Row], sites: Mapping[str, Row], reading: Reading, address: Address) -> Markup:
    """The sites within a walk: how far, how long the wait is, units, and how many they can take or why nobody is sent there."""
    language = address.language
    title = say_site("nearby", language)
    if not near:
        return _section(title, element("p", say_site("nearby_none", language), classes="wg-facts"))
    columns = ("walk", "wait", "units")
    head = element(
        "tr",
        element("th", say_site("column_site", language), scope="col"),
        *(element("th", say_site(f"column_{column}", language), scope="col") for column in columns),
    )
    lines = []
    for row in near:
        other = sites[str(row["other_site_code"])]
        verdict = (
            say_site("takes", language, count=wording.count(row["take_count"]))
            if row["obstacle"] is None
            else say_site(f"obstacle_{row['obstacle']}", language)
        )
        code = str(row["other_site_code"])
        lines.append(
            element(
                "tr",
                element(
                    "td",
                    draw_mark(other["wait_class"], language),
                    link_to_site(address, code, name_site(other, language)),
                    " ",
                    element("small", verdict, classes="wg-takes" if row["obstacle"] is None else "wg-obstacle"),
                ),
                element("td", wording.distance(row["walk_m"])),
                element("td", element("b", wording.wait(other["wait_min"], language))),
                element("td", tell_units(other)),
            )
        )
    table = element("table", element("thead", head), element("tbody", *lines), classes="wg-table wg-sites wg-near")
    hint = define("sites/reach", None, reading, language)
    return element("section", element("h3", title, title=hint), table, classes=f"wg-block{stale_class(reading.moment)}")


def data_block(site: Row, feeds: Sequence[Row], moment: Moment, language: Language) -> Markup:
    """The last row, the feed it came by, and what that feed had corrected, doubled and refused."""
    feed = next((row for row in feeds if row["feed_code"] == site["feed_code"]), None)
    counts = wording.UNKNOWN
    if feed is not None:
        counts = " / ".join(
            wording.count(feed[name]) for name in ("corrected_count", "duplicate_count", "quarantined_count")
        )
    facts = (
        ("data_last", wording.time_of_day(moment.local(site["last_event_at"]), seconds=True)),
        ("data_feed", wording.name_in(dict(feed), "feed_name", language) if feed else str(site["feed_code"])),
        ("data_counts", counts),
    )
    lines = [
        element("tr", element("th", say_site(name, language), scope="row"), element("td", value))
        for name, value in facts
    ]
    return _section(say_site("data", language), element("table", element("tbody", *lines), classes="wg-table wg-data"))


def _section(title: str, body: Markup) -> Markup:
    return element("section", element("h3", title), body, classes="wg-block")
