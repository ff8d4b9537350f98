"""The sites where people stand longest, beside the map while nothing is picked. Answers' rows in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.address import Address
from dashboard.parts import wording
from dashboard.parts.definition import tell_definition
from dashboard.parts.figures import of_needed, stale_class
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.sites.words import link_to_site
from dashboard.parts.wording import Language
from dashboard.parts.words import say

Row = Mapping[str, Any]

SITES_SHOWN = 8
"""As many as fit under the ten grids on a laptop."""
FROM_MIN = 1
"""A wait of less is none."""


def rank_sites(states: Sequence[Row]) -> list[Row]:
    """Rows of `sites/state` by wait, longest first; a site whose wait is unknown has no rank."""
    waiting = [row for row in states if row["wait_min"] is not None and row["wait_min"] >= FROM_MIN]
    return sorted(waiting, key=lambda row: (-row["wait_min"], row["site_code"]))


def longest_waits(
    states: Sequence[Row], sites: Sequence[Row], moment: Moment, language: Language, address: Address | None = None
) -> Markup | None:
    """The table of the longest waits: mark, name, minutes, people, units open of those needed; None without any."""
    names = {row["site_code"]: wording.name_in(dict(row), "site_name", language) for row in sites}
    ranked = rank_sites(states)[:SITES_SHOWN]
    if not ranked:
        return None
    columns = {"wait": "wait_min", "people": "waiting_count", "units": "open_unit_count"}
    head = element(
        "tr",
        element("th", say("sites_longest", language), scope="col"),
        *(
            element(
                "th",
                say(f"sites_{word}", language),
                scope="col",
                title=tell_definition("sites/state", column, moment, language),
            )
            for word, column in columns.items()
        ),
    )
    lines = [
        element(
            "tr",
            element(
                "td",
                element(
                    "i", classes=f"wg-mark wg-{row['wait_class']}", role="img", aria_label=_class_name(row, language)
                ),
                link_to_site(
                    address or Address(language), str(row["site_code"]), names.get(row["site_code"], row["site_code"])
                ),
            ),
            element("td", element("b", wording.wait(row["wait_min"], language))),
            element("td", wording.count(row["waiting_count"])),
            element("td", of_needed(row["open_unit_count"], row["needed_unit_count"])),
        )
        for row in ranked
    ]
    table = element("table", element("thead", head), element("tbody", *lines), classes="wg-table wg-sites")
    return element("div", table, classes=f"wg-longest{stale_class(moment)}")


def _class_name(row: Row, language: Language) -> str:
    return say(f"class_{row['wait_class']}", language)
