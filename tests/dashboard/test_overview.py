"""The leaders' page in each of its states, as Streamlit runs it, over a district of three grids."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.errors import QuestionError
from data.questions import Sitting
from data.settings import PROJECT_ROOT, Settings
from tests.dashboard.conftest import Open, set_clock, take_in_morning, text_of
from tests.data.small_district import make_district

PAGE = str(PROJECT_ROOT / "dashboard" / "pages.py")


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Settings]:
    """The district before its first log line, and in the morning at 08:40; made once, each test gets a copy."""
    empty = make_district(Settings(home=tmp_path_factory.mktemp("empty")))
    morning = take_in_morning(make_district(Settings(home=tmp_path_factory.mktemp("morning"))))
    return {"empty": empty, "morning": morning}


@pytest.fixture
def empty(homes: dict[str, Settings], tmp_path: Path) -> Settings:
    return _copy(homes["empty"], tmp_path)


@pytest.fixture
def morning(homes: dict[str, Settings], tmp_path: Path) -> Settings:
    """Of grid G1's five residents Ada was sampled at 08:20 and Bo registered at 08:39."""
    return _copy(homes["morning"], tmp_path)


def _copy(settings: Settings, home: Path) -> Settings:
    """All that a page reads of a home: the situation file and the clock, which stands at 08:40."""
    copied = Settings(home=home)
    shutil.copy(settings.situation_path, copied.situation_path)
    set_clock(copied, "08:40:00")
    return copied


def title(page: AppTest) -> str:
    """What stands over the list."""
    found = re.search(
        r'<h3 class="wg-list-title">(.*?)</h3>', "".join(element.proto.body for element in page.get("html"))
    )
    return unescape(found[1]) if found else ""


def figure(page: AppTest, label: str) -> str:
    """The value that stands under this label."""
    bodies = "".join(element.proto.body for element in page.get("html"))
    found = re.search(rf'<div class="wg-label">{label}</div><div class="wg-value"><b>([^<]*)</b>', bodies)
    assert found, f"no figure is called {label}"
    return found[1]


def test_before_the_first_log_every_figure_is_unknown_and_the_page_says_what_to_do(
    empty: Settings, open_page: Open
) -> None:
    page = open_page(empty)
    assert not page.exception
    assert [figure(page, label) for label in ("采样速度", "等候", "在岗", "集结")] == ["—", "—", "—", "—"]
    assert "尚无数据。基础资料已载入 3 个网格" in text_of(page)
    assert "数据截至 —" in text_of(page)
    assert "当前无告警" not in text_of(page)


def test_with_data_the_figures_stand_with_their_tests(morning: Settings, open_page: Open) -> None:
    page = open_page(morning)
    assert not page.exception
    assert (figure(page, "加密筛查"), figure(page, "全员筛查"), figure(page, "等候")) == ("11.1", "0.0", "1")
    assert "数据截至 08:39:00" in text_of(page)
    assert "尚无数据" not in text_of(page)


def test_without_a_selection_the_panel_lists_the_grids_with_most_people_missing(
    morning: Settings, open_page: Open
) -> None:
    page = open_page(morning)
    assert title(page) == "缺口最大的网格"
    assert page.dataframe[0].value[["code", "missing"]].values.tolist() == [["G3", 10], ["G1", 4], ["G2", 4]]


def test_a_grid_in_the_address_opens_its_panel(morning: Settings, open_page: Open) -> None:
    page = open_page(morning, grid="G1")
    said = text_of(page)
    assert "第1网格" in said and "高风险区" in said
    assert "白沙街道 侧贤社区 第1网格" in said  # the way to it
    assert (figure(page, "覆盖率"), figure(page, "还差"), figure(page, "常住")) == ("20.0", "4", "5")
    assert "2 户，1 户未见一人" in said and "重点人群 1 人" in said
    assert "网格长 P1 —" in said  # nobody has checked in anywhere: unknown, not off duty
    assert "东华名岸 110 m" in said
    assert not page.dataframe


