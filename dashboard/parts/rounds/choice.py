"""Which round and which place the page shows: what the address names, else the round that matters most and the district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.address import Address

Row = dict[str, Any]
BELOW = {"district": "town", "town": "community", "community": "grid"}
"""What a place is divided into; a grid into buildings, which are told from single registrations."""


@dataclass(frozen=True)
class Place:
    """A place of a round: its row of coverage/round_places and those of what lies in it."""

    row: Row
    inside: Sequence[Row]

    @property
    def kind(self) -> str:
        return str(self.row["kind"])

    @property
    def code(self) -> str:
        return str(self.row["code"])


def choose_round(rounds: Sequence[Row], code: str | None) -> Row | None:
    """The round of this code; else the widest that runs; else the one that began last. None where none has begun."""
    named = [row for row in rounds if row["round_code"] == code]
    running = sorted((row for row in rounds if row["is_running"]), key=lambda row: row["target_count"] or 0)
    chosen = named or running[-1:] or list(rounds[-1:])
    return chosen[0] if chosen else None


def round_of(grids: Sequence[Row], address: Address) -> str | None:
    """The round that the address names; else the current one of most grids of its place, by rows of coverage/list."""
    kind, code = asked_place(address)
    if address.round_code or kind == "district":
        return address.round_code
    held = Counter(row["round_code"] for row in grids if row[f"{kind}_code"] == code and row["round_code"])
    return next((str(round_code) for round_code, _ in held.most_common(1)), None)


def asked_place(address: Address) -> tuple[str, str]:
    """Kind and code of the place in the address; the district's code is empty."""
    for kind in ("grid", "community", "town"):
        code = getattr(address, kind)
        if code:
            return kind, code
    return "district", ""


def find_place(places: Sequence[Row], kind: str, code: str) -> Place | None:
    """The place among the rows of coverage/round_places, with what lies in it; None where the round does not hold it."""
    row = next((row for row in places if row["kind"] == kind and row["code"] == code), None)
    if row is None:
        return None
    below = BELOW.get(kind)
    inside = [one for one in places if one["kind"] == below and (kind == "district" or one[f"{kind}_code"] == code)]
    return Place(row, inside)
