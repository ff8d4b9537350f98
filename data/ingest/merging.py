"""What lines make of registrations, and what that changes in every roll-up, whole columns at a time.

Everything is computed from one thing: the registrations that a batch touches, as they were and as they are with it. A
registration is the merge of its versions: of each value the greatest. So no roll-up can depend on the order of arrival.

In the arrays 0 is no number and NO_TIME no moment. Numbers follow the order of the codes (`reference`), so that the greatest
number is the greatest code. Lines are found to belong together by 64 bits of their keys, and then compared. Knows no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import prod

import numpy as np
import pyarrow as pa

from data.ingest.marks import SPREAD, mark_persons, mark_registrations
from data.ingest.moments import NO_TIME
from data.lake import BUCKET_S

SELF = 3
"""The channel of a registration of which no version names one."""
KNOWN = np.int64(-1)
"""In place of a line's number: this version was known before."""
_NO_LINE = np.iinfo(np.int64).max
_NO_COVER = np.iinfo(np.int64).max
_BUCKET_US = BUCKET_S * 1_000_000
_DENSE = 500_000
"""With so many possible keys or fewer, sums are made in one array of them all; with more, the keys are sorted first."""


@dataclass(frozen=True, eq=False)
class Versions:
    """Versions of registrations: the lines of a batch, or what was known of their persons."""

    token_high: np.ndarray
    token_low: np.ndarray
    site_no: np.ndarray
    registered_us: np.ndarray
    sampled_us: np.ndarray
    unit_no: np.ndarray
    grid_no: np.ndarray
    round_no: np.ndarray
    channel_no: np.ndarray
    is_withdrawn: np.ndarray
    content: np.ndarray
    """64 bits of everything that a version says, compared only between versions of one registration."""
    line_id: np.ndarray
    """File and line, packed; KNOWN of what was known."""

    def __len__(self) -> int:
        return len(self.line_id)

    @property
    def file_no(self) -> np.ndarray:
        """The files of lines."""
        numbers: np.ndarray = self.line_id >> 32
        return numbers


@dataclass(frozen=True, eq=False)
class State:
    """What registrations say: the greatest value of any of their versions."""

    is_counted: np.ndarray
    """Whether there is such a registration, and it is not withdrawn."""
    sampled_us: np.ndarray
    unit_no: np.ndarray
    grid_no: np.ndarray
    round_no: np.ndarray
    channel_no: np.ndarray


@dataclass(frozen=True, eq=False)
class Merged:
    """The registrations that a batch touches, and those of their persons that were known: as they were, and as they are."""

    token_high: np.ndarray
    token_low: np.ndarray
    site_no: np.ndarray
    registered_us: np.ndarray
    was_known: np.ndarray
    first_line_id: np.ndarray
    """The batch's first line of it; nothing to go by where it has none."""
    old: State
    new: State
    is_duplicate: np.ndarray
    """Of each line of the batch: whether the same was known, or said by an earlier line."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums by keys: `keys`, a column for each part of the key, and `sums`. None but those of which some sum is not 0."""

    keys: tuple[np.ndarray, ...]
    sums: tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Sights:
    """Persons as rounds saw them: where and when first registered, when first covered (NO_TIME: not yet).

    `sign`: 1 of what is so with the batch, -1 of what was so before.
    """

    round_no: np.ndarray
    grid_no: np.ndarray
    registered_us: np.ndarray
    covered_us: np.ndarray
    sign: np.ndarray


@dataclass(frozen=True, eq=False)
class Households:
    """Households in rounds: when one was first seen as far as was known, and with the batch (NO_TIME: not at all)."""

    round_no: np.ndarray
    grid_no: np.ndarray
    """Of the household, not of who is registered."""
    known_us: np.ndarray
    seen_us: np.ndarray


def read_versions(table: pa.Table, line_id: np.ndarray | None = None) -> Versions:
    """The versions of a table with columns named as the mirror has them; known ones where no `line_id` is given."""

    def read(name: str) -> np.ndarray:
        column = table[name]
        if pa.types.is_timestamp(column.type):
            column, nothing = column.cast(pa.int64()), NO_TIME
        else:
            nothing = False if pa.types.is_boolean(column.type) else 0
        values: np.ndarray = (column.fill_null(nothing) if column.null_count else column).to_numpy()
        return values

    columns = {
        field.name: read(field.name.replace("_us", "_at")) for field in fields(Versions) if field.name != "line_id"
    }
    return Versions(**columns, line_id=np.full(table.num_rows, KNOWN) if line_id is None else line_id)


