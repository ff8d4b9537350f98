"""What cells of the usual spelling mean, read a whole column at a time: moments, telephones, resident numbers.

Nearly every cell of a log is spelt one way; looked at as a matrix of characters, a column of them costs a tenth of what the
engine needs cell by cell. Whatever is spelt otherwise is "not known" here, and left to the engine and its rules: nothing is
ever found wrong by this module. Knows no reference data, and how the rules are told in SQL only so far as to agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.ingest.documents import EARLIEST_BIRTH_YEAR, ID_WEIGHTS

MOMENT_LENGTH, PHONE_LENGTH, NUMBER_LENGTH = 19, 11, 18
_CHECK_CHARACTERS = np.frombuffer(b"10X98765432", np.uint8) - 48
_LATEST_BIRTH_YEAR = 2199


def read_moments(cells: pa.ChunkedArray, offset_us: int) -> tuple[np.ndarray, np.ndarray]:
    """The moments of cells spelt `2022-07-14 08:30:00`, with the zone's own offset behind it or none: microseconds since
    1970, UTC, and whether each is known. `offset_us`: the zone's offset.
    """
    if cells.null_count == len(cells):
        return np.zeros(len(cells), np.int64), np.zeros(len(cells), bool)
    joined = _joined(cells)
    length = pc.binary_length(joined)
    plain, is_usual = joined, pc.equal(length, MOMENT_LENGTH)
    suffix = _write_offset(offset_us)
    is_zoned = pc.and_(pc.equal(length, MOMENT_LENGTH + len(suffix)), pc.ends_with(joined, suffix))
    if pc.any(is_zoned).as_py():
        plain = pc.if_else(is_zoned, pc.replace_substring(joined, suffix, "", max_replacements=1), joined)
        is_usual = pc.or_(is_usual, is_zoned)
    try:
        # the engine's own reading of these nineteen characters; a value that is none of it fails the whole column
        moments = pc.cast(pc.if_else(is_usual, plain, None), pa.timestamp("us"))
    except pa.ArrowInvalid:
        found = pc.match_substring_regex(
            plain, r"^20\d\d-(0[1-9]|1[0-2])-([01]\d|2[0-8])[ T]([01]\d|2[0-3]):[0-5]\d:[0-5]\d$"
        )
        moments = pc.cast(pc.if_else(found, plain, None), pa.timestamp("us"))
    local_us: np.ndarray = moments.cast(pa.int64()).fill_null(0).to_numpy()
    return local_us - offset_us, moments.is_valid().to_numpy(zero_copy_only=False)


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
    is_right[is_right] = _IS_DAY[(year[is_right] - EARLIEST_BIRTH_YEAR) * 416 + month[is_right] * 32 + day[is_right]]
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


def _list_days() -> np.ndarray:
    """Whether (year, month, day) is a day of the calendar: 13 months of 32 days a year, so that any two digits have a place."""
    is_day = np.zeros((_LATEST_BIRTH_YEAR - EARLIEST_BIRTH_YEAR + 1, 13, 32), bool)
    first, last = f"{EARLIEST_BIRTH_YEAR}-01-01", f"{_LATEST_BIRTH_YEAR}-12-31"
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    months = days.astype("datetime64[M]")
    number = months.astype(np.int64)
    year, month = number // 12 + 1970, number % 12 + 1
    is_day[year - EARLIEST_BIRTH_YEAR, month, (days - months).astype(np.int64) + 1] = True
    return is_day.ravel()


_IS_DAY = _list_days()


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
    joined = _joined(cells)
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


def _joined(cells: pa.ChunkedArray) -> pa.Array:
    """The column in one piece."""
    joined = pa.concat_arrays(cells.chunks) if cells.num_chunks != 1 else cells.chunk(0)
    return joined if joined.type == pa.string() else joined.cast(pa.string())
