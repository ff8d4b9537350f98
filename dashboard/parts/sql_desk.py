"""What one reader has on the SQL page: the text, the query that runs, its answer or why there is none.

Lives in the session, and holds one answer at most. Owns nothing of how it looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from data.errors import WanggeError
from data.sandbox import Query, Result

_DESK = "sql_desk"
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
    result: Result | None = None
    error: WanggeError | None = None
    values: dict[str, str] = field(default_factory=dict)
    """Chosen values of parameters, as text."""

    def open(self, name: str, text: str) -> None:
        """Puts a text in the editor in place of what is there."""
        self.opened_count += 1
        self.opened_id = f"{name}:{self.opened_count}"
        self.opened_text = self.text = text

    def hear(self, draft: object) -> None:
        """Takes over what the editor says it holds, unless that is from before another text was opened."""
        if isinstance(draft, dict) and draft.get("of") == self.opened_id and isinstance(draft.get("text"), str):
            self.text = draft["text"]

    def collect(self) -> None:
        """Takes the answer of a query that is over."""
        if self.query is None or not self.query.is_over:
            return
        query, self.query = self.query, None
        self.error = query.error
        self.result = query.result() if query.error is None else None


def read_desk(starter: str) -> Desk:
    """The desk of this session, laid on the first visit with a text to begin with."""
    desk = st.session_state.get(_DESK)
    if not isinstance(desk, Desk):
        desk = st.session_state[_DESK] = Desk(opened_text=starter, text=starter)
    return desk
