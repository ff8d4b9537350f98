"""What became of what a reader changed for good, kept where a run that is broken off cannot lose it.

A press that comes while a run is under way ends that run at its next touch of Streamlit (session state, address, any element), and
the next run begins at once, beside it. So whatever follows from a change that stays is noted in an `Outcome`, which the run took
from the session before the change; the runs after it read the outcome, and wait while the change is under way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

import streamlit as st

from dashboard.address import write_address


@dataclass
class Outcome:
    """What is to be said of the last change, and where it leads: parameters that the address is yet to have."""

    told: str = ""
    leads_to: dict[str, str | None] = field(default_factory=dict)
    done_count: int = 0
    """How many changes were made: a form begins anew with each."""
    _changing: Lock = field(default_factory=Lock)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Around the change and all that is noted of it; nothing in it touches Streamlit."""
        with self._changing:
            yield

    def settle(self) -> None:
        """Waits while a change is under way, then takes the reader where it leads."""
        with self._changing:
            where = self.leads_to
        if where:
            write_address(**where)
            self.leads_to = {}


def read_outcome(key: str) -> Outcome:
    """The session's outcome of this name, settled."""
    outcome: Outcome = st.session_state.setdefault(key, Outcome())
    outcome.settle()
    return outcome
