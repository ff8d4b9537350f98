"""The situation file: the small read-only DuckDB file that everything on a page comes from.

`open_situation` gives a reader one frozen state; `publish_situation` replaces the file by a newer one. A reader keeps
the state it opened, however often the file is replaced meanwhile.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

import duckdb

from data.errors import SituationError
from data.lake import Lake
from data.publication import SCHEMA_VERSION, Publisher
from data.settings import Settings

Identity = tuple[int, int, int]

_DATABASE = "situation"


@dataclass(frozen=True)
class Situation:
    """One published state. `as_of` is the newest event known, None while nothing was ingested."""

    connection: duckdb.DuckDBPyConnection
    path: Path
    sequence: int
    as_of: datetime | None
    published_at: datetime
    geometry_hash: str
    is_synthetic: bool
    database: str = _DATABASE
    """What the file is called in its engine."""
    give_back: Callable[[], None] | None = None

    def close(self) -> None:
        """Releases the file; calling it twice is harmless."""
        self.connection.close()
        if self.give_back is not None:
            self.give_back()


def open_situation(path: Path | str) -> Situation:
    """The situation in this file, read-only, its tables by their bare names; close it when done.

    Raises SituationError when the file is missing, damaged or of another schema.
    """
    place = _find_file(path)
    # attached to a private engine: duckdb.connect() would hand out the file that is open already, not the one that replaced it
    return _attach(_start_engine(), place, str(place), _DATABASE)


class SituationEngine:
    """One engine for all the publications that a server opens one after the other, each under a name of its own.

    An engine that has answered before needs a third less for opening a file and asking the wall's questions.
    """

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._lock = Lock()
        self._numbers = itertools.count()

    def open(self, path: Path | str) -> Situation:
        """The situation in this file, as `open_situation` gives it; several may be open at once, also of one path."""
        place = _find_file(path)
        with self._lock:
            if self._connection is None:
                self._connection = _start_engine()
            connection, name = self._connection, f"{_DATABASE}_{next(self._numbers)}"
        try:
            descriptor = os.open(place, os.O_RDONLY)
        except OSError:
            return open_situation(place)
        # an engine takes one path once: by its descriptor a file that was replaced has a path of its own
        by_descriptor = f"/proc/self/fd/{descriptor}"
        if not Path(by_descriptor).exists():
            os.close(descriptor)
            return open_situation(place)

        def give_back() -> None:
            nonlocal descriptor
            if descriptor >= 0:
                with suppress(duckdb.Error), connection.cursor() as cursor:
                    cursor.execute(f"detach {name}")
                os.close(descriptor)
                descriptor = -1

        try:
            return _attach(connection.cursor(), place, by_descriptor, name, give_back)
        except SituationError:
            give_back()
            self.start_anew()
            raise

    def start_anew(self) -> None:
        """Whoever opens a file from now on gets a new engine: one file that is damaged may have spoilt this one."""
        with self._lock:
            self._connection = None


def _find_file(path: Path | str) -> Path:
    place = Path(path)
    if not place.is_file():
        raise SituationError(
            f"There is no situation yet: {place} does not exist.",
            "Import reference files and start wangge run, or try wangge run --demo.",
        )
    return place


def _start_engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"autoinstall_known_extensions": "false", "temp_directory": ""})


def _attach(
    connection: duckdb.DuckDBPyConnection,
    place: Path,
    address: str,
    name: str,
    give_back: Callable[[], None] | None = None,
) -> Situation:
    try:
        quoted = address.replace("'", "''")
        connection.execute(f"set TimeZone = 'UTC'; attach '{quoted}' as {name} (read_only)")
        connection.execute(f"use {name}")
        row = connection.execute("select schema_version from meta").fetchone()
        if row is None or row[0] != SCHEMA_VERSION:
            found = "none" if row is None else row[0]
            raise SituationError(
                f"{place} has schema {found}; this release reads {SCHEMA_VERSION}.",
                "Start wangge run of this release: it publishes the situation anew.",
            )
        meta = connection.execute(
            "select sequence, as_of, published_at, geometry_hash, is_synthetic from meta"
        ).fetchone()
        assert meta is not None
        return Situation(connection, place, meta[0], meta[1], meta[2], meta[3], meta[4], name, give_back)
    except duckdb.Error as error:
        connection.close()
        if isinstance(error, duckdb.PermissionException) or "permission denied" in str(error).lower():
            raise SituationError(f"{place} may not be read by this user.", "Give read permission on it.") from None
        raise SituationError(
            f"{place} is damaged or no situation file.", "Remove it; wangge run publishes a new one within seconds."
        ) from None
    except SituationError:
        connection.close()
        raise


def identify_file(path: Path) -> Identity | None:
    """What tells one publication's file from the next: inode, time of change, size; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def mark_orders(situation: Situation) -> int:
    """A number that changes with every order that is given, corrected or withdrawn."""
    with situation.connection.cursor() as cursor:
        row = cursor.execute(f"select bit_xor(hash(given)) from {situation.database}.zone_order as given").fetchone()
    return row[0] or 0 if row else 0


def publish_situation(lake: Lake, settings: Settings) -> int:
    """Replaces the situation file by one made from all the lake holds; gives its sequence number.

    The worker keeps a `Publisher` and writes only what changed; this is for one-off writers such as an import.
    """
    publisher = Publisher(lake, settings)
    try:
        publisher.load()
        return publisher.publish()
    finally:
        publisher.close()
