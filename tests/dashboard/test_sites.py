"""The page of the sampling sites in each of its states: the list, one site, nothing yet, out of date, unreadable."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.parts.sites.charts import spread_labels, tell_block
from dashboard.parts.sites.head import tell_basis
from dashboard.parts.sites.words import describe_effect, describe_move
from data.ingest import ingest_paths
from data.settings import Settings
from tests.dashboard.conftest import Open, set_clock, take_in_morning, text_of
from tests.dashboard.test_overview_parts import moment
from tests.data.small_district import copy_of, line, make_district, write_log


def _page() -> None:
    from dashboard.views.sites import show_sites

    show_sites()


PAGE = _page


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """At S1 one was sampled at 08:20 and one waits since 08:39; sixty came at 08:01 and wait as well. Read it, do not change it."""
    settings = make_district(Settings(home=tmp_path_factory.mktemp("sites") / "home"))
    set_clock(settings, "08:40:00")
    take_in_morning(settings)
    crowd = [line("S1", f"X{number:07}", "08:01", grid="G1", channel="协助", id_type="护照") for number in range(60)]
    ingest_paths(settings, [write_log(settings.home / "logs" / "baisha" / "crowd.csv", crowd)])
    return settings


def missing_from(page: AppTest, *words: str) -> list[str]:
    said = text_of(page)
    return [word for word in words if word not in said]


def test_the_list_tells_all_sites_by_wait_and_what_would_help(district: Settings, open_page: Open) -> None:
    page = open_page(district)
    assert missing_from(page, "等候 61 人", "现在可做的事", "东华名岸", "开 1 个单元") == []
    shown = page.dataframe[0].value
    assert list(shown["site_name"]) == ["东华名岸", "会龙"]


@pytest.mark.parametrize(
    ("query", "sites"),
    [
        ({"wait": "resting"}, []),
        ({"wait": "unknown"}, ["会龙"]),
        ({"q": "donghua"}, ["东华名岸"]),
        ({"q": "会龙"}, ["会龙"]),
        ({"town": "T1", "q": "S2"}, ["会龙"]),
        ({"wait": "<b>"}, ["东华名岸", "会龙"]),
    ],
)
def test_the_address_filters_the_list_by_class_town_and_search(
    district: Settings, open_page: Open, query: dict[str, str], sites: list[str]
) -> None:
    page = open_page(district, **query)
    assert [name for table in page.dataframe for name in table.value["site_name"]] == sites


def test_a_site_has_its_figures_staff_neighbours_and_data(district: Settings, open_page: Open) -> None:
    page = open_page(district, site="S1")
    assert (
        missing_from(
            page,
            "东华名岸",
            "白沙街道 · 侧贤社区",
            "开放 06:00–10:00（轮次结束）",
            "61 人 已登记未采样",
            "在岗",
            "网格长",
            "步行 1 km 内没有别的采样点",
            "数据源 白沙",
            "历史",
        )
        == []
    )
    page.button("all_sites").click().run()
    assert "site" not in page.query_params


def test_a_site_in_english_names_the_same_things(district: Settings, open_page: Open) -> None:
    words = (
        "Donghua Mingan",
        "open 06:00–10:00 (end of the round)",
        "registered, not sampled",
        "Responsible",
        "On the map",
    )
    assert missing_from(open_page(district, site="S1", lang="en"), *words) == []


def test_a_site_that_there_is_not_is_said_not_to_be(district: Settings, open_page: Open) -> None:
    assert missing_from(open_page(district, site="S99"), "没有编号为 S99 的采样点") == []


def test_before_anything_is_taken_in_every_site_is_unknown(tmp_path: Path, open_page: Open) -> None:
    settings = Settings(home=tmp_path / "home")
    make_district(settings)
    set_clock(settings, "08:40:00")
    page = open_page(settings)
    assert missing_from(page, "尚无数据", "等候 — 人") == []
    assert missing_from(open_page(settings, site="S1"), "未知", "今天未开放", "15 分钟前 —") == []


def test_a_situation_that_is_old_or_cannot_be_read_is_said_to_be(
    district: Settings, tmp_path: Path, open_page: Open
) -> None:
    old = copy_of(district, tmp_path / "old")
    set_clock(old, "08:58:00")
    assert missing_from(open_page(old, site="S1"), "未更新", "东华名岸") == []
    old.situation_path.write_bytes(b"no situation")
    assert missing_from(open_page(old), "采样点", "damaged") == []
    assert missing_from(open_page(old, site="S1"), "采样点", "damaged") == []


def test_names_beside_lines_stand_apart_in_the_order_of_their_lines() -> None:
    assert spread_labels([10.0, 9.0, 30.0], 5.0) == [14.0, 9.0, 30.0]


def test_a_move_says_what_to_do_and_what_becomes_of_both_waits() -> None:
    send = {
        "move": "send", "unit_count": None, "people_count": 126, "to_site_code": "S2", "walk_m": 402.4,
        "wait_min": 62.4, "wait_after_min": 41.9, "to_wait_after_min": 19.9,
    }  # fmt: skip
    assert describe_move(send, {"S2": "会龙"}, "zh") == "引导队尾 126 人步行 400 m 到 会龙"
    assert describe_effect(send, "zh") == "等候 62 分 → 41 分，那里 19 分"
    assert describe_move(send, {}, "en") == "Send the last 126 people 400 m to S2"


def test_an_inferred_wait_says_within_what_and_an_unknown_one_says_nothing() -> None:
    told = {
        "wait_basis": "inferred", "median_wait_min": 38.9, "p90_wait_min": 40.1, "median_low_min": 33.0, "median_high_min": 43.0,
    }  # fmt: skip
    assert tell_basis(told, "zh") == "按两个人数推算：中位约 38（33–43）"
    assert tell_basis({"wait_basis": None}, "zh") is None


def test_a_block_tells_its_share_of_help_the_queue_that_grew_and_the_cure() -> None:
    block = {
        "started_at": moment().now.replace(hour=7), "ended_at": None, "assisted_pct": 37.1, "registered_count": 714,
        "sampled_count": 367, "kept_waiting_count": 347, "green_from_at": moment().now.replace(hour=8, minute=10),
    }  # fmt: skip
    told = tell_block(block, moment(), "zh")
    assert told.startswith("07:40 起 37.1% 要人协助登记") and told.endswith("队伍多了 347 人。 08:10 开绿色通道。")
