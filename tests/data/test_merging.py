"""Merging in whole columns gives what merging one by one gives: registrations, duplicates, and every roll-up's changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import data.ingest.merging as merging
from data.ingest.merging import KNOWN, SELF, Households, Sums, Versions, find_sights, merge
from data.ingest.moments import NO_TIME

BUCKET_US = 300_000_000
IS_REPORTING = np.array([False, True, False])
NOBODY = Households(*[np.empty(0, np.int64)] * 4)


@dataclass(frozen=True)
class Line:
    """A version, in words: person, site, minute of registering; minute of sampling, unit, grid, channel or 0; round; withdrawn."""

    person: int
    site: int
    minute: int
    sampled: int
    unit: int
    grid: int
    channel: int
    round: int
    is_withdrawn: bool

    @property
    def key(self) -> tuple[int, int, int]:
        return self.person, self.site, self.minute


LINES = st.builds(
    Line,
    person=st.integers(1, 3), site=st.integers(1, 2), minute=st.integers(0, 2), sampled=st.sampled_from([0, 3, 9]),
    unit=st.integers(0, 2), grid=st.integers(1, 2), channel=st.integers(0, 3), round=st.integers(0, 2), is_withdrawn=st.booleans(),
)  # fmt: skip


def columns(lines: Sequence[Line], *, is_known: bool) -> Versions:
    def numbers(name: str) -> np.ndarray:
        return np.array([getattr(line, name) for line in lines], np.int32)

    minute, sampled = numbers("minute").astype(np.int64), numbers("sampled").astype(np.int64)
    return Versions(
        token_high=numbers("person").astype(np.uint64) << np.uint64(60),
        token_low=numbers("person").astype(np.uint64),
        site_no=numbers("site"),
        registered_us=minute * 60_000_000,
        sampled_us=np.where(sampled > 0, sampled * 60_000_000, NO_TIME),
        unit_no=numbers("unit"),
        grid_no=numbers("grid"),
        round_no=numbers("round"),
        channel_no=numbers("channel"),
        is_withdrawn=numbers("is_withdrawn").astype(bool),
        content=np.array([hash(line) & (2**64 - 1) for line in lines], np.uint64),
        line_id=np.full(len(lines), KNOWN) if is_known else np.arange(len(lines)) + (1 << 32),
    )


def told(sums: Sums) -> dict[tuple[int, ...], tuple[int, ...]]:
    keys, values = (zip(*(column.tolist() for column in part), strict=True) for part in (sums.keys, sums.sums))
    return dict(zip(keys, values, strict=True))


def state(lines: Sequence[Line]) -> dict[tuple[int, int, int], Line]:
    """Each registration that counts, of these versions: of each value the greatest."""
    found = {}
    for key in {line.key for line in lines}:
        versions = [line for line in lines if line.key == key]
        if not any(line.is_withdrawn for line in versions):
            greatest = [max(getattr(line, field.name) for line in versions) for field in fields(Line)[3:8]]
            found[key] = Line(*key, *greatest[:3], greatest[3] or SELF, greatest[4], False)
    return found


def roll_ups(lines: Sequence[Line]) -> list[Counter[tuple[object, ...]]]:
    """Of sites, of rounds and of grids, by key and what is counted."""
    sites: Counter[tuple[object, ...]] = Counter()
    rounds: Counter[tuple[object, ...]] = Counter()
    grids: Counter[tuple[object, ...]] = Counter()
    counted = state(lines).values()
    for line in counted:
        sites[line.minute // 5, line.site, line.channel, "registered"] += 1
        if line.sampled:
            sites[line.sampled // 5, line.site, line.channel, "sampled"] += 1
            sites[line.sampled // 5, line.site, line.channel, "waited"] += (line.sampled - line.minute) * 60_000_000
        if line.round:
            rounds[line.round, line.site, line.unit, line.channel, "registered"] += 1
            rounds[line.round, line.site, line.unit, line.channel, "sampled"] += bool(line.sampled)
    for person, number in {(line.person, line.round) for line in counted if line.round}:
        own = sorted(
            (line.minute, line.site, line.grid, line)
            for line in counted
            if (line.person, line.round) == (person, number)
        )  # type: ignore[type-var]
        grids[own[0][0] // 5, own[0][2], number, "registered"] += 1
        covered = [line.sampled or line.minute for *_, line in own if line.sampled or not IS_REPORTING[line.site]]
        if covered:
            grids[min(covered) // 5, own[0][2], number, "covered"] += 1
    return [sites, rounds, grids]


@settings(max_examples=150)
@given(known=st.lists(LINES, max_size=5), lines=st.lists(LINES, min_size=1, max_size=8))
def test_columns_merge_as_single_lines_do(known: list[Line], lines: list[Line]) -> None:
    merged = merge(columns(known, is_known=True), columns(lines, is_known=False))
    earlier = [set(known) | set(lines[:number]) for number in range(len(lines))]
    assert merged.is_duplicate.tolist() == [line in before for line, before in zip(lines, earlier, strict=True)]
    assert sum(~merged.was_known) == len({line.key for line in lines} - {line.key for line in known})
    found = [
        (merging.sum_site_changes(merged), "registered sampled waited"),
        (merging.sum_round_changes(merged), "registered sampled"),
        (merging.sum_grid_changes(find_sights(merged, IS_REPORTING), NOBODY), "registered covered seen"),
    ]
    for (sums, names), before, after in zip(found, roll_ups(known), roll_ups(known + lines), strict=True):
        changes = {key: after[key] - before[key] for key in before.keys() | after.keys()}
        told_changes = {
            (*key, name): value
            for key, values in told(sums).items()
            for name, value in zip(names.split(), values, strict=True)
        }
        assert _some(told_changes) == _some(changes)


def _some(counts: dict[tuple[object, ...], int]) -> dict[tuple[object, ...], int]:
    return {key: count for key, count in counts.items() if count}


def test_keys_that_share_a_mark_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "mark_registrations", lambda *key: np.zeros(len(key[0]), np.uint64))
    first, second = Line(1, 1, 0, 0, 0, 1, 0, 1, False), Line(2, 1, 0, 0, 0, 1, 0, 1, False)
    merged = merge(columns([], is_known=True), columns([first, second, first], is_known=False))
    assert merged.token_low.tolist() == [1, 2] and merged.is_duplicate.tolist() == [False, False, True]


def test_sums_over_many_possible_keys_are_those_over_few(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [Line(person, 1 + person % 2, person % 3, 9, 1, 1, 1, 1, False) for person in range(1, 9)]
    merged = merge(columns([], is_known=True), columns(lines, is_known=False))
    dense = told(merging.sum_site_changes(merged))
    monkeypatch.setattr(merging, "_DENSE", 1)
    assert told(merging.sum_site_changes(merged)) == dense and sum(value[0] for value in dense.values()) == 8
