"""The panel of one grid: who answers for it, and what is missing there. Answers' rows in, HTML out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboard.address import Address, link_to
from dashboard.parts import wording
from dashboard.parts.definition import tell_definition
from dashboard.parts.figures import figure, progress_bar, stale_class
from dashboard.parts.markup import Markup, element, join
from dashboard.parts.moment import Moment
from dashboard.parts.sites.words import link_to_site
from dashboard.parts.wording import Language
from dashboard.parts.words import say
from data.errors import WanggeError

Row = Mapping[str, Any]

Answers = Mapping[str, list[dict[str, Any]] | WanggeError]

GRID_QUESTIONS = (
    "coverage/grid",
    "staffing/responsibility_chain",
    "staffing/grid_on_duty",
    "sites/nearest",
    "coverage/grid_hour",
)
"""What the panel asks about a grid."""

CODES_SHOWN, CODES_OF_MANY = 4, 2
"""Staff numbers a level names, those on duty first: all of four, else two and how many there are (a street may have ten
leaders); so a level keeps to one line."""
CHAIN = ("street_leader", "community_cadre", "grid_leader", "full_time")


def grid_panel(
    answers: Answers, moment: Moment, language: Language, spot: Row | None = None, address: Address | None = None
) -> Markup | None:
    """The whole panel of a grid from the answers to GRID_QUESTIONS; None where there is no such grid.

    `spot` is the building or site in it that was asked for, a row of map/spot.
    A block whose question failed says so in its place; the others stand.
    """
    found = answers["coverage/grid"]
    if isinstance(found, WanggeError):
        return failed_block(say("panel_summary", language), found, language)
    if not found:
        return None
    grid = found[0]
    blocks: tuple[tuple[str, str, Callable[[list[dict[str, Any]]], Markup]], ...] = (
        ("chain", "staffing/responsibility_chain", lambda rows: chain_block(rows, grid, moment, language)),
        ("on_duty", "staffing/grid_on_duty", lambda rows: duty_block(rows, moment, language)),
        ("sites", "sites/nearest", lambda rows: sites_block(rows, moment, address or Address(language))),
        ("hour", "coverage/grid_hour", lambda rows: hour_block(rows[0] if rows else None, moment, language)),
    )
    drawn = [
        panel_head(grid, language),
        spot_line(spot, address or Address(language)),
        coverage_block(grid, moment, language),
    ]
    for title, name, draw in blocks:
        rows = answers[name]
        if isinstance(rows, WanggeError):
            drawn.append(failed_block(say(title, language), rows, language))
        else:
            drawn.append(draw(rows))
    drawn.append(actions_block(grid, address or Address(language)))
    return element("div", *drawn, classes=f"wg-panel{stale_class(moment)}")


def actions_block(grid: Row, address: Address) -> Markup:
    """What to do next: the grid's page of the round, and the list of those still missing; of the moment that is shown."""
    code = str(grid["grid_code"])
    ways = (("action_grid", link_to(address, grid=code)), ("action_doors", link_to(address, grid=code, list="all")))
    links = (
        element("a", say(name, address.language), href=f"/rounds{where}", target="_self", classes="wg-act-link")
        for name, where in ways
    )
    return element("p", *links, classes="wg-actions")


def failed_block(title: str, error: WanggeError, language: Language) -> Markup:
    """The block's title and one line: what failed."""
    return _section(
        title, element("p", say("state_block_now", language, message=error.message), classes="wg-facts wg-watch")
    )


def panel_head(grid: Row, language: Language) -> Markup:
    """Name, zone chip and code."""
    name = wording.name_in(dict(grid), "grid_name", language)
    level = grid.get("zone_level")
    chip = None
    if level in ("high", "medium"):
        chip = element("span", say(f"zone_{level}", language), classes=f"wg-chip wg-chip-{level}")
    return element(
        "div",
        element("div", element("h2", name), chip, classes="wg-title"),
        element("div", element("code", str(grid["grid_code"])), classes="wg-path"),
        classes="wg-head",
    )


def spot_line(spot: Row | None, address: Address) -> Markup | None:
    """The building or site asked for, with where it is: the map marks what this line names; a site's name leads to its page."""
    if spot is None:
        return None
    language = address.language
    name = wording.name_in(dict(spot), "name", language)
    counts = {key: wording.count(spot[f"{key}_count"]) for key in ("household", "resident", "unit")}
    return element(
        "p",
        element("b", link_to_site(address, str(spot["code"]), name) if spot["kind"] == "site" else name),
        " · ",
        say(f"spot_{spot['kind']}", language, **counts),
        classes="wg-spot",
        data_lon=f"{spot['lon']:.6f}",
        data_lat=f"{spot['lat']:.6f}",
        data_name=name,
    )


def coverage_block(grid: Row, moment: Moment, language: Language) -> Markup:
    """Coverage, missing, residents; the bar with the time tick; households unseen, vulnerable residents."""
    pct, missing = grid.get("coverage_pct"), grid.get("missing_count")
    people = say("people", language)

    def told(column: str) -> str:
        return tell_definition("coverage/grid", column, moment, language)

    facts = [
        say(
            "panel_households",
            language,
            count=wording.count(grid.get("household_count")),
            unseen=wording.count(grid.get("unseen_household_count")),
        ),
        say("panel_vulnerable", language, count=wording.count(grid.get("vulnerable_count"))),
    ]
    facts.append(say("round_tick" if grid.get("round_code") else "panel_no_round", language))
    return element(
        "div",
        element(
            "div",
            figure(say("coverage", language), wording.share(pct, missing), "%", "", told=told("coverage_pct")),
            figure(say("missing", language), wording.count(missing), people, "", told=told("missing_count")),
            figure(
                say("residents", language),
                wording.count(grid.get("resident_count")),
                people,
                "",
                told=told("resident_count"),
            ),
            classes="wg-figures wg-three",
        ),
        progress_bar(pct, moment.time_used_pct(grid.get("starts_at"), grid.get("deadline_at"))),
        element("p", " · ".join(facts), classes="wg-facts"),
        classes="wg-block",
    )


