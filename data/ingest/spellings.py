"""What cells of the usual spelling mean, read a whole column at a time: moments, telephones, resident numbers.

Nearly every cell of a log is spelt one way; with eight characters looked at as one number, a column of them costs less than a
tenth of what the engine needs cell by cell. Whatever is spelt otherwise is "not known" here, and left to the engine and its
rules: nothing is ever found wrong by this module. Knows no reference data, and how the rules are told in SQL only so far as to
agree with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from data.ingest.cell_bytes import WORD_BYTES, AlikeCells, pick_by_length
from data.ingest.documents import EARLIEST_BIRTH_YEAR, ID_WEIGHTS

MOMENT_LENGTH, PHONE_LENGTH, NUMBER_LENGTH = 19, 11, 18
_LATEST_BIRTH_YEAR = 2199


def read_moments(cells: pa.ChunkedArray, offset_us: int) -> tuple[np.ndarray, np.ndarray]:
    """The moments of cells spelt `2022-07-14 08:30:00`, with the zone's own offset behind it or none: microseconds since
    1970, UTC, and whether each is known. `offset_us`: the zone's offset.
    """
    moments_us, are_known = np.zeros(len(cells), np.int64), np.zeros(len(cells), bool)
    suffix = _write_offset(offset_us)
    for alike in pick_by_length(cells, (MOMENT_LENGTH, MOMENT_LENGTH + len(suffix))):
        local_us, is_known = _read_local(alike)
        if alike.length > MOMENT_LENGTH:
            is_known &= alike.read_word(alike.length - WORD_BYTES) >> np.uint64(16) == _read_bytes(suffix)
        moments_us[alike.places] = (local_us - offset_us) * is_known
        are_known[alike.places] = is_known
    return moments_us, are_known


def _read_local(cells: AlikeCells) -> tuple[np.ndarray, np.ndarray]:
    """The moments that the first 19 characters tell, microseconds since 1970, and whether they tell one."""
    begin, middle, clock = cells.read_word(0), cells.read_word(3), cells.read_word(11)
    separator = middle >> np.uint64(56)
    is_known = (separator == ord(" ")) | (separator == ord("T"))
    middle &= np.uint64((1 << 56) - 1)
    begin, middle, clock = _BEGIN.take_off(begin), _MIDDLE.take_off(middle), _CLOCK.take_off(clock)
    is_known &= _BEGIN.fits(begin) & _MIDDLE.fits(middle) & _CLOCK.fits(clock)
    begin, middle, clock = _pair_digits(begin), _pair_digits(middle), _pair_digits(clock)
    year, month, day = _read_pair(begin, 2), _read_pair(begin, 5), _read_pair(middle, 5)
    hour, minute, second = _read_pair(clock, 0), _read_pair(clock, 3), _read_pair(clock, 6)
    is_known &= hour < 24
    place = (year * _MONTHS + month) * _MONTH_DAYS + day
    days = _DAYS[place if is_known.all() else place * is_known]
    is_known &= days != _NO_DAY
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000, is_known


@dataclass(frozen=True)
class _Shape:
    """Eight characters, each from `lowest` to `highest`: their bits differ from those of the lowest as their numbers do."""

    lowest: str
    highest: str

    @cached_property
    def _room(self) -> np.uint64:
        pairs = enumerate(zip(self.lowest, self.highest, strict=True))
        return np.uint64(sum((0x7F - (ord(high) - ord(low))) << 8 * place for place, (low, high) in pairs))

    def take_off(self, word: np.ndarray) -> np.ndarray:
        """What each character is more than the lowest."""
        more: np.ndarray = word ^ _read_bytes(self.lowest)
        return more

    def fits(self, more: np.ndarray) -> np.ndarray:
        """Whether none is more than it may be: of a sum the eighth bit tells."""
        sums = more + self._room
        sums |= more
        sums &= _EIGHTH_BITS
        fits: np.ndarray = sums == 0
        return fits


def _pair_digits(more: np.ndarray) -> np.ndarray:
    """Each byte becomes the number that its digit and the next make: 99 at most, so none runs over."""
    paired: np.ndarray = more * np.uint64(10)
    paired += more >> np.uint64(8)
    return paired


def _read_pair(paired: np.ndarray, place: int) -> np.ndarray:
    pair = paired >> np.uint64(8 * place)
    pair &= _BYTE
    return pair.view(np.int64)


def _read_bytes(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(text.encode(), "little"))


_BEGIN, _CLOCK = _Shape("2000-00-", "2099-19-"), _Shape("00:00:00", "29:59:59")
_MIDDLE = _Shape("0-00-00\0", "9-19-39\0")
_BYTE, _EIGHTH_BITS = np.uint64(0xFF), np.uint64(0x8080808080808080)


def _write_offset(offset_us: int) -> str:
    minutes = abs(offset_us) // 60_000_000
    return f"{'-' if offset_us < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def find_plain_phones(cells: pa.ChunkedArray) -> np.ndarray:
    """Whether a cell is eleven digits of a mobile telephone, 13000000000 to 19999999999; false for all others."""
    are_plain = np.zeros(len(cells), bool)
    for alike in pick_by_length(cells, (PHONE_LENGTH,)):
        begin, end = _MOBILE.take_off(alike.read_word(0)), _DIGITS.take_off(alike.read_word(PHONE_LENGTH - WORD_BYTES))
        second = begin >> np.uint64(8) & _BYTE
        are_plain[alike.places] = _MOBILE.fits(begin) & _DIGITS.fits(end) & (second >= 3)
    return are_plain


@dataclass(frozen=True)
class ResidentNumbers:
    """Cells that are resident numbers without a fault: their places in the column, in order, their text, its 17 digits."""

    places: np.ndarray
    texts: np.ndarray
    bodies: np.ndarray


def find_resident_numbers(cells: pa.ChunkedArray, today: int) -> ResidentNumbers:
    """The cells that are 18 characters of a resident number with the right check character and a birth date that has come.

    GB 11643-1999, as `documents.document_fault_sql` has it. `today`: the district's date as the integer YYYYMMDD.
    """
    texts = [np.zeros(0, f"S{NUMBER_LENGTH}")]
    places, bodies = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for alike in pick_by_length(cells, (NUMBER_LENGTH,)):
        body, is_right = _read_bodies(alike, today)
        places.append(alike.list_places()[is_right])
        texts.append(alike.read_texts()[is_right])
        bodies.append(body[is_right])
    return ResidentNumbers(np.concatenate(places), np.concatenate(texts), np.concatenate(bodies))


def _read_bodies(cells: AlikeCells, today: int) -> tuple[np.ndarray, np.ndarray]:
    """The number that the first 17 characters make, and whether the cell is a resident number without a fault."""
    first, second, last = cells.read_word(0), cells.read_word(8), cells.read_word(10) >> np.uint64(48)
    first, second = _DIGITS.take_off(first), _DIGITS.take_off(second)
    seventeenth, check = (last & _BYTE) ^ np.uint64(ord("0")), last >> np.uint64(8)
    is_right = _DIGITS.fits(first) & _DIGITS.fits(second) & (seventeenth <= 9) & (first & _BYTE != 0)
    total = _weigh(first, ID_WEIGHTS[:8]) + _weigh(second, ID_WEIGHTS[8:16]) + seventeenth * np.uint64(ID_WEIGHTS[16])
    is_right &= _CHECK_BY_TOTAL[(total & _MOST_TOTAL).view(np.int64)] == check
    born = _pair_digits(_DIGITS.take_off(cells.read_word(6)))
    year, month, day = _read_pair(born, 0) * 100 + _read_pair(born, 2), _read_pair(born, 4), _read_pair(born, 6)
    is_right &= (year >= EARLIEST_BIRTH_YEAR) & (year <= _LATEST_BIRTH_YEAR) & (month < _MONTHS) & (day < _MONTH_DAYS)
    is_right &= (year * 100 + month) * 100 + day <= today
    is_right &= _IS_DAY[(((year - EARLIEST_BIRTH_YEAR) * _MONTHS + month) * _MONTH_DAYS + day) * is_right]
    bodies = _read_number(first) * np.uint64(10**9) + _read_number(second) * np.uint64(10) + seventeenth
    return bodies.view(np.int64), is_right


def _weigh(digits: np.ndarray, weights: Sequence[int]) -> np.ndarray:
    """The sum of eight digits, each times its weight: one product of four sums up in its highest 16 bits."""
    even, odd = (
        np.uint64(sum(weight << 48 - 16 * place for place, weight in enumerate(weights[first::2]))) for first in (0, 1)
    )
    total: np.ndarray = ((digits & _EVEN_BYTES) * even + (digits >> np.uint64(8) & _EVEN_BYTES) * odd) >> np.uint64(48)
    return total


def _read_number(digits: np.ndarray) -> np.ndarray:
    """The number that eight digits make: of two, then of four, then of eight."""
    pairs = _pair_digits(digits)
    upper = (pairs & _TWO_BYTES) * np.uint64(100 + (1_000_000 << 32))
    number: np.ndarray = (upper + (pairs >> np.uint64(16) & _TWO_BYTES) * np.uint64(1 + (10_000 << 32))) >> np.uint64(
        32
    )
    return number


_DIGITS, _MOBILE = _Shape("0" * 8, "9" * 8), _Shape("10000000", "19999999")
_EVEN_BYTES, _TWO_BYTES = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x000000FF000000FF)
_MOST_TOTAL = np.uint64(1023)
_CHECK_BY_TOTAL = np.frombuffer(b"10X98765432" * 94, np.uint8)[: int(_MOST_TOTAL) + 1].astype(np.uint64)
"""The check character by the weighted sum of the 17 digits, which is 900 at most (ISO 7064 MOD 11-2)."""


def _list_days(first_year: int, last_year: int) -> np.ndarray:
    """The day of the calendar, counted from 1970, by (year, month, day); _NO_DAY for what is none."""
    number = np.full((last_year - first_year + 1, _MONTHS, _MONTH_DAYS), _NO_DAY, np.int64)
    days = np.arange(np.datetime64(f"{first_year}-01-01"), np.datetime64(f"{last_year}-12-31") + 1)
    months = days.astype("datetime64[M]")
    month_no = months.astype(np.int64)
    year, month = month_no // 12 + 1970, month_no % 12 + 1
    number[year - first_year, month, (days - months).astype(np.int64) + 1] = days.astype(np.int64)
    return number.ravel()


_NO_DAY = -(1 << 40)
_MONTHS, _MONTH_DAYS = 20, 40
"""Also what cannot be has a place: a month of two digits begins with 0 or 1, a day with 0 to 3."""
_IS_DAY = _list_days(EARLIEST_BIRTH_YEAR, _LATEST_BIRTH_YEAR) != _NO_DAY
_DAYS = _list_days(2000, 2099)
