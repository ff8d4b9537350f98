"""Finds the logs in a delivered file and opens their unpacked content as a stream. Knows no format of a log."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from data.errors import IngestError
from data.ingest.reading.logs import LogFile

_HASH_BYTES = 1 << 20


def find_logs(path: Path, feed_code: str, mapping: Mapping[str, str] | None = None) -> list[LogFile]:
    """The logs in this file: itself, or an archive's members. Nothing is held in memory but their names and hashes.

    `mapping` tells, for columns that go by an unknown header in this file, which: column → header. Raises
    IngestError when the file cannot be read or unpacked.
    """
    pairs = tuple(sorted((mapping or {}).items()))
    try:
        with path.open("rb", buffering=0) as stream:
            status = os.fstat(stream.fileno())
            digest, size = hashlib.sha256(), 0
            while block := stream.read(_HASH_BYTES):
                digest.update(block)
                size += len(block)
    except OSError as error:
        raise IngestError(f"{path} cannot be read: {error.strerror or error}.", "Check its permissions.") from None
    return [LogFile(path, path.name, feed_code, digest.hexdigest(), size, pairs, modified_ns=status.st_mtime_ns)]


@contextmanager
def open_log(log: LogFile) -> Iterator[BinaryIO]:
    """The log's unpacked content; IngestError when it cannot be read or is not what was found any more."""
    try:
        with log.path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_mtime_ns != log.modified_ns:
                raise IngestError("it changed while it was read.", "Deliver it again when it is whole.")
            yield stream
    except OSError as error:
        raise IngestError(f"{log.path} cannot be read: {error.strerror or error}.", "Check its permissions.") from None
