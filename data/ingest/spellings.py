"""What cells of the usual spelling mean, read a whole column at a time: moments, telephones, resident numbers.

Nearly every cell of a log is spelt one way; looked at as a matrix of characters, a column of them costs a tenth of what the
engine needs cell by cell. Whatever is spelt otherwise is "not known" here, and left to the engine and its rules: nothing is
ever found wrong by this module. Knows no reference data, and how the rules are told in SQL only so far as to agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.ingest.cell_bytes import WORD_BYTES, AlikeCells, join_chunks, pick_by_length
from data.ingest.documents import EARLIEST_BIRTH_YEAR, ID_WEIGHTS

MOMENT_LENGTH, PHONE_LENGTH, NUMBER_LENGTH = 19, 11, 18
_CHECK_CHARACTERS = np.frombuffer(b"10X98765432", np.uint8) - 48
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
    grid = _read_grid(cells, PHONE_LENGTH)
    is_plain = _are_digits(grid.digits) & (grid.digits[0] == 1) & (grid.digits[1] >= 3)
    return grid.spread(is_plain)


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
    grid = _read_grid(cells, NUMBER_LENGTH)
    body = grid.digits[:17]
    total = np.zeros(body.shape[1], np.uint16)
    for weight, digit in zip(ID_WEIGHTS, body, strict=True):
        total += np.uint16(weight) * digit
    is_right = _are_digits(body) & (body[0] != 0) & (_CHECK_CHARACTERS[total % 11] == grid.digits[17])
    wide = body[6:14].astype(np.int32)
    year = wide[0] * 1000 + wide[1] * 100 + wide[2] * 10 + wide[3]
    month, day = wide[4] * 10 + wide[5], wide[6] * 10 + wide[7]
    is_right &= (year >= EARLIEST_BIRTH_YEAR) & (year <= _LATEST_BIRTH_YEAR) & (month <= 12) & (day <= 31)
    is_right &= year * 10_000 + month * 100 + day <= today
    is_right[is_right] = _IS_DAY[
        ((year[is_right] - EARLIEST_BIRTH_YEAR) * _MONTHS + month[is_right]) * _MONTH_DAYS + day[is_right]
    ]
    right = grid.digits if is_right.all() else grid.digits[:, is_right]
    texts = np.ascontiguousarray((right + np.uint8(48)).T).view(f"S{NUMBER_LENGTH}").ravel()
    # three times six digits: numbers that fit 32 bits are added up twice as fast
    bodies = _add_up(right[:6]) * 10**11 + _add_up(right[6:12]) * 10**5 + _add_up(right[12:17])
    return ResidentNumbers(grid.places[is_right], texts, bodies)


def _add_up(digits: np.ndarray) -> np.ndarray:
    """The numbers that rows of up to nine digits make, column by column."""
    total = digits[0].astype(np.int32)
    for digit in digits[1:]:
        total *= 10
        total += digit
    wide: np.ndarray = total.astype(np.int64)
    return wide


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


@dataclass(frozen=True)
class _Grid:
    """The cells of one length: a row for each character, less "0", a column for each cell; and their places among all."""

    digits: np.ndarray
    places: np.ndarray
    count: int

    def spread(self, found: np.ndarray) -> np.ndarray:
        """What was found of these cells, among all: false for the others."""
        spread = np.zeros(self.count, bool)
        spread[self.places] = found
        return spread


def _read_grid(cells: pa.ChunkedArray, length: int) -> _Grid:
    joined = join_chunks(cells)
    count = len(joined)
    _, offset_buffer, text_buffer = joined.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32)[joined.offset : joined.offset + count + 1]
    text = np.frombuffer(text_buffer, np.uint8) if text_buffer else np.empty(0, np.uint8)
    is_long = np.diff(offsets) == length
    if joined.null_count:
        is_long &= pc.is_valid(joined).to_numpy(zero_copy_only=False)
    places = np.flatnonzero(is_long)
    if len(places) * length == int(offsets[-1]) - int(offsets[0]):  # all that is there: no need to gather it
        characters = text[offsets[0] : offsets[-1]].reshape(-1, length)
    else:
        characters = text[offsets[places][:, None] + np.arange(length, dtype=np.int32)]
    return _Grid(np.ascontiguousarray(characters.T) - np.uint8(48), places, count)


def _are_digits(digits: np.ndarray) -> np.ndarray:
    are_digits: np.ndarray = np.logical_and.reduce(digits <= 9, axis=0)
    return are_digits
