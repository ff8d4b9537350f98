"""The staff's page in each of its states, over a district of three grids with one leader and one worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.parts.palette import LIGHT
from dashboard.parts.staffing.whistles import draw_curve
from data.ingest import ingest_paths
from data.settings import Settings
from tests.dashboard.conftest import Open, set_clock, take_in_morning, text_of
from tests.data.small_district import copy_of, make_district, write_log


def _page() -> None:
    from dashboard.views.staffing import show_staffing

    show_staffing()


PAGE = _page


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The leader P1 is at site S1 since 06:00; a whistle of 08:00 in G1 calls two full-time workers. Read it, do not change it."""
    settings = make_district(Settings(home=tmp_path_factory.mktemp("district") / "home"))
    set_clock(settings, "08:40:00")
    take_in_morning(settings)
    logs = settings.home / "logs" / "checkin"
    people = "staff_code,event,event_at,post_kind,post_code,whistle_code"
    calls = "whistle_code,raised_at,due_at,place_kind,place_code,place_name,place_name_en,role,needed_count"
    ingest_paths(
        settings,
        [
            write_log(logs / "staff.csv", ["P1,check_in,2022-07-14 06:00:00,site,S1,"], header=people),
            write_log(
                logs / "whistles.csv",
                ["W1,2022-07-14 08:00:00,2022-07-14 08:30:00,grid,G1,侧贤,Cexian,full_time,2"],
                header=calls,
            ),
        ],
    )
    return settings


def missing_from(page: AppTest, *words: str) -> list[str]:
    said = text_of(page)
    return [word for word in words if word not in said]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("在岗 1 / 需要", "按角色", "网格长 1 / 3 缺 2", "志愿者 0 / —", "采样点 1 / ")),
        ("en", ("On duty 1 / needed", "By role", "Leaders 1 / 3 2 short", "Volunteers 0 / —", "Sites 1 / ")),
    ],
)  # fmt: skip
def test_on_duty_stands_against_need_by_role_post_and_town(
    district: Settings, open_page: Open, language: str, words: tuple[str, ...]
) -> None:
    page = open_page(district, lang=language)
    assert missing_from(page, *words) == []


def test_a_whistle_shows_how_fast_it_fills_and_who_is_free(district: Settings, open_page: Open) -> None:
    page = open_page(district)
    assert missing_from(page, "吹哨与报到", "0 / 2 — — — 迟", "最近的空闲人员 · 专职", "P2", "空闲 1 人") == []
    assert page.button("whistle_W1").label == "侧贤 · 专职"
    assert len(page.get("plotly_chart")) == 1
    page.button("whistle_W1").click().run()
    assert page.query_params["whistle"] == "W1"
    assert missing_from(open_page(district, whistle="W9"), "没有编号为 W9 的吹哨") == []


def test_a_curve_ends_where_all_are_needed_and_marks_the_time_set() -> None:
    whistle = {"needed_count": 2, "due_after_min": 30.0, "is_late": True}
    steps = [{"elapsed_min": 0.0, "arrived_count": 0}, {"elapsed_min": 12.0, "arrived_count": 1}]
    figure = draw_curve(steps, whistle, LIGHT, "zh")
    assert (list(figure.data[0].x), list(figure.data[0].y)) == ([0, 12], [0, 1])
    assert [line.line.color for line in figure.layout.shapes] == [LIGHT.text_3, LIGHT.watch]
    assert figure.layout.shapes[1].x0 == 30 and figure.layout.yaxis.range[0] == 0


def test_the_box_leads_to_who_answers_for_a_building_and_through_which_levels(
    district: Settings, open_page: Open
) -> None:
    page = open_page(district)
    assert missing_from(page, "输入一个地点，或在列表中点一个网格") == []
    page.text_input("chain_box").set_value("侧贤里38号").run()
    assert page.query_params["grid"] == "G1"
    assert missing_from(page, "责任链", "P1", "在岗 06:00", "五级调度", "蓬江区", "未登记") == []
    page.text_input("chain_box").set_value("<b>里弄</b>").run()
    assert missing_from(page, "没有找到“<b>里弄</b>”") == []
    assert missing_from(open_page(district, grid="G9"), "没有编号为 G9 的网格") == []


def test_a_text_of_several_places_is_asked_back(district: Settings, open_page: Open) -> None:
    page = open_page(district)
    page.text_input("chain_box").set_value("号").run()
    choices = {group.label: group.options for group in page.get("button_group")}
    assert sorted(choices["有 3 处，选一处："]) == ["三号", "二号", "侧贤里38号"]
    assert "grid" not in page.query_params


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ("gaps", "没有网格长或 AB 角在岗的网格：3 个"),
        ("overload", "没有人连续超过 8 小时"),
        ("grids", "各网格在岗与需要"),
        ("times", "累计人次"),
        ("nonsense", "没有网格长或 AB 角在岗的网格：3 个"),
    ],
)
def test_the_list_of_the_address_is_shown_and_no_other(
    district: Settings, open_page: Open, shown: str, words: str
) -> None:
    page = open_page(district, staff=shown)
    titles = ("没有网格长或 AB 角", "没有人连续超过", "各网格在岗与需要", "累计人次")
    assert [title for title in titles if not missing_from(page, title)] == [title for title in titles if title in words]
    assert missing_from(page, words) == []


def test_before_any_check_in_nobody_is_said_to_be_missing(tmp_path: Path, open_page: Open) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    set_clock(settings, "08:40:00")
    page = open_page(settings)
    assert missing_from(page, "还没有任何签到记录", "网格长 — / 3", "还没有吹哨", "尚无数据") == []
    assert missing_from(page, "网格长 — / 3 专职 — / 4 兼职") == []
    assert "每个网格都有网格长" not in text_of(page)


def test_a_situation_that_is_old_or_cannot_be_read_is_said_to_be(
    district: Settings, tmp_path: Path, open_page: Open
) -> None:
    old = copy_of(district, tmp_path / "old")
    set_clock(old, "08:50:00")
    assert missing_from(open_page(old), "未更新", "网格长 1 / 3 缺 2") == []
    old.situation_path.write_bytes(b"no situation")
    assert missing_from(open_page(old), "按角色", "读取失败") == []
