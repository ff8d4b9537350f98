"""Which field each column of a file holds: by its name, its aliases, what `--map` says, or what a cut-off name can only mean."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.reference_import.kinds import Kind
from data.reference_import.problems import Problem

ALIASES_FILE = Path(__file__).parent / "aliases.csv"
_IGNORED = re.compile(r"[\s_\-.:：()（）/\\]+")
_CUT_BYTES = (9, 10)
"""The length in bytes of a column name that the table of a Shapefile has cut off, the last character perhaps wholly."""


@dataclass(frozen=True)
class HeaderMatch:
    """The field of each column (None: not read), what is wrong, and what was understood only by the shape of a name."""

    names: tuple[str | None, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


@cache
def read_aliases() -> dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]]:
    """Kind → field → its aliases, and those that count only where nothing else names the field."""
    found: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    with ALIASES_FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            weak = tuple(alias for alias in row["last_resort"].split(";") if alias)
            found.setdefault(row["kind"], {})[row["field"]] = (tuple(row["aliases"].split(";")), weak)
    return found


def match_header(
    header: Sequence[str], kind: Kind, told: Mapping[str, str], given: Collection[str] = (), *, may_be_cut: bool = False
) -> HeaderMatch:
    """The fields of a header. `told` is field → column; `given` are fields that come from elsewhere (a map's shapes).

    Upper and lower case, spaces and underscores make no difference. `may_be_cut`: names may end after ten bytes.
    """
    problems = [*_find_slips(header, kind, told)]
    names = _match_exactly(header, kind, told)
    notes: list[str] = []
    if may_be_cut:
        # "town_name_" may be town_name_en as well as town_name
        names = [
            None if _is_cut(cell) and cell not in told.values() else name
            for cell, name in zip(header, names, strict=True)
        ]
        problems += _match_cut(header, kind, names, notes)
    _match_last_resort(header, kind, names)
    listed = ", ".join(repr(cell) for cell in header[:30]) or "none"
    for field in kind.fields:
        if field.is_required and field.name not in names and field.name not in given and field.name not in told:
            hint = f"this column is required and not there; the file has {listed}; --map {field.name}=COLUMN names it"
            problems.append(Problem("header", f"{field.name} {field.name_zh}", None, hint))
    problems += [
        Problem("header", name, None, "two columns have this meaning; keep one, or say which with --map")
        for name in dict.fromkeys(name for name in names if name and names.count(name) > 1)
    ]
    return HeaderMatch(tuple(names), tuple(problems), tuple(notes))


def _is_cut(cell: str) -> bool:
    return len(cell.encode("utf-8")) == _CUT_BYTES[1] and cell.endswith("_")


def _find_slips(header: Sequence[str], kind: Kind, told: Mapping[str, str]) -> list[Problem]:
    fields = [field.name for field in kind.fields]
    slips = [
        Problem("--map", name, None, f"{kind.name} have no such field; they have {', '.join(fields)}")
        for name in told
        if name not in fields
    ]
    return slips + [
        Problem("--map", name, column, f"the file has no such column; it has {', '.join(map(repr, header[:30]))}")
        for name, column in told.items()
        if name in fields and column not in header
    ]


def _match_exactly(header: Sequence[str], kind: Kind, told: Mapping[str, str]) -> list[str | None]:
    by_column = {column: name for name, column in told.items()}
    known: dict[str, str] = {}
    for field in kind.fields:
        aliases, _ = read_aliases().get(kind.name, {}).get(field.name, ((), ()))
        for label in (field.name, field.name_zh, *aliases):
            known.setdefault(_plain(label), field.name)
    found: list[str | None] = []
    for cell in header:
        name = by_column.get(cell) or known.get(_plain(cell))
        # what --map names elsewhere is read from there alone
        found.append(None if name in told and told.get(name or "") != cell else name)
    return found


def _match_cut(header: Sequence[str], kind: Kind, names: list[str | None], notes: list[str]) -> list[Problem]:
    """Fills in what a cut-off name can only mean; a required field among several meanings must be told."""
    problems = []
    for i, cell in enumerate(header):
        if names[i] is not None or len(cell.encode("utf-8")) < _CUT_BYTES[0] - 2:
            continue
        begun = _plain(re.sub(r"_?\d$", "", cell)) if re.search(r"\d$", cell) else _plain(cell)
        meant = [
            field
            for field in kind.fields
            if field.name not in names
            and any(
                _plain(label).startswith(begun) and not _fits_uncut(label)
                for label in _labels(kind, field.name, field.name_zh)
            )
        ]
        if len(meant) > 1 and all(field.name in (meant[0].name, f"{meant[0].name}_en") for field in meant):
            meant = meant[:1]  # "building_n" alone is the name, not its translation
        if len(meant) == 1:
            names[i] = meant[0].name
            notes.append(f"The column {cell!r} is cut off; read as {meant[0].name}.")
        elif any(field.is_required for field in meant):
            several = ", ".join(field.name for field in meant)
            problems.append(
                Problem(
                    "header", cell, None, f"cut off; could be {several}: say which with --map {meant[0].name}={cell}"
                )
            )
    return problems


def _fits_uncut(label: str) -> bool:
    """Whether a Shapefile would have kept the name whole; of other scripts the length depends on the encoding."""
    return label.isascii() and len(label) <= _CUT_BYTES[1]


def _match_last_resort(header: Sequence[str], kind: Kind, names: list[str | None]) -> None:
    for name, (_, weak) in read_aliases().get(kind.name, {}).items():
        if name in names:
            continue
        plain = {_plain(alias) for alias in weak}
        fitting = [i for i, cell in enumerate(header) if names[i] is None and _plain(cell) in plain]
        if len(fitting) == 1:
            names[fitting[0]] = name


def _labels(kind: Kind, name: str, name_zh: str) -> tuple[str, ...]:
    aliases, _ = read_aliases().get(kind.name, {}).get(name, ((), ()))
    return (name, name_zh, *aliases)


def _plain(label: str) -> str:
    return _IGNORED.sub("", label).lower()
