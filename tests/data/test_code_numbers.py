"""A code's number is found where every byte of the cell is the code's, whatever the codes are, and nowhere else."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from data.ingest.code_numbers import CodeNumbers

CODES = pa.array(["S1", "S0501", "440703005102003", "440703005102003-0033-0104", "自助", "户" * 40, "12345678"])


def find(codes: pa.Array, *cells: str | None) -> list[int]:
    return CodeNumbers(codes).find(pa.chunked_array([cells[:2], cells[2:]], pa.string())).tolist()


def test_codes_of_any_length_are_numbered_by_their_place() -> None:
    assert find(CODES, *CODES.to_pylist()) == [1, 2, 3, 4, 5, 6, 7]


def test_what_differs_in_one_character_or_is_cut_off_is_none() -> None:
    assert find(
        CODES, "S2", "S05011", "440703005102004", "440703005102003-0033-0105", "540703005102003-0033-0104", "自",
        "户" * 39 + "戶", "1234567", None, "", "440703005102003-0033-010", "12345678" * 2,
    ) == [0] * 12  # fmt: skip


def test_nothing_is_found_where_there_are_no_codes_or_no_cells() -> None:
    assert find(pa.array([], pa.string()), "S1", None) == [0, 0]
    assert find(CODES) == [] and find(CODES, None, None, None) == [0, 0, 0]
    assert CodeNumbers(CODES).find(pa.chunked_array([], pa.string())).tolist() == []


def test_every_one_of_many_like_codes_is_found() -> None:
    codes = pa.array([f"G{number:06}-{number % 7}" for number in range(40_000)])
    cells = pa.chunked_array([codes[20_000:], pa.array([None, "G040000-2"]), codes[:20_000]])
    assert CodeNumbers(codes).find(cells).tolist() == [*range(20_001, 40_001), 0, 0, *range(1, 20_001)]


@given(
    st.sets(st.text("ab网", max_size=20), max_size=30), st.lists(st.none() | st.text("ab网", max_size=20), max_size=50)
)
def test_it_finds_what_the_engine_finds(codes: set[str], cells: list[str | None]) -> None:
    known = pa.array(sorted(codes - {""}), pa.string())
    asked = pa.array(cells, pa.string())
    assert CodeNumbers(known).find(asked).tolist() == [
        0 if place is None else place + 1 for place in pc.index_in(asked, known, skip_nulls=True).to_pylist()
    ]