def merge(known: Versions, lines: Versions) -> Merged:
    """The registrations of these versions. `known` has all known versions of every registration and person of the lines
    of which anything is known in the rounds at hand."""
    rows = _join(known, lines) if len(known) else lines
    key = (rows.token_high, rows.token_low, rows.site_no, rows.registered_us)
    order, starts = _group(mark_registrations(*key[1:]), key)

    first = order[starts]
    sizes = np.diff(starts, append=len(order))
    several = np.flatnonzero(sizes > 1)
    group_no = np.repeat(np.arange(len(starts)), sizes)
    among = order[(sizes > 1)[group_no]]
    begins = np.cumsum(sizes[several]) - sizes[several]

    def reduce(values: np.ndarray, ufunc: np.ufunc) -> np.ndarray:
        found: np.ndarray = values[first]
        if len(several):  # most registrations have one version, which needs no comparing
            found[several] = ufunc.reduceat(values[among], begins)
        return found

    def greatest(values: np.ndarray) -> np.ndarray:
        return reduce(values, np.maximum)

    new = State(
        is_counted=~reduce(rows.is_withdrawn, np.logical_or),
        sampled_us=greatest(rows.sampled_us),
        unit_no=greatest(rows.unit_no),
        grid_no=greatest(rows.grid_no),
        round_no=greatest(rows.round_no),
        channel_no=_name_channels(greatest(rows.channel_no)),
    )
    group_of_row = np.empty(len(order), np.int64)
    group_of_row[order] = group_no
    was_known, old = _find_old(known, group_of_row[: len(known)], len(starts))
    line_id = np.where(rows.line_id == KNOWN, _NO_LINE, rows.line_id) if len(known) else rows.line_id
    return Merged(
        token_high=rows.token_high[first],
        token_low=rows.token_low[first],
        site_no=rows.site_no[first],
        registered_us=rows.registered_us[first],
        was_known=was_known,
        first_line_id=reduce(line_id, np.minimum),
        old=old,
        new=new,
        is_duplicate=_find_duplicates(rows, among, group_of_row[among])[len(known) :],
    )


def sum_site_changes(merged: Merged) -> Sums:
    """By (moment, site, channel): registered, sampled, microseconds waited by who was sampled."""
    old, new = merged.old, merged.new
    is_same = old.is_counted & new.is_counted & (old.channel_no == new.channel_no)
    is_sampled_same = is_same & (old.sampled_us == new.sampled_us)
    registered = _buckets(merged.registered_us)
    parts = [
        (new.is_counted & ~is_same, registered, new, 1, 0),
        (old.is_counted & ~is_same, registered, old, -1, 0),
        (new.is_counted & ~is_sampled_same & (new.sampled_us != NO_TIME), _buckets(new.sampled_us), new, 0, 1),
        (old.is_counted & ~is_sampled_same & (old.sampled_us != NO_TIME), _buckets(old.sampled_us), old, 0, -1),
    ]  # fmt: skip
    keys, values = [], []
    for is_part, bucket, state, registered_count, sampled_count in parts:
        places = np.flatnonzero(is_part)
        waited_us = sampled_count and sampled_count * (state.sampled_us[places] - merged.registered_us[places])
        keys.append((bucket[places], merged.site_no[places], state.channel_no[places]))
        values.append((registered_count, sampled_count, waited_us))
    return _sum(keys, values, 3)


def sum_round_changes(merged: Merged) -> Sums:
    """By (round, site, unit, channel): registered, sampled."""
    keys, values = [], []
    for state, sign in ((merged.new, 1), (merged.old, -1)):
        places = np.flatnonzero(state.is_counted & (state.round_no > 0))
        keys.append((state.round_no[places], merged.site_no[places], state.unit_no[places], state.channel_no[places]))
        values.append((sign, sign * (state.sampled_us[places] != NO_TIME)))
    return _sum(keys, values, 2)


