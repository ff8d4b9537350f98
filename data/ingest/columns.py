"""Which columns a log may have, under which Chinese and English headers, and which kind of log a header announces."""

from __future__ import annotations

import csv
import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.errors import IngestError

COLUMNS_FILE = Path(__file__).parent / "columns.csv"
WORDS_FILE = Path(__file__).parent / "words.csv"
Mapping = tuple[tuple[str, str], ...]
"""(column, header) pairs: what this file, or this feed, calls a column."""

_REMARKS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|<[^<>]*>|\{[^{}]*\}")
_NOISE = re.compile(r"[\W_]+")
_DATA = re.compile(r"\d{6}|\d{4}[-/.年]\d|\d{1,2}:\d{2}")
"""Long digits, a date or a time: no header has them."""
_HEADER_WORD = re.compile(
    r"编号|编码|代码|号码|证件|身份|工号|时间|日期|名称|姓名|类型|类别|方式|渠道|状态|地址|电话|手机|网格|社区|街道|备注|性别|年龄|结果|单位|"
    r"序号|动作|角色|人数|采样|登记|点位|code|number|name|time|date|type|status|kind|phone|address|grid|site|remark|gender|_no|_id|_at",
    re.IGNORECASE,
)
_MOST_SHOWN, _LONGEST_SHOWN = 40, 30


@dataclass(frozen=True)
class LogKind:
    """A kind of log: its columns, in the order of FORMATS.md, those it cannot lack, and every header they go by.

    The headers of FORMATS.md go first, then the aliases, then the loose ones: 采样点 may be the site's code, unless
    采样点编号 is there too.
    """

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    headers: tuple[dict[str, str], dict[str, str], dict[str, str]]
    """Column by normalised header: by those of FORMATS.md, by aliases, by loose ones."""


@cache
def read_log_kinds() -> tuple[LogKind, ...]:
    """The kinds of log that are known, from `columns.csv`."""
    kinds: dict[str, LogKind] = {}
    columns: dict[str, list[str]] = {}
    required: dict[str, list[str]] = {}
    with COLUMNS_FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            name, column = row["log_kind"], row["column_name"]
            kind = kinds.setdefault(name, LogKind(name, (), (), ({}, {}, {})))
            columns.setdefault(name, []).append(column)
            required.setdefault(name, []).extend([column] if row["is_required"] == "true" else [])
            chinese, *aliases = row["aliases"].split(";")
            for tier, headers in enumerate(((column, chinese), aliases, row["loose_aliases"].split(";"))):
                kind.headers[tier].update({normalise_header(header): column for header in headers if header})
    return tuple(
        LogKind(name, tuple(columns[name]), tuple(required[name]), kind.headers) for name, kind in kinds.items()
    )


@cache
def read_words() -> dict[str, dict[str, str]]:
    """The closed vocabularies, from `words.csv`: vocabulary → word in a file → code in the lake."""
    words: dict[str, dict[str, str]] = {}
    with WORDS_FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            words.setdefault(row["vocabulary"], {})[row["word"]] = row["code"]
    return words


def normalise_header(header: str) -> str:
    """The header as it is compared: half-width, lower case, without blanks, signs and remarks in brackets."""
    text = unicodedata.normalize("NFKC", header).casefold()
    return _NOISE.sub("", _REMARKS.sub("", text)) or _NOISE.sub("", text)


def match_header(
    headers: Sequence[str], mapping: Mapping = (), *, is_repeat_allowed: bool = False
) -> tuple[LogKind, tuple[str | None, ...]] | None:
    """The kind of log that this header line announces, and the column at each position (None: not read).

    None when it is no log's. Raises IngestError when two headers name one column, unless repeats are allowed (of a
    JSON object's keys, say, of which the first counts).
    """
    names = [normalise_header(header) for header in headers]
    complete = []
    for kind in read_log_kinds():
        positions = _place(kind, names, mapping)
        if set(kind.required) <= {column for column in positions if column}:
            complete.append((len(kind.required), kind, positions))
    if not complete:
        return None
    _, kind, positions = max(complete, key=lambda found: found[0])
    if not is_repeat_allowed:
        known = [column for column in positions if column]
        if len(set(known)) != len(known):
            twice = sorted({column for column in known if known.count(column) > 1})
            raise IngestError(
                f"its header names {', '.join(twice)} twice.",
                "Leave one of the two columns, or say which it is: --map column=header.",
            )
    return kind, tuple(positions)


def recognise_header(headers: Sequence[str], mapping: Mapping = ()) -> tuple[LogKind, tuple[str | None, ...]]:
    """As `match_header`, but raises IngestError, naming what is missing and what comes closest, when it is no log's."""
    found = match_header(headers, mapping)
    if not found:
        raise header_error(headers, mapping)
    return found


