"""What the overview's parts make of a row: words, figures, places. Pure functions, few literal rows."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from dashboard.address import Address, parse_address, read_steps
from dashboard.parts import wording
from dashboard.parts.alerts.line import Around, alert_line, calm_line, unjudged_line
from dashboard.parts.alerts.rows import place_of
from dashboard.parts.figures import partial_note, round_figures, state_figures
from dashboard.parts.grid_list import choose_grids
from dashboard.parts.leader_map import _SHARED_WORDS
from dashboard.parts.markup import element
from dashboard.parts.moment import Moment, make_moment
from dashboard.parts.search_results import choose_only, fold_text, list_found, where_of
from dashboard.parts.sites.list import longest_waits, rank_sites
from dashboard.parts.trail import draw_trail, steps_to
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
    assert [wording.wait(value, "zh") for value in (49.9, 65, None)] == ["49 分", "65 分", "—"]
    assert [wording.age(value, "zh") for value in (3.9, 60, 119)] == ["3 秒", "1 分", "1 分"]
    assert [wording.day(at("08:40"), lang) for lang in ("zh", "en")] == ["7月14日 周四", "Thu 14 Jul"]
    assert [wording.distance(value) for value in (312, 1240, None)] == ["310 m", "1.2 km", "—"]


def test_an_address_keeps_what_is_well_formed_and_drops_the_rest() -> None:
    said = {"grid": "440703002143002", "measure": "waiting", "town": "T1", "lang": "en", "list": "all"}
    assert parse_address(said) == Address("en", "waiting", grid="440703002143002", lists_all=True)
    assert parse_address({"grid": "<b>", "measure": "money", "lang": "fr", "town": "a b", "list": "1"}) == Address()
    narrow = parse_address({"grid": "G1", "community": "C1", "town": "T1", "spot": "B38"})
    assert narrow == Address(grid="G1", spot="B38")
    assert parse_address({"community": "C1", "town": "T1", "spot": "B38"}) == Address(community="C1")
    assert parse_address({"q": "  侧贤   1 " + "x" * 99}).query == "侧贤 1 " + "x" * 55


def found(kind: str, code: str, **more: object) -> dict[str, object]:
    """A row of map/search."""
    row = {"kind": kind, "code": code, "name": code, "name_en": code, "role": None, "area_code": code, "found_count": 1}
    names = {f"{rank}_name": None for rank in ("grid", "community", "town")}
    return row | names | more


def test_each_kind_of_result_leads_to_its_own_place() -> None:
    assert where_of(found("town", "T1")) == {"town": "T1"}
    assert where_of(found("grid", "G1")) == {"grid": "G1"}
    assert where_of(found("building", "B38", area_code="G1", grid_name="第1网格")) == {"grid": "G1", "spot": "B38"}
    assert where_of(found("post", "L11", area_code="G1", grid_name="第1网格", community_name="侧贤")) == {"grid": "G1"}
    assert where_of(found("post", "C1C", area_code="C1", community_name="侧贤")) == {"community": "C1"}
    assert where_of(found("post", "T1L", area_code="T1", town_name="白沙")) == {"town": "T1"}


def test_a_search_leads_on_by_itself_only_where_one_place_is_meant() -> None:
    two = [found("grid", "G1"), found("grid", "G11")]
    assert choose_only(two[:1], "g") == {"grid": "G1"}
    assert choose_only(two, "g1") == {"grid": "G1"}  # its very code
    assert choose_only(two, "g") is None
    assert choose_only([], "g") is None


def test_a_result_names_its_kind_and_the_way_to_it() -> None:
    names = {"grid_name": "第1网格", "community_name": "侧贤社区", "town_name": "白沙街道"}
    rows = [
        found("building", "B38", area_code="G1", name="侧贤里38号", **names),
        found("post", "BS-4301", area_code="G1", role="grid_leader", **names),
        found("grid", "G1", name="第1网格", **names),
    ]
    said = text_of(list_found(rows, "侧贤", Address()))
    assert "侧贤里38号 楼栋 白沙街道 › 侧贤社区 › 第1网格 · B38" in said
    assert "BS-4301 网格长 白沙街道 › 侧贤社区 › 第1网格" in said
    assert "第1网格 网格 白沙街道 › 侧贤社区 · G1" in said


def test_full_width_and_capitals_are_searched_as_what_they_mean() -> None:
    assert fold_text(" ＢＳ－４３０１　Cexian ") == "bs-4301 cexian"
    assert fold_text("a b c d e") == "a b c d"


def test_the_way_to_a_grid_links_every_place_above_it() -> None:
    row = {"town_code": "T1", "town_name": "白沙街道", "grid_code": "G1", "grid_name": "第1网格"}
    row |= {"community_code": "C1", "community_name": "侧贤社区"}
    drawn = draw_trail(steps_to(row, "蓬江区", "zh"), Address(measure="waiting", grid="G1"))
    assert text_of(drawn) == "蓬江区 白沙街道 侧贤社区 第1网格"
    assert re.findall(r'<a class="(.*?)" href="(.*?)"', drawn) == [
        ("wg-go", "?measure=waiting&amp;view=all"),
        ("wg-go", "?measure=waiting&amp;town=T1"),
        ("wg-go wg-up", "?measure=waiting&amp;community=C1"),
    ]


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"grid": "G1"}, {"grid": "G1"}),
        ({"grid": "G1", "spot": "B38", "list": "all"}, {"grid": "G1", "spot": "B38"}),
        ({"view": "all"}, {"view": "all"}),
        ({"view": "1,2,3"}, None),
        ({"grid": "<b>"}, None),
        ({"grid": 7}, None),
        ("G1", None),
        (None, None),
    ],
)
def test_what_the_map_asks_for_is_checked_like_an_address(asked: object, where: dict[str, str] | None) -> None:
    assert read_steps(asked) == where


def test_the_ten_that_need_most_leave_out_who_needs_nothing_and_who_is_unknown() -> None:
    title, rows = choose_grids(GRIDS, Address())
    assert (title, [row["missing_count"] for row in rows]) == ("缺口最大的网格", [90, 40])


def test_the_list_of_all_grids_holds_the_unknown_ones_last() -> None:
    _, rows = choose_grids(GRIDS, Address(lists_all=True))
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
        round_figures({"rounds": [row | {"expected_finish_at": end}]}, moment(), "zh")
        for end in ("2022-07-14T07:05:00Z", "2022-07-14T05:05:00Z")
    )
    assert "还差 100，预计 15:05" in late and "wg-watch" in late
    assert "还差 100，预计 13:05" in in_time and "wg-watch" not in in_time
    assert "left:33.3%" in late  # 2 h 40 min of 8 h are used


def test_a_forecast_of_another_day_names_the_day() -> None:
    row = {"round_name": "D", "coverage_pct": 1.0, "missing_count": 9, "expected_finish_at": "2022-07-17T17:38:00Z"}
    assert "预计 7月18日" in round_figures({"rounds": [row]}, moment(), "zh")


def test_that_no_round_runs_and_nobody_whistles_is_said_only_where_it_is_known() -> None:
    known: dict[str, Any] = {"rounds": [], "whistles": []}
    assert "没有进行中的轮次" in round_figures(known, moment(), "zh")
    assert "当前无吹哨" in state_figures(known, moment(), "zh")
    assert text_of(round_figures({}, moment(), "zh")) == "覆盖率 —"
    assert "当前无吹哨" not in state_figures({}, moment(), "zh")
    failed = {"errors": {"rounds": "2022-07-14T00:31:00Z"}}
    assert text_of(round_figures(failed, moment(), "zh")) == "覆盖率 — 读取失败，自 08:31 起"


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
    said = text_of(state_figures({"errors": {"whistles": "2022-07-14T00:31:00Z"}}, moment(), "zh"))
    assert "集结 — 读取失败，自 08:31 起" in said and "当前无吹哨" not in said
    said = text_of(unjudged_line({}, moment(), "zh", is_empty=False, failed_at=at("08:31")))
    assert said == "告警 · 无法判断 这一块读取失败，自 08:31 起"


def test_what_cannot_be_read_any_more_is_out_of_date_however_young() -> None:
    assert not moment("08:41").is_stale
    assert moment("08:43").is_stale
    assert moment("08:41", is_readable=False).is_stale
    assert not moment("08:41", as_of=None, is_readable=False).is_stale


ALERT = {
    "rule": "site_jammed", "level": "act", "place_code": "S1", "place_name": "东华名岸", "place_name_en": "Donghua Mingan",
    "grid_code": "G1", "figure": 62.9, "target": 50.0, "since_at": "2022-07-14T00:30:00Z",
}  # fmt: skip
AROUND = Around(
    whistles={"W1": {"role": "part_time", "raised_at": "2022-07-13T23:50:00Z", "due_at": "2022-07-14T00:50:00Z"}},
    rounds={"D3": {"missing_count": 4317, "deadline_at": "2022-07-14T06:00:00Z"}},
    sites={"S1": {"waiting_count": 395, "open_unit_count": 5, "needed_unit_count": 10}},
    grid_names={"G1": "东华社区第1网格"},
)


@pytest.mark.parametrize(
    ("more", "cure"),
    [
        ({"action": "assist_registration", "detail_pct": 62.0, "detail_count": 5}, "开绿色通道，增派协助员"),
        ({"action": "open_units", "detail_pct": 8.0, "detail_count": 5}, "增开 5 个采样单元"),
        ({"action": "divert", "detail_pct": None, "detail_count": 0}, "引导居民去附近畅通点"),
    ],
)
def test_a_jam_says_what_cures_it(more: dict[str, Any], cure: str) -> None:
    assert f" {cure} · 东华社区第1网格 网格长" in text_of(alert_line(1, ALERT | more, AROUND, moment(), "zh"))


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        (
            {"action": "open_units", "detail_count": 5, "responsible_staff_code": "BS-3501"},
            "1 东华名岸采样点 拥堵 62 分钟 增开 5 个采样单元 · 东华社区第1网格 网格长 BS-3501 等候 395 人，在开单元 5 个，需要 10 个",
        ),
        (
            {"rule": "feed_silent", "place_name": "潮连", "since_at": "2022-07-14T00:29:00Z", "detail_count": 3},
            "1 数据源 潮连 静默 11 分钟 电话核实，查专网与上传 · 潮连数据员 08:29 起没有新数据，3 个采样点未知",
        ),
        (
            {"rule": "whistle_late", "place_code": "W1", "place_name": "侧贤", "figure": 148, "target": 210,
             "expected_at": "2022-07-14T01:01:00Z"},
            "1 侧贤 兼职集结偏慢 148/210 再调 62 人 · 社区干部 已 50 分，照此 09:01 到齐，迟 11 分",
        ),
        (
            {"rule": "coverage_behind", "place_code": "D3", "place_name": "全员筛查 第3轮", "figure": 69.7,
             "expected_at": "2022-07-14T06:33:00Z"},
            "1 全员筛查 第3轮 进度落后 69.7% 上门补采，增开采样单元 · 镇街领导 还差 4,317 人，照此 14:33 完成，迟 33 分",
        ),
        (
            {"rule": "coverage_behind", "place_code": "D3", "place_name": "全员筛查 第3轮", "figure": 69.7,
             "expected_at": "2022-07-14T05:59:00Z", "level": "watch"},
            "1 全员筛查 第3轮 进度落后 69.7% 上门补采，增开采样单元 · 镇街领导 还差 4,317 人，照此可按时完成",
        ),
        (
            {"rule": "unit_idle", "place_name": "侧贤", "figure": 3, "target": 6, "neighbour_name": "东华名岸"},
            "1 侧贤采样点 采样单元闲置 3/6 抽调 2 个单元支援东华名岸 · 点位负责人 08:30 起在开单元 6 个，闲置 3 个",
        ),
        (
            {"rule": "zone_without_staff", "place_name": "侧贤里38号", "detail_count": 540, "responsible_role": "grid_leader"},
            "1 侧贤里38号 无人值守 10 分钟 派人到岗，恢复值守 · 网格长 08:30 起区内无人在岗，常住 540 人",
        ),
        (
            {"rule": "sum_mismatch", "place_code": "staff_agree", "figure": 2},
            "1 数据对不上：在岗人数 2 处 先勿引用，核对原始数据 · 系统管理员 同一数字在不同页面不一致",
        ),
    ],
)  # fmt: skip
def test_every_rule_says_what_how_bad_what_to_do_who_and_why_in_the_words_of_the_wall(
    alert: dict[str, Any], said: str
) -> None:
    assert text_of(alert_line(1, ALERT | alert, AROUND, moment(), "zh")) == said


def test_an_english_alert_names_the_place_in_english() -> None:
    said = text_of(alert_line(1, ALERT | {"action": "open_units", "detail_count": 5}, Around(), moment(), "en"))
    assert said == "1 Donghua Mingan site jammed 62 min Open 5 more units · leader,"


def test_old_news_says_how_many_alerts_there_were_then() -> None:
    old = moment("08:50", "08:31")
    assert (
        text_of(unjudged_line({"open": [ALERT]}, old, "zh", is_empty=False))
        == "告警 · 无法判断 08:31 时有 1 条未处置告警"
    )
    assert text_of(unjudged_line({"open": []}, old, "zh", is_empty=False)) == "告警 · 无法判断 08:31 时无未处置告警"


def test_old_figures_are_measured_where_they_stopped() -> None:
    assert moment("08:50", "08:31").time_used_pct(at("08:01"), at("09:01")) == 50.0
    assert moment("08:31", "08:31").time_used_pct(at("08:01"), at("09:01")) == 50.0


def test_sites_are_ranked_by_wait_and_the_unknown_have_no_rank() -> None:
    def site(code: str, wait_min: float | None, wait_class: str) -> dict[str, Any]:
        counts = {"waiting_count": 395, "open_unit_count": 5, "needed_unit_count": 10}
        return {"site_code": code, "wait_min": wait_min, "wait_class": wait_class, **counts}

    states = [
        site("S2", 37.9, "busy"),
        site("S1", 37.9, "busy"),
        site("S3", None, "unknown"),
        site("S4", 0.4, "smooth"),
    ]
    states.append(site("S5", 62.9, "jammed"))
    assert [row["site_code"] for row in rank_sites(states)] == ["S5", "S1", "S2"]
    names = [{"site_code": "S5", "site_name": "东华名岸"}]
    table = longest_waits(states[-1:], names, moment(), "zh")
    assert text_of(table or "") == "等候最长的采样点 等候 人数 单元/需要 东华名岸 62 分 395 5 / 10"
    assert longest_waits(states[2:4], names, moment(), "zh") is None


def test_an_alert_leads_to_its_grid_community_or_town_or_nowhere() -> None:
    payload = {
        "whistles": [{"whistle_code": "W1", "place_kind": "community", "place_code": "C1"}],
        "feeds": [{"feed_code": "baisha", "town_code": "T1"}],
    }

    def place(kind: str, code: str, grid_code: str | None = None) -> dict[str, str]:
        return place_of({"place_kind": kind, "place_code": code, "grid_code": grid_code}, payload)

    assert place("site", "S1", "G1") == {"grid": "G1"}
    assert place("whistle", "W1") == {"community": "C1"}
    assert place("feed", "baisha") == {"town": "T1"}
    assert place("round", "D3") == {}


def test_a_calm_line_tells_how_the_last_alerts_ended() -> None:
    closed = [
        {"rule": "site_jammed", "place_name": "龙榜村", "duration_min": 84.0},
        {"rule": "whistle_filled", "place_name": "丽苑", "needed_count": 7, "duration_min": 9.0},
        {"rule": "feed_silent", "place_name": "潮连", "duration_min": 31.0},
    ]
    said = text_of(calm_line({"closed": closed, "closed_count": 8}, "zh"))
    assert said == (
        "当前无告警 · 今日 8 条，均已处置"
        " 龙榜村 拥堵，1 小时 24 分解除 · 吹哨 丽苑 7 人，9 分到齐 · 数据源 潮连 静默，31 分恢复"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_that_the_code_says_exists(language: str) -> None:
    words = set(read_text("overview", language))
    sources = [path.read_text(encoding="utf-8") for path in (PROJECT_ROOT / "dashboard").rglob("*.py")]
    said = {key for source in sources for key in re.findall(r'\bsay\(\s*"(\w+)"', source)}
    families = {stem for source in sources for stem in re.findall(r'\bsay\(\s*f"(\w+)\{', source)}
    assert len(said) > 40 and said - words == set()
    assert {stem for stem in families if not any(word.startswith(stem) for word in words)} == set()
    assert set(_SHARED_WORDS) <= set(read_text("wall", language))
