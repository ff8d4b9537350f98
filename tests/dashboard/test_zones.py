"""The page of the risk zones in each of its states, over a district of three grids with one sealed building."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.parts.zones import drawing, form
from dashboard.parts.zones.form import describe_refusals
from data.orders import Refusal, give_orders
from data.reference_import.order_rules import REASONS
from data.roles import may_give_orders
from data.settings import Settings
from tests.dashboard.conftest import Open, press_during, set_clock, take_in_morning, text_of
from tests.data.small_district import copy_of, make_district

SEAL = {
    "order_code": "O2", "zone_code": "Z2", "zone_name": "会龙", "level": "medium", "extent_kind": "community",
    "extent_codes": ["C2"], "effective_at": "2022-07-14 08:00:00",
}  # fmt: skip


def _page() -> None:
    from dashboard.views.zones import show_zones

    show_zones()


PAGE = _page


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Building B1 is sealed since 9 July; on the 14th at 08:30 Huilong becomes medium. Read it, do not change it."""
    settings = make_district(Settings(home=tmp_path_factory.mktemp("district") / "home"))
    set_clock(settings, "08:30:00")
    give_orders(settings, [SEAL], given_by="anna")
    take_in_morning(settings)
    set_clock(settings, "08:40:00")
    return settings


def missing_from(page: AppTest, *words: str) -> list[str]:
    said = text_of(page)
    return [word for word in words if word not in said]


def test_the_zones_in_force_are_listed_with_what_is_inside(district: Settings, open_page: Open) -> None:
    page = open_page(district)
    assert [button.label for button in page.button if str(button.key).startswith("zone_Z")] == ["侧贤里38号", "会龙"]
    assert (
        missing_from(
            page,
            "高1",
            "中1",
            "常住 5 户 2 楼栋 1 重点人群 1",
            "常住 10 户 1 楼栋 1 重点人群 2",
            "O1 · 自 7月9日 18:00",
        )
        == []
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("最早 7月16日 00:00", "降为中风险区", "已连续 5 天无新增，需 7 天 · 还差 2 天", "没有导入任何感染者记录")),
        ("en", ("16 Jul 00:00 at the earliest", "becomes medium risk", "days without a new infection: 5 of 7 · 2 to go")),
    ],
)  # fmt: skip
def test_the_panel_says_when_a_zone_can_come_down_and_what_is_missing(
    district: Settings, open_page: Open, language: str, words: tuple[str, ...]
) -> None:
    assert missing_from(open_page(district, lang=language, zone="Z1"), *words) == []


def test_a_zone_of_the_address_is_open_and_one_that_is_gone_is_said_to_be(district: Settings, open_page: Open) -> None:
    page = open_page(district, zone="Z2")
    assert missing_from(page, "会龙 中1", "降为低风险区") == []
    page.button("zone_back").click().run()
    assert "zone" not in page.query_params
    assert missing_from(open_page(district, zone="Z9"), "没有编号为 Z9 的生效风险区", "侧贤里38号 高1") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("侧贤里38号", ("侧贤里38号 在 侧贤里38号（高风险区） · 指令 O1，自 7月9日 18:00 起",)),
        ("b1", ("指令 O1",)),
        ("二号", ("二号 不在任何风险区",)),
        ("G1", ("Grid 1", "只有一部分在 侧贤里38号（高风险区）：1 栋楼，5 人")),
        ("侧贤社区", ("侧贤社区 有 1 个网格属于或涉及 侧贤里38号（高风险区） · 指令 O1",)),
        ("会龙社区", ("会龙社区 在 会龙（中风险区） · 指令 O2，自 7月14日 08:00 起",)),
        ("113.025,22.505", ("113.025, 22.505 在 会龙（中风险区）",)),
        ("113.005，22.505", ("在 侧贤里38号（高风险区）",)),
        ("113.015,22.505", ("113.015, 22.505 不在任何风险区",)),
        ("500,22", ("先经度，后纬度",)),
        ("白沙街道", ("白沙街道 是镇街",)),
        ("<b>里弄</b>", ("没有找到“<b>里弄</b>”",)),
    ],
)
def test_the_box_says_whether_a_place_is_in_a_zone_by_which_order_and_since_when(
    district: Settings, open_page: Open, text: str, words: tuple[str, ...]
) -> None:
    page = open_page(district)
    page.text_input("zone_box").set_value(text).run()
    assert missing_from(page, *(word for word in words if word != "Grid 1")) == []


def test_a_name_of_several_places_is_asked_back(district: Settings, open_page: Open) -> None:
    page = open_page(district)
    page.text_input("zone_box").set_value("号").run()
    choices = {group.label: group.options for group in page.get("button_group")}
    assert sorted(choices["“号” 有 3 处，选一处："]) == ["三号", "二号", "侧贤里38号"]


