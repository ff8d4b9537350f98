"""How the dashboard and a child of the sandbox talk: frames over a socket, read without trusting who writes them.

A frame is one letter, four bytes of length (big end first), then so many bytes. Knows neither SQL nor processes.
"""

from __future__ import annotations

import json
import os
import struct
from typing import Any

STARTED, DATA, ENDED, REQUEST = b"S", b"D", b"E", b"R"
HEADER = struct.Struct(">cI")
DATA_BYTES_MAX = 1 << 20
WORD_BYTES_MAX = 1 << 20
"""What one frame may hold: a piece of an answer, or a word about it."""


class GarbledError(Exception):
    """What came over the socket is no frame of ours."""


def pack(kind: bytes, payload: bytes) -> bytes:
    """The frame."""
    return HEADER.pack(kind, len(payload)) + payload


def pack_word(kind: bytes, word: dict[str, Any]) -> bytes:
    """The frame that says this."""
    return pack(kind, json.dumps(word).encode())


def read_header(header: bytes) -> tuple[bytes, int]:
    """Kind and length; GarbledError where the kind is unknown or the length beyond what it may be."""
    kind, length = HEADER.unpack(header)
    if kind not in (STARTED, DATA, ENDED) or length > (DATA_BYTES_MAX if kind == DATA else WORD_BYTES_MAX):
        raise GarbledError(f"A frame {kind!r} of {length} bytes.")
    return kind, length


def read_word(payload: bytes) -> dict[str, Any]:
    """What a frame says; GarbledError where it is no JSON object."""
    try:
        word = json.loads(payload)
    except (ValueError, RecursionError):
        raise GarbledError("A word that is no JSON.") from None
    if not isinstance(word, dict):
        raise GarbledError("A word that is no object.")
    return word


def write_all(handle: int, content: bytes | memoryview) -> None:
    """Writes all of it, however many calls that takes."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def read_exactly(handle: int, count: int) -> bytes:
    """So many bytes; EOFError where the other end closed before."""
    pieces = []
    while count:
        piece = os.read(handle, min(count, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
