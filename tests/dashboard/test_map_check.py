"""The page that says what is wrong with the map, in each of its states, over a district of three grids."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.commands.reference import LANGUAGES
from data.lake import open_lake
from data.map_report import save_attempt, save_in_force
from data.saved_report import IN_FORCE, read_attempts
from data.settings import Settings
from geo.report import make_report
from tests.dashboard.conftest import Open, text_of
from tests.data.small_district import make_district
from tests.geo.damage import overlapping, recoded, sound_map


def _page() -> None:
    from dashboard.views.map_check import show_map_check

    show_map_check()


PAGE = _page


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Three grids that tile, their report not made yet."""
    return make_district(Settings(home=tmp_path_factory.mktemp("district")))


@pytest.fixture
def district(home: Settings, tmp_path: Path) -> Settings:
    """The same, its reports in a folder of the test's own."""
    copied = Settings(home=tmp_path)
    copied.situation_path.symlink_to(home.situation_path)
    copied.lake_dir.symlink_to(home.lake_dir)
    return copied


def judge(settings: Settings) -> None:
    with open_lake(settings) as lake:
        save_in_force(lake.connection, settings)


def attempt(settings: Settings) -> str:
    """An import that was refused: a code that occurs twice, and an overlap of 1,000 m²."""
    from datetime import datetime

    grids = recoded(overlapping(sound_map(), 10), "A3", "C1")
    report = make_report("new <map>.geojson", datetime.fromisoformat("2022-07-14T08:40:00+08:00"), grids)
    save_attempt(settings, report, "refused")
    return read_attempts(settings)[0].name


def test_without_a_report_the_page_says_how_to_get_one(district: Settings, open_page: Open) -> None:
    assert "wangge check grids" in text_of(open_page(district))


def test_a_map_that_tiles_is_said_to_be_sound(district: Settings, open_page: Open) -> None:
    judge(district)
    said = text_of(open_page(district))
    assert "没有发现问题" in said
    assert "3 个网格" in said
    assert "变动过" not in said


def test_a_map_that_changed_since_its_check_is_said_to_be_stale(district: Settings, open_page: Open) -> None:
    judge(district)
    told = district.reports_dir / IN_FORCE / "report.json"
    told.write_text(told.read_text(encoding="utf-8").replace('"grid_count": 3', '"grid_count": 2'), encoding="utf-8")
    assert "变动过" in text_of(open_page(district))


def test_a_report_that_is_damaged_is_said_to_be_broken(district: Settings, open_page: Open) -> None:
    judge(district)
    (district.reports_dir / IN_FORCE / "report.json").write_text("{", encoding="utf-8")
    assert "读不出来" in text_of(open_page(district))


def test_a_situation_that_cannot_be_read_leaves_the_report_and_says_so(district: Settings, open_page: Open) -> None:
    judge(district)
    district.situation_path.unlink()
    said = text_of(open_page(district))
    assert "态势读取失败" in said
    assert "没有发现问题" in said


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("发现 2 处问题", "编号重复", "C1 出现了 2 次：第 3、9 行", "重叠 1,000 m²")),
        ("en", ("Problems found: 2", "Code used twice", "C1 occurs 2 times: rows 3, 9", "overlap by 1,000 m²")),
    ],
)
def test_an_attempt_is_told_with_every_problem(
    district: Settings, open_page: Open, language: str, words: tuple[str, ...]
) -> None:
    assert language in LANGUAGES
    said = text_of(open_page(district, report=attempt(district), lang=language))
    assert [word for word in words if word not in said] == []


def test_the_map_in_force_comes_first_and_the_attempts_can_be_chosen(district: Settings, open_page: Open) -> None:
    judge(district)
    name = attempt(district)
    page = open_page(district)
    assert [label.split(" · ")[0] for label in page.selectbox[0].options] == ["现用地图", "new <map>.geojson"]
    page.selectbox[0].set_value(name).run()
    assert "编号重复" in text_of(page)
    assert page.query_params["report"] == name


def test_an_address_of_a_report_that_is_gone_shows_the_map_in_force(district: Settings, open_page: Open) -> None:
    judge(district)
    said = text_of(open_page(district, report="20200101-000000-x-taken"))
    assert "没有名为" in said
    assert "没有发现问题" in said


def test_only_the_last_attempts_are_kept(district: Settings) -> None:
    from datetime import datetime, timedelta

    first = datetime.fromisoformat("2022-07-14T08:00:00+08:00")
    for number in range(23):
        save_attempt(district, make_report("a.geojson", first + timedelta(minutes=number), sound_map()), "checked")
    names = [report.name[:15] for report in read_attempts(district)]
    assert (len(names), names[0], names[-1]) == (20, "20220714-082200", "20220714-080300")
