"""The head of a site's page: name, class, where and how long it is open, and five figures with their tests."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.address import Address, link_to
from dashboard.answers import Reading
from dashboard.parts import wording
from dashboard.parts.definition import define
from dashboard.parts.figures import stale_class
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.sites.words import Row, draw_mark, minutes_alone, name_class, name_site, say_site
from dashboard.parts.wording import Language
from dashboard.parts.words import say


def show_site_head(site: Row | None, moment: Moment, address: Address, pick: Callable[[str | None], None]) -> None:
    """The title row; a line in its place where there is no such site."""
    language = address.language
    with st.container(key="site_title", horizontal=True, vertical_alignment="center"):
        if site is None:
            st.html(element("p", say_site("gone", language, code=address.site), classes="wg-line", role="status"))
        else:
            st.html(title_of(site, moment, language))
        st.button(say_site("all_sites", language), key="all_sites", on_click=pick, args=(None,))
        if site is not None:
            st.html(
                element(
                    "a", say_site("on_map", language), classes="wg-button", href=map_link(site, address), target="_self"
                ),
                width="content",
            )


def title_of(site: Row, moment: Moment, language: Language) -> Markup:
    """Name, class and the line that says where it is and until when it is open."""
    chip = element(
        "span",
        draw_mark(site["wait_class"], language),
        name_class(site["wait_class"], language),
        classes=f"wg-class wg-class-{site['wait_class']}",
    )
    places = [wording.name_in(dict(site), stem, language) for stem in ("town_name", "community_name") if site[stem]]
    if site["zone_level"] in ("high", "medium"):
        places.append(say(f"zone_{site['zone_level']}", language))
    return element(
        "div",
        element("h1", name_site(site, language)),
        chip,
        element("p", " · ".join([*places, tell_span(site, moment, language)])),
        classes="wg-site-title",
    )


def tell_span(site: Row, moment: Moment, language: Language) -> str:
    """开放 06:00–22:00（轮次结束）: since when it is open, until when it is expected to be, and why then."""
    opened = moment.local(site["opened_at"])
    closes = moment.local(site["expected_close_at"])
    if opened is None:
        return say_site("not_open", language)
    closed = moment.local(site["closed_at"])
    if closed is not None:
        told = {"opened": wording.time_of_day(opened), "closed": wording.time_of_day(closed)}
        return say_site("closed_span", language, **told)
    if closes is None:
        return say_site("open_since", language, opened=wording.time_of_day(opened))
    span = say_site("open_span", language, opened=wording.time_of_day(opened), closes=wording.time_of_day(closes))
    why = say_site(f"close_{site['close_basis']}", language)
    return f"{span}（{why}）" if language == "zh" else f"{span} ({why})"


def map_link(site: Row, address: Address) -> str:
    """The overview with the site's grid open and the site marked."""
    return f"/{link_to(address, grid=str(site['grid_code']), spot=str(site['site_code']))}"


def show_figures(site: Row, reading: Reading, language: Language) -> None:
    """Expected wait, people waiting, registered, sampled, units: each with what puts it to the test."""
    is_short = bool(
        site["needed_unit_count"] is not None
        and site["open_unit_count"] is not None
        and site["needed_unit_count"] > site["open_unit_count"]
    )

    def hint(column: str, question: str) -> str:
        return define(question, column, reading, language)

    people = say_site("people_unit", language)
    pace = None
    if site["wait_class"] not in ("resting", "unknown"):
        basis = "measured" if site["is_unit_rate_measured"] else "published"
        pace = say_site(f"pace_{basis}", language, rate=wording.count(site["unit_rate_per_hour"]))
    figures = (
        _figure(
            say_site("wait", language),
            minutes_alone(site["wait_min"]),
            say_site("minutes", language),
            [
                say_site("wait_before", language, before=wording.wait(site["before_wait_min"], language)),
                tell_basis(site, language),
            ],
            hint("wait_min", "sites/state"),
        ),
        _figure(
            say_site("waiting", language),
            wording.count(site["waiting_count"]),
            people,
            [say_site("waiting_note", language), pace],
            hint("waiting_count", "sites/state"),
        ),
        _figure(
            say_site("registered", language),
            wording.count(site["registered_count"]),
            people,
            [
                say_site("per_hour", language, count=wording.count(site["registered_per_hour"])),
                say_site("coming", language, count=wording.count(site["expected_registered_count"])),
            ],
            hint("registered_count", "sites/list"),
        ),
        _figure(
            say_site("sampled", language),
            wording.count(site["sampled_count"]),
            people,
            [say_site("per_unit", language, count=wording.count(site["sampled_per_unit_hour"]))],
            hint("sampled_count", "sites/list"),
        ),
        _figure(
            say_site("units", language),
            wording.count(site["open_unit_count"]),
            say_site("units_needed", language, count=wording.count(site["needed_unit_count"])),
            [
                say_site(
                    "units_note",
                    language,
                    hold=wording.count(site["hold_unit_count"]),
                    clear=wording.count(site["clear_unit_count"]),
                    minutes=f"{reading.wait_bounds_min[0]:g}",
                ),
                say_site("units_next", language, count=wording.count(site["next_hour_unit_count"])),
            ],
            hint("needed_unit_count", "sites/needs"),
            is_late=is_short,
        ),
    )
    st.html(element("div", *figures, classes=f"wg-figures wg-site-figures{stale_class(reading.moment)}"))


def tell_basis(site: Row, language: Language) -> str | None:
    """What those waited who were sampled in the last quarter hour, and how that is known; None where nobody was."""
    if site["wait_basis"] is None:
        return None
    return say_site(
        f"wait_basis_{site['wait_basis']}",
        language,
        median=minutes_alone(site["median_wait_min"]),
        p90=minutes_alone(site["p90_wait_min"]),
        low=minutes_alone(site["median_low_min"]),
        high=minutes_alone(site["median_high_min"]),
    )


def _figure(label: str, value: str, unit: str, notes: list[str | None], hint: str, *, is_late: bool = False) -> Markup:
    """A figure with two lines of test below, and its definition on hover."""
    lines = [element("div", note, classes="wg-note wg-watch" if is_late else "wg-note") for note in notes if note]
    return element(
        "div",
        element("div", label, classes="wg-label"),
        element(
            "div", element("b", value), element("span", unit) if value != wording.UNKNOWN else None, classes="wg-value"
        ),
        *lines,
        classes="wg-figure",
        title=hint,
    )
