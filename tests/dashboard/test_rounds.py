"""The page of the rounds in each of its states, and the workers' lists, over a district of three grids on a morning."""

from __future__ import annotations

import re
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import aside, routes
from dashboard.aside import Aside, AsideAnswer
from dashboard.live import Feed
from dashboard.parts.rounds.sheets import write_sheets
from data.settings import Settings
from tests.dashboard.conftest import Open, set_clock, take_in_morning, text_of
from tests.dashboard.test_routes import get
from tests.data.identity_scan import Secrets
from tests.data.small_district import ADA, BO, NAME, PHONE, copy_of, make_district


def _page() -> None:
    from dashboard.views.rounds import show_rounds

    show_rounds()


PAGE = _page
SECRETS = Secrets(frozenset(number.encode() for number in (ADA, BO, PHONE)), frozenset([NAME]))
AT_0839 = datetime(2022, 7, 14, 0, 39, tzinfo=UTC)


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of household H1 (three people) Ada was sampled and Bo waits; nobody of H2, H3, H4 came. Read it, do not change it."""
    settings = make_district(Settings(home=tmp_path_factory.mktemp("district") / "home"))
    take_in_morning(settings)
    set_clock(settings, "08:40:00")
    return settings


def settled(page: AppTest) -> str:
    """The page's words once everything that is worked out aside is there."""
    for _ in range(40):
        if not re.search("正在(逐户核对|整理名册)", text_of(page)):
            break
        for desk in aside._desks.values():
            for slot in desk._slots.values():
                if slot.future is not None:
                    slot.future.result()
        page.run()
    return text_of(page)


def missing_from(text: str, *words: str) -> list[str]:
    return [word for word in words if word not in text]


def test_a_round_is_told_in_the_district_with_its_check(district: Settings, open_page: Open) -> None:
    # the widest round that runs is D; its figures are of grid G3 alone, for M has the other two
    page = open_page(district)
    text = settled(page)
    assert page.selectbox("round_control").options == ["加密筛查 · 进行中", "全员筛查 · 进行中"]
    assert (
        missing_from(text, "覆盖率 0.0 % 截止 14:00", "应采 10", "名册、地图、总数一致：1 户，其中 1 户未见一人") == []
    )


def test_the_zone_round_goes_down_to_a_grid_its_buildings_and_its_doors(district: Settings, open_page: Open) -> None:
    page = open_page(district, round="M", grid="G1")
    text = settled(page)
    assert (
        missing_from(
            text,
            "覆盖率 20.0 % 截止 10:00", "已采样 1 人 已登记 2", "未采 4 人 应采 5", "未见一人的户 1 户 共 2 户，已见 1",
            "名册、地图、总数一致：2 户，其中 1 户未见一人", "核对于 08:39:00",
            "2 户要敲门：1 户未见一人，1 户部分未采，共差 4 人，含重点人群的 1 户", "第 1 队：1 栋 2 户", "名册截至 08:39:00",
            "打印各队名册",
        )
        == []
    )  # fmt: skip
    assert [button.label for button in page.button if str(button.key).startswith("way_")] == [
        "蓬江区",
        "白沙街道",
        "侧贤社区",
    ]
    page.button("way_2").click().run()
    assert (page.query_params.get("community"), page.query_params.get("grid")) == ("C1", None)
    assert page.query_params["round"] == "M"


def test_a_grid_without_a_round_in_the_address_is_shown_in_its_current_one(district: Settings, open_page: Open) -> None:
    # D is wider and runs too, but G1 is in M
    assert missing_from(text_of(open_page(district, grid="G1")), "应采 5", "截止 10:00") == []


def test_the_list_opens_in_place_of_the_chart_and_holds_codes_and_no_people(
    district: Settings, open_page: Open
) -> None:
    page = open_page(district, round="M", grid="G1", list="all")
    settled(page)
    listed = page.dataframe[0].value
    assert listed["household_code"].tolist() == ["H1", "H2"]
    assert SECRETS.find_in_bytes((text_of(page) + listed.to_csv()).encode()) == set()
    page.button("door_list").click().run()
    assert "list" not in page.query_params