def test_the_history_shows_each_version_and_what_was_known_before(district: Settings, open_page: Open) -> None:
    assert missing_from(open_page(district), "O2 第 1 版 · 现行", "anna 录入", "O1 第 1 版 · 现行") == []
    then = text_of(open_page(district, until="2022-07-14T08:00"))
    assert "O1 第 1 版" in then
    assert "anna 录入" not in then


def test_the_box_leads_to_the_history_of_a_grid(district: Settings, open_page: Open) -> None:
    page = open_page(district, zone="Z2")
    page.text_input("zone_box").set_value("侧贤里38号").run()
    page.button("zone_box_history").click().run()
    assert page.query_params["grid"] == "G1"
    assert missing_from(page, "涉及网格 G1 的指令", "O1 第 1 版 · 现行 高风险区 侧贤里38号 网格内 1 栋楼") == []
    assert "anna 录入" not in text_of(page)
    page.button("zone_all_orders").click().run()
    assert missing_from(page, "anna 录入") == []


def test_what_changed_between_two_moments_is_in_the_address(district: Settings, open_page: Open) -> None:
    page = open_page(district, show="changes", since="2022-07-10T00:00", until="2022-07-14T08:30")
    assert missing_from(page, "会龙 新划定 — → 中风险区") == []
    page = open_page(district, show="changes", since="2022-07-14T08:10", until="2022-07-14T08:30")
    assert missing_from(page, "风险区没有变化") == []
    page = open_page(district, show="changes", since="2022-07-15T00:00", until="2022-07-14T08:30")
    assert missing_from(page, "“从”应早于“到”") == []


def test_without_orders_the_page_says_what_to_do(tmp_path: Path, open_page: Open) -> None:
    settings = Settings(home=tmp_path / "home")
    make_district(settings)
    give_orders(settings, [{"order_code": "O1", "is_withdrawn": True}])
    set_clock(settings, "08:40:00")
    assert missing_from(open_page(settings), "没有生效的风险区指令", "尚无数据") == []


def test_a_situation_that_is_old_or_cannot_be_read_is_said_to_be(
    district: Settings, tmp_path: Path, open_page: Open
) -> None:
    old = copy_of(district, tmp_path / "old")
    set_clock(old, "08:50:00")
    assert missing_from(open_page(old), "未更新", "侧贤里38号 高1") == []
    old.situation_path.write_bytes(b"no situation")
    assert missing_from(open_page(old), "风险区读取失败") == []


def fill_in(page: AppTest, name: str, **texts: str) -> AppTest:
    page.text_input("give_zone_name_0").set_value(name)
    for field, text in texts.items():
        page.text_input(f"give_{field}_0").set_value(text)
    return page.run()


def test_an_order_given_on_the_page_holds_at_once_and_a_wrong_one_is_told_every_reason(
    district: Settings, tmp_path: Path, open_page: Open
) -> None:
    page = open_page(copy_of(district, tmp_path / "own"), show="give")
    fill_in(page, "", order_code="P1", zone_code="Z3")
    page.button("give_submit_0").click().run()
    assert missing_from(page, "未录入，共 2 处不对", "风险区名称： 没有填写", "范围： 没有选择") == []
    fill_in(page, "二号楼", building_text="二号")
    page.multiselect[0].select("B2").run()
    page.button("give_submit_0").click().run()
    assert missing_from(page, "指令 P1 已录入，自 7月14日 08:40 生效", "二号楼 高2", "P1 · 自 7月14日 08:40") == []
    assert page.query_params["zone"] == "Z3"


def test_what_became_of_an_order_is_told_even_when_the_reader_pressed_something_else_meanwhile(
    district: Settings, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form, "give_orders", press_during(form.give_orders))
    page = open_page(copy_of(district, tmp_path / "own"), show="give")
    fill_in(page, "二号楼", order_code="P1", zone_code="Z3", building_text="二号")
    page.multiselect[0].select("B2").run()
    page.button("give_submit_0").click().run()
    assert "已录入" not in text_of(page)  # this run was broken off; the next tells
    assert (
        missing_from(page.run(), "指令 P1 已录入，自 7月14日 08:40 生效", "二号楼 高2", "P1 · 自 7月14日 08:40") == []
    )
    assert page.query_params["zone"] == "Z3" and page.text_input("give_zone_name_1").value == ""


