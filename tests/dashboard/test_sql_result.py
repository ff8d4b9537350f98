"""A query's answer on a page, over literal tables: every type, nothing, a cut one, filtered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import routes
from dashboard.parts.sql.classes import choose_categories, make_classes
from dashboard.parts.sql.filter import Condition, NotComparable, apply_filter
from dashboard.parts.sql.marks import Choice, choose_chart, has_several, make_marks
from dashboard.parts.sql.places import Places, Taking, choose_taking, choose_value, find_place_columns, place_rows
from dashboard.parts.sql.sheet import Sheet, make_sheet, tell_value
from dashboard.sql_files import Offer, _offers
from data.sandbox import Result
from tests.dashboard.conftest import text_of
from tests.data.small_district import copy_of, shared_district

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
    from dashboard.parts.sql.result import show_result
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


def test_a_plan_is_drawn_as_the_engine_made_it() -> None:
    page = open_result(pa.table({"explain_key": ["physical_plan"], "explain_value": ["┌──┐\n│GROUP│\n" + "x" * 2000]}))
    [drawn] = [element.proto.body for element in page.get("html") if "<pre" in element.proto.body]
    assert "┌──┐\n│GROUP│\n" in drawn and "x" * 2000 in drawn and not page.dataframe


def test_a_filter_narrows_the_grid_and_says_of_how_many() -> None:
    page = open_result(MISSING)
    page.selectbox("answer_filter_column_0").select("missing_count").run()
    page.text_input("answer_filter_value_0").input("55").run()
    assert list(page.dataframe[0].value["c0"]) == ["侧贤"]
    assert "1 / 3 行" in text_of(page)
    page.text_input("answer_filter_value_0").input("many").run()
    assert "“many”不是数" in text_of(page)
    page.text_input("answer_filter_value_0").input("99").run()
    assert "没有符合筛选条件的行" in text_of(page)
    page.button("answer_clear").click().run()
    assert len(page.dataframe[0].value) == 3


def test_an_answer_without_rows_keeps_its_columns() -> None:
    page = open_result(MISSING.slice(0, 0), language="en")
    assert not page.dataframe
    assert "0 rows · 12 ms name missing_count token No rows" in text_of(page)


def test_a_cut_answer_says_so() -> None:
    assert "只显示前 3 行 · 下载可得至多 5,000,000 行" in text_of(open_result(MISSING, "rows"))
    assert "The answer exceeds 100 MB: only its first 3 rows are shown" in text_of(open_result(MISSING, "bytes", "en"))


DISTRICT = Places(
    {
        "grid": frozenset({"440703002143001", "440703002143002", "440703101206001"}),
        "community": frozenset({"440703002143", "440703101206"}),
        "town": frozenset({"440703002", "440703101"}),
        "site": frozenset({"S1", "S2"}),
    }
)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"where": ["440703002143001", "440703101206001"]}, [("where", "grid")]),
        ({"grid_code": [440703002143001, 440703101206001]}, [("grid_code", "grid")]),
        ({"n": [440703002, 440703101]}, [("n", "town")]),
        ({"c": ["440703002143", None, "elsewhere"]}, [("c", "community")]),
        ({"c": ["440703002143", "x", "y"]}, []),
        ({"site": ["S1", "S2"], "town": ["440703002", "440703002"]}, [("site", "site"), ("town", "town")]),
        ({"n": [1, 2]}, []),
        ({"v": [1.0, None]}, []),
        ({"s": pa.array([], pa.string())}, []),
    ],
)
def test_a_column_of_places_is_known_by_its_values(
    columns: dict[str, list[object]], found: list[tuple[str, str]]
) -> None:
    assert [(one.name, one.kind) for one in find_place_columns(sheet_of(**columns), DISTRICT)] == found


VISITS = {
    "grid_code": ["440703002143001", "440703002143001", "440703101206001", "000", None],
    "people": [5, 7, None, 9, 1],
    "level": ["high", "low", "low", None, None],
}


@pytest.mark.parametrize(
    ("value", "taking", "values"),
    [
        ("people", "sum", {"440703002143001": 12, "440703101206001": None}),
        ("people", "mean", {"440703002143001": 6.0, "440703101206001": None}),
        ("people", "count", {"440703002143001": 2, "440703101206001": 0}),
        ("level", "sum", {"440703002143001": "high", "440703101206001": "low"}),
        (None, "sum", {"440703002143001": 2, "440703101206001": 1}),
    ],
)
def test_several_rows_of_a_place_become_one_value(value: str | None, taking: Taking, values: dict[str, object]) -> None:
    sheet = sheet_of(**VISITS)
    column = find_place_columns(sheet, DISTRICT)[0]
    placed = place_rows(sheet, column, value, taking, DISTRICT)
    assert dict(placed.values) == values
    assert (placed.row_max, placed.unknown_count, placed.codeless_count) == (2, 1, 1)


def test_the_map_shows_first_the_number_by_which_the_answer_is_ordered() -> None:
    assert choose_value(sheet_of(due=[5, 9, 7], missing=[3, 2, 2], name=["a", "b", "c"]), ()) == "missing"
    assert choose_value(sheet_of(row=[1, 2, 3], due=[5, 9, 7]), ()) == "due"
    assert choose_value(sheet_of(level=["high", "low", "low", "low"]), ()) == "level"
    assert choose_value(sheet_of(name=["a", "b", "c"]), ()) is None
    assert [choose_taking(name) for name in ("missing_count", "coverage_pct", "wait_min")] == ["sum", "mean", "mean"]


def test_classes_have_round_bounds_and_hold_as_many_places_each() -> None:
    counts = [734, 790, 812, 900, 940, 960, 1010, 1090, 1150, 1290, 1320, 1599]
    found = make_classes(counts, "quantile", 0)
    assert found.labels == ("734–799", "800–949", "950–1,099", "1,100–1,299", "1,300–1,599")
    assert [found.place(value) for value in (734, 799, 800, 1599)] == [0, 0, 1, 4]


def test_equal_classes_are_of_one_width_and_few_values_a_class_each() -> None:
    assert make_classes([0, 1, 2, 3, 4, 100], "equal", 0).labels == ("0–19", "20–39", "40–59", "60–79", "80–100")
    assert make_classes([0.5, 0.5, 2.5], "quantile", 1).labels == ("0.5", "2.5")
    assert make_classes([], "quantile", 0).labels == ()
    assert make_classes([-5.0, -1.0, 0.0, 2.0, 3.0, 10.0], "equal", 0).labels[0] == "-5 … -3"


def test_rare_words_are_told_as_one() -> None:
    assert choose_categories([*"aab", None]) == ["a", "b"]
    assert choose_categories([*"abcdefghij", "j"]) == ["j", *"abcdef"]


def drawn(sheet: Sheet, choice: Choice) -> list[tuple[str, list[object], list[object]]]:
    return [(series.name, list(series.x), list(series.y)) for series in make_marks(sheet, choice).series]


MORNING = {
    "at": [datetime(2022, 7, 14, 0, minute, tzinfo=UTC) for minute in (40, 40, 45, 50)],
    "channel": ["self", "green", "self", None],
    "people": [5, 2, 7, 1],
}


@pytest.mark.parametrize(
    ("columns", "choice"),
    [
        (MORNING, Choice("line", "at", "people", "channel")),
        ({"code": ["a", "b", "c"], "due": [1, 9, 2], "missing": [7, 2, 1]}, Choice("bar", "code", "missing")),
        ({"site": ["a", "b"], "n": [3, 9], "at": MORNING["at"][1:3]}, Choice("bar", "site", "n")),
        ({"lon": [113.5, 113.25], "lat": [22.5, 22.0]}, Choice("scatter", "lon", "lat")),
        ({"wait_min": [1.5, 2.5]}, Choice("histogram", "wait_min")),
        ({"name": ["a", "a", "b"]}, Choice("bar", "name")),
    ],
)
def test_the_chart_suits_the_types_of_the_answer(columns: dict[str, list[object]], choice: Choice) -> None:
    assert replace(choose_chart(sheet_of(**columns)), taking="sum") == choice


def test_lines_run_by_the_clock_of_the_district_with_a_colour_for_each_name() -> None:
    clock = [datetime(2022, 7, 14, 8, minute) for minute in (40, 45, 50)]
    assert sorted(drawn(sheet_of(**MORNING), Choice("line", "at", "people", "channel"))) == [
        ("green", [clock[0]], [2]),
        ("self", [clock[0], clock[1]], [5, 7]),
        ("—", [clock[2]], [1]),
    ]


def test_rows_of_one_name_make_one_bar() -> None:
    sheet = sheet_of(name=["b", "a", "b", None], n=[1, 2, 4, 8])
    assert drawn(sheet, Choice("bar", "name", "n")) == [("", ["b", "a", "—"], [5, 2, 8])]
    assert drawn(sheet, Choice("bar", "name")) == [("", ["b", "a", "—"], [2, 1, 1])]
    assert has_several(sheet, Choice("bar", "name", "n"))
    assert not has_several(sheet_of(name=["a", "b"], n=[1, 2]), Choice("bar", "name", "n"))


def test_no_answer_makes_more_marks_than_a_chart_can_show_and_what_is_left_out_is_said() -> None:
    seconds = pa.array(range(1_657_756_800, 1_657_756_800 + 20_000), pa.int64())
    names = [f"n{number}" for number in range(20_000)]
    long = sheet_of(at=seconds.cast(pa.timestamp("s", "UTC")), n=pa.array(range(20_000)), name=names)
    lines = make_marks(long, Choice("line", "at", "n"))
    assert len(lines.series[0].x) <= 600 and lines.notes == (("chart_widened", {"step": 60}),)
    assert sum(lines.series[0].y) == sum(range(20_000))
    bars = make_marks(long, Choice("bar", "name", "n"))
    assert list(bars.series[0].x) == names[:60] and bars.notes == (("chart_first", {"shown": 60, "count": 20_000}),)
    dots = make_marks(long, Choice("scatter", "n", "n", "name"))
    assert sum(len(series.x) for series in dots.series) <= 3000 and len(dots.series) <= 6
    assert [word for word, _ in dots.notes] == ["chart_others", "chart_sampled"]


def test_a_spread_counts_rows_in_steps_of_one_width() -> None:
    marks = make_marks(sheet_of(n=[0, 1, 1, 2, None]), Choice("histogram", "n"))
    assert (marks.width, list(marks.series[0].x), list(marks.series[0].y)) == (1.0, [0.0, 1.0, 2.0], [1, 2, 1])
    assert make_marks(sheet_of(n=pa.array([None], pa.float64())), Choice("histogram", "n")).series == ()


@pytest.mark.parametrize("format_", ["csv", "parquet", "xlsx", "json"])
def test_a_press_offers_the_whole_answer_as_a_file(format_: str) -> None:
    page = open_result(MISSING)
    assert "data-address" not in " ".join(element.proto.body for element in page.get("html"))
    page.button(f"answer_file_{format_}").click().run()
    [body] = [element.proto.body for element in page.get("html") if "data-address" in element.proto.body]
    key = re.search(r'data-address="/sql-file/([\w-]+)"', body)[1]  # type: ignore[index]
    assert _offers.take(key) == Offer("select 1", None, format_)


@pytest.fixture
def district(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A dashboard over the district of three grids, for what asks where places are."""
    settings = copy_of(shared_district(), tmp_path / "home")
    monkeypatch.setenv("WANGGE_HOME", str(settings.home))
    monkeypatch.setattr(routes, "_feed", None)
    yield
    if routes._feed is not None:
        routes._feed.stop()