def find_sights(merged: Merged, is_sampling_reported: np.ndarray) -> Sights:
    """Who was first registered and covered where and when, in each round. `is_sampling_reported`: by site.

    A person belongs to the grid of the round's earliest registration, ties by site. Where a site never reports sampling,
    registering covers.
    """
    found = []
    for state, sign in ((merged.new, 1), (merged.old, -1)):
        places = np.flatnonzero(state.is_counted & (state.round_no > 0))
        if len(places):
            found.append(_find_first(merged, state, places, is_sampling_reported, sign))
    if not found:
        nothing = np.empty(0, np.int64)
        return Sights(*[nothing] * len(fields(Sights)))
    return Sights(*(np.concatenate(columns) for columns in zip(*found, strict=True)))


def sum_grid_changes(sights: Sights, households: Households) -> Sums:
    """By (moment, grid, round): persons registered first, persons covered first, households seen first."""
    parts: list[tuple[np.ndarray, Sights | Households, tuple[np.ndarray | int, ...]]] = [
        (sights.registered_us, sights, (sights.sign, 0, 0)),
        (sights.covered_us, sights, (0, sights.sign, 0)),
        (households.seen_us, households, (0, 0, 1)),
        (households.known_us, households, (0, 0, -1)),
    ]
    keys, values = [], []
    for moments_us, seen, signs in parts:
        places = np.flatnonzero((moments_us != NO_TIME) & (seen.grid_no > 0))
        keys.append((_buckets(moments_us[places]), seen.grid_no[places], seen.round_no[places]))
        values.append(tuple(sign if isinstance(sign, int) else sign[places] for sign in signs))
    return _sum(keys, values, 3)


def sum_lines(lines: Versions, merged: Merged) -> Sums:
    """By (file, moment of the last event): lines of the batch that are no duplicates."""
    is_fresh = ~merged.is_duplicate
    moments_us = np.where(lines.sampled_us == NO_TIME, lines.registered_us, lines.sampled_us)
    return _sum([(lines.file_no[is_fresh], _buckets(moments_us[is_fresh]))], [(1,)], 1)


def _join(known: Versions, lines: Versions) -> Versions:
    return Versions(*(np.concatenate([getattr(known, f.name), getattr(lines, f.name)]) for f in fields(Versions)))