def chain_block(chain: Sequence[Row], grid: Row, moment: Moment, language: Language) -> Markup:
    """The responsibility chain: level, where, staff numbers, whether on duty. Never a name of a person."""
    places = {"street_leader": "town_name", "community_cadre": "community_name"}
    lines = []
    for level in CHAIN:
        people = [row for row in chain if row["level"] == level and row["staff_code"]]
        people.sort(key=lambda row: not row["is_on_duty"])
        place = wording.name_in(dict(grid), places[level], language) if level in places else ""
        shown = people if len(people) <= CODES_SHOWN else people[:CODES_OF_MANY]
        codes = " ".join([place, *(str(row["staff_code"]) for row in shown)]).strip()
        if len(people) > CODES_SHOWN:
            codes += " " + say("chain_more", language, count=len(people))
        lines.append(
            element(
                "tr",
                element("th", say(f"chain_{level}", language), scope="row"),
                element("td", codes if people else say("chain_none", language)),
                element("td", _duty_text(people, moment, language)),
            )
        )
    told = tell_definition("staffing/responsibility_chain", "is_on_duty", moment, language)
    return _section(say("chain", language), element("table", element("tbody", *lines), classes="wg-table"), told)


def duty_block(duty: Sequence[Row], moment: Moment, language: Language) -> Markup:
    """On duty by role, of those on the roster where a roster is known."""
    known = [row["on_duty_count"] for row in duty if row["on_duty_count"] is not None]
    total = wording.count(sum(known)) if known else wording.UNKNOWN
    cells = [
        element(
            "div",
            element("span", say(f"role_{row['role']}", language)),
            element("b", wording.count(row["on_duty_count"])),
            f"/{wording.count(row['roster_count'])}" if row.get("roster_count") else "",
            classes="wg-role",
        )
        for row in duty
    ]
    told = tell_definition("staffing/grid_on_duty", "on_duty_count", moment, language)
    return _section(say("duty", language, count=total), element("div", *cells, classes="wg-roles"), told)


def sites_block(sites: Sequence[Row], moment: Moment, address: Address) -> Markup:
    """The nearest sites with distance, wait, and units open of those needed."""
    language = address.language
    if not sites:
        return _section(say("sites", language), element("p", say("sites_none", language), classes="wg-facts"))
    head = element(
        "tr",
        element("th", say("sites", language), scope="col"),
        *(
            element(
                "th",
                say(f"sites_{word}", language),
                scope="col",
                title=tell_definition("sites/nearest", column, moment, language),
            )
            for word, column in (("walk", "distance_m"), ("wait", "wait_min"), ("units", "open_unit_count"))
        ),
    )
    lines = [
        element(
            "tr",
            element(
                "td",
                element("i", classes=f"wg-mark wg-{site['wait_class']}"),
                link_to_site(address, str(site["site_code"]), wording.name_in(dict(site), "site_name", language)),
            ),
            element("td", wording.distance(site["distance_m"])),
            element("td", element("b", wording.wait(site["wait_min"], language))),
            element("td", f"{wording.count(site['open_unit_count'])} / {wording.count(site['needed_unit_count'])}"),
        )
        for site in sites
    ]
    return _section(
        None, element("table", element("thead", head), element("tbody", *lines), classes="wg-table wg-sites")
    )


def hour_block(hour: Row | None, moment: Moment, language: Language) -> Markup:
    """What changed within the last hour."""
    now = hour.get("coverage_pct") if hour else None
    before = hour.get("coverage_hour_ago_pct") if hour else None
    if now is None:
        text = say("hour_unknown", language)
    elif before is None or before == now:
        text = say("hour_same", language, now=wording.share_with_sign(now))
    else:
        text = say("hour_rise", language, before=wording.share_with_sign(before), now=wording.share_with_sign(now))
    sampled = say("hour_sampled", language, count=wording.count(hour.get("covered_last_hour_count") if hour else None))
    told = tell_definition("coverage/grid_hour", "coverage_pct", moment, language)
    return _section(say("hour", language), element("p", join(text, " · ", sampled), classes="wg-facts"), told)


def _duty_text(people: Sequence[Row], moment: Moment, language: Language) -> str:
    if not people:
        return wording.UNKNOWN
    on_duty = [row for row in people if row["is_on_duty"]]
    if on_duty:
        since = moment.local(on_duty[0].get("checked_in_at"))
        if since is None or len(people) > 1:
            return say("chain_on_duty", language)
        return say("chain_on_duty_since", language, at=wording.time_of_day(since))
    if any(row.get("is_stand_in_on_duty") for row in people):
        return say("chain_stand_in_on_duty", language)
    if all(row["is_on_duty"] is None for row in people):
        return wording.UNKNOWN
    return say("chain_off_duty", language)


def _section(title: str | None, body: Markup, told: str = "") -> Markup:
    heading = element("h3", title, **({"title": told} if told else {})) if title else None
    return element("section", heading, body, classes="wg-block")