def test_another_number_of_teams_shares_out_whole_buildings_anew(district: Settings, open_page: Open) -> None:
    page = open_page(district, round="M", community="C1")
    assert missing_from(settled(page), "各网格", "缺口最大的网格") == []
    page.button("open_G2").click().run()
    settled(page)
    page.number_input("door_teams").set_value(3).run()
    assert missing_from(settled(page), "第 1 队：1 栋 1 户") == []
    assert "teams=3" in "".join(element.proto.body for element in page.get("html"))


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", ("没有编号为 R9 的已开始轮次", "全员筛查 不含地址中的地点“G1”")), ("en", ("No round R9 has begun", "does not hold the place"))],
)  # fmt: skip
def test_a_round_or_place_that_is_not_there_is_said_to_be(
    district: Settings, open_page: Open, language: str, words: tuple[str, ...]
) -> None:
    assert missing_from(text_of(open_page(district, lang=language, round="R9", grid="G1")), *words) == []


def test_before_the_first_row_figures_are_unknown_and_nothing_is_called_missing(
    tmp_path: Path, open_page: Open
) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    set_clock(settings, "08:40:00")
    text = settled(open_page(settings, round="M", grid="G1"))
    assert missing_from(text, "尚无数据", "覆盖率 —", "未采 —", "未见一人的户 —", "没有登记数据，无法核对") == []
    assert "户要敲门" not in text


def test_before_the_first_round_the_page_says_what_to_load(tmp_path: Path, open_page: Open) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    set_clock(settings, "05:00:00")
    assert missing_from(text_of(open_page(settings)), "还没有开始的轮次") == []


def test_a_situation_that_is_old_or_cannot_be_read_is_said_to_be(
    district: Settings, tmp_path: Path, open_page: Open
) -> None:
    old = copy_of(district, tmp_path / "old")
    set_clock(old, "08:50:00")
    page = open_page(old, round="M")
    assert missing_from(text_of(page), "未更新", "覆盖率 ") == []
    assert "wg-is-stale" in "".join(element.proto.body for element in page.get("html"))
    old.situation_path.write_bytes(b"no situation")
    assert missing_from(text_of(open_page(old)), "轮次读取失败") == []


@pytest.fixture
def served(district: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The district behind the server's own addresses."""
    monkeypatch.setattr(routes, "_feed", Feed(district))
    return district


def test_the_sheets_are_one_page_a_team_with_a_box_for_each_door_and_need_nothing_else(served: Settings) -> None:
    answer = get("/doors?grid=G1&round=M&as_of=2022-07-14T08:39:00%2B08:00")
    assert answer.status == 200
    assert answer.body.decode().count("<section") == 1
    assert re.findall(r"<li><(b|span)>(H\d)</", answer.body.decode()) == [("span", "H1"), ("b", "H2")]
    assert (
        missing_from(answer.body.decode(), "第 1 队，共 1 队", "侧贤里38号", "数据截至 7月14日 08:39", "3 人", "已 1 ★")
        == []
    )
    assert re.findall(r'(?:src|href)="(?!/doors)', answer.body.decode()) == []
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert SECRETS.find_in_bytes(answer.body) == set()
    kept = get("/doors?grid=G1&round=M&file=1")
    assert kept.headers["content-disposition"] == 'attachment; filename="doors-G1.html"'


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("grid=nowhere", 404, "没有这个网格"),
        ("grid=G1&round=R9", 404, "没有这个网格"),
        ("grid=G3&round=M", 404, "或它不在本轮内"),
        ("grid=G1&at=2022-07-14T06:30", 404, "截至 7月14日 06:30，本网格还没有轮次开始"),
        ("grid=G3&at=2022-07-14T05:00", 404, "截至 7月14日 05:00，本网格还没有轮次开始"),
        ("grid=G1&round=M&as_of=2022-07-14T06:30:00%2B08:00", 404, "或本轮那时还没有开始"),
        ("grid=G1&at=2022-07-14T08:15", 200, "加密筛查 · 截止 7月14日 10:00 · 1 栋 2 户，差 5 人"),
        ("grid=G1&at=2030-01-01T00:00", 200, "数据截至 7月14日 08:39"),
        ("grid=G1'%3Cscript%3E", 404, "没有这个网格"),
        ("grid=G1&teams=-1&as_of=yesterday", 200, "第 1 队"),
        ("grid=G1&lang=en", 200, "Team 1 of 1"),
        ("", 404, "没有这个网格"),
    ],
)
def test_an_address_that_asks_for_nothing_there_is_gets_a_page_that_says_so(
    served: Settings, query: str, status: int, words: str
) -> None:
    answer = get(f"/doors?{query}")
    assert (answer.status, words in answer.body.decode()) == (status, True)