def test_the_page_speaks_english_when_asked_and_the_switch_puts_it_into_the_address(
    morning: Settings, open_page: Open
) -> None:
    page = open_page(morning, grid="G1", lang="en")
    assert "Who answers for it" in text_of(page) and "High-risk zone" in text_of(page)
    assert not re.search(r"[一-鿿]", text_of(page))
    page = open_page(morning)
    page.button(key="language_switch").click().run()
    assert page.query_params["lang"] == "en"
    assert title(page) == "Most people missing"


def links(page: AppTest) -> dict[str, str]:
    """The page's links to places: what they are called, and where they lead."""
    bodies = "".join(element.proto.body for element in page.get("html"))
    found = re.findall(r'<a class="wg-go[^"]*" href="([^"]*)">(.*?)</a>', bodies)
    return {re.sub(r"<[^>]+>", " ", said).split()[0]: unescape(href) for href, said in found}


def test_a_town_in_the_address_shows_its_figures_and_its_communities(morning: Settings, open_page: Open) -> None:
    page = open_page(morning, town="T1")
    said = text_of(page)
    assert (figure(page, "覆盖率"), figure(page, "还差"), figure(page, "常住")) == ("5.3", "18", "19")
    assert "2 个村（社区） · 3 个网格" in said
    assert "重点人群 3 人" in said and "采样点 2 个" in said
    assert "会龙社区 0.0% 10 侧贤社区 11.1% 8" in said  # those with most people missing first
    assert links(page)["侧贤社区"] == "?community=C1"
    assert not page.dataframe


def test_a_community_in_the_address_shows_its_figures_and_its_grids(morning: Settings, open_page: Open) -> None:
    page = open_page(morning, community="C1", measure="vulnerable")
    assert (figure(page, "覆盖率"), figure(page, "还差"), figure(page, "常住")) == ("11.1", "8", "9")
    assert "2 个网格" in text_of(page)
    assert links(page) == {
        "蓬江区": "?measure=vulnerable&view=all",
        "白沙街道": "?measure=vulnerable&town=T1",
        "第1网格": "?measure=vulnerable&grid=G1",
        "第2网格": "?measure=vulnerable&grid=G2",
    }
    assert page.selectbox(key="town_control").value == "T1"


def test_one_level_up_leads_from_grid_to_community_to_town_to_the_district(morning: Settings, open_page: Open) -> None:
    page = open_page(morning, grid="G1", lang="en")
    way = []
    for _ in range(3):
        page.button(key="clear").click().run()
        way.append(dict(page.query_params))
    assert way == [
        {"lang": "en", "community": "C1"},
        {"lang": "en", "town": "T1"},
        {"lang": "en", "view": "all"},
    ]
    assert title(page) == "Most people missing"


def test_choosing_a_town_takes_the_place_of_what_was_shown(morning: Settings, open_page: Open) -> None:
    page = open_page(morning, q="侧贤", measure="waiting")
    page.selectbox(key="town_control").select("T1").run()
    assert dict(page.query_params) == {"measure": "waiting", "town": "T1"}


def test_a_building_in_the_address_is_named_with_its_place_in_the_grids_panel(
    morning: Settings, open_page: Open
) -> None:
    page = open_page(morning, grid="G1", spot="B1")
    bodies = "".join(element.proto.body for element in page.get("html"))
    assert re.search(r'class="wg-spot" data-lon="113\.\d{6}" data-lat="22\.\d{6}" data-name="侧贤里38号"', bodies)
    other = open_page(morning, grid="G2", spot="B1")  # not in that grid
    assert 'class="wg-spot"' not in "".join(element.proto.body for element in other.get("html"))