@pytest.mark.parametrize("field", ["give_zone_code", "give_order_code", "give_date", "give_time"])
def test_a_form_of_which_only_half_was_drawn_begins_with_the_districts_time_all_the_same(
    field: str, district: Settings, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    say, words = form.say_zone, press_during(form.say_zone)
    monkeypatch.setattr(
        form, "say_zone", lambda key, *given, **named: (words if key == field else say)(key, *given, **named)
    )
    page = open_page(district, show="give")
    assert "give_submit_0" not in [button.key for button in page.button]
    monkeypatch.setattr(form, "say_zone", say)
    page.run()
    # what the browser shows, and sends back, where it has not been told another value
    begun = [
        page.text_input("give_zone_code_0"),
        page.text_input("give_order_code_0"),
        page.date_input[0],
        page.time_input[0],
    ]
    assert [one.proto.default for one in begun] == ["Z-0714-084000", "P-0714-084000", ["2022-07-14"], "08:40"]


SQUARE = '{"type":"Polygon","coordinates":[[[113.012,22.502],[113.018,22.502],[113.018,22.508],[113.012,22.508],[113.012,22.502]]]}'
BOW = '{"type":"Polygon","coordinates":[[[113.012,22.502],[113.018,22.508],[113.018,22.502],[113.012,22.508],[113.012,22.502]]]}'
AFAR = '{"type":"Polygon","coordinates":[[[114.012,22.502],[114.018,22.502],[114.018,22.508],[114.012,22.502]]]}'


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Callable[[AppTest, str], AppTest]:
    """A hand on the map, which AppTest cannot show: what it draws comes as the component's value."""
    drawn: list[str] = []

    def st_folium(_map: object, *, key: str, on_change: Callable[[], None], **_rest: object) -> None:
        if drawn:
            st.session_state[key] = {"polygon": drawn.pop(), "n": 1}
            on_change()

    monkeypatch.setattr(drawing, "st_folium", st_folium)

    def draw_on(page: AppTest, text: str) -> AppTest:
        next(group for group in page.get("button_group") if group.label == "范围").set_value("polygon")
        drawn.append(text)
        return page.run()

    return draw_on


def test_what_is_drawn_fills_the_field_and_becomes_the_order_s_extent(
    district: Settings, tmp_path: Path, open_page: Open, draw: Callable[[AppTest, str], AppTest]
) -> None:
    page = open_page(copy_of(district, tmp_path / "own"), show="give")
    fill_in(page, "二号周边", order_code="P1", zone_code="Z3")
    assert draw(page, SQUARE).text_area("give_polygon_0").value == SQUARE
    page.button("give_submit_0").click().run()
    assert missing_from(page, "指令 P1 已录入，自 7月14日 08:40 生效", "二号周边 高2") == []
    page.text_input("zone_box").set_value("113.015,22.505").run()
    assert missing_from(page, "113.015, 22.505 在 二号周边（高风险区）") == []


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        (BOW, "多边形的边互相交叉"),
        (AFAR, "多边形大部分在本区之外"),
        ("", "多边形是空的，至少要有三个角"),
    ],
)
def test_a_drawing_that_is_no_extent_is_refused_with_the_reason(
    district: Settings, open_page: Open, draw: Callable[[AppTest, str], AppTest], drawn: str, reason: str
) -> None:
    page = draw(fill_in(open_page(district, show="give"), "二号周边"), drawn)
    page.button("give_submit_0").click().run()
    assert missing_from(page, "未录入", reason) == []


def test_what_is_pasted_is_handed_to_the_map(
    district: Settings, open_page: Open, draw: Callable[[AppTest, str], AppTest]
) -> None:
    page = draw(open_page(district, show="give"), "")
    page.text_area("give_polygon_0").set_value(SQUARE).run()
    bodies = "".join(unescape(element.proto.body) for element in page.get("html"))
    assert f'data-polygon="{SQUARE}"' in bodies


def test_the_form_warns_before_it_corrects_an_order(district: Settings, open_page: Open) -> None:
    page = open_page(district, show="give")
    fill_in(page, "二号楼", order_code="O2")
    assert missing_from(page, "编号 O2 已有指令：下达后作为它的更正") == []


def test_every_reason_of_a_refusal_has_words_in_both_languages() -> None:
    refusals = [Refusal("order 1", "level", None, reason, "UNTRANSLATED") for reason in REASONS]
    assert "UNTRANSLATED" not in describe_refusals(refusals, "zh") + describe_refusals(refusals, "en")


def test_who_may_give_orders_is_everybody_until_a_setting_names_who(
    district: Settings, tmp_path: Path, open_page: Open
) -> None:
    assert may_give_orders(None, Settings(home=tmp_path))
    named = Settings(home=tmp_path, order_givers="anna; bo")
    assert [may_give_orders(user, named) for user in ("anna", "bo", "eve", None)] == [True, True, False, False]
    own = copy_of(district, tmp_path / "own")
    (own.home / "settings.toml").write_text('order_givers = "anna"\n', encoding="utf-8")
    page = open_page(own, show="give")
    assert missing_from(page, "当前用户不能下达指令") == []
    assert [button.key for button in page.button if str(button.key).startswith("give_submit")] == []
