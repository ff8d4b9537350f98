"""The engine as Wangge opens it: one version, extensions from installed packages, nothing fetched at run time."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

from data.errors import LakeError

DUCKDB_VERSION = "1.5.5"
"""The engine and its packaged extensions move together; `requirements.txt` pins the same version."""


def open_engine() -> duckdb.DuckDBPyConnection:
    """A DuckDB connection that fetches nothing from outside and writes nothing beside its database."""
    if duckdb.__version__ != DUCKDB_VERSION:
        raise LakeError(
            f"DuckDB is {duckdb.__version__}; this release of Wangge needs {DUCKDB_VERSION}.",
            "Install the pinned packages: pip install -r requirements.txt",
        )
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "temp_directory": "",
            # Checking an extension's signature takes 0.2 s each time. Ours are installed as packages beside this code: whoever
            # can change them can change it as well. No SQL of a user's is run by this engine.
            "allow_unsigned_extensions": "true",
        }
    )  # fmt: skip
    connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
    return connection


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Loads a DuckDB extension from its installed package; LakeError when the package is missing."""
    spec = find_spec(f"duckdb_extension_{name}")
    files = sorted(Path(spec.origin).parent.rglob(f"{name}.duckdb_extension")) if spec and spec.origin else []
    if not files:
        raise LakeError(
            f"The DuckDB extension {name!r} is not installed.",
            "Install the pinned packages: pip install -r requirements.txt",
        )
    connection.execute(f"load {quoted(files[0])}")


def quoted(text: object) -> str:
    """The text as a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"
