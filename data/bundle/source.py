"""The one state that a bundle is made from, and the statements that choose its rows.

The situation file is opened once, and with it the Parquet files that it names: what the writer does meanwhile changes
nothing of what is read here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import shapely

from data.bundle import content
from data.bundle.content import BY_NAME, GEOMETRY_COLUMN, ROWS, Table
from data.bundle.rekeying import rekey
from data.bundle.wish import BUCKET_S, Wish, nearest
from data.engine import quoted
from data.errors import BundleError
from data.questions import open_rows
from data.situation import Situation
from data.situation_tables import describe_column

CHUNK_ROWS = 1_000_000
"""Registrations sorted and written at once: their sites' rows together are about so many."""
MEMORY = "1GB"
_RELATIONS = {"district": "(select district_name, district_name_en, timezone, is_synthetic from situation.meta)"}


@dataclass(frozen=True)
class Column:
    """A column of a bundle's table."""

    name: str
    type: str
    description: str
    description_zh: str


@dataclass(frozen=True)
class Period:
    """From when until when rows are taken, `until_at` not included; None: as far as there are any."""

    from_at: datetime | None
    until_at: datetime | None
    because: str = "all there is"
    """Why it is this one."""


class Source:
    """The opened state. Holds the engine; everything goes through its one connection."""

    def __init__(self, situation: Situation, wish: Wish) -> None:
        self.situation = situation
        self.wish = wish
        self.connection = situation.connection.cursor()
        # half of the machine at most, and none of its disk: the sites' rows fit, however many there are
        self.connection.execute(f"use situation; set TimeZone = 'UTC'; set memory_limit = '{MEMORY}'; set threads = 1")
        open_rows(self.connection)
        self._draw_shapes()
        self.rounds = self._find_rounds()
        self.period = self._find_period()

    def close(self) -> None:
        """Lets go of the rows; the situation is its owner's."""
        self.connection.close()

    def columns(self, name: str) -> list[Column]:
        """The columns that the table has in the bundle, as they were chosen."""
        table = BY_NAME[name]
        there = self._list_columns(table)
        picked = self.wish.columns.get(name, tuple(there))
        for column in picked:
            if column not in there:
                if column in table.withheld:
                    raise BundleError(
                        f"{name}.{column} never leaves the house: {table.withheld[column]}.",
                        f"The columns are: {', '.join(there)}.",
                    )
                raise BundleError(f"{name} has no column {column!r}.", nearest(column, list(there), "Its columns are"))
        return [there[column] for column in there if column in picked]

    def select(self, name: str, sites: Sequence[str] | None = None) -> str:
        """The statement that gives the table's rows, in their order; of registrations only those of the sites."""
        table = BY_NAME[name]
        named = ", ".join(column.name for column in self.columns(name))
        inner = ", ".join(self._express(table, column) for column in self._list_columns(table))
        where = [] if sites is None else [f"t.site_code in ({', '.join(quoted(site) for site in sites)})"]
        if table.has_rounds and self.rounds:
            where.append(f"t.round_code in ({', '.join(quoted(code) for code in self.rounds)})")
        shape = (
            f" left join bundle_shape as s on s.kind = '{table.shape[0]}' and s.code = {table.shape[1]}"
            if table.shape
            else ""
        )
        chosen = f" where {' and '.join(where)}" if where else ""
        return f"select {named} from (select {inner} from {self._within(table)} as t{shape}{chosen}) order by {table.order}"

    def count(self, name: str) -> int:
        """Rows that the table will have; of registrations at most, before their lines are merged."""
        if name == ROWS:
            return sum(count for _, count in self.list_sites())
        row = self.connection.execute(f"select count(*) from ({self.select(name)})").fetchone()
        return int(row[0]) if row else 0

    def list_sites(self) -> list[tuple[str, int]]:
        """The sites that sent lines in the period, by code, with how many."""
        where = " and ".join(["true", *self._bounds(BY_NAME[ROWS])])
        return self.connection.execute(
            f"select site_code, count(*) from registration_version as t where {where} group by site_code order by site_code"
        ).fetchall()

    def cut_in_chunks(self) -> list[list[str]]:
        """The sites in groups of about CHUNK_ROWS lines: what is sorted at once fits in memory, however much there is."""
        chunks: list[list[str]] = []
        held = CHUNK_ROWS
        for site, count in self.list_sites():
            if held + count > CHUNK_ROWS:
                chunks.append([])
                held = 0
            chunks[-1].append(site)
            held += count
        return chunks

    def digest_rows(self) -> str:
        """A mark of the rows' state: the same files give the same. Their names hold nothing of the house."""
        names = sorted(
            Path(path).name for (path,) in self.connection.execute("select path from situation.lake_file").fetchall()
        )
        return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]

    def list_erased(self) -> list[str]:
        """What was destroyed of single registrations, in words."""
        rows = self.connection.execute(
            "select scope, round_code, strftime(erased_at, '%Y-%m-%d') from situation.erasure where scope != 'key' order by erasure_no"
        ).fetchall()
        return [f"{scope if scope != 'round' else f'round {code}'} ({on})" for scope, code, on in rows]

    def _list_columns(self, table: Table) -> dict[str, Column]:
        relation = _RELATIONS.get(table.name, f'"{table.name}"')
        columns = {}
        for name, type_, *_ in self.connection.execute(f"describe select * from {relation}").fetchall():
            if name not in table.withheld:
                columns[name] = Column(name, type_, *self._describe_column(table, name))
        if table.shape:
            columns[GEOMETRY_COLUMN] = Column(GEOMETRY_COLUMN, "BLOB", *content.GEOMETRY_DESCRIPTION)
        return columns

    def _describe_column(self, table: Table, name: str) -> tuple[str, str]:
        kind = table.rekeyed.get(name)
        if kind is None:
            return describe_column(table.name, name, "en"), describe_column(table.name, name, "zh")
        return content.KEPT_PERSON if self._is_kept(kind) else content.REKEYED_DESCRIPTIONS[kind]

    def _is_kept(self, kind: str) -> bool:
        return kind == "person" and self.wish.keeps_tokens

    def _express(self, table: Table, column: str) -> str:
        if column == GEOMETRY_COLUMN:
            return f"s.{column}"
        kind = table.rekeyed.get(column)
        if kind is None or self._is_kept(kind):
            return f"t.{column}"
        return f"{rekey(f't.{column}', kind)} as {column}"

    def _within(self, table: Table) -> str:
        """The table's rows of the period."""
        relation = _RELATIONS.get(table.name, f'"{table.name}"')
        bounds = self._bounds(table)
        if not bounds:
            return relation
        chosen = f"select * from {relation} as t where {' and '.join(bounds)}"
        if table.last_before and self.period.from_at:
            chosen += (
                f" union all from (select distinct on ({table.last_before}) * from {relation}"
                f" where {table.at} < {_literal(self.period.from_at)} order by {table.last_before}, {table.at} desc, event)"
            )
        return f"({chosen})"

    def _bounds(self, table: Table) -> list[str]:
        if not table.at:
            return []
        bounds = [f"t.{table.at} >= {_literal(self.period.from_at)}"] if self.period.from_at else []
        return [*bounds, *([f"t.{table.at} < {_literal(self.period.until_at)}"] if self.period.until_at else [])]

    def _find_rounds(self) -> tuple[str, ...]:
        known = [
            code
            for (code,) in self.connection.execute("select round_code from situation.round order by all").fetchall()
        ]
        for code in self.wish.rounds:
            if code not in known:
                raise BundleError(f"There is no round {code!r}.", nearest(code, known, "The rounds are"))
        return self.wish.rounds

    def _find_period(self) -> Period:
        wish = self.wish
        if wish.from_at or wish.until_at:
            return Period(wish.from_at, wish.until_at, "chosen")
        if not self.rounds:
            return Period(None, None)
        row = self.connection.execute(
            f"""
            select min(starts_at), max(closes_at) from situation.round
            where round_code in ({", ".join(quoted(code) for code in self.rounds)})
            """
        ).fetchone()
        assert row is not None
        return Period(_floor(row[0]), _floor(row[1] + timedelta(seconds=BUCKET_S - 1)), "that of the chosen rounds")

    def _draw_shapes(self) -> None:
        rows = self.connection.execute(
            "select kind, code, geojson from situation.geometry where kind in ('district', 'town', 'community', 'grid')"
        ).fetchall()
        self.connection.execute(
            "create or replace temp table bundle_shape (kind varchar, code varchar, geometry_wkb blob)"
        )
        if rows:
            shapes = shapely.to_wkb(shapely.from_geojson([geojson for *_, geojson in rows]))
            self.connection.execute(
                "insert into bundle_shape select unnest(?), unnest(?), unnest(?)",
                [[kind for kind, *_ in rows], [code for _, code, _ in rows], list(shapes)],
            )


def _floor(moment: datetime) -> datetime:
    return datetime.fromtimestamp(int(moment.timestamp()) // BUCKET_S * BUCKET_S, UTC)


def _literal(moment: datetime | None) -> str:
    assert moment is not None
    return f"timestamptz '{moment.astimezone(UTC).isoformat()}'"


def explain_loss(error: duckdb.Error) -> BundleError | None:
    """What to say where the rows' files went while they were read; None where it is something else."""
    said = str(error)
    if (
        isinstance(error, duckdb.IOException)
        and ".parquet" in said
        and ("open file" in said or "No files found" in said)
    ):
        return BundleError(
            "Rows of this state of the situation were tidied away while they were read.",
            "Export again; where it happens twice, raise retention_s in settings.toml above the minutes that it takes.",
        )
    return None
