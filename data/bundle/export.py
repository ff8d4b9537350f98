"""Makes a bundle: opens one state, writes its tables aside, compares them, says what they are, and puts them in place."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data import roles
from data.bundle.agreement import Compared, Scope, compare_tables
from data.bundle.content import ROWS
from data.bundle.manifest import pack_manifest, tell_manifest, write_inside, write_readme
from data.bundle.place import MANIFEST, README, check_place, put_in_place, written_aside
from data.bundle.rekeying import drop_key, make_key
from data.bundle.source import Source, explain_loss
from data.bundle.wish import Wish, list_tables
from data.bundle.writing import DuckdbWriter, ParquetWriter, open_tables, write_tables
from data.errors import BundleError, WanggeError
from data.sandbox import audit
from data.settings import Settings
from data.situation import open_situation

OnProgress = Callable[[int, int], None]
"""Told the rows written and about how many there will be."""


@dataclass(frozen=True)
class Exported:
    """A bundle that is in its place."""

    path: Path
    table_count: int
    row_count: int
    byte_count: int
    compared: tuple[Compared, ...]

    @property
    def differing(self) -> tuple[Compared, ...]:
        """The comparisons that did not come out even."""
        return tuple(one for one in self.compared if one.outcome == "differs")


def export_bundle(
    settings: Settings, wish: Wish, user: str | None = None, on_progress: OnProgress | None = None
) -> Exported:
    """The bundle, written and in its place. `user` is who is logged in.

    Raises BundleError where it cannot be made, and SituationError where there is nothing to make it of; then nothing is
    left at its place. Who asked for what is written down before anything is read.
    """
    if not roles.may_ask_sql(user, settings):
        raise BundleError("You may not take data out.", "Ask whoever keeps this installation.")
    check_place(wish)
    exporter = roles.name_analyst(user, settings)
    query, began = uuid.uuid4().hex, time.monotonic()
    audit.record_asked(settings, query, exporter, "export", wish.describe())
    outcome, word, row_count = "failed", "", 0
    try:
        exported = _export(settings, wish, exporter, on_progress or (lambda done, total: None))
        outcome, row_count = "done", exported.row_count
        return exported
    except KeyboardInterrupt:
        outcome = "cancelled"
        raise
    except WanggeError as error:
        word = type(error).__name__
        raise
    finally:
        with suppress(WanggeError):
            audit.record_ended(settings, query, outcome, word, time.monotonic() - began, row_count, False)


def _export(settings: Settings, wish: Wish, exporter: str, on_progress: OnProgress) -> Exported:
    situation = open_situation(settings.situation_path)
    try:
        source = Source(situation, wish)
        try:
            return _write(source, settings, exporter, on_progress)
        except duckdb.Error as error:
            raise explain_loss(error) or error from None
        finally:
            source.close()
    finally:
        situation.close()


def _write(source: Source, settings: Settings, exporter: str, on_progress: OnProgress) -> Exported:
    wish = source.wish
    names = list_tables(wish)
    expected = {name: source.count(name) for name in names}
    if expected.get(ROWS, 0) > settings.bundle_rows:
        raise BundleError(
            f"The bundle would hold {expected[ROWS]:,} lines of registrations; {settings.bundle_rows:,} are the most.",
            "Choose rounds or a shorter period, leave registration out with --tables, or raise bundle_rows in settings.toml.",
        )
    total, done = sum(expected.values()), 0

    def tell(rows: int) -> None:
        nonlocal done
        done += rows
        on_progress(done, total)

    with written_aside(wish) as (aside, scratch):
        make_key(source.connection)
        writer = (DuckdbWriter if wish.format == "duckdb" else ParquetWriter)(source, aside)
        written = write_tables(source, writer, names, tell)
        drop_key(source.connection)
        plain = open_tables(aside, names, scratch)
        try:
            counts = {name: _count(plain, name) for name in names}
            compared = compare_tables(
                plain, {name: [c.name for c in columns] for name, columns in written.items()}, _scope(source)
            )
            told = tell_manifest(source, settings, exporter, written, counts, compared)
            readme = write_readme(told)
            if wish.format == "duckdb":
                write_inside(plain, told, readme)
        finally:
            plain.close()
        files = [(wish.out.name, aside)] if wish.format == "duckdb" else []
        if wish.format == "parquet":
            (aside / README).write_text(readme, encoding="utf-8")
            files = [(path.name, path) for path in sorted(aside.iterdir())]
        byte_count = sum(path.stat().st_size for _, path in files)
        manifest = pack_manifest(told, files)
        if wish.format == "parquet":
            (aside / MANIFEST).write_bytes(manifest)
        put_in_place(wish, aside, manifest)
    on_progress(total, total)
    return Exported(wish.out, len(names), sum(counts.values()), byte_count, tuple(compared))


def _scope(source: Source) -> Scope:
    period = source.period
    return Scope(period.from_at, period.until_at, bool(source.rounds), bool(source.list_erased()))


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    row = connection.execute(f'select count(*) from "{name}"').fetchone()
    return int(row[0]) if row else 0
