"""What the overview's parts make of a row: words, figures, places. Pure functions, few literal rows."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from dashboard.address import Address, parse_address
from dashboard.parts import wording
from dashboard.parts.alert_rows import place_of
from dashboard.parts.alerts import alert_line, calm_line
from dashboard.parts.figures import partial_note, round_figures, state_figures
from dashboard.parts.grid_list import choose_grids, find_grids
from dashboard.parts.leader_map import _SHARED_WORDS
from dashboard.parts.markup import element
from dashboard.parts.moment import Moment, make_moment
from dashboard.text import LANGUAGES, read_text
from data.settings import PROJECT_ROOT

SHANGHAI = timezone(timedelta(hours=8))


def at(time: str) -> datetime:
    return datetime.fromisoformat(f"2022-07-14T{time}:00").replace(tzinfo=SHANGHAI)


def moment(now: str = "08:40", as_of: str | None = "08:40", **kwargs: Any) -> Moment:
    return make_moment(at(now), at(as_of) if as_of else None, "Asia/Shanghai", 120, 0, is_open=True, **kwargs)


def grid(code: str, name: str, community: str, missing: int | None, **more: Any) -> dict[str, Any]:
    """A row of the list; its community's name stands for its code too."""
    return {
        "grid_code": code,
        "grid_name": name,
        "grid_name_en": f"Grid {code[-1]}",
        "community_code": community,
        "community_name": community,
        "community_name_en": {"侧贤社区": "Cexian", "龙榜村": "Longbang"}.get(community),
        "town_code": "T1",
        "town_name": "白沙街道",
        "town_name_en": "Baisha",
        "missing_count": missing,
        **more,
    }


GRIDS = [
    grid("440703002143001", "侧贤社区第1网格", "侧贤社区", 40),
    grid("440703002143002", "侧贤社区第2网格", "侧贤社区", 0),
    grid("440703006111001", "龙榜村第1网格", "龙榜村", 90),
    grid("440703006111002", "龙榜村第2网格", "龙榜村", None),
]


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_markup_escapes_every_text_and_every_attribute() -> None:
    made = element("p", "<script>", element("b", "a&b"), title='"><i>')
    assert made == '<p title="&quot;&gt;&lt;i&gt;">&lt;script&gt;<b>a&amp;b</b></p>'


@pytest.mark.parametrize(
    ("pct", "missing", "shown"),
    [
        (83.74, 9, "83.7"),
        (99.99, 1, "99.9"),
        (99.96, None, "99.9"),
        (100.0, 0, "100"),
        (0.0, 9, "0.0"),
        (None, None, "—"),
    ],
)
def test_a_share_is_complete_only_when_nobody_is_missing(pct: float | None, missing: int | None, shown: str) -> None:
    assert wording.share(pct, missing) == shown


def test_figures_read_as_the_design_says() -> None:
    assert [wording.count(value) for value in (None, 0, 47260)] == ["—", "0", "47,260"]
    assert [wording.context_count(857_000, lang) for lang in ("zh", "en")] == ["85.7万", "857k"]
    assert [wording.minutes(value, "zh") for value in (41, 65, None)] == ["41 分", "1 小时 5 分", "—"]
    assert [wording.minutes(value, "en") for value in (41, 65)] == ["41 min", "1 h 5 min"]
    assert [wording.age(value, "zh") for value in (3.9, 60, 119)] == ["3 秒", "1 分", "1 分"]
    assert [wording.day(at("08:40"), lang) for lang in ("zh", "en")] == ["7月14日 周四", "Thu 14 Jul"]
    assert [wording.distance(value) for value in (312, 1240, None)] == ["310 m", "1.2 km", "—"]


def test_an_address_keeps_what_is_well_formed_and_drops_the_rest() -> None:
    said = {"grid": "440703002143002", "measure": "waiting", "town": "T1", "lang": "en", "list": "all"}
    assert parse_address(said) == Address("en", "waiting", "T1", None, "440703002143002", True)
    assert parse_address({"grid": "<b>", "measure": "money", "lang": "fr", "town": "a b", "list": "1"}) == Address()
    assert parse_address({"grid": "G1", "community": "C1"}).community is None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("440703002143002", ["440703002143002"]),
        ("侧贤社区第2网格", ["440703002143002"]),
        ("侧贤", ["440703002143001", "440703002143002"]),
        ("龙榜", ["440703006111001", "440703006111002"]),
        (" Longbang ", ["440703006111001", "440703006111002"]),
        ("440703006", ["440703006111001", "440703006111002"]),
        ("143002", ["440703002143002"]),
        ("第1", ["440703002143001", "440703006111001"]),
        ("无此地", []),
        ("  ", []),
    ],
)
def test_grids_are_found_by_code_by_name_and_by_community(text: str, codes: list[str]) -> None:
    assert [row["grid_code"] for row in find_grids(GRIDS, text).grids] == codes


def test_a_search_within_one_community_names_it() -> None:
    assert find_grids(GRIDS, "侧贤").community_code == "侧贤社区"
    assert find_grids(GRIDS, "第1").community_code is None


def test_the_ten_that_need_most_leave_out_who_needs_nothing_and_who_is_unknown() -> None:
    title, rows = choose_grids(GRIDS, Address(), "")
    assert (title, [row["missing_count"] for row in rows]) == ("缺口最大的网格", [90, 40])


