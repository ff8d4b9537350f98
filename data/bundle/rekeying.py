"""Codes of one bundle alone for persons, households, tubes and staff, so that no two bundles can be tied together by them.

The key is random, held in the engine's memory while the bundle is written, and written nowhere. Whoever has the lake
cannot work a code out again, and neither can we.
"""

from __future__ import annotations

import secrets

import duckdb

from data.engine import quoted

_LENGTH = {"person": 32}
"""Hexadecimal digits of a code; a person's are the 128 bits of the lake's own token."""
_SHORT = 16


def make_key(connection: duckdb.DuckDBPyConnection) -> None:
    """A new random key in this connection; the one before is gone."""
    connection.execute(f"set variable bundle_key = {quoted(secrets.token_hex(32))}")


def drop_key(connection: duckdb.DuckDBPyConnection) -> None:
    """Forgets the key."""
    connection.execute("reset variable bundle_key")


def rekey(column: str, kind: str) -> str:
    """The expression that gives a column's value its code in this bundle: a keyed hash, nested as HMAC is. Unknown stays unknown."""
    text = f"hex({column})" if kind == "person" else column
    digest = f"sha256(getvariable('bundle_key') || sha256(getvariable('bundle_key') || '{kind}:' || {text}))"
    code = f"left({digest}, {_LENGTH.get(kind, _SHORT)})"
    return f"unhex({code})" if kind == "person" else code