def shown_on_map(page: AppTest) -> dict[str, Any]:
    [body] = [element.proto.body for element in page.get("html") if "data-shown" in element.proto.body]
    found: dict[str, Any] = json.loads(unescape(re.search(r'data-shown="([^"]*)"', body)[1]))  # type: ignore[index]
    return found


def test_an_answer_with_codes_is_a_map_with_its_legend(district: None) -> None:
    table = pa.table(
        {
            "where": ["G1", "G2", "G2", "G9", None],
            "people": [10, 20, 25, 1, 1],
            "level": ["high", "low", "low", "", None],
        }
    )
    page = open_result(table, answer_shown="map")
    shown = shown_on_map(page)
    assert shown["kind"] == "grid"
    assert shown["places"] == {"G1": [0, ["people 10", "1 行"]], "G2": [1, ["people 45", "2 行"]]}
    for words in ("people", "45", "不在结果中", "另有 1 行的编号不在地图上。", "另有 1 行没有编号。"):
        assert words in text_of(page)
    page.selectbox("answer_taking_people").select("mean").run()
    assert shown_on_map(page)["places"]["G2"][1] == ["people 22.5", "2 行"]
    page.selectbox("answer_colour").select("level").run()
    page.selectbox("answer_label").select("people").run()
    shown = shown_on_map(page)
    assert shown["labels"] == {"G1": "10", "G2": "45"} and shown["places"]["G1"][1][0] == "level high"
    assert shown["colours"]["light"][0] in ("#0E4A75", "#9E0056")