def _group(marks: np.ndarray, key: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """An order in which rows with one key lie side by side, and where in it each key's rows begin."""
    order = np.argsort(marks)
    is_start = _differ(key, order)
    in_order = marks[order]
    if (is_start[1:] & (in_order[1:] == in_order[:-1])).any():  # two keys share a mark
        order = np.lexsort(list(key))
        is_start = _differ(key, order)
    return order, np.flatnonzero(is_start)


def _differ(key: Sequence[np.ndarray], order: np.ndarray) -> np.ndarray:
    """Whether a row differs from the one before it."""
    differs = np.zeros(len(order), bool)
    differs[:1] = True
    for values in key:
        in_order = values[order]
        differs[1:] |= in_order[1:] != in_order[:-1]
    return differs


def _name_channels(channel_no: np.ndarray) -> np.ndarray:
    return np.where(channel_no == 0, np.int32(SELF), channel_no)


def _find_old(known: Versions, group_no: np.ndarray, count: int) -> tuple[np.ndarray, State]:
    """Which of so many registrations were known, and what they said. `group_no`: the known versions' registrations."""
    was_known, was_withdrawn = np.zeros(count, bool), np.zeros(count, bool)
    was_known[group_no] = True
    was_withdrawn[group_no[known.is_withdrawn]] = True

    def greatest(values: np.ndarray, nothing: int = 0) -> np.ndarray:
        found = np.full(count, nothing, values.dtype)
        np.maximum.at(found, group_no, values)
        return found

    return was_known, State(
        is_counted=was_known & ~was_withdrawn,
        sampled_us=greatest(known.sampled_us, NO_TIME),
        unit_no=greatest(known.unit_no),
        grid_no=greatest(known.grid_no),
        round_no=greatest(known.round_no),
        channel_no=_name_channels(greatest(known.channel_no)),
    )


def _find_duplicates(rows: Versions, places: np.ndarray, of_group: np.ndarray) -> np.ndarray:
    """Whether a row says what a known version or an earlier line of its registration says.

    `places`: the rows of registrations that have more than one; `of_group`: which registration each is of.
    """
    is_duplicate = np.zeros(len(rows), bool)
    if not len(places):
        return is_duplicate
    content, line_id = rows.content[places], rows.line_id[places]
    again = np.argsort(content ^ (of_group.astype(np.uint64) * SPREAD))
    is_start = _differ((content, of_group), again)
    begins = np.flatnonzero(is_start)
    first = np.minimum.reduceat(line_id[again], begins)[np.cumsum(is_start) - 1]
    is_duplicate[places[again]] = line_id[again] != first
    return is_duplicate


def _find_first(
    merged: Merged, state: State, places: np.ndarray, is_sampling_reported: np.ndarray, sign: int
) -> tuple[np.ndarray, ...]:
    """The columns of `Sights` of these registrations."""
    key = merged.token_high[places], merged.token_low[places], state.round_no[places]
    order, starts = _group(mark_persons(key[0], key[2]), key)
    sizes = np.diff(starts, append=len(order))
    site_no, registered_us, sampled_us = merged.site_no[places], merged.registered_us[places], state.sampled_us[places]
    grid_no = state.grid_no[places]
    covered_us = np.where(
        sampled_us == NO_TIME, np.where(is_sampling_reported[site_no], _NO_COVER, registered_us), sampled_us
    )
    first = order[starts]
    covered_first_us = covered_us[first]
    several = np.flatnonzero(sizes > 1)
    if len(several):
        person_no = np.repeat(np.arange(len(starts)), sizes)
        among = np.flatnonzero((sizes > 1)[person_no])
        rows, of_person = order[among], person_no[among]
        by_time = np.lexsort((grid_no[rows], site_no[rows], registered_us[rows], of_person))
        begins = np.flatnonzero(np.diff(of_person[by_time], prepend=-1))
        first[several] = rows[by_time[begins]]
        covered_first_us[several] = np.minimum.reduceat(covered_us[rows[by_time]], begins)
    covered_first_us[covered_first_us == _NO_COVER] = NO_TIME
    return key[2][first], grid_no[first], registered_us[first], covered_first_us, np.full(len(first), sign)


def _buckets(moments_us: np.ndarray) -> np.ndarray:
    """When the moments' stretches of BUCKET_S begin, counted in stretches since 1970."""
    return moments_us // _BUCKET_US


def _sum(
    keys: Sequence[tuple[np.ndarray, ...]], values: Sequence[tuple[np.ndarray | int, ...]], sum_count: int
) -> Sums:
    """Sums of parts: each has its keys, and for each of the sums a number for each key, or one for all."""
    columns = [np.concatenate(parts).astype(np.int64) for parts in zip(*keys, strict=True)]
    count = len(columns[0])
    if not count:
        return Sums(tuple(columns), tuple(np.empty(0, np.int64) for _ in range(sum_count)))
    least = [int(column.min()) for column in columns]
    spans = [int(column.max()) - low + 1 for column, low in zip(columns, least, strict=True)]
    packed = np.zeros(count, np.int64)
    for column, low, span in zip(columns, least, spans, strict=True):
        packed = packed * span + (column - low)
    if prod(spans) <= _DENSE:
        found, size = None, prod(spans)
    else:
        found, packed = np.unique(packed, return_inverse=True)
        size = len(found)
    ends = np.cumsum([len(part[0]) for part in keys])
    sums = []
    for number in range(sum_count):
        total = np.zeros(size, np.int64)
        for part, begin, end in zip(values, [0, *ends], ends, strict=False):
            value = part[number]
            if not isinstance(value, int):  # whole numbers below 2^53: adding them up as floats loses nothing
                total += np.bincount(packed[begin:end], value, size).astype(np.int64)
            elif value:
                total += value * np.bincount(packed[begin:end], minlength=size)
        sums.append(total)
    some = np.flatnonzero(np.logical_or.reduce([total != 0 for total in sums]))
    left = found[some] if found is not None else some
    unpacked = []
    for low, span in zip(reversed(least), reversed(spans), strict=True):
        unpacked.append(left % span + low)
        left = left // span
    return Sums(tuple(reversed(unpacked)), tuple(total[some] for total in sums))
