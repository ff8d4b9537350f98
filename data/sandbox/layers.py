"""The layers that stand between a query and the machine, by name. Each holds by itself; together they are the sandbox."""

from __future__ import annotations

LIMITS = "limits"
"""Address space, processor time, files; no write; last in line for the processor, first to go where memory runs out."""
PRIVILEGES = "privileges"
LANDLOCK = "landlock"
"""Exactly the files of the snapshot can be opened."""
SECCOMP = "seccomp"
"""Reading, computing, and writing to what is open already."""
ENGINE = "engine"
"""DuckDB: those paths and no others, no outside, settings locked, no replacement of names by files or variables."""
GATE = "gate"
"""One reading statement over tables and functions that are named."""

ALL = frozenset({LIMITS, PRIVILEGES, LANDLOCK, SECCOMP, ENGINE, GATE})
OF_SYSTEM = frozenset({LANDLOCK, SECCOMP})
"""The layers that a system may lack; without one of them the sandbox is reduced."""
