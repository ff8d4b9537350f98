"""A payload ready to send: its bytes, the same gzipped, and the tag that changes when they do."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Payload:
    """`etag` is the quoted hash of `body`, so that it can go into a header as it is."""

    body: bytes
    zipped: bytes
    etag: str


def pack_payload(body: bytes, level: int = 9) -> Payload:
    """The body with its gzipped form and its tag; made once, sent to every viewer."""
    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    return Payload(body, gzip.compress(body, level, mtime=0), f'"{digest}"')
