"""What a page says of its figures, and what is downloaded: the same rows, under words, safe to open."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zipfile import ZipFile

import plotly.graph_objects as go
import pytest
from python_calamine import CalamineWorkbook

from dashboard.answers import Reading
from dashboard.parts.chart import dress
from dashboard.parts.definition import define
from dashboard.parts.moment import make_moment
from dashboard.parts.palette import DARK, LIGHT
from dashboard.parts.share import csv_of, name_file, xlsx_of
from dashboard.parts.table import TableColumn, draw_table
from dashboard.text import read_text
from dashboard.views import overview, zones
from data.questions import read_questions

AT_0840 = datetime(2022, 7, 14, 0, 40, tzinfo=UTC)
READING = Reading(
    state="ok",
    payload={},
    moment=make_moment(
        now=datetime(2022, 7, 14, 0, 41, tzinfo=UTC),
        as_of=AT_0840,
        timezone="Asia/Shanghai",
        stale_after_s=120,
        allowance_s=0,
        is_open=True,
    ),
)
THROUGHPUT = [
    {"quarter_start_at": datetime(2022, 7, 14, 0, 15, tzinfo=UTC), "registered_count": 134, "sampled_count": 95}
    | {"is_running": False},
    {"quarter_start_at": datetime(2022, 7, 14, 0, 30, tzinfo=UTC), "registered_count": 70, "sampled_count": None}
    | {"is_running": True},
]


def test_a_figure_tells_its_question_its_unit_its_grain_and_its_age() -> None:
    told = define("wall/throughput", "sampled_count", READING, "en").split("\n")
    assert told[0] == "sampled (people)"
    assert told[1].startswith("How many people were registered and sampled in each quarter of an hour")
    assert told[2:] == [
        "Grain: one row per (quarter_start_at)",
        "Data until 14 Jul 08:40:00 (1 min ago)",
        "Source: wall/throughput",
    ]


def test_every_column_word_is_of_a_column_that_some_question_has() -> None:
    known = {column.name for question in read_questions().values() for column in question.columns}
    assert set(read_text("columns", "zh")) <= known


def test_csv_opens_in_a_spreadsheet_with_words_and_times_of_the_district() -> None:
    written = csv_of(THROUGHPUT, "wall/throughput", READING, "zh")
    assert written.startswith(b"\xef\xbb\xbf")
    assert written.decode("utf-8-sig").split("\r\n") == [
        "时段（15 分钟）,登记（人）,采样（人）,未满",
        "2022-07-14 08:15:00,134,95,false",
        "2022-07-14 08:30:00,70,,true",
        "",
    ]


def test_a_workbook_holds_numbers_times_and_what_they_mean() -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsx_of(THROUGHPUT, "wall/throughput", READING, "zh")))
    assert book.sheet_names == ["数据", "口径"]
    assert book.get_sheet_by_name("数据").to_python() == [
        ["时段（15 分钟）", "登记（人）", "采样（人）", "未满"],
        [datetime(2022, 7, 14, 8, 15), 134.0, 95.0, False],
        [datetime(2022, 7, 14, 8, 30), 70.0, "", True],
    ]
    about = [row[0] for row in book.get_sheet_by_name("口径").to_python()]
    assert about[0] == "wall/throughput"
    assert "采样（人）" in about


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@sum(a1)", "\t=1", "＝1+1", '=HYPERLINK("http://a.b")'])
def test_text_that_looks_like_a_formula_stays_text(text: str) -> None:
    rows = [{"place_name": text, "missing_count": -2}]
    line = csv_of(rows, "wall/throughput", READING, "en").decode("utf-8-sig").split("\r\n", 1)[1]
    assert line.lstrip('"').startswith("'")
    assert line.rstrip().endswith(",-2")
    with ZipFile(io.BytesIO(xlsx_of(rows, "wall/throughput", READING, "en"))) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet


def test_an_answer_without_rows_downloads_its_columns() -> None:
    assert csv_of([], "wall/rate", READING, "en").decode("utf-8-sig").count("\r\n") == 1


def test_dates_bytes_and_lists_are_written_as_a_reader_reads_them() -> None:
    rows = [{"a": date(2022, 7, 14), "b": b"\x01\xff", "c": ["x", "y"]}]
    line = csv_of(rows, "wall/rate", READING, "en").decode("utf-8-sig").split("\r\n")[1]
    assert line == "2022-07-14,01ff,x; y"


def test_a_file_is_named_after_its_question_and_moment() -> None:
    assert name_file("sites/state", READING) == "sites-state-20220714-0840"


def test_a_table_shows_unknown_as_a_dash_escapes_and_defines_its_columns() -> None:
    columns = [
        TableColumn("site_code", "采样点"),
        TableColumn("wait_min", "等候", lambda value: f"{value:.0f} 分"),
        TableColumn("waiting_count", "人数"),
    ]
    rows = [
        {"site_code": "<b>S1", "wait_min": None, "waiting_count": 1234},
        {"site_code": "S2", "wait_min": 61.9, "waiting_count": None},
    ]
    drawn = draw_table(rows, columns, "sites/state", READING, "zh")
    assert "<b>S1" not in drawn
    assert drawn.count("—") == 2
    assert "1,234" in drawn and "62 分" in drawn
    assert 'title="预计等候（分）' in drawn


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def dressed(request: pytest.FixtureRequest) -> Iterator[go.Figure]:
    figure = go.Figure(go.Bar(x=[datetime(2022, 7, 14, 8)], y=[3]), {"yaxis": {"range": [0, 10]}})
    yield dress(figure, request.param)


def test_a_chart_keeps_its_own_range_and_neither_zooms_nor_drags(dressed: go.Figure) -> None:
    assert dressed.layout.yaxis.range == (0, 10)
    template = dressed.layout.template.layout
    assert (template.dragmode, template.xaxis.fixedrange, template.yaxis.fixedrange) == (False, True, True)
    assert dressed.layout.xaxis.tickformatstops[1].value == "%H:%M"


def test_what_a_page_shows_is_defined_in_chinese_by_the_questions_own_header() -> None:
    assert define("sites/queues", "waiting_count", READING, "zh").split("\n") == [
        "等候人数（人）",
        "所有采样点的排队合起来怎样？只计已知的采样点；缺口＝需要单元 − 在开单元",
        "只有一行",
        "数据截至 7月14日 08:40:00（1 分前）",
        "来源：sites/queues",
    ]


@pytest.mark.parametrize("question", [*overview.SOURCES, *overview.GRID_SOURCES, *zones.SOURCES])
def test_a_page_names_only_questions_that_have_a_chinese_definition(question: str) -> None:
    assert read_questions()[question].question_zh
