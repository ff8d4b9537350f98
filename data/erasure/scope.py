"""What is to be destroyed: a round, all before a moment, all, or only the key; checked against what the lake knows."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from data.clock import read_clock
from data.errors import WanggeError
from data.lake import open_lake
from data.settings import Settings

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class ErasureError(WanggeError):
    """An erasure cannot be begun, or could not be ended."""


@dataclass(frozen=True)
class Scope:
    """What is to be destroyed: a round, all before a moment, all, or only the key of the tokens."""

    kind: str
    round_code: str | None = None
    from_at: datetime = EARLIEST
    until_at: datetime = LATEST

    def describe(self, timezone: str) -> str:
        """As it is typed to confirm: `round D1`, `before 2022-07-12 00:00`, `all`, `key`."""
        if self.kind == "round":
            return f"round {self.round_code}"
        if self.kind == "before":
            return f"before {self.until_at.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"
        return self.kind

    @property
    def destroys_key(self) -> bool:
        return self.kind in ("all", "key")


def find_scope(settings: Settings, kind: str, round_code: str | None = None, before: datetime | None = None) -> Scope:
    """The scope, checked against the lake. Raises ErasureError: no such round, a round still open, a time to come."""
    now = read_clock(settings.home).now()
    with open_lake(settings, is_read_only=True) as lake:
        if kind == "round":
            return _find_round(lake.connection, str(round_code), now, settings.timezone)
        if kind == "before":
            assert before is not None
            _check_moment(lake.connection, before, now, settings.timezone)
            return Scope("before", until_at=before)
        row = lake.connection.execute("select max(registered_at) from lake.registration_version").fetchone()
        newest = row[0] + timedelta(microseconds=1) if row and row[0] else now
        return Scope(kind, until_at=max(now, newest))


def suggest_command(scope: Scope, timezone: str) -> str:
    """The command line that erases this scope."""
    word = scope.describe(timezone)
    if scope.kind == "before":
        return f'wangge erase --before "{word.removeprefix("before ")}"'
    return f"wangge erase --{word}"


def _find_round(connection: duckdb.DuckDBPyConnection, code: str, now: datetime, timezone: str) -> Scope:
    row = connection.execute("select starts_at, closes_at from lake.round where round_code = ?", [code]).fetchone()
    if not row:  # the round may have left the reference; its rows still bear its code
        row = connection.execute(
            "select min(registered_at), max(registered_at) + interval 1 microsecond from lake.registration_version where round_code = ?",
            [code],
        ).fetchone()
    if not row or row[0] is None:
        known = [str(one) for (one,) in connection.execute("select round_code from lake.round order by 1").fetchall()]
        close = difflib.get_close_matches(code, known, n=3, cutoff=0.3) or known[:12]
        raise ErasureError(f"There is no round {code!r}.", f"Rounds: {', '.join(close) or 'none'}.")
    if row[1] > now:
        raise ErasureError(
            f"Round {code} is open until {_local(row[1], timezone)}.",
            "Erase it when it is closed, or import rounds with an earlier closes_at: nobody could be registered in it any more.",
        )
    return Scope("round", code, row[0], row[1])


def _check_moment(connection: duckdb.DuckDBPyConnection, before: datetime, now: datetime, timezone: str) -> None:
    if before > now:
        raise ErasureError(f"{_local(before, timezone)} is still to come.", "Name a moment that has passed.")
    row = connection.execute(
        "select round_code, starts_at from lake.round where starts_at < ? and closes_at > ? order by starts_at",
        [before, now],
    ).fetchone()
    if row:
        raise ErasureError(
            f"Round {row[0]} is still open and began before {_local(before, timezone)}: it would be cut in two.",
            f"Name {_local(row[1], timezone)} or earlier, or wait until it is closed.",
        )


def list_open_rounds(connection: duckdb.DuckDBPyConnection, now: datetime) -> list[str]:
    rows = connection.execute(
        "select round_code from lake.round where starts_at <= ? and closes_at > ? order by 1", [now, now]
    ).fetchall()
    return [str(code) for (code,) in rows]


def _local(moment: datetime, timezone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"