def test_before_anything_was_ingested_the_sheets_tell_doors_and_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    set_clock(settings, "08:40:00")
    monkeypatch.setattr(routes, "_feed", Feed(settings))
    assert "1 栋 2 户，差 — 人 · 数据截至 —" in get("/doors?grid=G1").body.decode()


def test_a_building_s_name_cannot_break_the_sheet() -> None:
    row: dict[str, Any] = dict.fromkeys(
        ("covered_person_count", "vulnerable_count", "missing_count", "resident_count"), 0
    )
    row |= {
        "team_no": 1,
        "building_code": "B",
        "building_name": "<b>一号</b>",
        "household_code": "B-1",
        "household_state": "partly",
    }
    sheets = write_sheets([row], "网格", "轮次", "14:00", "08:40", "", "zh")
    assert "&lt;b&gt;一号&lt;/b&gt;" in sheets
    assert write_sheets([], "网格", "轮次", "14:00", "08:40", "", "zh").count("没有未采的户，无需敲门") == 1


def test_what_is_worked_out_aside_is_asked_once_kept_for_its_moment_and_refused_when_too_much_waits(
    district: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Aside(district)
    asked: list[tuple[str, datetime]] = []

    def work_out(name: str, as_of: datetime, params: dict[str, Any]) -> AsideAnswer:
        asked.append((name, as_of))
        return AsideAnswer([{"name": name}], as_of)

    monkeypatch.setattr(desk, "_work_out", work_out)
    assert desk.ask("one", AT_0839).is_working
    finish(desk)
    assert [desk.ask("one", AT_0839).rows for _ in range(3)] == [[{"name": "one"}]] * 3
    assert desk.ask("one", AT_0839 + timedelta(minutes=5)).as_of == AT_0839
    assert asked == [("one", AT_0839)]
    assert desk.ask("one", AT_0839 + timedelta(days=1)).is_working
    finish(desk)
    assert desk.ask("one", AT_0839 + timedelta(minutes=5), is_past=True).is_working
    finish(desk)
    assert desk.ask("one", AT_0839 + timedelta(minutes=5), is_past=True).as_of == AT_0839 + timedelta(minutes=5)
    for other in range(2 * aside.KEPT_COUNT):
        desk.ask(f"other{other}", AT_0839)
        finish(desk)
    assert len(desk._slots) == aside.KEPT_COUNT
    for other in range(aside.WAITING_MAX):
        desk._slots[f"held{other}",] = aside._Slot(future=Future())
    assert desk.ask("two", AT_0839).is_refused
    assert desk.ask_and_wait("two", AT_0839).is_refused


def finish(desk: Aside) -> None:
    """Waits until nothing is being worked out, and takes the answers."""
    for (name, at, *_), slot in list(desk._slots.items()):
        if slot.future is not None:
            answer = slot.future.result()
            assert answer.as_of is not None
            desk.ask(name, answer.as_of, is_past=at is not None)
