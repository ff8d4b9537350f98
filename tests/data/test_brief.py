"""The daily brief: the questions' own figures, on one page that refers to nothing outside it and prints in grey."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from data.brief import document
from data.brief.document import write_pdf
from data.brief.figures import Ask, Brief, Row, read_brief
from data.brief.map_drawing import hatch
from data.brief.page import write_html
from data.brief.telling import Told, tell_brief
from data.errors import BriefError, QuestionError
from data.questions import ask
from data.settings import Settings
from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import World, build_world, moment

SETTINGS = Settings(home=Path("nowhere"))
AS_OF = "08:40:24"


def square(west: float, south: float, size: float) -> str:
    """A square of so many thousandths of a degree."""
    east, north = west + size / 1000, south + size / 1000
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return f'{{"type":"Polygon","coordinates":[{ring}]}}'


GROUND = {"G11": (113.070, 22.580), "G12": (113.072, 22.580), "G21": (113.074, 22.580), "L-1": (113.072, 22.582)}


def drawn_world(*texts: str, as_of: str | None) -> World:
    """The district with four square grids, Cexian under medium risk and a building under high."""
    world = build_world(REFERENCE, *texts, as_of=as_of)
    shapes = [("grid", code, square(*place, 2)) for code, place in GROUND.items()]
    shapes.append(("community", "C1", square(113.070, 22.580, 2)))
    world.connection.executemany("insert into geometry (kind, code, geojson) values (?, ?, ?)", shapes)
    world.connection.execute("update zone_member set geojson = null")
    world.connection.execute(
        "update zone_member set geojson = ? where member_code like 'B%'", [square(113.0701, 22.5801, 0.2)]
    )
    return world


@pytest.fixture(scope="module")
def world() -> World:
    return drawn_world(MORNING, as_of=AS_OF)


def asks(world: World) -> Ask:
    def answer(name: str, **params: object) -> list[Row]:
        rows: list[Row] = ask(world, name, **params).to_pylist()
        return rows

    return answer


@pytest.fixture(scope="module")
def brief(world: World) -> Brief:
    return read_brief(asks(world), world.as_of, "Asia/Shanghai")


@pytest.fixture(scope="module")
def told(brief: Brief) -> Told:
    return tell_brief(brief, SETTINGS, "zh")


def table(told: Told, title: str) -> list[list[str]]:
    return next(block.rows for column in told.columns for block in column if block.title == title)


def test_every_question_of_the_brief_has_an_answer(brief: Brief) -> None:
    assert brief.failed == {}


def test_its_figures_are_those_of_the_questions(world: World, told: Told) -> None:
    (queues,) = ask(world, "sites/queues").to_pylist()
    (rate,) = ask(world, "wall/rate").to_pylist()
    rounds = ask(world, "wall/rounds").to_pylist()
    duty = ask(world, "staffing/on_duty").to_pylist()
    shown = {figure.label: figure.value for figure in told.figures}
    assert shown["等候"] == f"{queues['waiting_count']:,}"
    assert shown["采样速度"] == f"{rate['sampled_per_hour']:,.0f}"
    assert shown["在岗"] == str(sum(row["on_duty_count"] for row in duty))
    assert [row[2] for row in table(told, "筛查轮次")] == [f"{row['missing_count']:,}" for row in rounds]
    assert [row[1] for row in table(told, "采样点排队")] == [
        str(queues[f"{name}_count"]) for name in ("smooth", "busy", "jammed", "resting", "unknown")
    ]


def test_towns_add_up_to_what_the_map_shows(world: World, told: Told) -> None:
    grids = ask(world, "coverage/list").to_pylist()
    missing = sum(int(row[2].replace(",", "")) for row in table(told, "各镇街当前轮次") if row[2] != "—")
    assert missing == sum(row["missing_count"] or 0 for row in grids)


def test_it_says_as_of_when_it_stands_and_that_its_ground_is_synthetic(told: Told) -> None:
    assert told.subtitle == "截至 7月14日 周四 08:40:24 · 最后一条数据 08:39:50 · 示意数据"


def test_what_was_known_then_is_said_to_be_that(brief: Brief) -> None:
    assert tell_brief(replace(brief, is_known_then=True), SETTINGS, "zh").notices == [
        "按当时所知：只算这一时刻以前收到的数据"
    ]


def test_zones_are_hatched_and_the_high_one_has_its_chip(told: Told) -> None:
    assert told.zone_map.count("#9E0056") >= 3
    assert ">高1<" in told.zone_map


def test_a_jammed_site_is_named_with_its_wait(world: World, told: Told) -> None:
    (jammed,) = [row for row in ask(world, "sites/state").to_pylist() if row["wait_class"] == "jammed"]
    assert f"东华名岸 {jammed['wait_min'] // 1:.0f} 分" in told.district_map


def test_without_any_data_it_says_so_and_shows_no_figure() -> None:
    bare = drawn_world(as_of=None)
    told = tell_brief(read_brief(asks(bare), None, "Asia/Shanghai"), SETTINGS, "zh")
    assert told.notices[0].startswith("还没有收到任何数据")
    assert {figure.value for figure in told.figures} == {"—"}
    assert "—" in write_html(told)


def test_a_question_that_fails_costs_its_own_block(world: World) -> None:
    def answer(name: str, **params: object) -> list[Row]:
        if name == "wall/rate":
            raise QuestionError("It broke.", "")
        return asks(world)(name, **params)

    told = tell_brief(read_brief(answer, world.as_of, "Asia/Shanghai"), SETTINGS, "zh")
    assert told.notices == ["未能得出：wall/rate"]
    assert [figure.value for figure in told.figures if figure.label == "采样速度"] == ["—"]
    assert table(told, "采样点排队")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_refers_to_nothing_outside_it(brief: Brief, language: str) -> None:
    page = write_html(tell_brief(brief, SETTINGS, "en" if language == "en" else "zh"))
    assert set(re.findall(r"https?://[^\"' <]+", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<script|<link|<img|<iframe|\bsrc=|\bhref=|url\(|@import", page)


def test_a_name_is_text_wherever_it_stands() -> None:
    hostile = '<script>alert(1)</script>"&'
    world = drawn_world(MORNING, as_of=AS_OF)
    for table_, column in (
        ("town", "town_name"),
        ("site", "site_name"),
        ("feed", "feed_name"),
        ("zone_order", "zone_name"),
    ):
        world.connection.execute(f"update {table_} set {column} = ?", [hostile])
    told = tell_brief(read_brief(asks(world), world.as_of, "Asia/Shanghai"), SETTINGS, "zh")
    assert "<script>alert" not in write_html(told)
    assert hostile in table(told, "数据质量")[0][0]


@pytest.mark.parametrize(("language", "words"), [("zh", "筛查轮次"), ("en", "Screening rounds")])
def test_the_pdf_is_one_a4_page_whose_words_can_be_read_back(brief: Brief, language: str, words: str) -> None:
    told = tell_brief(brief, SETTINGS, "en" if language == "en" else "zh")
    (page,) = PdfReader(io.BytesIO(write_pdf(told))).pages
    assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]
    read = page.extract_text()
    assert words in read and told.figures[0].value in read


def test_without_a_chinese_font_there_is_a_message_and_no_page_of_boxes(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "find_chinese_font", lambda: None)
    with pytest.raises(BriefError, match="no Chinese font") as raised:
        write_pdf(told)
    assert "fonts-noto-cjk" in raised.value.hint


def test_zones_that_changed_within_a_day_are_told(world: World) -> None:
    later = moment("16T00:30")
    answer = partial(_answer_at, world, later)
    zones = next(
        block
        for column in tell_brief(read_brief(answer, later, "Asia/Shanghai"), SETTINGS, "zh").columns
        for block in column
        if block.title == "风险区"
    )
    assert "降级 侧贤里38号、39号 00:00" in zones.note


def _answer_at(world: World, at: object, name: str, **params: object) -> list[Row]:
    rows: list[Row] = ask(world, name, at, **params).to_pylist()
    return rows


@given(st.floats(1, 40), st.floats(1, 40), st.floats(0.5, 9))
def test_hatching_stays_inside_a_rectangle_and_at_its_pitch(width: float, height: float, pitch: float) -> None:
    ring = [(3.0, 5.0), (3 + width, 5.0), (3 + width, 5 + height), (3.0, 5 + height)]
    for is_falling in (False, True):
        lines = list(hatch([ring], pitch, is_falling))
        for line in lines:
            for x, y in line:
                assert 3 - 1e-6 <= x <= 3 + width + 1e-6
                assert 5 - 1e-6 <= y <= 5 + height + 1e-6
        assert abs(len(lines) - (width + height) / 2**0.5 / pitch) <= 1
