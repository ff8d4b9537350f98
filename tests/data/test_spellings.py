"""Cells of the usual spelling are read a column at a time; what is spelt otherwise is left to the engine's rules."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from data.ingest.spellings import find_plain_phones, find_resident_numbers, read_moments

TODAY = 20220714


def column(*cells: str | None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(cells[:1], pa.string()), pa.array(cells[1:], pa.string())])


def test_moments_of_nineteen_characters_are_read_and_others_are_left() -> None:
    cells = column("2022-07-14 08:30:00", None, "2022-07-14T23:59:59", "2022-07-14 08:30", "2022-07-14 08:30+08:0")
    assert read_moments(cells).to_pylist() == [
        datetime(2022, 7, 14, 8, 30), None, datetime(2022, 7, 14, 23, 59, 59), None, None,
    ]  # fmt: skip


def test_a_moment_that_cannot_be_spoils_no_other() -> None:
    cells = column("2022-07-14 08:30:00", "2022-02-30 08:30:00", "2022-07-14 24:30:00", "nineteen characters")
    assert read_moments(cells).to_pylist() == [datetime(2022, 7, 14, 8, 30), None, None, None]


def test_only_a_mobiles_eleven_digits_are_a_plain_telephone() -> None:
    cells = column("19900000001", "12900000001", "29900000001", "1990000000x", None, "1990000000", "0199000000１")
    assert find_plain_phones(cells).to_pylist() == [True, False, False, False, False, False, False]


def test_resident_numbers_are_found_by_their_check_character_and_birth_date() -> None:
    cells = column(
        "990421197407301302",
        "99042119740730130２",  # full-width: for the engine
        "990421197407301303",  # another check character
        None,
        "990101202207140008",  # born today
        "990101202207150038",  # not born yet
        "990101197902290012",  # no such day
        "090101198001010011",  # no division begins so
    )
    found = find_resident_numbers(cells, TODAY)
    assert (found.places.tolist(), found.texts) == ([0, 4], [b"990421197407301302", b"990101202207140008"])
