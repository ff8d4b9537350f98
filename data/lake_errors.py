"""What is said when the lake cannot be opened, read or written: the engine's errors turned into ones with a next step.

No message quotes a value, which may be a cell of a log, or a server's address with its options.
"""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from data.errors import LakeError

FULL_BYTES = 1_000_000
"""With less free space than this a failure to write is the disk's."""


class LeaseLost(LakeError):
    """Another process became the writer; what this one held in memory may be out of date."""


class CatalogueLost(LakeError):
    """The catalogue's server is out of reach, or the connection broke: what was under way may or may not have been done."""


def no_lake_error(place: object) -> LakeError:
    """The error for a place where nothing was ever imported."""
    return LakeError(
        f"There is no lake in {place}.", "Import reference files (wangge import) or start wangge run --demo first."
    )


def write_permission_error(place: Path, error: OSError) -> LakeError:
    """The error for a folder into which nothing can be written."""
    if error.errno == errno.ENOSPC:
        return _full_disk_error(str(place))
    return LakeError(
        f"{place} cannot be written: {error.strerror or error}.",
        "Give this user write permission there, free some space, or choose another home: --home DIR.",
    )


def _full_disk_error(place: str) -> LakeError:
    return LakeError(f"{place}: the disk is full.", "Free some space; the last batch will be taken again.")


def _is_full(place: Path) -> bool:
    with suppress(OSError):
        return shutil.disk_usage(place).free < FULL_BYTES
    return False


@contextmanager
def explained(lake_dir: Path, server: str = "") -> Iterator[None]:
    """Turns the engine's error into one that says what to do; `server` names the catalogue's server where it has one."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        causes = [(words, build, server) for words, build in _SERVER_CAUSES] if server else []
        causes += [(words, build, str(lake_dir)) for words, build in _CAUSES]
        for words, build, place in causes:
            if any(word in text.lower() for word in words):
                raise build(place, text) from None
        if _is_full(lake_dir):  # the catalogue says "disk I/O error" then, and DuckDB how many bytes it could not write
            raise _full_disk_error(str(lake_dir)) from None
        raise LakeError(f"{server or lake_dir}: {mask_values(text)}", "Run wangge doctor.") from None


@contextmanager
def loss_explained(server: str) -> Iterator[None]:
    """Turns the engine's error into CatalogueLost where it says that the server is gone; any other passes as it is."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        if server and any(word in text.lower() for word in _LOST_WORDS):
            raise _tell_loss(server, text) from None
        raise


def mask_values(text: str) -> str:
    """The first line of an engine's message, with whatever it quotes left out."""
    return re.sub(r"'[^']*'|\"[^\"]*\"", "'…'", text.splitlines()[0][:300])


_LOST_WORDS = (
    "unable to connect", "connection refused", "no such file or directory\n\tis the server", "server closed the connection",
    "terminating connection", "connection to server", "connection has been closed", "connection not open",
    "no connection to the server", "could not receive data", "could not send data", "timeout expired", 'execute query "rollback"',
    'execute query "commit"', "starting up", "shutting down", "recovery mode", "connection reset", "broken pipe",
)  # fmt: skip


def _tell_loss(place: str, _: str) -> LakeError:
    return CatalogueLost(
        f"{place} cannot be reached, or the connection to it broke.",
        "See whether the server runs and the network is up. A running worker goes on by itself; nothing is lost or counted twice.",
    )


_Build = Callable[[str, str], LakeError]
_SERVER_CAUSES: tuple[tuple[tuple[str, ...], _Build], ...] = (
    (
        ("password authentication failed", "no password supplied"),
        lambda place, _: LakeError(
            f"{place} refuses this user or its password.",
            "Put the right password into keys/catalogue.password (mode 0600) or WANGGE_CATALOGUE_PASSWORD, and see user= in"
            " the setting catalogue.",
        ),
    ),
    (
        ("no pg_hba.conf entry", "peer authentication failed"),
        lambda place, _: LakeError(
            f"{place} does not let this machine or user in.",
            "Add a line for it to the server's pg_hba.conf, and reload the server.",
        ),
    ),
    (
        ("ssl was required", "certificate", "ssl error", "does not match host name"),
        lambda place, _: LakeError(
            f"{place}: no secured (TLS) connection could be made in the way the setting catalogue asks for.",
            "See sslmode= and sslrootcert= in the setting; ssl and the certificate on the server.",
        ),
    ),
    (
        ("invalid sslmode", "invalid connection option", "invalid port", "invalid integer value"),
        lambda place, _: LakeError(
            f"{place}: the setting catalogue has a value that PostgreSQL does not understand.",
            "See port=, sslmode= and connect_timeout= in it.",
        ),
    ),
    (
        ("could not translate host name",),
        lambda place, _: CatalogueLost(
            f"{place}: no machine of this name is known.", "See host= in the setting catalogue, and the name server."
        ),
    ),
    (
        ("fatal:  database", "fatal: database"),
        lambda place, _: LakeError(
            f"{place}: there is no such database on the server.",
            "Make it there: create database … owner …; or mend dbname= in the setting catalogue.",
        ),
    ),
    (
        ("permission denied for", "must be owner of"),
        lambda place, _: LakeError(
            f"{place}: this user may not make or change tables there.",
            "Make it the owner of the database: alter database … owner to …",
        ),
    ),
    (
        ("no space left", "could not extend file"),
        lambda place, _: LakeError(
            f"{place}: the server's disk is full.", "Free some space there; the last batch will be taken again."
        ),
    ),
    (
        ("too many clients", "remaining connection slots", "too many connections"),
        lambda place, _: CatalogueLost(
            f"{place} has no connection to spare.", "Raise max_connections there, or stop other programs of it."
        ),
    ),
    (
        ("read-only transaction", "hot standby"),
        lambda place, _: LakeError(
            f"{place} takes no changes: it is a standby.", "Name the primary server in the setting catalogue."
        ),
    ),
    (
        ("could not serialize", "duplicate key"),
        lambda place, _: LeaseLost(
            f"{place}: another process wrote at the same moment.", "Only one worker may run; try again."
        ),
    ),
    (_LOST_WORDS, _tell_loss),
)  # fmt: skip
_CAUSES: tuple[tuple[tuple[str, ...], _Build], ...] = (
    (
        ("conflict", "another transaction"),
        lambda place, _: LeaseLost(
            f"{place}: another process wrote at the same moment.", "Only one worker may run; try again."
        ),
    ),
    (
        ("database is locked", "busy", "could not set lock"),
        lambda place, _: LakeError(
            f"{place} is busy: another process is writing.", "Wait a moment and try again; only one may write."
        ),
    ),
    (
        ("no space", "disk full", "disk is full"),
        lambda place, _: _full_disk_error(place),
    ),
    (
        ("permission denied", "readonly database", "read-only", "unable to open database"),
        lambda place, _: write_permission_error(Path(place), PermissionError(13, "permission denied")),
    ),
    (
        ("cannot open file",),
        lambda place, _: LakeError(
            f"{place}: a file of the lake is not where it should be.",
            "Where machines share a folder of files, see that it is mounted (lake_data_path). Else restore the lake from a backup.",
        ),
    ),
    (
        (
            "not a database", "malformed", "corrupt", "invalid magic", "no magic bytes", "too small to be a parquet",
            "no files found",
        ),
        lambda place, text: LakeError(
            f"{place} is damaged: {mask_values(text)}",
            "Restore it from a backup, or move it away and ingest the files in inbox/done/ again.",
        ),
    ),
)  # fmt: skip
