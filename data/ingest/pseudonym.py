"""Turns identity numbers into keyed tokens, inside the engine.

person_token = the first 128 bits of HMAC-SHA-256 (RFC 2104) over "id_type:ID_NUMBER". The key is made on first run, is
readable by its owner only, and never leaves the home folder: without it no token can be matched to a person, with it
anyone who has a list of numbers can. A lost key makes every later token a stranger to the earlier ones.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from data.durable import write_durably
from data.errors import IngestError

KEY_BYTES = 32
BLOCK_BYTES = 64
HMAC_SQL = "sha256($outer || unhex(sha256($inner || encode({text}))))"
"""1.0–1.6 million tokens a second; `$inner` and `$outer` are the padded keys of RFC 2104."""


def open_key(path: Path, *, is_new_allowed: bool) -> tuple[bytes, bytes]:
    """The padded inner and outer keys; the key file is made (0600) when it is missing and nothing was ingested yet.

    Raises IngestError when the file is missing although the lake holds tokens, unreadable, or too short.
    """
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        if not is_new_allowed:
            raise IngestError(
                f"The key {path} is missing, and the lake holds tokens made with it.",
                "Restore it from a backup: with another key nobody would be recognised again.",
            ) from None
        key = make_key(path)
    except OSError as error:
        raise IngestError(
            f"The key {path} cannot be read: {error.strerror}.", "Check its owner and permissions (0600)."
        ) from None
    if len(key) < KEY_BYTES:
        raise IngestError(
            f"The key {path} is damaged: {len(key)} bytes, expected {KEY_BYTES}.", "Restore it from a backup."
        )
    padded = key[:KEY_BYTES].ljust(BLOCK_BYTES, b"\0")
    return bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)


def make_key(path: Path) -> bytes:
    """A new random key, whole and on the disk before any token is made with it."""
    key = secrets.token_bytes(KEY_BYTES)
    write_durably(path, key, mode=0o600, folder_mode=0o700)
    return key