@pytest.mark.parametrize(
    ("text", "expected"), [("G2", {"grid": "G2"}), ("p1", {"grid": "G1"}), ("侧贤里38", {"grid": "G1", "spot": "B1"})]
)
def test_a_search_that_means_one_place_leads_there(
    morning: Settings, open_page: Open, text: str, expected: dict[str, str]
) -> None:
    page = open_page(morning)
    page.text_input(key="search_control").input(text).run()
    assert dict(page.query_params) == expected


@pytest.mark.parametrize("text", ["侧贤", "cexian"])
def test_a_search_lists_what_it_found_with_kind_and_way(morning: Settings, open_page: Open, text: str) -> None:
    page = open_page(morning)
    page.text_input(key="search_control").input(text).run()
    assert dict(page.query_params) == {"q": text}
    assert title(page).startswith(f"“{text}”：找到 ")
    assert "侧贤社区 村（社区） 白沙街道 · C1" in text_of(page)
    assert links(page)["侧贤社区"] == "?community=C1"


def test_a_search_without_a_hit_says_so_and_what_can_be_entered(morning: Settings, open_page: Open) -> None:
    page = open_page(morning)
    page.text_input(key="search_control").input("<b>无此地</b>").run()
    assert title(page) == "没有找到“<b>无此地</b>”"
    assert "工号" in text_of(page)


@pytest.mark.parametrize("rank", ["town", "community", "grid"])
def test_a_place_that_does_not_exist_is_said_to_and_the_district_is_shown(
    morning: Settings, open_page: Open, rank: str
) -> None:
    page = open_page(morning, **{rank: "X9"})
    assert "地址中的“X9”不存在，已显示全区" in text_of(page)
    assert title(page) == "缺口最大的网格"


@pytest.mark.parametrize(
    "query", [{"grid": "G9"}, {"grid": "<script>"}, {"community": "C9"}, {"measure": "x", "town": "'"}]
)
def test_an_address_that_names_nothing_known_still_shows_the_page(
    morning: Settings, open_page: Open, query: dict[str, str]
) -> None:
    page = open_page(morning, **query)
    assert not page.exception
    assert "<script>" not in "".join(element.proto.body for element in page.get("html"))


def test_a_measure_is_chosen_by_the_address_and_ranks_the_list(morning: Settings, open_page: Open) -> None:
    page = open_page(morning, measure="vulnerable")
    assert title(page) == "重点人群最多的网格"
    assert page.dataframe[0].value[["code", "figure"]].values.tolist() == [["G3", 2], ["G1", 1]]


def test_when_no_feed_has_news_the_page_says_how_old_it_is_and_judges_no_alert(
    morning: Settings, open_page: Open
) -> None:
    set_clock(morning, "08:49:00")
    said = text_of(open_page(morning))
    assert "数据已 10 分 未更新，以下为 08:39 的情况" in said
    assert "告警 · 无法判断" in said
    assert "截至 08:39" in said


def test_a_damaged_situation_file_is_told_with_the_next_step(morning: Settings, open_page: Open) -> None:
    morning.situation_path.write_bytes(b"not a database")
    page = open_page(morning)
    assert not page.exception
    assert "态势读取失败" in text_of(page) and "wangge run" in text_of(page)


def test_a_question_that_fails_costs_its_own_block_only(
    morning: Settings, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Sitting.ask

    def fail_one(sitting: Sitting, name: str, /, **params: object) -> object:
        if name == "sites/nearest":
            raise QuestionError("The question 'sites/nearest' failed.", "Run `wangge doctor`.")
        return ask(sitting, name, **params)

    monkeypatch.setattr(Sitting, "ask", fail_one)
    said = text_of(open_page(morning, grid="G1"))
    assert "最近采样点 读取失败" in said
    assert "责任链" in said and "近一小时" in said


def test_a_tick_that_was_sent_before_a_pick_does_not_take_the_pick_back(morning: Settings, open_page: Open) -> None:
    page = open_page(morning)
    page.text_input(key="search_control").input("G2").run()
    page.query_params.clear()  # as the browser still says that did not hear of the pick yet
    page.run()
    assert "第2网格" in text_of(page)
