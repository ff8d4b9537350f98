"""Invented identities: numbers that pass every check and can belong to nobody.

Resident numbers follow GB 11643-1999 (17 digits and a check digit, ISO 7064 MOD 11-2) with division codes 99xxxx, which
are not assigned. Telephone numbers lie within 1990000xxxx. Names say that they are examples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data.scenario.geography import Geography
from data.scenario.population import Ints, Population

CHECK_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHECK_CHARACTERS = np.frombuffer(b"10X98765432", dtype=np.uint8)
STEMS = "甲乙丙丁戊己庚辛壬癸"
BRANCHES = "子丑寅卯辰巳午未申酉戌亥"


def make_id_numbers(geography: Geography, people: Population) -> pa.Array:
    """The identity number of each resident: unique, valid check digit, division code 99 + town + community."""
    division = np.zeros(len(geography.grids), dtype=np.int64)
    for t, town in enumerate(geography.towns, 1):
        members = [community.code for community in geography.communities if community.town_code == town.code]
        for g, grid in enumerate(geography.grids):
            if grid.town.code == town.code:
                division[g] = 990000 + t * 100 + members.index(grid.community.code) + 1
    return format_id_numbers(division[people.resident_grid], people.resident_birth)


def format_id_numbers(division: Ints, birth_days: Ints) -> pa.Array:
    """Identity numbers of people of these divisions and birthdays (days since 1970), as 18-character strings."""
    date = birth_days.astype("datetime64[D]")
    year = date.astype("datetime64[Y]").astype(np.int64) + 1970
    month = date.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day = (date - date.astype("datetime64[M]")).astype(np.int64) + 1
    birth = year * 10000 + month * 100 + day
    # Three digits tell apart who shares division and birthday; 7 is coprime to 1000, so none repeats.
    order = np.lexsort((birth, division))
    same = np.concatenate(
        [[False], (division[order][1:] == division[order][:-1]) & (birth[order][1:] == birth[order][:-1])]
    )
    run_start = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
    serial = np.empty(len(order), dtype=np.int64)
    serial[order] = (np.arange(len(order)) - run_start) * 7 % 1000
    serial = (serial + birth % 997) % 1000
    digits = np.empty((len(order), 18), dtype=np.uint8)
    for number, start, width in ((division, 0, 6), (birth, 6, 8), (serial, 14, 3)):
        for place in range(width):
            digits[:, start + place] = number // 10 ** (width - 1 - place) % 10
    check = digits[:, :17] @ CHECK_WEIGHTS % 11
    digits[:, :17] += ord("0")
    digits[:, 17] = CHECK_CHARACTERS[check]
    return _fixed_width(digits)


def spoil_check_digit(id_number: str) -> str:
    """The same number with a check digit that cannot be right."""
    characters = "10X98765432"
    return id_number[:17] + characters[(characters.index(id_number[17]) + 1) % 11]


def make_names(count: int) -> pa.Array:
    """A name for each resident that nobody takes for real: 示例 and two cyclic characters."""
    names = pa.array([f"示例{stem}{branch}" for stem in STEMS for branch in BRANCHES])
    return names.take(pa.array(np.arange(count) * 7 % len(names)))


def make_phones(people: Population, rng: np.random.Generator) -> pa.Array:
    """A telephone number for each resident, null for small children and many of the old."""
    number = rng.integers(0, 10000, len(people.resident_age))
    digits = np.empty((len(number), 11), dtype=np.uint8)
    digits[:, :7] = np.frombuffer(b"1990000", dtype=np.uint8)
    for place in range(4):
        digits[:, 7 + place] = number // 10 ** (3 - place) % 10 + ord("0")
    age = people.resident_age
    has_none = (age < 8) | ((age >= 70) & (rng.random(len(age)) < 0.45))
    phones = _fixed_width(digits).to_numpy(zero_copy_only=False)
    return pa.array(phones, mask=has_none)


def _fixed_width(characters: npt.NDArray[np.uint8]) -> pa.Array:
    count, width = characters.shape
    offsets = np.arange(count + 1, dtype=np.int32) * width
    return pa.Array.from_buffers(
        pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(characters))]
    )
