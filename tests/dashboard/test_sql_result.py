"""A query's answer on a page, over literal tables: every type, nothing, a cut one, filtered."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.parts.sql_filter import Condition, NotComparable, apply_filter
from dashboard.parts.sql_sheet import Sheet, make_sheet, tell_value
from data.sandbox import Result
from tests.dashboard.conftest import text_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


def sheet_of(**columns: pa.Array | list[object]) -> Sheet:
    return make_sheet(pa.table(columns), SHANGHAI)


def told(sheet: Sheet) -> list[list[str]]:
    """The rows as the grid shows them."""
    columns = [
        [tell_value(value, column) for value in sheet.values(column.name).to_pylist()] for column in sheet.columns
    ]
    return [list(row) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize(
    ("values", "kind", "shown"),
    [
        (pa.array([2499, None], pa.int32()), "whole", ["2,499", "—"]),
        (pa.array([2**53, -5], pa.int64()), "long", ["9,007,199,254,740,992", "-5"]),
        (pa.array([Decimal(45)], pa.decimal128(38, 0)), "whole", ["45"]),
        (pa.array([Decimal(10) ** 37], pa.decimal128(38, 0)), "long", [f"{10**37:,}"]),
        (pa.array([Decimal("1.50")], pa.decimal128(10, 2)), "real", ["1.50"]),
        (pa.array([36.0, 43.3]), "real", ["36.0", "43.3"]),
        (pa.array([1 / 3, 2 / 3]), "real", ["0.3333", "0.6667"]),
        (pa.array([1e-9, 2.5e-7]), "real", ["1e-09", "2.5e-07"]),
        (pa.array([True, None]), "flag", ["True", "—"]),
        (pa.array([b"\xab\x00", None]), "text", ["ab00", "—"]),
        (pa.array(["侧贤"]).dictionary_encode(), "text", ["侧贤"]),
        (pa.array([None, None]), "text", ["—", "—"]),
        (pa.array([datetime(2022, 7, 14, 0, 40, tzinfo=UTC)]), "moment", ["2022-07-14 08:40:00"]),
        (pa.array([datetime(2022, 7, 14, 8, 40, 0, 500_000)]), "moment", ["2022-07-14 08:40:00.500000"]),
        (pa.array([2**63 - 1], pa.timestamp("us", "UTC")), "text", ["infinity"]),
        (pa.array([date(2022, 7, 14)]), "day", ["2022-07-14"]),
        (pa.array([2**31 - 1], pa.date32()), "text", ["infinity"]),
        (pa.array([time(8, 40, 1)]), "text", ["08:40:01"]),
        (pa.array([(14, 3, 3_600_000_000_000)], pa.month_day_nano_interval()), "text", ["1 year 2 months 3 days 01:00:00"]),
        (pa.array([[1, None]]), "text", ["[1, null]"]),
        (pa.array([{"at": date(2022, 7, 14), "token": b"\x01"}]), "text", ['{"at": "2022-07-14", "token": "01"}']),
        (pa.array([[2**31 - 1]], pa.list_(pa.date32())), "text", ["…"]),
    ],
)  # fmt: skip
def test_every_type_that_the_engine_returns_is_told(values: pa.Array, kind: str, shown: list[str]) -> None:
    sheet = sheet_of(value=values)
    assert sheet.columns[0].kind == kind
    assert [row[0] for row in told(sheet)] == shown


def test_a_code_written_as_a_number_has_no_separators() -> None:
    assert told(sheet_of(grid_code=[440703002143001], missing_count=[1599])) == [["440703002143001", "1,599"]]


def test_numbers_beyond_what_a_browser_counts_sort_as_numbers() -> None:
    values = sheet_of(value=pa.array([2**53, 7], pa.int64())).values("value").to_pylist()
    assert sorted(values, reverse=True) == values


def test_columns_of_one_name_and_no_columns_at_all_can_be_shown() -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["n", "n"])
    assert [column.name for column in make_sheet(twice, SHANGHAI).columns] == ["n", "n_2"]
    assert make_sheet(pa.table({}), SHANGHAI).columns == ()


PLACES = {
    "name": ["侧贤", "Huilong", None],
    "missing": [62, 53, None],
    "pct": [96.3, 97.4, 97.0],
    "at": [datetime(2022, 7, 14, 0, 40, tzinfo=UTC), datetime(2022, 7, 14, 1, 0, tzinfo=UTC), None],
    "on": [date(2022, 7, 13), date(2022, 7, 14), date(2022, 7, 15)],
    "big": pa.array([2**60, 5, None], pa.int64()),
    "is_open": [True, False, None],
}


@pytest.mark.parametrize(
    ("column", "comparison", "value", "rows"),
    [
        ("name", "contains", "HUI", [1]),
        ("name", "equal", "侧贤", [0]),
        ("name", "unequal", "侧贤", [1, 2]),
        ("name", "null", "", [2]),
        ("name", "known", "", [0, 1]),
        ("missing", "least", "53.5", [0]),
        ("missing", "equal", "53", [1]),
        ("missing", "contains", "3", [1]),
        ("pct", "most", "97%", [0, 2]),
        ("at", "least", "2022-07-14 08:41", [1]),
        ("at", "contains", "08:40", [0]),
        ("on", "most", "2022-07-14", [0, 1]),
        ("big", "equal", "1,152,921,504,606,846,976", [0]),
        ("is_open", "equal", "true", [0]),
        ("name", "contains", " ", [0, 1, 2]),
    ],
)
def test_a_condition_leaves_the_rows_that_meet_it(column: str, comparison: str, value: str, rows: list[int]) -> None:
    sheet = sheet_of(row=[0, 1, 2], **PLACES)
    left = apply_filter(sheet, [Condition(column, comparison, value)])  # type: ignore[arg-type]
    assert left.values("row").to_pylist() == rows


def test_a_row_has_to_meet_every_condition_and_each_has_to_be_comparable() -> None:
    sheet = sheet_of(**PLACES)
    both = [Condition("missing", "least", "1"), Condition("pct", "least", "97")]
    assert apply_filter(sheet, both).values("name").to_pylist() == ["Huilong"]
    with pytest.raises(NotComparable, match="'many' is no number"):
        apply_filter(sheet, [Condition("missing", "equal", "many")])


def _page() -> None:
    from datetime import UTC, datetime

    import streamlit as st

    from dashboard.parts.moment import make_moment
    from dashboard.parts.sql_result import show_result
    from dashboard.shelf import Reading

    moment = make_moment(datetime(2022, 7, 14, 0, 40, tzinfo=UTC), None, "Asia/Shanghai", 120, 0, False)
    result, language = st.session_state["answer"], st.session_state["language"]
    show_result(result, key="answer", text="select 1", reading=Reading("ok", {}, moment), language=language)


def open_result(table: pa.Table, cut_by: str = "", language: str = "zh", **picked: object) -> AppTest:
    page = AppTest.from_function(_page, default_timeout=30)
    page.session_state["answer"] = Result(table, cut_by, 0.012)  # type: ignore[arg-type]
    page.session_state["language"] = language
    for name, value in picked.items():
        page.session_state[name] = value
    return page.run()


MISSING = pa.table(
    {"name": ["侧贤", "会龙", "江边"], "missing_count": [62, 53, None], "token": [b"\x01", b"\x02", None]}
)


def test_an_answer_is_a_grid_under_its_count_and_time() -> None:
    page = open_result(MISSING)
    assert "3 行 · 12 ms" in text_of(page)
    assert page.dataframe[0].value.to_numpy().tolist()[0] == ["侧贤", 62.0, "01"]


def test_a_filter_narrows_the_grid_and_says_of_how_many() -> None:
    page = open_result(MISSING)
    page.selectbox("answer_filter_column_0").select("missing_count").run()
    page.text_input("answer_filter_value_0").input("55").run()
    assert list(page.dataframe[0].value["c0"]) == ["侧贤"]
    assert "1 / 3 行" in text_of(page)
    page.text_input("answer_filter_value_0").input("many").run()
    assert "“many”不是数" in text_of(page)
    page.button("answer_clear").click().run()
    assert len(page.dataframe[0].value) == 3


def test_an_answer_without_rows_keeps_its_columns() -> None:
    page = open_result(MISSING.slice(0, 0), language="en")
    assert not page.dataframe
    assert "0 rows · 12 ms name missing_count token No rows" in text_of(page)


def test_a_cut_answer_says_so() -> None:
    assert "只显示前 3 行 · 下载可得至多 5,000,000 行" in text_of(open_result(MISSING, "rows"))
    assert "The answer exceeds 100 MB: only its first 3 rows are shown" in text_of(open_result(MISSING, "bytes", "en"))
