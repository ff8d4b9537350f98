"""The situation file: the small read-only DuckDB file that everything on a page comes from.

`open_situation` gives a reader one frozen state; `publish_situation` replaces the file by a newer one. A reader keeps
the state it opened, however often the file is replaced meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from data.errors import SituationError
from data.lake import Lake
from data.publication import SCHEMA_VERSION, Publisher
from data.settings import Settings


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

    def close(self) -> None:
        """Releases the file; calling it twice is harmless."""
        self.connection.close()


def open_situation(path: Path | str) -> Situation:
    """The situation in this file, read-only, its tables by their bare names; close it when done.

    Raises SituationError when the file is missing, damaged or of another schema.
    """
    place = Path(path)
    if not place.is_file():
        raise SituationError(
            f"There is no situation yet: {place} does not exist.",
            "Import reference files and start wangge run, or try wangge run --demo.",
        )
    # attached to a private engine: duckdb.connect() would hand out the file that is open already, not the one that replaced it
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "temp_directory": ""})
    try:
        quoted = str(place).replace("'", "''")
        connection.execute(f"set TimeZone = 'UTC'; attach '{quoted}' as situation (read_only)")
        connection.execute("use situation")
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
        return Situation(connection, place, meta[0], meta[1], meta[2], meta[3], meta[4])
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


def mark_orders(situation: Situation) -> int:
    """A number that changes with every order that is given, corrected or withdrawn."""
    with situation.connection.cursor() as cursor:
        row = cursor.execute("select bit_xor(hash(given)) from situation.zone_order as given").fetchone()
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