def test_the_list_of_all_grids_holds_the_unknown_ones_last() -> None:
    _, rows = choose_grids(GRIDS, Address(lists_all=True), "")
    assert [row["missing_count"] for row in rows] == [90, 40, 0, None]


def test_a_round_expected_after_its_deadline_stands_out() -> None:
    row = {
        "round_name": "全员筛查",
        "coverage_pct": 50.0,
        "missing_count": 100,
        "starts_at": "2022-07-13T22:00:00Z",
        "deadline_at": "2022-07-14T06:00:00Z",
        "expected_finish_at": "2022-07-14T07:05:00Z",
    }
    late, in_time = (
        round_figures([row | {"expected_finish_at": end}], moment(), "zh")
        for end in ("2022-07-14T07:05:00Z", "2022-07-14T05:05:00Z")
    )
    assert "还差 100，预计 15:05" in late and "wg-watch" in late
    assert "还差 100，预计 13:05" in in_time and "wg-watch" not in in_time
    assert "left:33.3%" in late  # 2 h 40 min of 8 h are used


def test_a_forecast_of_another_day_names_the_day() -> None:
    row = {"round_name": "D", "coverage_pct": 1.0, "missing_count": 9, "expected_finish_at": "2022-07-17T17:38:00Z"}
    assert "预计 7月18日" in round_figures([row], moment(), "zh")


def test_without_a_round_the_place_says_so() -> None:
    assert "没有进行中的轮次" in round_figures([], moment(), "zh")


def test_sums_name_the_feed_that_they_lack() -> None:
    feed = {
        "feed_name": "潮连",
        "kind": "registrations",
        "silent_after_min": 5,
        "last_event_at": "2022-07-14T00:29:00Z",
    }
    assert partial_note([feed | {"has_open_site": True}], moment("08:40"), "zh") == "潮连缺 08:29 后"
    assert partial_note([feed | {"has_open_site": True}], moment("08:33"), "zh") == ""
    assert partial_note([feed | {"has_open_site": False}], moment("08:40"), "zh") == ""


def test_a_figure_whose_question_failed_says_since_when() -> None:
    said = text_of(state_figures({"errors": {"queues": "2022-07-14T00:31:00Z"}}, moment(), "zh"))
    assert "等候 — 读取失败，自 08:31 起" in said
    assert "采样速度 — 近 15 分钟" in said


def test_what_cannot_be_read_any_more_is_out_of_date_however_young() -> None:
    assert not moment("08:41").is_stale
    assert moment("08:43").is_stale
    assert moment("08:41", is_readable=False).is_stale
    assert not moment("08:41", as_of=None, is_readable=False).is_stale


ALERT = {"place_name": "东华名岸采样点", "level": "act", "rule": "site_jammed", "figure": 58.2, "target": 50.0}


@pytest.mark.parametrize(
    ("more", "advice"),
    [
        ({"detail_pct": 62.0, "detail_count": 3}, "协助登记占 62.0%：开绿色通道，增协助员"),
        ({"detail_pct": 8.0, "detail_count": 3}, "单元不足：增开 3 台"),
        ({"detail_pct": None, "detail_count": 0}, "单元已够：引导到附近空闲点"),
    ],
)
def test_a_jam_says_what_cures_it(more: dict[str, Any], advice: str) -> None:
    assert text_of(alert_line(1, ALERT | more, moment(), "zh")) == f"1 东华名岸采样点 拥堵 58 分 {advice}"


def test_an_alert_leads_to_its_grid_community_or_town_or_nowhere() -> None:
    payload = {
        "whistles": [{"whistle_code": "W1", "place_kind": "community", "place_code": "C1"}],
        "feeds": [{"feed_code": "baisha", "town_code": "T1"}],
    }

    def place(kind: str, code: str, grid_code: str | None = None) -> dict[str, str | None]:
        return place_of({"place_kind": kind, "place_code": code, "grid_code": grid_code}, payload)

    assert place("site", "S1", "G1") == {"grid": "G1", "community": None}
    assert place("whistle", "W1") == {"grid": None, "community": "C1"}
    assert place("feed", "baisha") == {"grid": None, "community": None, "town": "T1"}
    assert place("round", "D3") == {}


def test_a_calm_line_tells_how_the_last_alerts_ended() -> None:
    closed = [
        {"rule": "site_jammed", "place_name": "龙榜村", "duration_min": 84.0},
        {"rule": "whistle_filled", "place_name": "丽苑", "needed_count": 7, "duration_min": 9.0},
        {"rule": "feed_silent", "place_name": "潮连", "duration_min": 31.0},
    ]
    said = text_of(calm_line({"closed": closed, "closed_count": 8}, "zh"))
    assert said.startswith("当前无告警 · 今日已结束 8 条 龙榜村 拥堵 1 小时 24 分解除")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_that_the_code_says_exists(language: str) -> None:
    words = set(read_text("overview", language))
    sources = [path.read_text(encoding="utf-8") for path in (PROJECT_ROOT / "dashboard").rglob("*.py")]
    said = {key for source in sources for key in re.findall(r'\bsay\(\s*"(\w+)"', source)}
    families = {stem for source in sources for stem in re.findall(r'\bsay\(\s*f"(\w+)\{', source)}
    assert len(said) > 40 and said - words == set()
    assert {stem for stem in families if not any(word.startswith(stem) for word in words)} == set()
    assert set(_SHARED_WORDS) <= set(read_text("wall", language))
