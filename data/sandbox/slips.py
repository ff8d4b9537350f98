"""What somebody most likely meant to type: the nearest name, keyword or sign, and where the slip is.

Looks at texts and lists of names only; knows no engine.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping

KEYWORDS = (
    "select", "from", "where", "group", "order", "having", "limit", "offset", "qualify", "join", "left", "right", "full",
    "inner", "outer", "cross", "union", "except", "intersect", "distinct", "between", "case", "when", "then", "else", "with",
    "recursive", "values", "using", "window", "partition", "filter", "pivot", "unpivot", "describe", "summarize", "explain",
    "analyze", "lateral", "exists", "interval", "exclude", "replace", "sample",
)  # fmt: skip
_PLAIN_SIGNS = {
    "，": ",", "、": ",", "；": ";", "（": "(", "）": ")", "‘": "'", "’": "'", "“": "'", "”": "'", "：": ":", "＝": "=",
    "＊": "*", "＞": ">", "＜": "<", "＋": "+", "－": "-", "／": "/", "．": ".", "。": ".", "【": "[", "】": "]",
}  # fmt: skip
_TEXT, _NAME, _COMMENT = r"'(?:[^']|'')*+'", r'"(?:[^"]|"")*+"', r"--[^\n]*|/\*.*?\*/"
_QUOTED = re.compile(f"{_TEXT}|{_NAME}|{_COMMENT}", re.DOTALL)
_NO_NAME = re.compile(f"{_TEXT}|{_COMMENT}", re.DOTALL)
_WORD = re.compile(r"\w+")
_PERSONAL = re.compile(
    r"^(?:(?:person_|full_|user_)?name|id_?(?:number|card|no)|phone(?:_number)?|tel(?:ephone)?|mobile|姓名|身份证号?码?|证件号?码?|电话|手机号?码?)$",
    re.IGNORECASE,
)
_NOBODY = "Registrations hold no name, ID number or telephone: a person_token stands for a person."


def find_wide_sign(text: str) -> tuple[int, str] | None:
    """Where a Chinese sign stands in place of one of SQL's, as a place in the text, and what to do; None where none does."""
    for place, sign in enumerate(bare(text)):
        if plain := _PLAIN_SIGNS.get(sign):
            return place, f"The sign {sign} is a full-width one: type {plain} in its place."
    return None


def bare(text: str) -> str:
    """The text with blanks in place of what is quoted or a comment."""
    return _blank(_QUOTED, text)


def find_keyword_slip(text: str, place: int, known: Collection[str]) -> tuple[int, str] | None:
    """Where, at a place in the text or just before it, a word of SQL is misspelt, and what was meant.

    `known` are names that are no slips.
    """
    words = [found for found in _WORD.finditer(text) if found.start() <= place]
    for found in reversed(words[-2:]):
        said = found[0].lower()
        if said in KEYWORDS or said in known:
            continue
        if close := difflib.get_close_matches(said, KEYWORDS, n=1, cutoff=0.74):
            return found.start(), f"Did you mean {close[0].upper()}?"
    return None


def find_word(text: str, word: str) -> int:
    """The place of the first such word that stands in no text and no comment; -1 where there is none."""
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", _blank(_NO_NAME, text), re.IGNORECASE)
    return found.start() if found else -1


def suggest_column(name: str, text: str, columns: Mapping[str, Collection[str]], seen: Collection[str]) -> str:
    """What to do about a column that there is not.

    Parameters
    ----------
    columns : those of each table.
    seen : names that the engine says could be meant.
    """
    if _PERSONAL.match(name):
        return _NOBODY
    words = {word.lower() for word in _WORD.findall(text)}
    near = {column.lower() for table in columns if table in words for column in columns[table]} | set(seen)
    close = difflib.get_close_matches(name.lower(), sorted(near - {name.lower()}), n=2, cutoff=0.55)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    if f'"{name}"' in text:
        return f"A text stands between single quotes: '{name}'."
    if 0 < len(near) <= 12:
        return f"There are {', '.join(sorted(near))}."
    holders = sorted(table for table in columns if name.lower() in columns[table])
    if holders:
        return f"It is a column of {' and '.join(holders[:4])}."
    return "DESCRIBE and a table lists its columns; a text stands between 'single quotes'."


def _blank(pattern: re.Pattern[str], text: str) -> str:
    """The text with blanks in place of what is found, so that every place in it stays."""
    return pattern.sub(lambda found: " " * len(found[0]), text)
