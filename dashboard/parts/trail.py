"""The way from the district down to the place that is shown: 蓬江区 › 白沙街道 › 侧贤社区 › grid, each a link.

The map's script follows these links without loading the page anew; where it does not run, they are plain addresses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.address import WHOLE, Address, link_to
from dashboard.parts import wording
from dashboard.parts.markup import Markup, element
from dashboard.parts.wording import Language
from dashboard.parts.words import say

LINK = "wg-go"
"""The class of links that the map's script follows itself."""


@dataclass(frozen=True)
class Step:
    """A place on the way: its name, and where a click on it leads."""

    name: str
    where: Mapping[str, str]


def steps_to(row: Mapping[str, Any], district_name: str, language: Language) -> list[Step]:
    """The way to the place of a row that has the codes and names of its town, community, grid; the district first."""
    steps = [Step(district_name, {"view": WHOLE})]
    for rank in ("town", "community", "grid"):
        if row.get(f"{rank}_code"):
            name = wording.name_in(dict(row), f"{rank}_name", language)
            steps.append(Step(name, {rank: str(row[f"{rank}_code"])}))
    return steps


def draw_trail(steps: Sequence[Step], address: Address) -> Markup:
    """The steps in a row; the last is where the reader is and no link, the one before it is one level up."""
    items = []
    for number, step in enumerate(steps, 1):
        if number == len(steps):
            items.append(element("li", element("span", step.name, aria_current="page")))
        else:
            up = " wg-up" if number == len(steps) - 1 else ""
            items.append(element("li", element("a", step.name, classes=LINK + up, href=link_to(address, **step.where))))
    return element("nav", element("ol", *items), classes="wg-trail", aria_label=say("trail", address.language))