def count_known(headers: Sequence[str], mapping: Mapping = ()) -> int:
    """How many of these headers name a column of the log they are most like."""
    names = [normalise_header(header) for header in headers]
    return max(len({column for column in _place(kind, names, mapping) if column}) for kind in read_log_kinds())


def header_error(headers: Sequence[str], mapping: Mapping = ()) -> IngestError:
    """Why this is no log's header: what it lacks, the headers seen and the closest matches. Data is shown as its shape only."""
    writable = [
        header.encode("utf-8", "replace").decode() for header in headers[:_MOST_SHOWN]
    ]  # JSON spells halves of signs
    shown = [header.strip()[:_LONGEST_SHOWN] for header in writable]
    if not _is_header_like(headers):
        return IngestError(
            f"no header line was found; the file begins like this: {' | '.join(map(_mask, shown))}.",
            "Put a line with the columns' names first; data/FORMATS.md lists the headers that are known.",
        )
    names = [normalise_header(header) for header in headers]
    for mapped, name in mapping:
        if normalise_header(name) not in names:
            return IngestError(
                f"no column is headed {name!r}, which is mapped to {mapped}. Headers seen: {', '.join(shown)}.",
                "Correct the mapping.",
            )
    kind, positions = min(
        ((kind, _place(kind, names, mapping)) for kind in read_log_kinds()),
        key=lambda pair: (len(set(pair[0].required) - set(pair[1])), -len({column for column in pair[1] if column})),
    )
    missing = [column for column in kind.required if column not in positions]
    free = {name: header for name, header, column in zip(names, shown, positions, strict=False) if not column and name}
    guesses = {column: header for column in missing if (header := _find_closest(kind, column, free))}
    closest = ", ".join(f"{header} for {column}" for column, header in guesses.items()) or "none"
    mapped, example = next(iter(guesses.items()), (missing[0], "its header"))
    return IngestError(
        f"its header is no log's: as a {kind.name} log it lacks {', '.join(missing)}."
        f" Headers seen: {', '.join(shown)}. Closest: {closest}.",
        f"Say which is which, such as --map {mapped}={example}; data/FORMATS.md lists the headers that are known.",
    )


def check_mapping(mapping: Mapping, source: str) -> None:
    """Raises IngestError when a mapping names a column that no log has, or one column twice."""
    known = {column for kind in read_log_kinds() for column in kind.columns}
    columns = [column for column, _ in mapping]
    for column in columns:
        if column not in known:
            closest = difflib.get_close_matches(column, sorted(known), n=1)
            raise IngestError(
                f"{source}: no log has a column {column!r}.",
                f"Did you mean {closest[0]!r}?" if closest else f"Columns: {', '.join(sorted(known))}.",
            )
        if columns.count(column) > 1:
            raise IngestError(f"{source}: {column} is mapped twice.", "Leave one of the two.")


def _place(kind: LogKind, names: Sequence[str], mapping: Mapping) -> list[str | None]:
    """The column at each position: what is mapped goes first, then each tier of headers fills what is still missing."""
    mapped = {normalise_header(header): column for column, header in mapping if column in kind.columns}
    positions = [mapped.get(name) for name in names]
    for tier in kind.headers:
        taken = {*positions, *mapped.values()}
        found = [None if column or tier.get(name) in taken else tier.get(name)
                 for name, column in zip(names, positions, strict=True)]  # fmt: skip
        if tier is kind.headers[-1]:  # which of two loose ones is meant, nobody can tell
            found = [column if column in kind.required or found.count(column) == 1 else None for column in found]
        positions = [column or new for column, new in zip(positions, found, strict=True)]
    return positions


def _find_closest(kind: LogKind, column: str, free: dict[str, str]) -> str | None:
    best, best_ratio = None, 0.5
    for alias, of_column in (pair for tier in kind.headers for pair in tier.items()):
        if of_column == column:
            for name, header in free.items():
                ratio = difflib.SequenceMatcher(None, alias, name).ratio()
                if ratio > best_ratio:
                    best, best_ratio = header, ratio
    return best


def _is_header_like(cells: Sequence[str]) -> bool:
    """Whether these cells may be shown: some is a column's name, and none holds what only data does."""
    if any(_DATA.search(unicodedata.normalize("NFKC", cell)) for cell in cells):
        return False
    filled = [cell for cell in cells if cell.strip()]
    return count_known(cells) > 0 or sum(bool(_HEADER_WORD.search(cell)) for cell in filled) * 2 > len(filled) > 0


def _mask(cell: str) -> str:
    """A cell's shape without a digit or a letter of it."""
    marks = {"N": "#", "L": "x"}
    return "".join(
        "字"
        if sign > "\u2e7f" and unicodedata.category(sign)[0] == "L"
        else marks.get(unicodedata.category(sign)[0], sign)
        for sign in cell
        if sign.isprintable()
    )
