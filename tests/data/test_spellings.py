"""Cells of the usual spelling are read a column at a time; what is spelt otherwise is left to the engine's rules."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from data.ingest.documents import ID_WEIGHTS, document_fault_sql
from data.ingest.spellings import find_plain_phones, find_resident_numbers, read_moments

TODAY = 20220714


def column(*cells: str | None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(cells[:1], pa.string()), pa.array(cells[1:], pa.string())])


def read(*cells: str | None) -> list[str | None]:
    """What is read of these cells, in UTC; None for what is not known."""
    moments_us, is_known = read_moments(column(*cells), 8 * 3_600_000_000)
    return [
        f"{datetime.fromtimestamp(us / 1e6, UTC):%d %H:%M:%S}" if known else None
        for us, known in zip(moments_us.tolist(), is_known.tolist(), strict=True)
    ]


def test_moments_of_nineteen_characters_are_read_and_others_are_left() -> None:
    assert read(
        "2022-07-14 08:30:00", None, "2022-07-14T23:59:59", "2022-07-14 08:30", "2022-07-14 08:30+08:0"
    ) == ["14 00:30:00", None, "14 15:59:59", None, None]  # fmt: skip


def test_moments_with_the_zones_own_offset_are_read_and_those_with_another_are_left() -> None:
    assert read(
        "2022-07-14T08:30:00+08:00", "2022-07-14 08:30:00", "2022-07-14T08:30:00+09:00", "2022-07-14T00:30:00Z",
        "2022-07-14 8:30:000+08:00",
    ) == ["14 00:30:00", "14 00:30:00", None, None, None]  # fmt: skip


def test_a_moment_that_cannot_be_spoils_no_other() -> None:
    assert read(
        "2022-07-14 08:30:00", "2022-02-30 08:30:00", "2022-07-14 24:30:00", "nineteen characters", "2022-13-14 08:30:00",
        "2022-07-00 08:30:00", "2022-07-14 08:60:00", "2022-07-14 08:30:60", "2022/07/14 08:30:00", "2022-07-14_08:30:00",
        "2022-07-14 08:3a:00", "2022-07-14 :8:30:00", "1022-07-14 08:30:00", "二〇二二年七1", "2022-15-14 08:30:00",
        "2022-07-35 08:30:00", "2099-19-39 08:30:00",
    ) == ["14 00:30:00", *[None] * 16]  # fmt: skip


def test_every_day_and_second_is_the_one_that_is_written() -> None:
    written = [datetime(2000, 1, 1) + timedelta(days=17 * number, seconds=997 * number) for number in range(2_140)]
    moments_us, are_known = read_moments(column(*map(str, written)), 8 * 3_600_000_000)
    assert are_known.all() and written[-1].year == 2099
    assert moments_us.tolist() == [
        (moment - datetime(1970, 1, 1, 8)) // timedelta(microseconds=1) for moment in written
    ]


def test_only_a_mobiles_eleven_digits_are_a_plain_telephone() -> None:
    cells = column("19900000001", "12900000001", "29900000001", "1990000000x", None, "1990000000", "0199000000１")
    assert find_plain_phones(cells).tolist() == [True, False, False, False, False, False, False]


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
    assert found.places.tolist() == [0, 4]
    assert found.texts.tolist() == [b"990421197407301302", b"990101202207140008"]
    assert found.bodies.tolist() == [99042119740730130, 99010120220714000]


def test_resident_numbers_are_those_in_which_the_engine_finds_no_fault() -> None:
    chance = random.Random(5)
    cells = []
    for _ in range(4_000):
        body = f"{chance.choice((440703, 990101, 90101)):06}{chance.choice((1899, 1900, 1974, 2022, 2200))}"
        body += f"{chance.choice((0, 1, 7, 12, 13)):02}{chance.choice((0, 1, 14, 15, 28, 29, 31, 32)):02}{chance.randrange(1000):03}"
        total = sum(weight * int(digit) for weight, digit in zip(ID_WEIGHTS, body, strict=True))
        number = body + ("10X98765432"[total % 11] if chance.random() < 0.9 else chance.choice("0123456789Xx"))
        cells.append(
            number if chance.random() < 0.9 else number.replace(chance.choice(number), chance.choice("0:/A"), 1)
        )
    fault = document_fault_sql("'resident'", "number", "try_cast(left(number, 17) as bigint)", str(TODAY))
    answers = duckdb.execute(
        f"select {fault} is null and number = upper(number) from (select unnest(?) as number)", [cells]
    )
    expected = [place for place, (is_right,) in enumerate(answers.fetchall()) if is_right]
    found = find_resident_numbers(column(*cells), TODAY)
    assert 300 < len(expected) < 3_000
    assert found.places.tolist() == expected
    assert found.texts.tolist() == [cells[place].encode() for place in expected]
    assert found.bodies.tolist() == [int(cells[place][:17]) for place in expected]
