"""Which encoding bytes without a label are in: UTF-8, GB18030, Big5, cp932 or a western one. Judged from the bytes alone.

Owns detection; knows no file format. The East Asian encodings accept most of each other's bytes, so what decides is how
much of the text falls where each keeps its common characters.
"""

from __future__ import annotations

import codecs
import re

from geo.errors import GeoError

CLEAR_SHARE = 0.75
"""An East Asian encoding is taken where at least this share of what is not ASCII reads as its common characters."""

# Lead and trail bytes of the characters that make up ordinary text; the rest of each code page holds rare ones.
# GB 2312 level 1 (B0–D7), Big5 level 1 (A4–C6), JIS level 1 (889F–9872) with hiragana, katakana and the long mark.
_COMMON = {
    "gb18030": re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|\xa1[\xa1-\xfe]|\xa3[\xa8-\xdb]"),
    "big5": re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]|\xa1[\x40-\x7e\xa1-\xfe]"),
    "cp932": re.compile(rb"[\x89-\x97][\x40-\x7e\x80-\xfc]|\x88[\x9f-\xfc]|\x98[\x40-\x72]|[\x82\x83][\x40-\xf1]|\x81[\x40-\x5b]"),
}  # fmt: skip
_CHARACTER = {
    "gb18030": re.compile(rb"[\x81-\xfe](?:[\x40-\x7e\x80-\xfe]|[\x30-\x39][\x81-\xfe][\x30-\x39])"),
    "big5": re.compile(rb"[\x81-\xfe][\x40-\x7e\xa1-\xfe]"),
    "cp932": re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]|[\xa1-\xdf]"),
}
_DECODER = {"gb18030": "gb18030", "big5": "big5hkscs", "cp932": "cp932"}
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


def detect_encoding(pieces: list[bytes], stated: str | None = None) -> str:
    """The encoding that all pieces of one file share; `stated` (what the file says of itself) wins where it fits.

    A piece may break off within a character, as in columns of fixed width. Plain ASCII is "utf-8". Big5 is named as
    its superset "big5hkscs".
    """
    telling = [piece for piece in pieces if _NOT_ASCII.search(piece)]
    if not telling or _fits(telling, "utf-8"):
        # text of other encodings is valid UTF-8 only by an accident of a character or two
        return "utf-8" if len(telling) != 1 or stated is None or not _fits(telling, stated) else stated
    if stated and stated not in ("cp1252", "utf-8") and _fits(telling, stated):
        return stated
    shares = {name: _common_share(telling, name) for name in _COMMON if _fits(telling, _DECODER[name])}
    best = max(shares, key=lambda name: shares[name], default=None)
    if best and shares[best] >= CLEAR_SHARE:
        return _DECODER[best]
    return stated if stated and _fits(telling, stated) else "cp1252"


def decode_piece(piece: bytes, encoding: str) -> str:
    """The piece as text; a character that breaks off at its end is left out, any other fault becomes �."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return decoder.decode(piece)


def known_encoding(name: str) -> str:
    """Python's name of an encoding under any of its usual names. Raises GeoError for one that does not exist."""
    plain = name.strip().lower()
    plain = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "936": "gb18030", "big5": "big5hkscs"}.get(
        plain, plain
    )
    plain = {
        "950": "big5hkscs",
        "cp950": "big5hkscs",
        "932": "cp932",
        "shift_jis": "cp932",
        "65001": "utf-8",
        "iso-8859-1": "cp1252",
    }.get(plain, plain)
    try:
        found = codecs.lookup(plain)
        "".encode(found.name)
        return found.name
    except (LookupError, TypeError):
        raise GeoError(
            f"There is no encoding {name!r}.", "Such as utf-8, gb18030, big5, cp932, cp949 or cp1252."
        ) from None


def _fits(pieces: list[bytes], encoding: str) -> bool:
    for piece in pieces:
        decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
        try:
            decoder.decode(piece)
        except UnicodeDecodeError:
            return False
    return True


def _common_share(pieces: list[bytes], name: str) -> float:
    """How much of what is not ASCII reads as common characters of the encoding, from 0 to 1."""
    common = total = 0
    for piece in pieces:
        for character in _CHARACTER[name].finditer(piece):
            total += 1
            common += _COMMON[name].fullmatch(character.group()) is not None
    return common / total if total else 0.0
