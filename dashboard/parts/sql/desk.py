"""What one reader has on the SQL page: the text, the query that runs, its answer or why there is none.

Lives in the session, and holds one answer at most. Owns nothing of how it looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from dashboard.outcome import Outcome
from dashboard.parts.sql.words import say_sql
from dashboard.parts.wording import Language
from data.errors import WanggeError
from data.question_text import add_values, read_values
from data.sandbox import Query, Result

_DESK = "sql_desk"
STARTER = """\
-- {title}
select grid_code, {grid_name}, {town_name}, resident_count, vulnerable_count
from grid
join town using (town_code)
order by resident_count desc, grid_code
limit 50
"""
START = "start"
"""The text that stands in the editor before anything was opened; what was typed before a reload goes above it."""


@dataclass
class Desk:
    """The state of the page for one reader's tab."""

    opened_id: str = START
    opened_text: str = ""
    opened_count: int = 0
    text: str = ""
    """As the editor told it last."""
    query: Query | None = None
    asked: str = ""
    """The text of that query."""
    answered: str = ""
    """The id of the query that was over last."""
    result: Result | None = None
    error: WanggeError | None = None
    handed: str = ""
    """The same with the values of its parameters, as it was handed in."""
    values: dict[str, str] = field(default_factory=dict)
    """Chosen values of parameters, as text."""
    linked: str = ""
    """What tells the link whose text was opened, or whose link was copied last."""
    copied: tuple[int, str] = (0, "")
    """How many links were copied, and the last one."""
    notice: str = ""
    """What is to be said of the last thing done, a key of the page's words; "" for nothing."""
    problem: WanggeError | None = None
    """Why it was not done."""
    outcome: Outcome = field(default_factory=Outcome)
    """Where what was opened, kept or copied leads: the address names its text."""

    def open(self, text: str, opened_id: str = "") -> None:
        """Puts a text in the editor in place of what is there; the values that it ends with become those that are chosen."""
        self.opened_count += 1
        self.opened_id = opened_id or f"{self.opened_count}:{hash(text) & 0xFFFFFF:x}"
        try:
            values = read_values(text)
        except WanggeError:
            values = {}
        self.values = {name: str(value) for name, value in values.items() if value is not None and name != "as_of"}
        self.opened_text = self.text = add_values(text, {})
        self.notice, self.problem = "", None

    def hear(self, draft: object) -> None:
        """Takes over what the editor says it holds, unless that is from before another text was opened."""
        if isinstance(draft, dict) and draft.get("of") == self.opened_id and isinstance(draft.get("text"), str):
            self.text = draft["text"]

    def collect(self) -> None:
        """Takes the answer of a query that is over."""
        if self.query is None or not self.query.is_over:
            return
        query, self.query = self.query, None
        self.answered, self.error = query.id, query.error
        self.result = query.result() if query.error is None else None


def read_desk(language: Language) -> Desk:
    """The desk of this session, laid on the first visit with a text to begin with."""
    desk = st.session_state.get(_DESK)
    if not isinstance(desk, Desk):
        names = {name: f"{name}_en" if language == "en" else name for name in ("grid_name", "town_name")}
        starter = STARTER.format(title=say_sql("starter", language), **names)
        desk = st.session_state[_DESK] = Desk(opened_text=starter, text=starter)
    return desk
