"""What somebody wants in a bundle, checked against what there is before anything is written."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast
from zoneinfo import ZoneInfo

from data.bundle.content import BY_NAME, TABLES
from data.errors import BundleError
from data.settings import Settings

Format = Literal["duckdb", "parquet"]
BUCKET_S = 300


@dataclass(frozen=True)
class Wish:
    """A bundle as it is wanted. Empty `rounds`, `tables` and `columns` mean all."""

    out: Path
    format: Format
    rounds: tuple[str, ...] = ()
    from_at: datetime | None = None
    until_at: datetime | None = None
    tables: tuple[str, ...] = ()
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    keeps_tokens: bool = False
    force: bool = False

    @property
    def is_zip(self) -> bool:
        return self.format == "parquet" and self.out.suffix.lower() == ".zip"

    def describe(self) -> str:
        """The wish as a line for the account of who asked for what."""
        parts = [f"export {self.out.name} --format {self.format}", *(f"--round {code}" for code in self.rounds)]
        parts += [f"--from {self.from_at.isoformat()}"] if self.from_at else []
        parts += [f"--to {self.until_at.isoformat()}"] if self.until_at else []
        parts += [f"--tables {','.join(self.tables)}"] if self.tables else []
        parts += [f"--columns {name}:{','.join(columns)}" for name, columns in self.columns.items()]
        return " ".join([*parts, *(["--keep-tokens"] if self.keeps_tokens else [])])


def read_wish(
    settings: Settings,
    out: Path,
    *,
    format_: str | None = None,
    rounds: Iterable[str] = (),
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    tables: Iterable[str] = (),
    columns: Iterable[str] = (),
    keeps_tokens: bool = False,
    force: bool = False,
) -> Wish:
    """The wish behind a command's words. Raises BundleError for a format, table, column or period that cannot be.

    A moment without an offset is the district's. Which rounds there are is only known once the situation is open.
    """
    suffix = out.suffix.lower()
    known = format_ or ("duckdb" if suffix == ".duckdb" else "parquet")
    if (
        suffix == ".parquet"
        or (known == "duckdb" and suffix != ".duckdb")
        or (known == "parquet" and suffix == ".duckdb")
    ):
        raise BundleError(
            f"A {known} bundle cannot be written as {out.name}.",
            "Write --out NAME.duckdb for one DuckDB file; a folder or NAME.zip for Parquet: it has a file for each table.",
        )
    chosen = tuple(dict.fromkeys(_name_table(name) for name in _parts(tables)))
    picked: dict[str, tuple[str, ...]] = {}
    for text in columns:
        name, colon, listed = text.partition(":")
        names = tuple(dict.fromkeys(_parts([listed])))
        if not colon or not names:
            raise BundleError(f"{text!r} names no columns.", "Such as --columns registration:grid_code,registered_at")
        picked[_name_table(name.strip())] = names
    for name in picked:
        if chosen and name not in chosen:
            raise BundleError(f"--columns names the table {name}, --tables does not.", f"Add {name} to --tables.")
    zone = ZoneInfo(settings.timezone)
    start, end = _moment(from_at, zone, "--from"), _moment(until_at, zone, "--to")
    if start and end and start >= end:
        raise BundleError(
            "The period ends before it begins.", "--to is the first moment after it, such as 2022-07-15 00:00."
        )
    return Wish(
        out, cast(Format, known), tuple(dict.fromkeys(_parts(rounds))), start, end, chosen, picked, keeps_tokens, force
    )


def list_tables(wish: Wish) -> tuple[str, ...]:
    """The tables that are wanted, in the order in which bundles hold them."""
    named = {*wish.tables, *wish.columns}
    return tuple(
        table.name
        for table in TABLES
        if table.name in named or (not wish.tables and not table.on_request)
    )  # fmt: skip


def nearest(name: str, known: Sequence[str], what: str) -> str:
    """What somebody may have meant by a name that is not known."""
    close = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    return f"Did you mean {' or '.join(close)}?" if close else f"{what}: {', '.join(known)}."


def _name_table(name: str) -> str:
    found = name if name in BY_NAME else name.removesuffix("s")
    if found not in BY_NAME:
        raise BundleError(f"A bundle has no table {name!r}.", nearest(name, list(BY_NAME), "The tables are"))
    return found


def _parts(texts: Iterable[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _moment(given: datetime | None, zone: ZoneInfo, option: str) -> datetime | None:
    if given is None:
        return None
    moment = (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)
    if moment.timestamp() % BUCKET_S:
        raise BundleError(
            f"{option} {given.isoformat(sep=' ')} does not lie on five minutes.",
            "Sums are kept for every five minutes: with another moment they could not agree with the rows.",
        )
    return moment
