"""Turns identity numbers into keyed tokens.

person_token = the first 128 bits of HMAC-SHA-256 (RFC 2104) over "id_type:ID_NUMBER". The key is made on first run, is
readable by its owner only, and never leaves the home folder: without it no token can be matched to a person, with it
anyone who has a list of numbers can. A lost key makes every later token a stranger to the earlier ones.
"""

from __future__ import annotations

import hashlib
import secrets
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np

from data.durable import write_durably
from data.errors import IngestError


class _Hash(Protocol):
    def copy(self) -> _Hash: ...
    def update(self, text: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


KEY_BYTES = 32
BLOCK_BYTES = 64
TOKEN_BYTES = 16
Key = tuple[bytes, bytes]
"""The padded inner and outer keys of RFC 2104."""


def open_key(path: Path, *, is_new_allowed: bool) -> Key:
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


def make_tokens(texts: Iterable[bytes], key: Key, prefix: bytes = b"") -> tuple[np.ndarray, np.ndarray]:
    """The tokens of these texts, each behind the same prefix: their first and their second 64 bits.

    A million and a half a second: the keys' two blocks are hashed once and not for each text. The engine's nested `sha256`
    takes twice as long.
    """
    begin, end = _sha256(key[0] + prefix).copy, _sha256(key[1]).copy
    digests = []
    for text in texts:
        inner = begin()
        inner.update(text)
        outer = end()
        outer.update(inner.digest())
        digests.append(outer.digest())
    words = np.frombuffer(b"".join(digests), ">u8").reshape(-1, 4)
    return words[:, 0].astype(np.uint64), words[:, 1].astype(np.uint64)


def _find_sha256() -> Callable[[bytes], _Hash]:
    """Python's own SHA-256, where it has one: for short texts OpenSSL's takes half as long again."""
    try:
        own: Callable[[bytes], _Hash] = import_module("_sha256" if sys.version_info < (3, 12) else "_sha2").sha256
    except ImportError:
        return hashlib.sha256
    return own


_sha256 = _find_sha256()


def make_key(path: Path) -> bytes:
    """A new random key, whole and on the disk before any token is made with it."""
    key = secrets.token_bytes(KEY_BYTES)
    write_durably(path, key, mode=0o600, folder_mode=0o700)
    return key
