"""The alerts' page in each of its states, over a district of three grids with one sealed building that nobody watches."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.alert_log import AlertLog
from data.ingest import ingest_paths
from data.settings import Settings
from tests.dashboard.conftest import Open, set_clock, take_in_morning, text_of
from tests.data.small_district import copy_of, make_district, write_log


def _page() -> None:
    from dashboard.views.alerts import show_alerts_page

    show_alerts_page()


PAGE = _page
ZONE, ZONE_ROUND, DISTRICT_ROUND = "侧贤里38号 无人值守", "加密筛查 进度落后", "全员筛查 进度落后"


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """At 08:40 the sealed building B1 has nobody on duty since its worker left at 08:05; both rounds are behind."""
    settings = make_district(Settings(home=tmp_path_factory.mktemp("district") / "home"))
    take_in_morning(settings)
    came_and_left = ["P2,check_in,2022-07-14 06:00:00,zone,Z1", "P2,check_out,2022-07-14 08:05:00,zone,Z1"]
    header = "staff_code,event,event_at,post_kind,post_code"
    ingest_paths(settings, [write_log(settings.home / "logs" / "checkin" / "staff.csv", came_and_left, header=header)])
    set_clock(settings, "08:40:00")
    return settings


def missing_from(page: AppTest, *words: str) -> list[str]:
    said = text_of(page)
    return [word for word in words if word not in said]


def test_an_open_alert_says_what_how_bad_since_when_what_to_do_and_who(district: Settings, open_page: Open) -> None:
    page = open_page(district)
    said = text_of(page)
    assert [said.index(alert) for alert in (ZONE, ZONE_ROUND, DISTRICT_ROUND)] == sorted(
        said.index(alert) for alert in (ZONE, ZONE_ROUND, DISTRICT_ROUND)
    )
    assert (
        missing_from(
            page,
            "未关闭 3 条",
            "待确认 3 条",
            "1 侧贤里38号 无人值守 35 分钟 派人到岗，恢复值守 · 网格长 P1 08:05 起区内无人在岗，常住 5 人",
            "自 08:05 起，已 35 分 · P1（不在岗） · 白沙街道 在地图上看",
            "风险区无人值守 侧贤里38号 04:00 06:00 2 小时 0 分",
            "还没有确认，也没有对外通知",
        )
        == []
    )
    assert "/?grid=G1" in " ".join(element.proto.body for element in page.get("html"))


def test_the_page_speaks_english(district: Settings, open_page: Open) -> None:
    page = open_page(district, lang="en")
    assert (
        missing_from(
            page,
            "3 open",
            "38 Cexianli unstaffed 35 min Post somebody there · grid leader P1",
            "since 08:05, 35 min · P1 (off duty)",
            "Zone without staff 38 Cexianli 04:00 06:00 2 h 0 min",
        )
        == []
    )


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"level": "act"}, [ZONE]),
        ({"rule": "coverage_behind"}, [ZONE_ROUND, DISTRICT_ROUND]),
        ({"level": "act", "rule": "site_jammed"}, []),
        ({"town": "T9"}, []),
        ({"level": "<b>", "rule": "no_such"}, [ZONE, ZONE_ROUND, DISTRICT_ROUND]),
    ],
)
def test_filters_of_the_address_leave_the_numbers_as_on_the_map(
    district: Settings, open_page: Open, query: dict[str, str], shown: list[str]
) -> None:
    said = text_of(open_page(district, **query))
    assert [alert for alert in (ZONE, ZONE_ROUND, DISTRICT_ROUND) if alert in said] == shown
    for number, alert in enumerate((ZONE, ZONE_ROUND, DISTRICT_ROUND), 1):
        assert (f"{number} {alert}" in said) == (alert in shown)
    assert ("筛选后没有告警，共 3 条未关闭" in said) == (not shown)


def test_a_filter_that_is_chosen_goes_into_the_address(district: Settings, open_page: Open) -> None:
    page = open_page(district)
    page.selectbox("filter_rule").select("coverage_behind").run()
    assert page.query_params["rule"] == "coverage_behind"
    assert missing_from(page, ZONE_ROUND) == [] and missing_from(page, ZONE) == [ZONE]
    page.selectbox("filter_rule").select("all").run()
    assert "rule" not in page.query_params and missing_from(page, ZONE) == []


def test_an_acknowledgement_is_shown_with_who_when_and_why_and_kept_in_the_log(
    district: Settings, tmp_path: Path, open_page: Open
) -> None:
    settings = copy_of(district, tmp_path / "home")
    page = open_page(settings)
    by, note = (
        next(field for field in page.text_input if str(field.key).startswith(kind)) for kind in ("by_", "note_")
    )
    assert (by.value, note.value) == ("P1", "派人到岗，恢复值守")
    by.set_value("P1 ")
    note.set_value("已派两人")
    page.button[0].click().run()
    assert (
        missing_from(page, "08:40 由 P1 确认：已派两人", "待确认 2 条", "风险区无人值守 侧贤里38号 需处置 P1 已派两人")
        == []
    )
    assert [(entry.kind, entry.by, entry.note) for entry in AlertLog(settings).read()] == [
        ("acknowledged", "P1", "已派两人")
    ]
    # it was not acknowledged at 08:35, and nobody acknowledges the past
    page = open_page(settings, at="2022-07-14T08:35")
    assert missing_from(page, ZONE, "还没有确认") == []
    assert not [field for field in page.text_input if str(field.key).startswith("by_")]


@pytest.mark.parametrize(
    ("by", "note"), [("", "已派人"), ("P1", " "), ("P1", "打 13912345678"), ("11010519491231002X", "好")]
)
def test_an_acknowledgement_without_a_name_or_with_a_persons_number_is_refused(
    district: Settings, open_page: Open, by: str, note: str
) -> None:
    page = open_page(district)
    for field, value in zip(page.text_input[:2], (by, note), strict=True):
        field.set_value(value)
    page.button[0].click().run()
    assert [error.value for error in page.run().error] == [
        "请填写工号和备注；不要写电话或证件号"
    ]  # still there after a tick
    assert AlertLog(district).read() == []


def test_before_anything_was_ingested_nobody_can_tell(tmp_path: Path, open_page: Open) -> None:
    settings = make_district(Settings(home=tmp_path / "home"))
    set_clock(settings, "08:40:00")
    assert missing_from(open_page(settings), "尚无数据，无法判断") == []


def test_old_news_are_no_alerts(district: Settings, tmp_path: Path, open_page: Open) -> None:
    settings = copy_of(district, tmp_path / "home")
    set_clock(settings, "08:50:00")
    page = open_page(settings)
    assert missing_from(page, "告警 · 无法判断", "08:39 时有 3 条未处置告警") == []
    assert missing_from(page, ZONE) == [ZONE]


def test_a_situation_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, open_page: Open) -> None:
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir()
    settings.situation_path.write_bytes(b"no database")
    set_clock(settings, "08:40:00")
    page = open_page(settings)
    assert not page.exception
    assert missing_from(page, "无法判断") == []
