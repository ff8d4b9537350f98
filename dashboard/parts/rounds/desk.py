"""What the rounds' page asks of single registrations, all as of the moment that the page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from dashboard.aside import AGAIN_AFTER_S, Aside, AsideAnswer
from dashboard.parts.rounds.choice import Place

WHOLE_AGAIN_S = 120.0
"""The households of a whole round are counted anew after so long: a second and a half of work each time."""
TEAMS_KEY = "door_teams"


@dataclass(frozen=True)
class RoundDesk:
    """The desk for one round and place; `as_of` is None while nothing was ingested: then nothing is asked."""

    aside: Aside
    as_of: datetime | None
    round_code: str
    place: Place
    is_past: bool = False
    is_known_then: bool = False
    """Of what was known at a past moment there are sums, and no single registrations."""

    @property
    def _grid(self) -> str | None:
        return self.place.code if self.place.kind == "grid" else None

    @property
    def team_count(self) -> int | None:
        """The number of teams that the reader chose; None leaves it to the question."""
        chosen: int | None = st.session_state.get(TEAMS_KEY)
        return chosen

    def check(self) -> AsideAnswer:
        """Where list, map and total differ: in this grid, else in the whole round."""
        again = AGAIN_AFTER_S if self._grid else WHOLE_AGAIN_S
        return self._ask("checks/households_agree", again, grid_code=self._grid)

    def homes(self) -> AsideAnswer:
        """Unseen, partly covered and whole households of every place of the round; of a grid its buildings tell them."""
        return AsideAnswer() if self._grid else self._ask("coverage/household_places", WHOLE_AGAIN_S)

    def buildings(self) -> AsideAnswer:
        """The buildings of the grid."""
        return self._ask("coverage/building_sums", AGAIN_AFTER_S, grid_code=self._grid)

    def doors(self) -> AsideAnswer:
        """The households of the grid to knock at, shared out among its teams."""
        return self._ask("coverage/missing_households", AGAIN_AFTER_S, grid_code=self._grid, team_count=self.team_count)

    def sheet_query(self, language: str) -> dict[str, str]:
        """What the address of the print-out asks for: the same round, grid, teams and moment as the page."""
        query = {"grid": self.place.code, "round": self.round_code}
        if self.team_count:
            query["teams"] = str(self.team_count)
        if self.as_of:
            query["as_of"] = self.as_of.isoformat()
        return query if language == "zh" else {**query, "lang": language}

    def _ask(self, name: str, again_after_s: float, **params: Any) -> AsideAnswer:
        if self.is_known_then:
            return AsideAnswer(is_absent=True)
        if self.as_of is None:
            return AsideAnswer(rows=[])
        return self.aside.ask(name, self.as_of, again_after_s, self.is_past, round_code=self.round_code, **params)
