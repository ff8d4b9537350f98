"""From delivered bytes to UTF-8 lines: byte order marks, UTF-16, GB18030, line ends. Decides by the bytes alone."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from functools import cache
from typing import BinaryIO

import numpy as np
import pyarrow as pa

BLOCK_BYTES = 16_000_000
"""Text is streamed in blocks of this size."""
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_SAMPLE_BYTES = 65_536
_PIECE_BYTES = 1 << 18


class TextBlocks:
    """A text in blocks of bytes: no byte order mark, LF for every line end, UTF-16 turned into UTF-8.

    A carriage return alone ends a line only where the first block holds no line feed at all; else it is a blank.
    """

    def __init__(self, stream: BinaryIO, block_bytes: int = BLOCK_BYTES) -> None:
        self._stream = stream
        self._block_bytes = block_bytes
        self._held = b""
        self._lone_return = b" "
        self._is_first = True
        self._decoder: codecs.IncrementalDecoder | None = None
        self.is_utf16 = False

    def read(self) -> bytes | None:
        """The next block; None at the end."""
        while True:
            raw = self._stream.read(self._block_bytes)
            if self._is_first:
                raw = self._open(raw)
                self._is_first = False
            elif not raw and not self._held and self._decoder is None:
                return None
            is_end = not raw
            if self._decoder is not None:
                raw = self._decode(raw, is_end)
                if is_end:
                    self._decoder = None
            text = self._held + raw if self._held else raw
            self._held = b""
            if b"\r" in text:
                if text.endswith(b"\r") and not is_end:
                    text, self._held = text[:-1], b"\r"
                text = text.replace(b"\r\n", b"\n").replace(b"\r", self._lone_return)
            if text:
                return text
            if is_end:
                return None

    def _open(self, raw: bytes) -> bytes:
        encoding = _UTF16_MARKS.get(raw[:2]) or _find_utf16(raw[:_SAMPLE_BYTES])
        if encoding:
            self.is_utf16 = True
            self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
            sample = raw.replace(b"\r\x00\n", b"\n").replace(b"\r\n", b"")
            raw = raw[2:] if raw[:2] in _UTF16_MARKS else raw
            has_feed = (b"\n\x00" if encoding == "utf-16-le" else b"\x00\n") in sample
        else:
            raw = raw.removeprefix(_UTF8_MARK)
            has_feed = b"\n" in raw
        self._lone_return = b" " if has_feed else b"\n"
        return raw

    def _decode(self, raw: bytes, is_end: bool) -> bytes:
        """UTF-8; half a surrogate pair or half a character stays as bytes that are no UTF-8: its line is broken."""
        assert self._decoder is not None
        try:
            return self._decoder.decode(raw, is_end).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return b"\xff"


def find_encodings(header: bytes, sample: bytes, is_utf16: bool) -> tuple[str, ...]:
    """The encodings that a file's lines may be in, its own first: exports are sometimes pasted together."""
    if is_utf16:
        return ("utf-8",)
    for text in (header, sample):
        if not text.isascii():
            if is_utf8(text):
                return ("utf-8", "gb18030")
            if _decodes(text, "gb18030"):
                return ("gb18030", "utf-8")
            lines = [line for line in text.split(b"\n") if not line.isascii()]
            is_mostly_utf8 = sum(is_utf8(line) for line in lines) * 2 > len(lines)
            return ("utf-8", "gb18030") if is_mostly_utf8 else ("gb18030", "utf-8")
    return ("utf-8", "gb18030")


def decode(text: bytes, encodings: Sequence[str]) -> tuple[bytes, list[int]]:
    """The lines as UTF-8, and the indices of those that are no text in any of the encodings: they are left blank."""
    has_zero = b"\x00" in text
    if not has_zero:
        if text.isascii() or (encodings[0] == "utf-8" and is_utf8(text)):
            return text, []
        if encodings[0] == "gb18030":
            plain = _transcode_pairs(text)
            if plain is not None:
                return plain, []
            try:
                return text.decode("gb18030").encode(), []
            except UnicodeDecodeError:
                pass  # some line is broken: decide line by line
    lines, bad = text.split(b"\n"), []
    for index, line in enumerate(lines):
        decoded = None if b"\x00" in line else decode_line(line, encodings)
        if decoded is None:
            bad.append(index)
        lines[index] = decoded.encode() if decoded is not None else b""
    return b"\n".join(lines), bad


def _transcode_pairs(text: bytes) -> bytes | None:
    """The UTF-8 of a GB18030 text of nothing but ASCII and characters of two high bytes, as Chinese exports are.

    None for any other: Python's codec reads it, at half the pace.
    """
    characters = np.frombuffer(text, np.uint8)
    pieces: list[memoryview] = []
    begin = 0
    while begin < len(text):
        end = text.find(b"\n", begin + _PIECE_BYTES) + 1 or len(text)
        piece = characters[begin:end]
        high = np.flatnonzero(piece >= 0x80)
        first, second = high[0::2], high[1::2]
        if len(first) != len(second) or (second - first != 1).any():
            return None
        utf8 = _list_pairs()[piece[first].astype(np.uint16) << 8 | piece[second]]
        if not utf8.view(np.uint8)[::3].all():
            return None
        whole = np.empty(len(piece) + len(first), np.uint8)
        is_from_text = np.ones(len(whole), bool)
        first += np.arange(len(first))
        is_from_text[first + 2] = False
        whole[is_from_text] = piece
        if len(first):
            np.ndarray((len(whole) - 2,), utf8.dtype, whole, 0, (1,))[first] = utf8
        pieces.append(whole.data)
        begin = end
    return b"".join(pieces)


@cache
def _list_pairs() -> np.ndarray:
    """The three bytes of UTF-8 for each two high bytes of GB18030; zeros for what is no character, or one of two bytes."""
    pairs = np.zeros((1 << 16, 3), np.uint8)
    for first in range(0x81, 0xFF):
        for second in range(0x80, 0xFF):
            utf8 = bytes((first, second)).decode("gb18030", "ignore").encode()
            if len(utf8) == 3:
                pairs[first << 8 | second] = list(utf8)
    return pairs.view("V3").ravel()


def decode_line(line: bytes, encodings: Sequence[str]) -> str | None:
    """The line as text, by the first of the encodings that it is valid in; None when there is none."""
    for encoding in encodings:
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def is_utf8(content: bytes) -> bool:
    """Whether the bytes are valid UTF-8, without making text of them."""
    buffers = [None, pa.array([0, len(content)], pa.int64()).buffers()[1], pa.py_buffer(content)]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, buffers).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _find_utf16(sample: bytes) -> str | None:
    """UTF-16 without a mark: commas, digits and line ends put a zero into every other byte."""
    if b"\x00" not in sample:
        return None
    zeros = np.frombuffer(sample[: len(sample) // 2 * 2], np.uint8).reshape(-1, 2) == 0
    even, odd = zeros.mean(axis=0) if len(zeros) else (0.0, 0.0)
    if odd > 0.05 and odd > 10 * even:
        return "utf-16-le"
    if even > 0.05 and even > 10 * odd:
        return "utf-16-be"
    return None