def test_an_answer_without_codes_says_that_it_is_no_map(district: None) -> None:
    page = open_result(pa.table({"n": [1, 2]}), language="en", answer_shown="map")
    assert "No column holds codes of grids, communities, towns or sites" in text_of(page)


def test_an_answer_is_a_chart_and_another_when_it_is_picked() -> None:
    table = pa.table(MORNING | {"at": pa.array(MORNING["at"], pa.timestamp("us", "UTC"))})
    page = open_result(table, answer_shown="chart")
    [spec] = [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]
    assert [trace["type"] for trace in spec["data"]] == ["scatter"] * 3
    assert spec["layout"]["xaxis"]["title"]["text"] == "at"
    page.selectbox("answer_kind").select("bar").run()
    page.selectbox("answer_x_bar").select("channel").run()
    [spec] = [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]
    assert (spec["data"][0]["x"], spec["layout"]["yaxis"]["title"]["text"]) == (["self", "green", "—"], "people · 合计")


def test_the_next_answer_is_shown_in_the_same_way_with_the_same_picks() -> None:
    table = pa.table({"name": ["a", "b"], "n": [1, 2], "m": [3, 4]})
    page = open_result(table, answer_shown="chart")
    page.selectbox("answer_y_bar").select("m").run()
    page.session_state["answer"] = Result(table.slice(1), "", 0.1)
    page.run()
    assert page.selectbox("answer_y_bar").value == "m"
    page.session_state["answer"] = Result(table.drop_columns("m"), "", 0.1)
    page.run()
    assert page.selectbox("answer_y_bar").value == "n"


def test_an_answer_without_rows_is_neither_map_nor_chart_and_says_so(district: None) -> None:
    nothing = MISSING.slice(0, 0)
    assert "没有行" in text_of(open_result(nothing, answer_shown="chart"))
    assert "没有一列的值是" in text_of(open_result(nothing, answer_shown="map"))
